"""The domain. Nothing in here knows of Flask."""
