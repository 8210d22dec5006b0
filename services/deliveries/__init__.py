"""Making directories agree: what is owed, who works on it, and how it ends."""
