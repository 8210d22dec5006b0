"""Users: create, import, change, remove (pingone.md 2)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from emulators.kit.store import Taken
from emulators.pingone import wire
from emulators.pingone.emulator import Document, PingOne
from emulators.pingone.errors import invalid, required, taken
from emulators.pingone.gate import Reach
from emulators.pingone.moments import stamp

IMPORT = "application/vnd.pingidentity.user.import+json"
# pingone.md 2 and the OpenAPI's User: what may be sent; the rest is read-only or not a field.
PLAIN = ("nickname", "title", "type", "locale", "mobilePhone", "primaryPhone", "preferredLanguage",
         "timezone", "address", "photo", "account")  # fmt: skip
CREATED = frozenset({*PLAIN, "email", "username", "name", "population", "externalId", "mfaEnabled"})
IMPORTED = CREATED | {"password", "lifecycle", "emailVerified"}
NAMES = ("given", "family", "middle", "formatted", "honorificPrefix", "honorificSuffix")
HIDDEN = ("memberOfGroups", "password")
NAME_LENGTH = 256


def create(ping: PingOne, reach: Reach, given: dict[str, Any], *, imported: bool) -> Document:
    """POST /users, plain or by import (pingone.md 2 a, b).

    Raises:
        PingError: 400 INVALID_DATA: REQUIRED_VALUE, INVALID_VALUE, UNIQUENESS_VIOLATION …; 403
            outside the populations that the worker may write to.
    """
    _refuse_unknown(ping, given, IMPORTED if imported else CREATED)
    if imported and given.get("population") is None:
        raise required("population")  # pingone.md 2 b [D IMP]
    now = stamp(ping.now())
    population = _population(ping, reach, given.get("population"))
    user: Document = {
        "id": str(uuid.uuid4()),
        "environment": {"id": reach.id},
        "account": {"canAuthenticate": True, "status": "OK"},
        "createdAt": now,
        "email": _email(given.get("email")),
        "enabled": True,
        "identityProvider": {"type": "PING_ONE"},
        "lifecycle": {"status": _lifecycle(given.get("lifecycle"))},
        "mfaEnabled": _mfa(ping, reach, given.get("mfaEnabled")),
        "population": {"id": population},
        "updatedAt": now,
        "username": wire.text(given.get("username"), "username", longest=128),
        "verifyStatus": "NOT_INITIATED",
        "memberOfGroups": [],
    }
    _optional(user, given)
    write(ping, user)
    return user


def update(
    ping: PingOne, reach: Reach, user: Document, given: dict[str, Any], *, whole: bool
) -> Document:
    """PUT (whole) or PATCH; mfaEnabled cannot be set by either (pingone.md 2 [C SDK]).

    Raises:
        PingError: 400, 403 as `create`.
    """
    _refuse_unknown(ping, given, CREATED)
    if "mfaEnabled" in given and ping.variants["mfa_enabled_in_update"] == "refused":
        raise invalid("mfaEnabled", "mfaEnabled cannot be set by this operation")
    if whole:
        for name in (*PLAIN, "name", "externalId"):
            if name != "account":
                user.pop(name, None)
    if whole or "email" in given:
        user["email"] = _email(given.get("email"))
    if whole or "username" in given:
        user["username"] = wire.text(given.get("username"), "username", longest=128)
    if given.get("population") is not None:
        user["population"] = {"id": _population(ping, reach, given["population"])}
    _optional(user, given)
    return touch(ping, user)


def touch(ping: PingOne, user: Document) -> Document:
    """Write a changed user."""
    user["updatedAt"] = stamp(ping.now())
    write(ping, user)
    return user


def write(ping: PingOne, user: Document) -> None:
    """Write a user and claim the name, unique across the ENVIRONMENT (pingone.md 2).

    Raises:
        PingError: 400 UNIQUENESS_VIOLATION, for a user in an unseen population too [D IMP].
    """
    name = f"{user['environment']['id']}/{user['username'].casefold()}"
    try:
        with ping.store.transaction():
            ping.store.claim(user["id"], [("username", name)])
            ping.put("user", user)
    except Taken as error:
        raise taken("username", "is unique but a non-unique value is provided") from error


def remove(ping: PingOne, user: Document) -> None:
    """DELETE, with the user's devices."""
    with ping.store.transaction():
        for device in ping.of(user["environment"]["id"], "device"):
            if device["user"]["id"] == user["id"]:
                ping.store.delete("device", device["id"])
        ping.store.delete("user", user["id"])


