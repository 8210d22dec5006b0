"""Whose e-mail domain a directory holds by its own single sign-on."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from directories.base import ConnectionReport
from models import Serves
from services import directories, people
from tests.records import Records

REPORT = ConnectionReport((), True, True, "Yes.", sso_domains=("example.org", "held.example"))


@pytest.fixture
def held(portal, clock):
    """Whose passkeys may not sign in where: the names of the directories, by e-mail address."""

    def look(email: str, *, choose: bool = False, **changes) -> list[str]:
        with portal.database.write() as session:
            directory = Records(session, clock).directory()
            directory.test_report = asdict(REPORT)
            for name, value in changes.items():
                setattr(directory, name, value)
            names = people.Names("Ada", "Lovelace", "Ada Lovelace", email)
            person = people.add(session, names, actor=None, now=clock())
            if choose:
                directories.choose(session, directory, [person], actor=None, now=clock())
            session.flush()
            found = directories.held_by_sign_on(session, person)
            assert all(one.domain == email.partition("@")[2].lower() for one in found)
            return [one.directory.name for one in found if one.directory.id == directory.id]

    return look


def test_the_domains_of_the_last_test_are_held(held):
    assert held("ada@example.org")
    assert held("grace@HELD.example")


@pytest.mark.parametrize(
    "email", ["ada@example.com", "ada@sub.example.org", "ada@notexample.org", "held.example@a.b"]
)
def test_other_domains_are_not(held, email):
    assert held(email) == []


def test_only_people_whom_the_directory_serves_are_told(held):
    assert held("ada@example.org", serves=Serves.CHOSEN) == []
    assert held("grace@example.org", serves=Serves.CHOSEN, choose=True)


def test_nothing_is_known_without_a_test(held):
    assert held("ada@example.org", test_report=None) == []


def test_a_report_from_before_says_nothing_of_domains(held):
    old = asdict(REPORT)
    del old["sso_domains"]
    assert held("ada@example.org", test_report=old) == []


def test_a_directory_that_ended_or_was_never_added_holds_nobody(held, clock):
    assert held("ada@example.org", ended_at=clock()) == []
    assert held("grace@example.org", added_at=None) == []


def test_a_report_is_read_back_as_it_was_written(portal, clock):
    with portal.database.write() as session:
        directory = Records(session, clock).directory()
        directories.record_test(session, directory, REPORT, actor=None, now=clock())
        session.flush()
        session.expire(directory)
        assert directories.report_of(directory) == REPORT
