"""The worker application and its roles, as HID prescribes them (PingOne contract section 6b, 1-2).

Roles are compared by the ids of `GET /roles`: the guides' names for them are not the API's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from directories.base import Check, NotFound
from directories.outcomes import failed, passed, unknown
from directories.pingone.api import PingOneApi
from directories.pingone.documents import flag, inner, text
from directories.pingone.links import Item
from directories.pingone.settings import AuthMethod, PingOneSettings

IDENTITY = frozenset(("Identity Data Admin",))
CONFIGURATION = frozenset(
    ("Configuration Read Only", "Configuration Read-Only Admin", "Environment Admin")
)
"""Names in the answer of `GET /roles`, the guides' spelling tolerated."""

_METHODS = {
    AuthMethod.POST: "CLIENT_SECRET_POST",
    AuthMethod.BASIC: "CLIENT_SECRET_BASIC",
}
_GRANT = "Applications, the worker, Roles, Grant Roles"


@dataclass(frozen=True)
class Held:
    """How far a role reaches."""

    everywhere: bool
    """Over the whole target environment, not only one of its populations."""
    name: str


def find(api: PingOneApi, settings: PingOneSettings) -> Item:
    """The worker's own application.

    Its client id is its id, unless it was imported with another (section 6b).

    Raises:
        NotFound: when no application has this client id.
    """
    try:
        return api.worker(settings.client_id)
    except NotFound:
        pass
    for one in api.workers():
        if text(one, "clientId") == settings.client_id:
            return one
    raise NotFound("No application has this Client ID.", code="pingone.worker")


def application(worker: Item) -> Check:
    """Whether it is a worker that gets tokens by itself."""
    grants = inner(worker, "grantTypes")
    wrong = []
    if worker.get("type") != "WORKER":
        wrong.append(f"its type is {text(worker, 'type') or 'not told'}, not WORKER")
    if flag(worker, "enabled") is False:
        wrong.append("it is switched off")
    if not isinstance(grants, list) or "CLIENT_CREDENTIALS" not in grants:
        wrong.append("its grant types lack Client Credentials")
    name = text(worker, "name") or "The application"
    if wrong:
        return failed(
            f"{name}: {', '.join(wrong)}.",
            "Make an application of type Worker and switch it on: Applications, +, Worker.",
        )
    return passed(f"{name} is a worker, switched on.")


def auth_method(worker: Item, settings: PingOneSettings) -> Check:
    """Whether it authenticates as HID prescribes, and as this connection does."""
    found = text(worker, "tokenEndpointAuthMethod")
    where = "Applications, the worker, Configuration, Token Endpoint Authentication Method"
    if found == _METHODS[AuthMethod.POST]:
        return passed("Client Secret Post.")
    if not found:
        return unknown("The application does not tell.")
    works = (
        " Latchkey works with it all the same."
        if found == _METHODS[settings.auth_method]
        else f" This connection uses {settings.auth_method.label}."
    )
    return failed(
        f"It is {found.replace('_', ' ').title()}, and HID prescribes Client Secret Post.{works}",
        f"To follow HID's prescription choose Client Secret Post there ({where}) and here.",
    )


def held(
    assignments: Iterable[Item],
    roles: Iterable[Item],
    names: frozenset[str],
    *,
    environment_id: str,
    organization_id: str,
) -> Held | None:
    """Whether one of the roles with these names is held in the target environment, and how far.

    A role holds there when its scope is the environment or its whole organization; the scope of
    one population covers only the people in it (section 6b).
    """
    ids = {text(role, "id"): text(role, "name") for role in roles if text(role, "name") in names}
    found: Held | None = None
    for one in assignments:
        name = ids.get(text(one, "role", "id"))
        if not name:
            continue
        kind, scope = text(one, "scope", "type"), text(one, "scope", "id")
        if (kind == "ENVIRONMENT" and scope == environment_id) or (
            kind == "ORGANIZATION" and scope and scope == organization_id
        ):
            return Held(True, name)
        if kind == "POPULATION":
            found = Held(False, name)
    return found


def identity_role(found: Held | None, *, custom: bool, blind: bool) -> Check:
    """Whether the worker may handle users and their devices.

    Args:
        found: how far Identity Data Admin reaches.
        custom: the worker has roles that are not built in, whose reach is not known.
        blind: the organization is not known, so a role for all of it cannot be judged.
    """
    if found is not None:
        if found.everywhere:
            return passed(f"{found.name}, for this environment.")
        return passed(f"{found.name}, for single populations: only people in them can be enrolled.")
    if custom or blind:
        return unknown(
            "The worker does not have Identity Data Admin for this environment by itself; what its "
            "other roles let it do cannot be told."
        )
    return failed(
        "The worker does not have the role Identity Data Admin for this environment.",
        f"Grant it: {_GRANT}, Identity Data Admin, this environment.",
    )


def configuration_role(found: Held | None, *, custom: bool, blind: bool) -> Check:
    """Whether the worker may read policies."""
    if found is not None and found.everywhere:
        return passed(f"{found.name}, for this environment.")
    if custom or blind:
        return unknown("What the worker's other roles let it read cannot be told.")
    return failed(
        "The worker has neither Configuration Read Only nor Environment Admin for this "
        "environment, so policies may not be readable. Enrolling does not need it.",
        f"Grant Configuration Read Only, which is enough: {_GRANT}. HID prescribes the wider "
        "Environment Admin.",
    )
