"""Prove it: sign in at a directory with one's own passkey, and see what the directory says."""

from blueprints.proof.routes import blueprint

__all__ = ["blueprint"]
