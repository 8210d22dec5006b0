"""No secret in any log line, page or row: every way in is walked at DEBUG, and all is read."""

from __future__ import annotations

import logging
import re
from typing import NamedTuple

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from models import Challenge, Person
from tests.visitor import Visitor

TOKEN = re.compile(r"/links/([\w-]{40,})")


class Eavesdropper(Visitor):
    """A visitor whose every page is kept, and every secret of whose browser is known."""

    def __init__(self, app, key=None) -> None:
        super().__init__(app, key)
        self.pages: list[str] = []
        self.secrets: set[str] = set()

    def _kept(self, response):
        self.pages.append(response.text)
        app = self.client.application
        if kept := self.client.get_cookie("latchkey"):
            session = app.session_interface.get_signing_serializer(app).loads(kept.value)
            names = ("_user_id", "browser", "enrolment")
            self.secrets |= {session[name] for name in names if name in session}
        return super()._kept(response)


class Walked(NamedTuple):
    """Who walked, the tokens of their links, and what was logged."""

    visitors: tuple[Eavesdropper, ...]
    tokens: list[str]
    log: str


@pytest.fixture
def walked(app, world, portal, caplog):
    """Every credential path, once: the visitors, and the tokens of the links."""
    caplog.set_level(logging.DEBUG)
    runner: CliRunner = app.test_cli_runner()
    tokens = []

    def printed(*command: str) -> str:
        tokens.append(TOKEN.search(runner.invoke(args=command).output).group(1))
        return f"/links/{tokens[-1]}"

    ada = Eavesdropper(app, world.key())
    ada.set_up(printed("portal", "setup-link"))
    ada.sign_in(signature=b"0" * 70)
    ada.sign_in()
    names = {"given_name": "Grace", "family_name": "Hopper", "display_name": "Grace"}
    ada.send("/admin/people/new", {**names, "email": "grace@example.com"})
    with portal.database.read() as session:
        person = session.scalars(select(Person).order_by(Person.id.desc())).first()
    ada.send(f"/admin/people/{person.uuid}/links", {"lifetime": "24"})
    shown = ada.get(f"/admin/people/{person.uuid}").text
    tokens.append(TOKEN.search(shown).group(1))
    ada.pages.remove(shown)  # the one page that shows one, once
    grace = Eavesdropper(app, world.other_key())
    grace.open_link(f"/links/{tokens[-1]}")
    grace.enrol()
    grace.key = world.key()
    grace.enrol()
    grace.sign_in()
    recovering = Eavesdropper(app, world.key())
    recovering.open_link(printed("people", "recovery-link", "ada@example.com"))
    recovering.enrol()
    ada.get(f"/admin/people/{person.uuid}")
    ada.get("/admin/audit")
    ada.send("/sign-out")
    # pytest forgets the log of a fixture after it, so it is handed on.
    return Walked((ada, grace, recovering), tokens, caplog.text)


def secrets_of(walked: Walked) -> set[str]:
    found = set(walked.tokens).union(*(visitor.secrets for visitor in walked.visitors))
    assert len(found) > 8
    return found


def test_not_in_the_log(walked, settings):
    assert "flask_wtf" in walked.log or "services" in walked.log or "blueprints" in walked.log
    keys = (*settings.secret_keys, *settings.sealing_keys)
    for secret in secrets_of(walked) | {key.get_secret_value() for key in keys}:
        assert secret not in walked.log


def test_no_challenge_in_the_log(walked, portal):
    with portal.database.read() as session:
        options = [one.options["challenge"] for one in session.scalars(select(Challenge))]
    assert options
    for challenge in options:
        assert challenge not in walked.log


def test_not_in_a_row(walked, portal):
    secrets = secrets_of(walked)
    with portal.database.read() as session:
        connection = session.connection()
        names = connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
        ).scalars()
        tables = {
            name: str(connection.exec_driver_sql(f'SELECT * FROM "{name}"').all())
            for name in names.all()
        }
    assert "sessions" in tables
    for name, rows in tables.items():
        for secret in secrets:
            assert secret not in rows, name


def test_not_in_a_page(walked):
    secrets = secrets_of(walked)
    for visitor in walked.visitors:
        assert len(visitor.pages) > 3
        for page in visitor.pages:
            for secret in secrets:
                assert secret not in page
