"""Latchkey's desk agent: drives a security key by CTAP where a browser cannot."""

__version__ = "1.0.0"
