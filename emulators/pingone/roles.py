"""The built-in roles, and which of them may do what (pingone.md 5, 6b)."""

from __future__ import annotations

import uuid
from typing import Any

from emulators.kit.variants import Variants

NAMES = uuid.UUID("5b1f0a2e-6a54-4b35-9d0c-1f6f5f0f7a11")

ORGANIZATION_ADMIN = "Organization Admin"
ENVIRONMENT_ADMIN = "Environment Admin"
IDENTITY_DATA_ADMIN = "Identity Data Admin"
IDENTITY_DATA_READ_ONLY = "Identity Data Read Only"
CONFIGURATION_READ_ONLY = "Configuration Read Only"
CLIENT_APPLICATION_DEVELOPER = "Client Application Developer"

# pingone.md 6b: the names as the API has them, which are not those of the guides.
BUILT_IN: dict[str, tuple[str, tuple[str, ...]]] = {
    ORGANIZATION_ADMIN: ("Manages the organization.", ("ORGANIZATION",)),
    ENVIRONMENT_ADMIN: ("Manages an environment.", ("ORGANIZATION", "ENVIRONMENT")),
    IDENTITY_DATA_ADMIN: (
        "Manages user data.",
        ("ORGANIZATION", "ENVIRONMENT", "POPULATION"),
    ),
    IDENTITY_DATA_READ_ONLY: (
        "Reads user data.",
        ("ORGANIZATION", "ENVIRONMENT", "POPULATION"),
    ),
    CONFIGURATION_READ_ONLY: ("Reads the configuration.", ("ORGANIZATION", "ENVIRONMENT")),
    CLIENT_APPLICATION_DEVELOPER: (
        "Manages applications.",
        ("ORGANIZATION", "ENVIRONMENT", "APPLICATION"),
    ),
    "Application Owner": ("Manages one application.", ("APPLICATION",)),
    "Custom Roles Admin": ("Manages custom roles.", ("ORGANIZATION", "ENVIRONMENT")),
    "Help Desk Admin": ("Helps users.", ("ORGANIZATION", "ENVIRONMENT", "POPULATION")),
    "DaVinci Admin": ("Manages flows.", ("ENVIRONMENT",)),
    "DaVinci Admin Read Only": ("Reads flows.", ("ENVIRONMENT",)),
}
# pingone.md 6b [D PERM]: an id is service:action:resource. Only a few, as examples.
PERMISSIONS: dict[str, tuple[str, ...]] = {
    ENVIRONMENT_ADMIN: ("orgmgt:read:environment", "applications:read:secret"),
    CLIENT_APPLICATION_DEVELOPER: ("applications:read:secret",),
}
# pingone.md 6b "Who may read what", with [D GRP] for groups; what a switch adds is below.
NEEDED: dict[str, frozenset[str]] = {
    "read:user": frozenset({IDENTITY_DATA_ADMIN}),
    "write:user": frozenset({IDENTITY_DATA_ADMIN}),
    "read:population": frozenset({IDENTITY_DATA_ADMIN}),
    "read:device": frozenset({IDENTITY_DATA_ADMIN}),
    "write:device": frozenset({IDENTITY_DATA_ADMIN}),
    "read:group": frozenset({IDENTITY_DATA_ADMIN, ENVIRONMENT_ADMIN, CLIENT_APPLICATION_DEVELOPER}),
    "read:policy": frozenset({ENVIRONMENT_ADMIN}),
    "write:policy": frozenset({ENVIRONMENT_ADMIN}),
    "read:signOnPolicy": frozenset({ENVIRONMENT_ADMIN}),
    "read:application": frozenset({ENVIRONMENT_ADMIN, CLIENT_APPLICATION_DEVELOPER}),
    "read:assignment": frozenset({ENVIRONMENT_ADMIN}),
    "read:secret": frozenset({ENVIRONMENT_ADMIN, CLIENT_APPLICATION_DEVELOPER}),
    "read:customDomain": frozenset({ENVIRONMENT_ADMIN}),
    "read:role": frozenset({ENVIRONMENT_ADMIN}),
    "read:environment": frozenset({ENVIRONMENT_ADMIN}),
}
OF_POPULATIONS = frozenset({"read:user", "write:user", "read:population"})
OF_POPULATIONS |= {"read:device", "write:device", "read:group"}
OF_CONFIGURATION = frozenset({"read:policy", "read:signOnPolicy", "read:application"})
OF_CONFIGURATION |= {"read:assignment", "read:customDomain"}
OF_IDENTITIES = frozenset({"read:user", "read:population", "read:device", "read:group"})
# What the MFA service answers, and not for some seconds after an environment was made (6.8).
OF_MFA = frozenset({"read:policy", "write:policy", "read:device", "write:device"})


def role_id(name: str) -> str:
    """The id of a built-in role: the same in every emulator."""
    return str(uuid.uuid5(NAMES, name))


def role_json(name: str) -> dict[str, Any]:
    """A built-in role as `GET /roles` shows it (pingone.md 6b)."""
    description, scopes = BUILT_IN[name]
    return {
        "id": role_id(name),
        "name": name,
        "description": description,
        "applicableTo": list(scopes),
        "permissions": [
            {"id": permission, "classifier": permission.split(":")[2], "description": permission}
            for permission in PERMISSIONS.get(name, ())
        ],
    }


def needed(permission: str, variants: Variants) -> frozenset[str] | None:
    """The roles that may do this; None for any role at all."""
    if permission == "read:environment" and variants["environment_read"] == "any role":
        return None
    if permission == "read:role" and variants["own_roles"] == "any role":
        return None
    roles = NEEDED[permission]
    if permission in OF_CONFIGURATION and variants["configuration_read_only"] == "accepted":
        roles |= {CONFIGURATION_READ_ONLY}
    if permission in OF_IDENTITIES and variants["identity_data_read_only"] == "accepted":
        roles |= {IDENTITY_DATA_READ_ONLY}
    if permission == "read:policy" and variants["identity_data_reads_policies"] == "accepted":
        roles |= {IDENTITY_DATA_ADMIN}
    return roles
