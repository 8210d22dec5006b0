from __future__ import annotations

import pytest
from sqlalchemy import select

from models import AuditEvent
from services import people
from services.people import Names, looks_like_email, tidy
from services.refusal import Refusal

ADA = Names("Ada", "King", "Ada King", "Ada@Example.com")


def add(portal, names=ADA):
    with portal.database.write() as session:
        return people.add(session, names, actor=None, now=portal.now())


def test_names_are_tidied():
    names = Names(" Ada\n", "K\x00ing", "  Ada   King ", " ADA@example.COM ", "A\u0301da")
    assert (names.given_name, names.family_name, names.display_name) == ("Ada", "K ing", "Ada King")
    assert names.email == "ada@example.com"
    assert names.middle_name == "\u00c1da"


def test_each_person_has_a_handle_of_text_and_their_own(portal):
    one, other = add(portal), add(portal, Names("G", "H", "Grace", "grace@example.com"))
    assert one.user_handle != other.user_handle
    assert one.user_handle.decode("ascii").isprintable()
    assert 16 <= len(one.user_handle) <= 64


def test_adding_is_in_the_trail(portal):
    person = add(portal)
    with portal.database.read() as session:
        event = session.scalars(select(AuditEvent)).one()
    assert (event.tag, event.person_id, event.actor_id) == ("person.added", person.id, None)


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (Names("A", "K", "", "a@example.com"), "person_name_missing"),
        (Names("A", "K", "\x00", "a@example.com"), "person_name_missing"),
        (Names("A", "K", "Ada", "a@example"), "person_email_wrong"),
        (Names("A", "K", "Ada", "ADA@EXAMPLE.COM"), "person_exists"),
    ],
)
def test_what_cannot_be_is_refused(portal, names, code):
    add(portal)
    with pytest.raises(Refusal) as refused:
        add(portal, names)
    assert refused.value.code == code


def test_whoever_is_added_twice_in_one_moment_is_refused_too(portal, monkeypatch):
    add(portal)
    monkeypatch.setattr(people, "by_email", lambda session, email: None)
    with pytest.raises(Refusal, match="person_exists"):
        add(portal)


@pytest.mark.parametrize(
    "text", ["a@example.com", "o'neil+x@mail.example.co.uk", "Ä@exämple.org", " a@b.cd "]
)
def test_takes_addresses(text):
    assert looks_like_email(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "a", "@example.com", "a@", "a@b", "a b@example.com", "a@exa mple.com", "a@@b.cd"),
        *("a@b..cd", "<a@b.cd>", "a@b.cd, c@d.ef", "x" * 250 + "@b.cd", "a@b.cd."),
        "a@[192.0.2.1]",
    ],
)
def test_refuses_what_is_no_address(text):
    assert not looks_like_email(text)


def test_people_are_found_by_address_in_any_case(portal):
    person = add(portal)
    with portal.database.read() as session:
        assert people.by_email(session, " aDa@example.COM").id == person.id
        assert people.by_email(session, "grace@example.com") is None
        assert people.get(session, person.uuid).id == person.id


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 2),
        ("ada", 1),
        ("KING ada", 1),
        ("example", 2),
        ("hop gra", 1),
        ("ada grace", 0),
        ("%", 0),
        ("_", 0),
        ("\\", 0),
        ("\x00", 2),
    ],
)
def test_search_wants_every_word_and_takes_it_as_it_is(portal, query, found):
    add(portal)
    add(portal, Names("Grace", "Hopper", "Grace Hopper", "grace@example.com"))
    with portal.database.read() as session:
        assert len(people.search(session, query).items) == found


def test_a_directory_learns_the_persons_names(portal):
    person = add(portal, Names("Ada", "King", "Ada King", "ada@example.com", "Augusta"))
    record = people.to_record(person)
    assert (record.uuid, record.email) == (person.uuid, "ada@example.com")
    assert (record.given_name, record.middle_name, record.family_name, record.display_name) == (
        "Ada",
        "Augusta",
        "King",
        "Ada King",
    )


def test_tidying_twice_changes_nothing():
    for text in ("  a  b ", "\u0065\u0301", "\x85x\x00"):
        assert tidy(tidy(text)) == tidy(text)
    address = "J\u030ca@example.com"  # only the small letter composes with its accent
    assert people.tidy_email(people.tidy_email(address)) == people.tidy_email(address)
