"""The list of people as it is narrowed, and as a file, on both databases."""

from __future__ import annotations

import csv
import io

import pytest

from models import Person
from services import people_csv, people_search, roles
from services.people_search import Filters, Keys, Shown
from services.role_changes import grant
from tests.records import Records


@pytest.fixture
def portal(any_portal, clock):
    """Ada (a key, a role), Grace (suspended, an ended key), Mary (left), Radia (nothing)."""
    with any_portal.database.write() as session:
        records = Records(session, clock)
        ada = records.person("ada", roles=[])
        records.passkey(ada)
        grant(session, ada, roles.VIEW_ONLY, now=clock())
        grace = records.person("grace", roles=[], suspended_at=clock())
        records.passkey(grace, ended_at=clock())
        records.person("mary", roles=[], suspended_at=clock(), ended_at=clock())
        records.person("radia", roles=[])
    return any_portal


def found(portal, **filters) -> list[str]:
    with portal.database.read() as session:
        page = people_search.search(session, Filters(**filters))
        return [person.given_name for person in page.items]


def test_every_filter_narrows_and_all_of_them_add_up(portal):
    assert found(portal) == ["Radia", "Mary", "Grace", "Ada"]
    assert found(portal, shown=Shown.ACTIVE) == ["Radia", "Ada"]
    assert found(portal, shown=Shown.SUSPENDED) == ["Grace"]
    assert found(portal, shown=Shown.LEFT) == ["Mary"]
    assert found(portal, keys=Keys.WITH) == ["Ada"]
    assert found(portal, keys=Keys.WITHOUT, shown=Shown.ACTIVE) == ["Radia"]
    assert found(portal, role=roles.VIEW_ONLY) == ["Ada"]
    assert found(portal, role=roles.VIEW_ONLY, query="grace") == []
    assert found(portal, query="a example") == ["Radia", "Mary", "Grace", "Ada"]


def test_each_view_is_counted_by_the_other_filters(portal):
    with portal.database.read() as session:
        assert people_search.counts(session, Filters(shown=Shown.LEFT)) == {
            Shown.ALL: 4,
            Shown.ACTIVE: 2,
            Shown.SUSPENDED: 1,
            Shown.LEFT: 1,
        }
        assert people_search.counts(session, Filters(query="ada"))[Shown.ALL] == 1
        assert people_search.counts(session, Filters(query="nobody"))[Shown.ACTIVE] == 0


def test_everyone_is_walked_in_chunks(portal, monkeypatch):
    monkeypatch.setattr(people_search, "CHUNK", 2)
    with portal.database.read() as session:
        chunks = list(people_search.everyone(session, Filters()))
    assert [[one.given_name for one in some] for some in chunks] == [
        ["Radia", "Mary"],
        ["Grace", "Ada"],
    ]


def rows(portal, **filters) -> list[dict[str, str]]:
    with portal.database.write() as session:
        actor = session.get_one(Person, 1)
        text = people_csv.download(session, Filters(**filters), actor=actor, now=portal.now())
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_the_file_holds_what_the_list_shows(portal, clock):
    [ada] = rows(portal, keys=Keys.WITH)
    assert tuple(ada) == people_csv.COLUMNS
    assert ada["email"] == "ada@example.com"
    assert (ada["state"], ada["passkeys"], ada["roles"]) == ("active", "1", "View Only")
    assert ada["added"] == clock().isoformat(timespec="seconds")
    assert [row["state"] for row in rows(portal)] == ["active", "left", "suspended", "active"]


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff20"])
def test_no_cell_is_a_formula(portal, clock, begins):
    clock.forward(seconds=1)
    name = f'{begins}cmd|"/c calc"!A1'
    with portal.database.write() as session:
        Records(session, clock).person("eve", roles=[], display_name=name)
    [eve] = rows(portal, query="eve")
    assert eve["display_name"] == "'" + name


@pytest.mark.parametrize("between", [";", "; ", ';"', "\t", "\n", "\r\n"])
def test_no_cell_is_a_formula_where_a_spreadsheet_splits_at_other_marks(between):
    """Where numbers have commas, spreadsheets split lines at semicolons, and find no quotation
    marks around what stands between commas.
    """
    name = f"Eve{between}=HYPERLINK(1)"
    safe = people_csv.safe(name)
    assert safe == f"Eve{between}'=HYPERLINK(1)"
    assert people_csv.plain(safe) == name
    assert people_csv.safe(f"Eve{between}Ada") == f"Eve{between}Ada"
    assert people_csv.plain(f"Eve{between}'Ada") == f"Eve{between}'Ada"


def test_a_cell_of_separators_alone_takes_no_long_time():
    long = "\t" * 100_000
    assert people_csv.plain(people_csv.safe(long)) == long


def test_an_address_that_begins_like_a_formula_is_safe_too(portal, clock):
    with portal.database.write() as session:
        Records(session, clock).person("eve", roles=[], email="+1+1@example.com")
    assert [row["email"] for row in rows(portal, query="eve")] == ["'+1+1@example.com"]
