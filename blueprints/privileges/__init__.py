"""What somebody may do and by which role; giving roles to people and taking them."""

from blueprints.privileges.routes import blueprint

__all__ = ["blueprint"]
