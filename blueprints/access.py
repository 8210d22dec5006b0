"""Who may open what: one table, closed by default.

Every endpoint stands in `ACCESS` with the privilege it needs (or several), with what it does to a
connection (the privilege is then that of the connection's type), or with one of the two doors that
need none.
The app does not start with a route that the table does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, flash, redirect, request, url_for
from flask_login import current_user
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from blueprints.context import held_privileges, portal
from blueprints.errors import answers_json
from models import DirectoryType
from services import directories
from services.refusal import Refusal
from services.roles import Action, Privilege, of_any_type, of_type


class Door(Enum):
    """What an endpoint asks of its visitor where it asks for no privilege."""

    PUBLIC = "anyone"
    SIGNED_IN = "anyone who is signed in"


Need = Privilege | Action
BOTH_SIDES: tuple[Need, ...] = (Action.VIEW, Privilege.VIEW_PEOPLE)
"""What shows the people of a directory beside ours."""
GROUP_POLICIES: tuple[Need, ...] = (
    Privilege.VIEW_POLICIES,
    Privilege.EDIT_POLICIES,
    Privilege.VIEW_GROUPS,
)
"""What gives a group a policy of its own."""
CHANGING_ROLES: tuple[Need, ...] = (Privilege.VIEW_ROLES, Privilege.EDIT_ROLES)
GIVING_ROLES: tuple[Need, ...] = (Privilege.VIEW_PEOPLE, Privilege.GRANT_ROLES)
MAKING_ROOM: tuple[Need, ...] = (
    Privilege.VIEW_DELIVERIES,
    Privilege.RETRY_DELIVERIES,
    Privilege.END_PASSKEYS,
)
"""What decides which of two keys a directory has room for."""

MAKING_REQUESTS: tuple[Need, ...] = (Privilege.VIEW_REQUESTS, Privilege.CREATE_REQUESTS)
RUNNING_REQUESTS: tuple[Need, ...] = (Privilege.VIEW_REQUESTS, Privilege.RUN_REQUESTS)

ACCESS: dict[str, Need | tuple[Need, ...] | Door] = {
    "static": Door.PUBLIC,
    # home
    "home.index": Door.PUBLIC,
    "home.health": Door.PUBLIC,
    "home.topic": Door.PUBLIC,
    # getting in; sign-up, links, set-up and enrolment guard themselves by their own session
    "sign_in.index": Door.PUBLIC,
    "sign_in.sign_out": Door.PUBLIC,
    "sign_up.ask": Door.PUBLIC,
    "sign_up.code": Door.PUBLIC,
    "sign_up.name": Door.PUBLIC,
    "links.show": Door.PUBLIC,
    "links.exchange": Door.PUBLIC,
    "setup.index": Door.PUBLIC,
    "enrol.index": Door.PUBLIC,
    "enrol.done": Door.PUBLIC,
    "enrol.name": Door.PUBLIC,
    "enrol.placements": Door.PUBLIC,
    "enrol.skip": Door.PUBLIC,
    "enrol.use_alone": Door.PUBLIC,
    "enrol.hand_over": Door.PUBLIC,
    "enrol.agent": Door.PUBLIC,
    "ceremonies.options": Door.PUBLIC,
    "ceremonies.cancel": Door.PUBLIC,
    # desk agents guard themselves by the token of a page, and by the secret it is traded for
    "agent.show": Door.PUBLIC,
    "agent.look": Door.PUBLIC,
    "agent.exchange": Door.PUBLIC,
    "agent.options": Door.PUBLIC,
    "agent.answer": Door.PUBLIC,
    "agent.cancel": Door.PUBLIC,
    "agent.state": Door.PUBLIC,
    "icons.show": Door.PUBLIC,
    # one's own passkeys
    "passkeys.index": Door.SIGNED_IN,
    "passkeys.new": Door.SIGNED_IN,
    "passkeys.hand_over": Door.SIGNED_IN,
    "passkeys.use_alone": Door.SIGNED_IN,
    "passkeys.agent": Door.SIGNED_IN,
    "passkeys.show": Door.SIGNED_IN,
    "passkeys.rename": Door.SIGNED_IN,
    "passkeys.placements": Door.SIGNED_IN,
    "passkeys.remove": Door.SIGNED_IN,
    "passkeys.removed": Door.PUBLIC,  # by the browser's cookie: whoever removes a key may be out
    "sessions.index": Door.SIGNED_IN,
    "sessions.end": Door.SIGNED_IN,
    "sessions.end_others": Door.SIGNED_IN,
    "proof.show": Door.SIGNED_IN,
    "proof.options": Door.SIGNED_IN,
    "proof.run": Door.SIGNED_IN,
    # every component, in a trial only
    "components.index": Door.PUBLIC,
    "components.wrong": Door.PUBLIC,
    "components.person": Door.PUBLIC,
    "components.placements": Door.PUBLIC,
    "components.options": Door.PUBLIC,
    "components.answer": Door.PUBLIC,
    # administration
    "overview.index": Privilege.VIEW_OVERVIEW,
    "people.index": Privilege.VIEW_PEOPLE,
    "people.new": Privilege.ADD_PEOPLE,
    "people.show": Privilege.VIEW_PEOPLE,
    "people.end": (Privilege.VIEW_PEOPLE, Privilege.SUSPEND_PEOPLE, Privilege.END_PASSKEYS),
    "people.bring_back": (Privilege.VIEW_PEOPLE, Privilege.SUSPEND_PEOPLE),
    "people.edit": (Privilege.VIEW_PEOPLE, Privilege.EDIT_PEOPLE),
    "people.import_file": (Privilege.VIEW_PEOPLE, Privilege.ADD_PEOPLE),
    "people.import_confirm": (Privilege.VIEW_PEOPLE, Privilege.ADD_PEOPLE),
    "people.download": (Privilege.VIEW_PEOPLE, Privilege.DOWNLOAD),
    "people.end_session": (Privilege.VIEW_PEOPLE, Privilege.END_SESSIONS),
    "people.end_sessions": (Privilege.VIEW_PEOPLE, Privilege.END_SESSIONS),
    "people.suspend": (Privilege.VIEW_PEOPLE, Privilege.SUSPEND_PEOPLE),
    "people.let_in": (Privilege.VIEW_PEOPLE, Privilege.SUSPEND_PEOPLE),
    "people.make_link": Privilege.MAKE_LINKS,
    "people.revoke_link": Privilege.MAKE_LINKS,
    "people.passkey": Privilege.VIEW_PASSKEYS,
    "people.end_passkey": Privilege.END_PASSKEYS,
    "mails.send": Privilege.MAKE_LINKS,
    "mails.stop": Privilege.MAKE_LINKS,
    "requests.index": Privilege.VIEW_REQUESTS,
    "requests.show": Privilege.VIEW_REQUESTS,
    "requests.progress": Privilege.VIEW_REQUESTS,
    "requests.new": MAKING_REQUESTS,
    "requests.edit": MAKING_REQUESTS,
    "requests.people": MAKING_REQUESTS,
    "requests.pick_people": (*MAKING_REQUESTS, Privilege.VIEW_PEOPLE),
    "requests.pick_group": (*MAKING_REQUESTS, Privilege.VIEW_GROUPS),
    "requests.directory": (*MAKING_REQUESTS, *BOTH_SIDES),
    "requests.file": MAKING_REQUESTS,
    "requests.remove": MAKING_REQUESTS,
    "requests.review": MAKING_REQUESTS,
    "requests.discard": MAKING_REQUESTS,
    "requests.provision": RUNNING_REQUESTS,
    "requests.remind": RUNNING_REQUESTS,
    "requests.cancel": RUNNING_REQUESTS,
    "requests.send": RUNNING_REQUESTS,
    "requests.link": RUNNING_REQUESTS,
    "requests.cancel_person": RUNNING_REQUESTS,
    "requests.retry": RUNNING_REQUESTS,
    "requests.letters": RUNNING_REQUESTS,
    "requests.desk": RUNNING_REQUESTS,
    "requests.desk_placements": RUNNING_REQUESTS,
    "requests.desk_next": RUNNING_REQUESTS,
    "requests.desk_choose": RUNNING_REQUESTS,
    "requests.desk_leave": RUNNING_REQUESTS,
    "requests.desk_hand_over": RUNNING_REQUESTS,
    "requests.desk_use_alone": RUNNING_REQUESTS,
    "requests.desk_agent": RUNNING_REQUESTS,
    "requests.download": (Privilege.VIEW_REQUESTS, Privilege.DOWNLOAD),
    "requests.delete": (Privilege.VIEW_REQUESTS, Privilege.DELETE_REQUESTS),
    "all_passkeys.index": Privilege.VIEW_PASSKEYS,
    "directories.index": Action.VIEW,
    "directories.new": Action.CREATE,
    "directories.connect": Action.CREATE,
    "directories.schema": Action.CREATE,
    "directories.mapping": Action.CREATE,
    "directories.mfa_policy": Action.CREATE,
    "directories.discard": Action.CREATE,
    "directories.show": Action.VIEW,
    "directories.edit": Action.EDIT,
    "directories.delete": Action.DELETE,
    "directories.test": Action.TEST,
    "directories.rules": Action.VIEW,
    "directories.serves": Action.EDIT,
    "directories.deliver_existing": Action.EDIT,
    "directory_people.index": BOTH_SIDES,
    "directory_people.groups": BOTH_SIDES,
    "directory_people.counts": BOTH_SIDES,
    "directory_people.link": (*BOTH_SIDES, Privilege.LINK_IDENTITIES),
    "directory_people.unlink": (*BOTH_SIDES, Privilege.LINK_IDENTITIES),
    "directory_people.invite": (
        *BOTH_SIDES,
        Privilege.LINK_IDENTITIES,
        Privilege.ADD_PEOPLE,
        Privilege.MAKE_LINKS,
    ),
    "directory_people.pairs": (*BOTH_SIDES, Privilege.LINK_IDENTITIES),
    "directory_people.list_methods": (*BOTH_SIDES, Privilege.VIEW_PASSKEYS),
    "directory_people.remove_method": (
        *BOTH_SIDES,
        Privilege.VIEW_PASSKEYS,
        Privilege.END_PASSKEYS,
    ),
    "directory_people.sign_out": (*BOTH_SIDES, Privilege.VIEW_PASSKEYS, Privilege.END_SESSIONS),
    "directory_people.temporary_pass": (
        *BOTH_SIDES,
        Privilege.VIEW_PASSKEYS,
        Privilege.LINK_IDENTITIES,
        Privilege.MAKE_LINKS,
    ),
    "groups.index": Privilege.VIEW_GROUPS,
    "groups.new": (Privilege.VIEW_GROUPS, Privilege.EDIT_GROUPS),
    "groups.show": Privilege.VIEW_GROUPS,
    "groups.edit": (Privilege.VIEW_GROUPS, Privilege.EDIT_GROUPS),
    "groups.end": (Privilege.VIEW_GROUPS, Privilege.EDIT_GROUPS),
    "groups.members": (Privilege.VIEW_GROUPS, Privilege.VIEW_PEOPLE, Privilege.EDIT_GROUPS),
    "policies.index": Privilege.VIEW_POLICIES,
    "policies.edit": Privilege.EDIT_POLICIES,
    "policies.save": Privilege.EDIT_POLICIES,
    "groups.take": (Privilege.VIEW_GROUPS, Privilege.EDIT_GROUPS, *BOTH_SIDES),
    "groups.let_go": (Privilege.VIEW_GROUPS, Privilege.EDIT_GROUPS),
    "groups.refresh": (Privilege.VIEW_GROUPS, Privilege.EDIT_GROUPS),
    "policies.edit_group": GROUP_POLICIES,
    "policies.save_group": GROUP_POLICIES,
    "policies.take_away": GROUP_POLICIES,
    "policies.rank": (Privilege.VIEW_POLICIES, Privilege.EDIT_POLICIES, Privilege.EDIT_GROUPS),
    "models.index": Privilege.VIEW_MODELS,
    "models.show": Privilege.VIEW_MODELS,
    "deliveries.index": Privilege.VIEW_DELIVERIES,
    "deliveries.retry": Privilege.RETRY_DELIVERIES,
    "deliveries.make_room": MAKING_ROOM,
    "deliveries.keep": MAKING_ROOM,
    "roles.index": Privilege.VIEW_ROLES,
    "roles.show": Privilege.VIEW_ROLES,
    "roles.new": CHANGING_ROLES,
    "roles.edit": CHANGING_ROLES,
    "roles.end": CHANGING_ROLES,
    "privileges.mine": Door.SIGNED_IN,
    "privileges.show": Privilege.VIEW_PEOPLE,
    "privileges.give": GIVING_ROLES,
    "privileges.take": GIVING_ROLES,
    "audit.index": Privilege.VIEW_AUDIT,
    "settings.index": Privilege.VIEW_SETTINGS,
}


NOTHING: Mapping[str, Any] = MappingProxyType({})

SENT_AGAIN: dict[str, Callable[[], str | None]] = {}
"""For acts that may sign out whoever does them, by endpoint: where what was done is shown, when
this very browser sends the same again; None when it has not done it."""


def _guard() -> Response | None:
    """Let the request through, send it to the sign-in page, or refuse it."""
    endpoint = request.endpoint
    if endpoint is None:
        return None  # no route at all: the router answers 404, 405 or the wrong-host page
    needed = ACCESS.get(endpoint)
    if needed is Door.PUBLIC:
        return None
    if needed is None:
        abort(403)
    if not current_user.is_authenticated:
        return _to_sign_in()
    if needed is Door.SIGNED_IN:
        return None
    if not may_open(endpoint, request.view_args or {}):
        abort(403)
    return None


def may_open(endpoint: str, arguments: Mapping[str, Any] = NOTHING) -> bool:
    """Whether whoever asks may open an endpoint.

    Args:
        arguments: what its address names, as the router reads it.
    """
    needed = ACCESS.get(endpoint)
    if needed is None or isinstance(needed, Door):
        return needed is Door.PUBLIC or (needed is Door.SIGNED_IN and current_user.is_authenticated)
    return all(_holds(need, held_privileges(), arguments) for need in needs(endpoint))


def may_visit(address: str, method: str = "GET") -> bool:
    """Whether whoever asks may go to an address of ours: for links, so that none is a dead end.

    Args:
        address: a path, as `url_for` writes it.
        method: how it is asked for; a form's is `POST`.
    """
    path = urlsplit(address).path
    if not path:
        return True  # another view of this very page
    try:
        endpoint, arguments = current_app.url_map.bind("").match(path, method)
    except HTTPException:  # no such page, or not by this method
        return False
    return may_open(endpoint, arguments)


def needs(endpoint: str) -> tuple[Need, ...]:
    """Everything an endpoint asks for; nothing at a door."""
    needed = ACCESS[endpoint]
    if isinstance(needed, Door):
        return ()
    return needed if isinstance(needed, tuple) else (needed,)


def _holds(needed: Need, held: frozenset[Privilege], arguments: Mapping[str, Any]) -> bool:
    """Whether the privileges are enough; for a connection, those of its own type.

    An address that names no connection asks for the privilege of every type, so that nobody
    learns which connections exist.
    """
    if isinstance(needed, Privilege):
        return needed in held
    if "kind" in arguments:
        return of_type(needed, DirectoryType(arguments["kind"])) in held
    every = of_any_type(needed)
    if "directory" not in arguments:
        return not every.isdisjoint(held)
    if every <= held or every.isdisjoint(held):
        return every <= held
    type = directories.type_of(portal(), arguments["directory"])
    return type is not None and of_type(needed, type) in held


def _to_sign_in() -> Response:
    seen = SENT_AGAIN.get(request.endpoint or "")
    if seen is not None and (page := seen()) is not None:
        return redirect(page, 303)
    if answers_json(current_app, request.endpoint):
        raise Refusal("not_signed_in", "You are signed out. Sign in and try again.", status=401)
    if request.method in ("GET", "HEAD"):
        return redirect(url_for("sign_in.index", next=request.full_path.rstrip("?")))
    flash("You were signed out, so nothing was changed. Sign in and try again.", "warning")
    return redirect(url_for("sign_in.index"), 303)


def unknown_routes(app: Flask) -> list[str]:
    """The endpoints of `app` that the table does not know."""
    return sorted({rule.endpoint for rule in app.url_map.iter_rules()} - ACCESS.keys())


def init_app(app: Flask) -> None:
    """Put the guard before every request. Call it first, before any other `before_request`."""
    app.before_request(_guard)
    app.jinja_env.globals.update(may_visit=may_visit)


def check(app: Flask) -> None:
    """Refuse to start with a route that the table does not know.

    Raises:
        LookupError: naming the routes.
    """
    if unknown := unknown_routes(app):
        raise LookupError(f"no entry in blueprints.access.ACCESS for {', '.join(unknown)}")
