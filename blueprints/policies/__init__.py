"""The attestation policy in force, and the ones before it."""

from blueprints.policies.routes import blueprint

__all__ = ["blueprint"]
