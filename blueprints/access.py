"""Who may open what: one table, closed by default.

Every endpoint stands in `ACCESS` with the privilege it needs, or with one of the two doors that
need none. The app does not start with a route that the table does not know.
"""

from __future__ import annotations

from enum import Enum

from flask import Flask, abort, current_app, flash, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.errors import answers_json
from services.refusal import Refusal
from services.roles import Privilege


class Door(Enum):
    """What an endpoint asks of its visitor where it asks for no privilege."""

    PUBLIC = "anyone"
    SIGNED_IN = "anyone who is signed in"


ACCESS: dict[str, Privilege | Door] = {
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
    "ceremonies.options": Door.PUBLIC,
    "icons.show": Door.PUBLIC,
    # one's own passkeys
    "passkeys.index": Door.SIGNED_IN,
    "passkeys.new": Door.SIGNED_IN,
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
    "people.make_link": Privilege.MAKE_LINKS,
    "people.revoke_link": Privilege.MAKE_LINKS,
    "people.passkey": Privilege.VIEW_PASSKEYS,
    "people.end_passkey": Privilege.END_PASSKEYS,
    "mails.send": Privilege.MAKE_LINKS,
    "mails.stop": Privilege.MAKE_LINKS,
    "all_passkeys.index": Privilege.VIEW_PASSKEYS,
    "directories.index": Privilege.VIEW_DIRECTORIES,
    "directories.new": Privilege.CREATE_DIRECTORIES,
    "directories.connect": Privilege.CREATE_DIRECTORIES,
    "directories.schema": Privilege.CREATE_DIRECTORIES,
    "directories.mapping": Privilege.CREATE_DIRECTORIES,
    "directories.mfa_policy": Privilege.CREATE_DIRECTORIES,
    "directories.discard": Privilege.CREATE_DIRECTORIES,
    "directories.show": Privilege.VIEW_DIRECTORIES,
    "directories.edit": Privilege.EDIT_DIRECTORIES,
    "directories.delete": Privilege.DELETE_DIRECTORIES,
    "directories.test": Privilege.TEST_DIRECTORIES,
    "directories.rules": Privilege.VIEW_DIRECTORIES,
    "directories.serves": Privilege.EDIT_DIRECTORIES,
    "directories.deliver_existing": Privilege.EDIT_DIRECTORIES,
    # these ask for more than one privilege: blueprints.directory_people.area has the others
    "directory_people.index": Privilege.VIEW_DIRECTORIES,
    "directory_people.groups": Privilege.VIEW_DIRECTORIES,
    "directory_people.counts": Privilege.VIEW_DIRECTORIES,
    "directory_people.link": Privilege.LINK_IDENTITIES,
    "directory_people.unlink": Privilege.LINK_IDENTITIES,
    "directory_people.invite": Privilege.LINK_IDENTITIES,
    "directory_people.pairs": Privilege.LINK_IDENTITIES,
    "policies.index": Privilege.VIEW_POLICIES,
    "policies.edit": Privilege.EDIT_POLICIES,
    "policies.save": Privilege.EDIT_POLICIES,
    "models.index": Privilege.VIEW_MODELS,
    "models.show": Privilege.VIEW_MODELS,
    "deliveries.index": Privilege.VIEW_DELIVERIES,
    "deliveries.retry": Privilege.RETRY_DELIVERIES,
    "audit.index": Privilege.VIEW_AUDIT,
}


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
    if needed is not Door.SIGNED_IN and needed not in current_user.privileges:
        abort(403)
    return None


def _to_sign_in() -> Response:
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


def check(app: Flask) -> None:
    """Refuse to start with a route that the table does not know.

    Raises:
        LookupError: naming the routes.
    """
    if unknown := unknown_routes(app):
        raise LookupError(f"no entry in blueprints.access.ACCESS for {', '.join(unknown)}")
