"""Administration of people: their links, and the story of each passkey."""

from blueprints.people import ending, standing
from blueprints.people.routes import blueprint

__all__ = ["blueprint", "ending", "standing"]
