"""Inviting whom a directory knows, and looking through its people."""

from __future__ import annotations

import pytest

from directories.base import Group
from models import (
    EnrolmentLink,
    Mail,
    Person,
)
from services import people
from services.directories import browsing, inviting
from services.refusal import Refusal


def test_an_invitation_adds_links_and_makes_an_enrolment_link(house, fake):
    record = fake.add("grace@example.com", name="Grace Hopper")
    made = house.invite(record)
    assert house.links() == {record.remote_id: made.person.id}
    (link,) = house.rows(EnrolmentLink)
    assert (link.id, link.person_id) == (made.link.link.id, made.person.id)
    (event,) = house.events("identity.linked")
    assert event.detail["how"] == "invitation"


def test_an_invitation_that_fails_anywhere_leaves_nothing(house, fake, grace, monkeypatch):
    monkeypatch.setattr("services.mails.configured", lambda settings: False)
    record = fake.add("grace@example.com")
    house.link(record, grace)
    before = len(house.rows(Person))
    with pytest.raises(Refusal) as caught:
        house.invite(record, people.Names("A", "B", "A B", "new@example.com"))
    assert caught.value.code == "identity_linked"
    other = fake.add("other@example.com")
    with pytest.raises(Refusal) as taken:
        house.invite(other)
    assert taken.value.code == "person_exists"
    with pytest.raises(Refusal) as mail:
        house.invite(other, people.Names("A", "B", "A B", "new@example.com"), by_mail=True)
    assert mail.value.code == "mail_not_configured"
    assert len(house.rows(Person)) == before
    assert (house.rows(EnrolmentLink), house.rows(Mail)) == ([], [])
    assert house.links() == {record.remote_id: grace.id}


@pytest.mark.parametrize(
    ("more", "display", "email"),
    [
        ({"label": "grace", "email": "g@example.com", "name": "Grace"}, "Grace", "g@example.com"),
        ({"label": "grace@x.example", "email": ""}, "grace@x.example", "grace@x.example"),
        ({"label": "grace", "email": "", "given_name": "G", "family_name": "H"}, "G H", ""),
        ({"label": "grace\x07", "email": "not an address"}, "grace", ""),
    ],
)
def test_what_a_record_says_is_suggested_as_it_can_be_kept(house, fake, more, display, email):
    record = fake.add("x")
    record.more.update(more)
    remote = browsing.find(house.portal, house.directory, record.remote_id)
    names = inviting.suggested(remote)
    assert (names.display_name, names.email) == (display, email)


def test_a_page_is_narrowed_by_text_group_and_assignment(house, fake):
    first, second = fake.add("grace@example.com"), fake.add("alan@example.com")
    staff = Group("g-1", "Staff")
    fake.members = {staff: {second.remote_id}}
    fake.assigned = {first.remote_id}

    def found(**how):
        search = browsing.Search(**how)
        page = browsing.people(house.portal, house.directory, search, None)
        return [one.label for one in page.items]

    assert found() == ["grace@example.com", "alan@example.com"]
    assert found(text="ALAN") == ["alan@example.com"]
    assert found(group=staff) == ["alan@example.com"]
    assert found(assigned=True) == ["grace@example.com"]
    page = browsing.groups(house.portal, house.directory, "sta", None)
    assert page.items == (staff,)


def test_what_is_sealed_opens_for_its_own_directory_and_use_only(house):
    with house.portal.database.write() as session:
        other = house.records(session).directory("Other")
    portal, directory = house.portal, house.directory
    sealed = browsing.seal(portal, directory, "cursor", ["https://graph.example/next"])
    assert "graph" not in sealed
    assert browsing.opened(portal, directory, "cursor", sealed) == ["https://graph.example/next"]
    assert browsing.opened(portal, other, "cursor", sealed) is None
    assert browsing.opened(portal, directory, "group", sealed) is None
    for text in ("", "x", "é", sealed[:-4], "https://evil.example/"):
        assert browsing.opened(portal, directory, "cursor", text) is None
    assert browsing.seal(portal, directory, "cursor", "x" * 6000) is None
