"""Administration of people: their links, and the story of each passkey."""

from blueprints.people import editing, ending, importing, leaving, listing, sessions, standing
from blueprints.people.routes import blueprint

__all__ = [
    "blueprint",
    "editing",
    "ending",
    "importing",
    "leaving",
    "listing",
    "sessions",
    "standing",
]
