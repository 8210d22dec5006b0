"""What is owed to directories, what became of it, and trying again."""

from blueprints.deliveries import room
from blueprints.deliveries.routes import blueprint

__all__ = ["blueprint", "room"]
