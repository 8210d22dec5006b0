"""Roles: the list, one role and who holds it, and making, editing and ending one."""

from blueprints.roles import changing
from blueprints.roles.routes import blueprint

__all__ = ["blueprint", "changing"]
