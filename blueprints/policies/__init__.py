"""The attestation policy in force, those of groups, and the ones before."""

from blueprints.policies import groups
from blueprints.policies.routes import blueprint

__all__ = ["blueprint", "groups"]
