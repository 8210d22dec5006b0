"""What of a fresh organisation has a name: ids are the same in every emulator."""

from __future__ import annotations

import uuid

NAMES = uuid.UUID("3f2c8a0e-9d52-4c0d-8f55-2a90b1c1e7d4")
MADE = "2026-01-05T09:00:00.000Z"
WORKER, INTRANET = "Passkey portal", "Intranet"
PASSKEYS, SECURITY_KEY, PORTAL = "Passkeys", "Security key", "Passkeys of the portal"
DEFAULT_MFA, PORTAL_MFA = "Default MFA Policy", "Keys of the portal"
CUSTOM_DOMAIN = "login.example.com"


def known_id(name: str) -> str:
    """The id of something seeded."""
    return str(uuid.uuid5(NAMES, name))


ENVIRONMENT = known_id("environment/people")
ADMINISTRATORS = known_id("environment/administrators")
ORGANIZATION = known_id("organization")
WORKER_ID = known_id("application/worker")
INTRANET_ID = known_id("application/intranet")
PORTAL_MFA_ID = known_id("mfa-policy/portal")
