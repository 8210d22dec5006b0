"""The `ui` of a login flow: the nodes that a page renders (ory.md 8b step 2)."""

from __future__ import annotations

import json
from typing import Any

# Ids and texts of Kratos' messages. The contract does not name them: nothing may depend on them.
SIGN_IN_WITH_PASSKEY = (1010021, "Sign in with passkey", "info")
GENERIC = 4000001
WRONG_ASSERTION = (4000008, "The provided authentication code is invalid, please try again.")
NO_SUCH_KEY = (4000015, "This account does not exist or has no security key set up.")
NO_STRATEGY = (
    4010002,
    "Could not find any strategy to log you in with. Did you fill out the form correctly?",
)


def error_message(number: int, text: str) -> dict[str, Any]:
    """A message of a flow."""
    return {"id": number, "text": text, "type": "error", "context": {}}


def challenge_options(challenge: str, *, rp_id: str, user_verification: str) -> str:
    """The value of `passkey_challenge`: a JSON string, discoverable, so no allowCredentials."""
    public_key = {
        "challenge": challenge,
        "timeout": 300000,
        "rpId": rp_id,
        "userVerification": user_verification,
    }
    return json.dumps({"publicKey": public_key})


def passkey_nodes(options: str) -> list[dict[str, Any]]:
    """The nodes of group `passkey`."""
    number, text, kind = SIGN_IN_WITH_PASSKEY
    return [
        _input("passkey", "passkey_challenge", "hidden", value=options),
        _input("passkey", "passkey_login", "hidden"),
        _input(
            "passkey",
            "passkey_login_trigger",
            "button",
            label={"id": number, "text": text, "type": kind},
            value="",
        ),
    ]


def default_nodes() -> list[dict[str, Any]]:
    """What every API flow has: an empty CSRF token and the identifier."""
    return [
        _input("default", "csrf_token", "hidden", value="", required=True),
        _input(
            "default",
            "identifier",
            "text",
            label={"id": 1070004, "text": "ID", "type": "info"},
            value="",
            required=True,
        ),
    ]


def _input(
    group: str, name: str, kind: str, *, label: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    attributes = {"name": name, "type": kind, "disabled": False, "node_type": "input", **more}
    return {
        "type": "input",
        "group": group,
        "attributes": attributes,
        "messages": [],
        "meta": {"label": label} if label else {},
    }
