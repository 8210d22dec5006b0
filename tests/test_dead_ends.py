"""No link and no button leads where the server would refuse whoever sees it.

Every page is opened as each built-in role, as custom roles with one privilege, and as roles that
part any two privileges. Links are followed; what a form would do is held against
the table of routes and, where it concerns somebody, against what that person may do.
"""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
from sqlalchemy import select
from werkzeug.exceptions import HTTPException

from blueprints import access
from directories import registry
from directories.ory.schema import IdentitySchema
from models import (
    Directory,
    DirectoryType,
    EnrolmentLink,
    Mail,
    Passkey,
    Person,
    RequestPerson,
)
from services import roles
from services.directories import ory_steps, pingone_steps
from services.roles import ROLES, VIEW_ONLY, Action, Privilege, of_any_type, of_type
from tests.house import House, answering

pytestmark = pytest.mark.long

TAG = re.compile(r"<(a|form|button|div)\b([^>]*)>", re.DOTALL)
ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
OWNED = {
    "person": Person,
    "passkey": Passkey,
    "link": EnrolmentLink,
    "mail": Mail,
    "place": RequestPerson,
}
VIEWS = ROLES[VIEW_ONLY]
ACTS = [one for one in Privilege if one not in VIEWS]
ELSEWHERE = (
    "static",
    "components.",
    "sign_in.sign_out",
    "icons.",
    "agent.",
    "sign_up.",
    "setup.",
    "enrol.",
)
"""What signs out, what is no page, and what is for somebody who is not signed in."""
OWN = ("home.", "passkeys.", "sessions.", "proof.")
"""The pages of everybody, whatever their roles: looked at with the built-in roles."""
EXPLAINED = 409
"""A page that says what stands in the way just now, as for the last key."""


@pytest.fixture
def house(app, portal, clock, monkeypatch) -> House:
    monkeypatch.setattr("blueprints.limits.rate", lambda endpoint: None)
    fake = answering()
    monkeypatch.setattr(registry, "build", lambda *_, **__: fake)
    schema = IdentitySchema("default", {"properties": {"traits": {"properties": {}}}})
    monkeypatch.setattr(ory_steps, "schemas", lambda *_: (schema,))
    monkeypatch.setattr(pingone_steps, "policies", lambda *_: ())
    return House(app, portal, clock, fake)


def offered(page: str):
    """Every address that a page leads to: method, address, and whether it is opened as it is."""
    method = "GET"
    for tag, attributes in TAG.findall(page):
        found = {name: unescape(value) for name, value in ATTRIBUTE.findall(attributes)}
        if tag == "a" and "href" in found:
            yield "GET", found["href"], True
        elif tag == "form":
            method = found.get("method", "get").upper()
            yield method, found.get("action", ""), False
        elif tag == "button" and "formaction" in found:
            yield method, found["formaction"], False
        for name in ("data-poll", "data-counts"):
            if name in found:
                yield "GET", found[name], True


