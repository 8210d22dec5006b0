"""What a registration proved, and what a policy says of it."""
