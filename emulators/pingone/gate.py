"""Who may do what: the token, the environment, the worker's roles and their scopes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import request

from emulators.pingone import roles
from emulators.pingone.emulator import Document, PingOne
from emulators.pingone.errors import PingError, bad_token, no_access, not_found
from emulators.pingone.moments import moment
from emulators.pingone.tokens import worker_of

YOUNG = timedelta(seconds=17)
"""pingone.md 6.8 [C SDK]."""


@dataclass(frozen=True)
class Reach:
    """How far a worker's roles go in one environment.

    `populations` is None where they cover all of it.
    """

    environment: Document
    populations: frozenset[str] | None

    @property
    def id(self) -> str:
        """The environment's id."""
        return str(self.environment["id"])

    def covers(self, document: Document) -> bool:
        """Whether a user or group, by its population, is within reach."""
        if self.populations is None:
            return True
        return document.get("population", {}).get("id") in self.populations


def worker(ping: PingOne) -> Document:
    """The application whose token came with the request.

    Raises:
        PingError: 401 INVALID_TOKEN; 401 or 404 for a token of another region (pingone.md 5).
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    region = ping.variants["token_region"]
    if region == "another: 404":
        raise not_found()
    found = worker_of(ping, token.strip()) if scheme.lower() == "bearer" else None
    if found is None or region == "another: 401":
        raise bad_token()
    return found


def enter(ping: PingOne, environment_id: str, permission: str) -> Reach:
    """Let a request in, or refuse it.

    Raises:
        PingError: 401; what the switch says for an unknown environment; 403 without the role.
    """
    application = worker(ping)
    environment = ping.store.get("environment", environment_id.lower())
    if environment is None:
        raise _unknown_environment(ping)
    reach = _reach(ping, application, environment, permission)
    if reach is None:
        raise no_access(int(ping.variants["insufficient"]))
    if permission in roles.OF_MFA:
        _refuse_young(ping, environment)
    return reach


def enter_roles(ping: PingOne) -> None:
    """`GET /roles` at the root concerns no environment: any scope of a role that may does.

    Raises:
        PingError: 401, 403.
    """
    application = worker(ping)
    names = roles.needed("read:role", ping.variants)
    held = {_name(one["role"]["id"]) for one in assignments(ping, application["id"])}
    if not held or (names is not None and not held & names):
        raise no_access(int(ping.variants["insufficient"]))


def assignments(ping: PingOne, application_id: str) -> list[Document]:
    """An application's role assignments, as stored."""
    return [one for one in ping.store.all("roleAssignment") if one["owner"] == application_id]


def _reach(
    ping: PingOne, application: Document, environment: Document, permission: str
) -> Reach | None:
    """pingone.md 6b: ENVIRONMENT with its id, ORGANIZATION with its organization's, POPULATION."""
    names = roles.needed(permission, ping.variants)
    populations: set[str] = set()
    for one in assignments(ping, application["id"]):
        if names is not None and _name(one["role"]["id"]) not in names:
            continue
        scope = (one["scope"]["type"], one["scope"]["id"])
        if scope in _whole(environment):
            return Reach(environment, None)
        if scope[0] == "POPULATION" and ping.one(environment["id"], "population", scope[1]):
            populations.add(scope[1])
    if not populations:
        return None
    if permission in roles.OF_POPULATIONS:
        return Reach(environment, frozenset(populations))
    return Reach(environment, None) if names is None else None


def _whole(environment: Document) -> set[tuple[str, str]]:
    return {
        ("ENVIRONMENT", environment["id"]),
        ("ORGANIZATION", environment["organization"]["id"]),
    }


def _name(role_id: str) -> str:
    return next((name for name in roles.BUILT_IN if roles.role_id(name) == role_id), "")


def _unknown_environment(ping: PingOne) -> PingError:
    """pingone.md 1.3 [C TF]: 400, 401 or 403, and only the environment itself tells 404."""
    status = int(ping.variants["unknown_environment"])
    if status == 401:
        return bad_token("The access token is not for this environment")
    if status == 400:
        return PingError(400, code="INVALID_REQUEST", message="The environment is not usable")
    return no_access()


def _refuse_young(ping: PingOne, environment: Document) -> None:
    if ping.now() - moment(environment["createdAt"]) >= YOUNG:
        return
    status = ping.variants["young_environment"]
    raise {"403": no_access(), "404": not_found(), "500": PingError(500)}[status]


def seen_user(ping: PingOne, reach: Reach, user_id: str) -> Any:
    """A user that the worker may see.

    Raises:
        PingError: 404; for one out of reach what the switch says.
    """
    user = ping.one(reach.id, "user", user_id)
    if user is None:
        raise not_found()
    if not reach.covers(user):
        raise not_found() if ping.variants["unseen_user"] == "404" else no_access()
    return user
