"""The authenticator models that FIDO metadata knows, and what the policy says of each."""

from blueprints.models.routes import blueprint

__all__ = ["blueprint"]