class Walk:
    """One visitor's way through everything that they may open, and what was wrong on it."""

    def __init__(
        self, house: House, held: frozenset[Privilege], passed_by: tuple[str, ...]
    ) -> None:
        self.house, self.held, self.passed_by = house, held, passed_by
        self.router = house.app.url_map.bind("")
        self.seen: set[object] = set()
        self.opened = 0
        self.problems: set[str] = set()
        with house.portal.database.read() as session:
            self.types = dict(session.execute(select(Directory.uuid, Directory.type)).all())
            bosses = session.scalars(select(Person)).all()
            self.above = {one.id for one in bosses if not roles.granted(one) <= held}
            self.owners = {
                (name, row.uuid): row.id if name == "person" else row.person_id
                for name, model in OWNED.items()
                for row in session.scalars(select(model))
            }

    def through(self, addresses) -> Walk:
        """Open every page, then every page that these lead to."""
        waiting = [("", one) for one in addresses]
        while waiting:
            page, address = waiting.pop()
            endpoint, arguments = self.router.match(urlsplit(address).path, "GET")
            key = self.kind(endpoint, arguments, address)
            if key in self.seen or endpoint.startswith(self.passed_by):
                continue
            self.seen.add(key)
            if not page and not self.allowed(endpoint, arguments):
                continue
            answer = self.house.visitor.get(address)
            if answer.status_code >= 400:
                if answer.status_code not in ((EXPLAINED,) if page else (403, 404, EXPLAINED)):
                    self.problems.add(f"{page} → GET {address}: {answer.status_code}")
                continue
            self.opened += 1
            for method, target, as_it_is in offered(answer.text):
                target = urljoin(address, target)
                if target.startswith("/") and self.leads_on(address, method, target) and as_it_is:
                    waiting.append((address, target))
        return self

    def leads_on(self, page: str, method: str, target: str) -> bool:
        """Hold an address against the server's rules; whether it may be gone to."""
        try:
            endpoint, arguments = self.router.match(urlsplit(target).path, method)
        except HTTPException:
            self.problems.add(f"{page} → {method} {target}: leads nowhere")
            return False
        if not self.allowed(endpoint, arguments):
            self.problems.add(f"{page} → {method} {target}: needs {access.needs(endpoint)}")
        elif method == "POST" and access.needs(endpoint):
            for name, value in arguments.items():
                if self.owners.get((name, value)) in self.above:
                    self.problems.add(f"{page} → {method} {target}: they hold more")
        return self.allowed(endpoint, arguments)

    def allowed(self, endpoint: str, arguments) -> bool:
        """Whether the visitor may open it, by the table alone."""
        for need in access.needs(endpoint):
            if isinstance(need, Privilege):
                if need not in self.held:
                    return False
            elif not self.possible(need, arguments) & self.held:
                return False
        return True

    def possible(self, action: Action, arguments) -> frozenset[Privilege]:
        if "directory" in arguments:
            return frozenset({of_type(action, self.types[arguments["directory"]])})
        if "kind" in arguments:
            return frozenset({of_type(action, DirectoryType(arguments["kind"]))})
        return of_any_type(action)

    def kind(self, endpoint: str, arguments, address: str) -> object:
        """Pages of one kind look the same: of one type of directory, of the same sort of person."""
        about = [
            (name, self.types.get(value, self.owners.get((name, value), "")))
            for name, value in arguments.items()
            if name != "role"
        ]
        asked = sorted(name for name, _ in parse_qsl(urlsplit(address).query))
        role = arguments.get("role")
        own = isinstance(role, str) and role in ROLES
        return endpoint, tuple(about), own or role, tuple(asked)


def walk(house: House, held, role: str = "") -> Walk:
    house.become(held, role)
    passed_by = ELSEWHERE if role else ELSEWHERE + OWN
    return Walk(house, frozenset(held), passed_by).through(house.addresses())


@pytest.mark.parametrize("role", ROLES)
def test_nothing_that_a_built_in_role_is_shown_would_be_refused(house, role):
    found = walk(house, ROLES[role], role)
    assert found.opened > 30
    assert not found.problems, "\n".join(sorted(found.problems))


def test_nothing_that_is_shown_to_who_holds_one_privilege_would_be_refused(house):
    problems = {
        f"{privilege}: {one}"
        for privilege in Privilege
        for one in walk(house, {privilege}).problems
    }
    assert not problems, "\n".join(sorted(problems))


def halves(privileges):
    """Sets of the privileges such that, of any two, one set has the first and not the second."""
    for bit in range(len(privileges).bit_length()):
        for wanted in (0, 1):
            yield {one for at, one in enumerate(privileges) if at >> bit & 1 == wanted}


@pytest.mark.parametrize(
    ("halved", "whole"), [(ACTS, VIEWS), (sorted(VIEWS), frozenset(ACTS))], ids=["acts", "views"]
)
def test_nothing_that_is_shown_to_who_holds_some_of_them_would_be_refused(house, halved, whole):
    problems = set()
    for half in halves(halved):
        problems |= walk(house, whole | half).problems
    assert not problems, "\n".join(sorted(problems))