def view(ping: PingOne, user: Document, *, include: tuple[str, ...] = ()) -> Document:
    """A user as the API shows it; `include` adds the groups (the OpenAPI's `include`)."""
    shown = {name: value for name, value in user.items() if name not in HIDDEN}
    here = f"{ping.api}/environments/{user['environment']['id']}"
    shown["_links"] = {
        "self": {"href": f"{here}/users/{user['id']}"},
        "environment": {"href": here},
        "population": {"href": f"{here}/populations/{user['population']['id']}"},
        "devices": {"href": f"{here}/users/{user['id']}/devices"},
    }
    groups = [one["id"] for one in user["memberOfGroups"]]
    if "memberOfGroupIDs" in include:
        shown["memberOfGroupIDs"] = groups
    if "memberOfGroupNames" in include:
        named = (ping.store.get("group", group) for group in groups)
        shown["memberOfGroupNames"] = [group["name"] for group in named if group]
    return shown


def lock(ping: PingOne, user: Document, *, locked: bool, now: datetime) -> Document:
    """account.lock and account.unlock (pingone.md 2 [C SDK])."""
    user["account"] = {"canAuthenticate": not locked, "status": "LOCKED" if locked else "OK"}
    if locked:
        user["account"]["lockedAt"] = stamp(now)
    return touch(ping, user)


def _optional(user: Document, given: dict[str, Any]) -> None:
    for name in PLAIN:
        if given.get(name) is not None:
            user[name] = given[name]
    if given.get("externalId") is not None:
        user["externalId"] = wire.text(given["externalId"], "externalId", longest=1024)
    if given.get("name") is not None:
        parts = wire.part(given["name"], "name")
        for name, value in parts.items():
            if name not in NAMES:
                raise invalid(f"name.{name}", "is not an attribute of name")
            wire.text(value, f"name.{name}", longest=NAME_LENGTH)
        user["name"] = parts


def _refuse_unknown(ping: PingOne, given: dict[str, Any], known: frozenset[str]) -> None:
    unknown = sorted(given.keys() - known)
    if unknown and ping.variants["unknown_user_fields"] == "refused":
        raise invalid(unknown[0], f"{unknown[0]} is not an attribute that can be set here")


def _email(value: Any) -> str:
    address = wire.text(value, "email", longest=256)
    if "@" not in address.strip("@"):
        raise invalid("email", "email is not valid")
    return address


def _lifecycle(value: Any) -> str:
    if value is None:
        return "ACCOUNT_OK"
    status = wire.part(value, "lifecycle").get("status")
    return wire.choice(status, "lifecycle.status", ("ACCOUNT_OK", "VERIFICATION_REQUIRED"))


def _mfa(ping: PingOne, reach: Reach, value: Any) -> bool:
    """pingone.md 2: false, or what mfaSettings.users.mfaEnabled says, or what is sent."""
    if value is not None:
        return wire.flag(value, "mfaEnabled")
    settings = ping.store.get("mfaSettings", reach.id) or {}
    return bool(settings.get("users", {}).get("mfaEnabled", False))


def _population(ping: PingOne, reach: Reach, value: Any) -> str:
    """The one named, or the default one (pingone.md 2 [C SDK])."""
    if value is None:
        default = (one for one in ping.of(reach.id, "population") if one["default"])
        found = next(default, None)
    else:
        given = wire.part(value, "population").get("id")
        found = ping.one(reach.id, "population", wire.text(given, "population.id", longest=64))
    if found is None or not reach.covers({"population": {"id": found["id"]}}):
        raise invalid("population.id", "The population was not found")
    return str(found["id"])
