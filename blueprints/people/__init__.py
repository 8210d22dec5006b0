"""Administration of people: their links, and the story of each passkey."""

from blueprints.people import ending
from blueprints.people.routes import blueprint

__all__ = ["blueprint", "ending"]
