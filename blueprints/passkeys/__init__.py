"""My passkeys: the signed-in person's own."""

from blueprints.passkeys import removal, routes
from blueprints.passkeys.area import blueprint

__all__ = ["blueprint", "removal", "routes"]
