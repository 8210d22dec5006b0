"""The change that an operator applies to Ory so that passkeys made here sign in there."""

from __future__ import annotations

import json

from directories.ory.settings import Flavour

_PASSKEY = "/selfservice/methods/passkey/config/rp"
_ON_NETWORK = "/services/identity/config"
"""Where the console API keeps the Kratos configuration of a project (Ory contract section 8d)."""


def relying_party_patch(flavour: Flavour, *, rp_id: str, origins: tuple[str, ...]) -> str:
    """A JSON Patch (RFC 6902) that sets the RP ID and adds our origins to those listed.

    `add` sets a member whether or not it is there, and `/-` appends to the list, so no origin of
    theirs is lost.
    """
    operations = [
        {"op": "add", "path": f"{_base(flavour)}/id", "value": rp_id},
        *_additions(flavour, origins),
    ]
    return json.dumps(operations, indent=2)


def origins_patch(flavour: Flavour, origins: tuple[str, ...]) -> str:
    """A JSON Patch, in one line, that only adds our origins to those listed."""
    return json.dumps(_additions(flavour, origins))


def _additions(flavour: Flavour, origins: tuple[str, ...]) -> list[dict[str, str]]:
    return [
        {"op": "add", "path": f"{_base(flavour)}/origins/-", "value": origin} for origin in origins
    ]


def _base(flavour: Flavour) -> str:
    return (_ON_NETWORK if flavour is Flavour.NETWORK else "") + _PASSKEY
