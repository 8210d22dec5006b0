"""Temporary Access Passes, and the end of a user's sessions (entra.md 5)."""

from __future__ import annotations

import secrets
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from emulators.entra import bodies, permissions
from emulators.entra.emulator import Entra
from emulators.entra.errors import GraphError, bad_request
from emulators.entra.gate import answer, require

PASSES = "/users/<user_key>/authentication/temporaryAccessPassMethods"
FIELDS = ("startDateTime", "lifetimeInMinutes", "isUsableOnce")
SHORTEST, USUAL, LONGEST = 10, 60, 43200
"""Minutes (entra.md 5 [D S36])."""
SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789*&+#%$"


def passes_api(entra: Entra, version: str) -> Blueprint:
    """The routes of one version."""
    routes = Blueprint(f"passes_{version.replace('.', '_')}", __name__)

    def context(text: str) -> str:
        return f"{request.host_url}{version}/$metadata#{text}"

    @routes.get(PASSES)
    def index(user_key: str) -> ResponseReturnValue:
        require(permissions.METHODS_READ)
        user_id = entra.directory.user(user_key)["id"]
        kept = entra.store.get("pass", user_id)
        value = [shown(kept, entra.now())] if kept else []
        path = f"users('{user_id}')/authentication/temporaryAccessPassMethods"
        return answer({"@odata.context": context(path), "value": value})

    @routes.post(PASSES)
    def create(user_key: str) -> ResponseReturnValue:
        require(permissions.PASSES)
        user_id = entra.directory.user(user_key)["id"]
        if not entra.policy.passes:
            status = int(entra.variants["passes_off"])
            message = "Temporary Access Pass is not enabled by the policy."
            raise GraphError(status, "badRequest", message)
        kept = _read(bodies.read(needed=False), entra.now())
        entra.store.put("pass", user_id, kept)  # one per user: a new one replaces the old
        secret = "".join(secrets.choice(SIGNS) for _ in range(8))
        path = f"users('{user_id}')/authentication/temporaryAccessPassMethods/$entity"
        made = shown(kept, entra.now()) | {"temporaryAccessPass": secret}
        return answer({"@odata.context": context(path), **made}, 201)

    @routes.post("/users/<user_key>/revokeSignInSessions")
    def end_sessions(user_key: str) -> ResponseReturnValue:
        either = entra.variants["end_sessions"] == "either role"
        require(permissions.END_SESSIONS if either else permissions.WRITE_USERS)
        user = entra.directory.user(user_key)
        if user["userType"] == "Guest":
            # entra.md 5 [D S37]: not for external users; the status is [U].
            status = int(entra.variants["guest"])
            raise GraphError(status, "badRequest", "External users are not supported.")
        since = f"{entra.now():%Y-%m-%dT%H:%M:%SZ}"
        entra.directory.write_user(user | {"signInSessionsValidFromDateTime": since})
        return answer({"@odata.context": context("Edm.Boolean"), "value": True})

    return routes


def _read(body: dict[str, Any], now: datetime) -> dict[str, Any]:
    given = bodies.only(body, FIELDS, "temporaryAccessPassAuthenticationMethod")
    minutes = given.get("lifetimeInMinutes", USUAL)
    if type(minutes) is not int or not SHORTEST <= minutes <= LONGEST:
        raise bad_request(
            f"lifetimeInMinutes must be between {SHORTEST} and {LONGEST}.", code="BadRequest"
        )
    once = given.get("isUsableOnce", False)
    if not isinstance(once, bool):
        raise bad_request("isUsableOnce is no boolean.", code="BadRequest")
    return {
        "id": str(uuid.uuid4()),
        "createdDateTime": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "startDateTime": _start(given.get("startDateTime"), now),
        "lifetimeInMinutes": minutes,
        "isUsableOnce": once,
    }


def _start(given: Any, now: datetime) -> str:
    if given is None:
        return f"{now:%Y-%m-%dT%H:%M:%SZ}"
    try:
        start = datetime.fromisoformat(given)
    except (TypeError, ValueError) as error:
        raise bad_request("startDateTime is no date and time.", code="BadRequest") from error
    return f"{start.replace(tzinfo=start.tzinfo or UTC):%Y-%m-%dT%H:%M:%SZ}"


def shown(kept: dict[str, Any], now: datetime) -> dict[str, Any]:
    """As read again: the pass itself is shown only once (entra.md 5 [D S36])."""
    start = datetime.fromisoformat(kept["startDateTime"])
    if now < start.replace(microsecond=0):
        reason = "NotYetValid"
    elif now >= start + timedelta(minutes=kept["lifetimeInMinutes"]):
        reason = "Expired"
    else:
        reason = "EnabledByPolicy"
    return {
        **kept,
        "temporaryAccessPass": None,
        "isUsable": reason == "EnabledByPolicy",
        "methodUsabilityReason": reason,
    }
