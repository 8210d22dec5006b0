"""People from a CSV file, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from models import Person
from services import people_csv, people_import
from services.people_search import Filters
from services.refusal import Refusal
from tests.records import Records

FILE = "email,given_name,middle_name,family_name,display_name\n"


@pytest.fixture
def boss(any_portal, clock) -> Person:
    with any_portal.database.write() as session:
        records = Records(session, clock)
        records.person("mary", ended_at=clock())
        return records.person("boss")


def look(portal, text: str):
    with portal.database.read() as session:
        return people_import.look(session, text)


def add(portal, text: str, actor: Person):
    with portal.database.write() as session:
        return people_import.add(
            session, text, actor=session.get_one(Person, actor.id), now=portal.now()
        )


def addresses(portal) -> set[str]:
    with portal.database.read() as session:
        return set(session.scalars(select(Person.email)))


def refused(portal, text: str) -> str:
    with pytest.raises(Refusal) as caught:
        look(portal, text)
    return caught.value.code


def problems(portal, rows: str) -> list[str]:
    return [row.problem for row in look(portal, FILE + rows)]


def test_looking_writes_nothing_and_adding_writes_what_was_seen(any_portal, boss):
    text = FILE + "Ada@Example.com,Ada,,King,\ngrace@example.com,,,,Grace Hopper\n,,,,\nno\n"
    before = addresses(any_portal)
    rows = look(any_portal, text)
    assert [(row.number, bool(row.problem)) for row in rows] == [(2, False), (3, False), (5, True)]
    assert addresses(any_portal) == before
    assert add(any_portal, text, boss) == rows
    assert addresses(any_portal) - before == {"ada@example.com", "grace@example.com"}
    with any_portal.database.read() as session:
        ada = session.scalars(select(Person).where(Person.email == "ada@example.com")).one()
    assert (ada.display_name, ada.middle_name) == ("Ada King", "")


def test_each_row_says_why_it_is_left_out(any_portal, boss):
    assert problems(any_portal, "none,Ada,,King,\n,Ada,,King,\n") == [
        "The e-mail address is missing, or is none.",
        "The e-mail address is missing, or is none.",
    ]
    assert problems(any_portal, "ada@example.com,,,,\n") == [
        "There is neither a display name nor a given or family name."
    ]
    assert problems(any_portal, f"ada@example.com,{'x' * 129},,,\n") == ["A name is too long."]
    twice = "ada@example.com,Ada,,,\nADA@example.com,Ada,,,\n"
    assert problems(any_portal, twice) == ["", "Line 2 has this address already."]
    assert problems(any_portal, "boss@example.com,Boss,,,\n") == ["Is here already."]
    assert problems(any_portal, "mary@example.com,Mary,,,\n") == [
        "Was here and has left: bring them back."
    ]
    assert problems(any_portal, "ada@example.com,Ada\n") == ["This row has too few cells."]


def test_what_changed_between_look_and_confirmation_counts(any_portal, boss, clock):
    text = FILE + "ada@example.com,Ada,,King,\n"
    assert [row.problem for row in look(any_portal, text)] == [""]
    with any_portal.database.write() as session:
        Records(session, clock).person("ada")
    assert [row.problem for row in add(any_portal, text, boss)] == ["Is here already."]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "import_header"),
        ("name,address\nAda,ada@example.com\n", "import_header"),
        ("email,email\na@example.com,b@example.com\n", "import_header"),
        (FILE, "import_empty"),
        (FILE + "\n\n", "import_empty"),
        (FILE + 'ada@example.com,"Ada\n', "import_not_read"),
        (FILE + 'ada@example.com,"Ada"x,,,\n', "import_not_read"),
        (FILE + "ada@example.com,\ufffd,,,\n", "import_not_read"),
        (FILE + "ada@example.com,\0,,,\n", "import_not_read"),
        (FILE + "x" * people_import.MOST_BYTES, "import_too_long"),
        (FILE + "a,b,c,d,e\n" * (people_import.MOST_ROWS + 1), "import_too_long"),
    ],
    ids=lambda value: value[:12] if isinstance(value, str) and len(value) < 20 else "text",
)
def test_a_file_that_cannot_be_used_is_refused(any_portal, boss, text, code):
    assert refused(any_portal, text) == code


def test_semicolons_a_mark_and_names_with_spaces_are_fine(any_portal, boss):
    text = "\ufeffDisplay Name;E-mail;Email\r\nKing, Ada;x;ada@example.com\r\n"
    [row] = look(any_portal, text)
    assert (row.names.display_name, row.problem) == ("King, Ada", "")


def test_a_downloaded_list_fits_as_it_is(any_portal, boss, clock):
    with any_portal.database.write() as session:
        Records(session, clock).person("eve", display_name="=1+1 Eve", given_name="-Eve")
        actor = session.get_one(Person, boss.id)
        text = people_csv.download(session, Filters(query="eve"), actor=actor, now=clock())
    [row] = look(any_portal, text)
    assert (row.names.display_name, row.names.given_name) == ("=1+1 Eve", "-Eve")
    assert row.problem == "Is here already."
