"""Commands: thin layers over services."""
