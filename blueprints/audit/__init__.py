"""The audit trail, to read."""

from blueprints.audit.routes import blueprint

__all__ = ["blueprint"]
