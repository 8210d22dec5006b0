"""Every route, as nobody, as somebody without a role, and as an administrator."""

from __future__ import annotations

import uuid

import pytest
from flask import Blueprint

import app as portal_app
from blueprints import access
from blueprints.access import ACCESS, Door
from models import DirectoryType
from services.roles import ROLES, Action, Privilege, of_any_type, of_type
from tests.blueprints.conftest import (  # noqa: F401 -- fixtures
    administrator,
    invite,
    memory,
    metadata_file,
    settings,
    setup_link,
    somebody,
    world,
)
from tests.visitor import Visitor

ANY_TYPE = ("directories.index", "directories.new")
SIGN_OUT = "sign_in.sign_out"
"""It works, so that whoever walks the routes would be signed out: `test_sign_in.py` has it."""


def walk(app):
    """Every route that is not a file: endpoint, method, and an address that leads nowhere real."""
    values = {"token": "no-such-token", "purpose": "sign-in", "topic": "browser", "page": "touch"}
    for rule in app.url_map.iter_rules():
        if rule.endpoint in ("static", SIGN_OUT):
            continue
        own = {name: values.get(name, str(uuid.uuid4())) for name in rule.arguments}
        own |= rule.defaults or {}
        with app.test_request_context():
            path = app.url_map.bind("localhost").build(rule.endpoint, own, method=min(rule.methods))
        for method in sorted(rule.methods & {"GET", "POST"}):
            yield rule.endpoint, method, path


def visit(visitor, method, path):
    response = visitor.get(path) if method == "GET" else visitor.send(path)
    assert response.status_code < 500, (method, path)
    return response


def held_for(endpoint, path):
    """Everything that has to be held to open an address, whatever connections there are."""
    held = set()
    for need in access.needs(endpoint):
        if isinstance(need, Privilege):
            held.add(need)
        elif endpoint == "directories.connect":
            held.add(of_type(need, DirectoryType(path.rpartition("/")[2])))
        else:
            held |= of_any_type(need)
    return held


def sent_to_sign_in(response):
    if response.is_json:
        return response.status_code == 401 and response.json["error"]["code"] == "not_signed_in"
    return response.status_code in (302, 303) and response.location.startswith("/sign-in")


def refused(response):
    return response.status_code == 403


def test_nobody_gets_only_through_the_public_doors(app, administrator):  # noqa: F811
    visitor = Visitor(app)
    for endpoint, method, path in walk(app):
        response = visit(visitor, method, path)
        public = ACCESS[endpoint] is Door.PUBLIC
        assert sent_to_sign_in(response) is not public, (endpoint, method)
        assert not refused(response)


def test_somebody_without_a_role_gets_to_their_own_pages(app, somebody):  # noqa: F811
    for endpoint, method, path in walk(app):
        response = visit(somebody, method, path)
        assert not sent_to_sign_in(response), (endpoint, method)
        assert refused(response) is bool(access.needs(endpoint)), (
            endpoint,
            method,
        )


def test_an_administrator_is_refused_nowhere(app, administrator):  # noqa: F811
    for endpoint, method, path in walk(app):
        response = visit(administrator, method, path)
        assert not sent_to_sign_in(response), (endpoint, method)
        assert not refused(response), (endpoint, method)


def as_one_who_holds(monkeypatch, held):
    monkeypatch.setattr("blueprints.visitor.privileges", lambda person: frozenset(held))


@pytest.mark.parametrize("privilege", Privilege)
def test_one_privilege_opens_its_own_routes_and_no_others(
    app,
    somebody,  # noqa: F811
    monkeypatch,
    privilege,
):
    as_one_who_holds(monkeypatch, {privilege})
    for endpoint, method, path in walk(app):
        needs = access.needs(endpoint)
        # A list of connections opens for whoever may see one type.
        any_type = needs in ((Action.VIEW,), (Action.CREATE,)) and endpoint in ANY_TYPE
        allowed = held_for(endpoint, path) <= {privilege} or (
            any_type and privilege in of_any_type(needs[0])
        )
        assert refused(visit(somebody, method, path)) is not allowed, (endpoint, method)


@pytest.mark.parametrize("role", ROLES)
def test_a_built_in_role_opens_what_its_privileges_open(
    app,
    somebody,  # noqa: F811
    monkeypatch,
    role,
):
    as_one_who_holds(monkeypatch, ROLES[role])
    for endpoint, method, path in walk(app):
        allowed = held_for(endpoint, path) <= ROLES[role]
        assert refused(visit(somebody, method, path)) is not allowed, (endpoint, method)


def test_the_table_names_no_route_that_is_gone(app):
    assert ACCESS.keys() - {rule.endpoint for rule in app.url_map.iter_rules()} == set()


def test_the_app_does_not_start_with_a_route_that_the_table_does_not_know(settings, monkeypatch):  # noqa: F811
    stray = Blueprint("stray", __name__)
    stray.add_url_rule("/stray", "index", lambda: "open")
    monkeypatch.setattr(portal_app, "BLUEPRINTS", (*portal_app.BLUEPRINTS, stray))
    with pytest.raises(LookupError, match=r"stray\.index"):
        portal_app.create_app(settings)


def test_a_route_that_slipped_past_the_start_is_closed(app, monkeypatch):
    monkeypatch.delitem(access.ACCESS, "home.health")
    assert app.test_client().get("/health").status_code == 403
