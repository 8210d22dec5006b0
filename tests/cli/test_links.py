"""The commands that print links."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from models import EnrolmentLink, LinkPurpose
from services import people
from tests.blueprints.conftest import (  # noqa: F401 -- fixtures
    administrator,
    memory,
    metadata_file,
    settings,
    setup_link,
    world,
)
from tests.visitor import Visitor

LINK = re.compile(r"^http://localhost:5000(/links/[\w-]+)$", re.MULTILINE)


@pytest.fixture
def run(app):
    runner = app.test_cli_runner()
    return lambda *arguments: runner.invoke(args=arguments)


def test_the_set_up_link_is_printed_and_works(app, run, world):  # noqa: F811
    printed = run("portal", "setup-link")
    assert printed.exit_code == 0
    visitor = Visitor(app, world.key())
    assert visitor.set_up(LINK.search(printed.output).group(1)).location == "/enrol/done"


def test_printing_it_again_takes_the_older_one_back(app, run):
    first, second = (
        LINK.search(run("portal", "setup-link", "--if-needed").output).group(1) for _ in range(2)
    )
    assert Visitor(app).get(first).status_code == 410
    assert Visitor(app).get(second).status_code == 200


def test_a_portal_that_is_set_up_needs_none(run, administrator):  # noqa: F811
    quiet = run("portal", "setup-link", "--if-needed")
    assert (quiet.exit_code, quiet.output) == (0, "")
    refused = run("portal", "setup-link")
    assert refused.exit_code == 1
    assert "set up already" in refused.output


def test_a_recovery_link_lets_even_an_administrator_back_in(app, run, world, administrator):  # noqa: F811
    printed = run("people", "recovery-link", "ADA@example.com")
    assert "Recovery link for Ada King" in printed.output
    visitor = Visitor(app, world.key())
    visitor.open_link(LINK.search(printed.output).group(1))
    assert visitor.enrol().location == "/enrol/done"
    assert visitor.sign_in().location == "/admin/"


def test_a_recovery_link_is_one_of_its_own_kind_and_short(run, portal, administrator, clock):  # noqa: F811
    run("people", "recovery-link", "ada@example.com")
    with portal.database.read() as session:
        link = session.scalars(select(EnrolmentLink).order_by(EnrolmentLink.id.desc())).first()
        assert link.person.id == people.by_email(session, "ada@example.com").id
    assert link.purpose is LinkPurpose.RECOVER
    assert (link.expires_at - clock()).total_seconds() == 3600


def test_nobody_has_no_recovery_link(run, administrator):  # noqa: F811
    refused = run("people", "recovery-link", "nobody@example.com")
    assert refused.exit_code == 1
    assert "nobody with the address nobody@example.com" in refused.output
    assert not LINK.search(refused.output)
