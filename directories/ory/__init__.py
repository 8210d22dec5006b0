"""Ory: Ory Network projects and self-hosted Kratos (docs/architecture.md)."""

from directories.ory.connector import OryConnector
from directories.ory.mapping import MappingProblem, build_traits, check_mapping, fixed_value
from directories.ory.naming import DEFAULT_FORMAT, format_name, format_problem
from directories.ory.schema import IdentitySchema, Trait, WalkedSchema, walk
from directories.ory.settings import Auth, Flavour, OrySettings, TraitMapping

__all__ = [
    "DEFAULT_FORMAT",
    "Auth",
    "Flavour",
    "IdentitySchema",
    "MappingProblem",
    "OryConnector",
    "OrySettings",
    "Trait",
    "TraitMapping",
    "WalkedSchema",
    "build_traits",
    "check_mapping",
    "fixed_value",
    "format_name",
    "format_problem",
    "walk",
]
