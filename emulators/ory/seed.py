"""What a fresh project holds: keys, two identity schemas, a few identities."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from emulators.kit.store import Store
from emulators.ory.clients import Clients
from emulators.ory.identities import Identities
from emulators.ory.schemas import Schemas

DEFAULT_SCHEMA = "default"
STAFF_SCHEMA = "preset://staff"

_EMAIL = {
    "type": "string",
    "format": "email",
    "title": "E-Mail",
    "minLength": 3,
    "ory.sh/kratos": {
        "credentials": {
            "password": {"identifier": True},
            "webauthn": {"identifier": True},
            "code": {"identifier": True, "via": "email"},
            "passkey": {"display_name": True},
        },
        "verification": {"via": "email"},
        "recovery": {"via": "email"},
    },
}


def _schema(
    schema_id: str, title: str, traits: dict[str, Any], required: list[str]
) -> dict[str, Any]:
    return {
        "$id": schema_id,
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": title,
        "type": "object",
        "properties": {
            "traits": {
                "type": "object",
                "properties": traits,
                "required": required,
                "additionalProperties": False,
            }
        },
    }


# ory.md 8d: the ready schema.
PERSON = _schema(
    "latchkey-person",
    "Person",
    {
        "email": _EMAIL,
        "name": {
            "type": "object",
            "properties": {
                "first": {"type": "string", "title": "First name"},
                "last": {"type": "string", "title": "Last name"},
            },
        },
    },
    ["email"],
)
# ory.md 4.2: traits nest, a display name stands apart, and others may be required.
STAFF = _schema(
    "staff",
    "Staff",
    {
        "email": _EMAIL,
        "name": {
            "type": "object",
            "properties": {
                "given": {"type": "string", "title": "Given name"},
                "family": {"type": "string", "title": "Family name"},
                "display": {"type": "string", "title": "Display name"},
            },
            "required": ["display"],
            "additionalProperties": False,
        },
        "department": {"type": "string", "title": "Department", "minLength": 1},
    },
    ["email", "name", "department"],
)
PEOPLE = (
    ("ada.byron@example.com", "Ada", "Byron"),
    ("grace.murray@example.com", "Grace", "Murray"),
    ("joan.clarke@example.com", "Joan", "Clarke"),
)


def seed(store: Store, schemas: Schemas, identities: Identities, *, now: datetime) -> None:
    """Fill an empty store; one that was filled is left as it is."""
    with store.transaction():
        if store.get("setting", "keys") is not None:
            return
        keys = {
            "project": f"ory_pat_{secrets.token_urlsafe(24)}",
            "project_second": f"ory_apikey_{secrets.token_urlsafe(24)}",
            "workspace": f"ory_wak_{secrets.token_urlsafe(24)}",
        }
        store.put("setting", "keys", keys)
        schemas.add(DEFAULT_SCHEMA, PERSON, default=True)
        schemas.add(STAFF_SCHEMA, STAFF)
        for email, first, last in PEOPLE:
            traits = {"email": email, "name": {"first": first, "last": last}}
            identities.insert({"traits": traits}, now=now)


def seed_client(store: Store, clients: Clients, *, now: datetime) -> None:
    """Register the project's own OAuth2 client, as a manual has an operator do (ory.md 5)."""
    with store.transaction():
        kept = store.get("setting", "client")
        if kept is not None and store.get("client", kept["client_id"]) is not None:
            return
        made = clients.create(
            {
                **(kept or {}),
                "client_name": "Latchkey",
                "grant_types": ["client_credentials"],
                "token_endpoint_auth_method": "client_secret_post",
            },
            now=now,
        )
        client = {name: made[name] for name in ("client_id", "client_secret")}
        store.put("setting", "client", client)
