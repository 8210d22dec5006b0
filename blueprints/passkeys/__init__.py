"""My passkeys: the signed-in person's own."""

from blueprints.passkeys.routes import blueprint

__all__ = ["blueprint"]
