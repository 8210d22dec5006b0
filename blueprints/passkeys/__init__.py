"""My passkeys: the signed-in person's own."""

from blueprints.passkeys import adding, removal, routes
from blueprints.passkeys.area import blueprint

__all__ = ["adding", "blueprint", "removal", "routes"]
