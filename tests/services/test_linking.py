"""Linking records of a directory to people, by hand, by invitation and in bulk."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from directories import registry
from directories.base import Group, Refused, Transient
from models import (
    AuditEvent,
    Delivery,
    DeliveryState,
    Directory,
    EnrolmentLink,
    Identity,
    Mail,
    Person,
    Placement,
    PlacementState,
)
from services import leaving, passkeys, people, role_changes, roles
from services.deliveries import outbox
from services.deliveries.worker import work
from services.directories import browsing, bulk, identities, inviting, linking, matching
from services.refusal import Refusal
from tests.fake_directory import FakeDirectory
from tests.records import Records

NAMES = people.Names("Grace", "Hopper", "Grace Hopper", "grace@example.com")
DAY = timedelta(days=1)


@pytest.fixture
def fake(monkeypatch) -> FakeDirectory:
    directory = FakeDirectory()
    directory.takes_identities = False
    monkeypatch.setattr(registry, "build", lambda *_, **__: directory)
    return directory


class House:
    """A portal with one directory and an operator, and what is done there, a sentence each."""

    def __init__(self, portal, clock, fake) -> None:
        self.portal, self.clock, self.fake = portal, clock, fake
        with portal.database.write() as session:
            self.directory = self.records(session).directory("Staff")
            self.operator = self.person("ada", administrator=True, session=session)

    def records(self, session) -> Records:
        return Records(session, self.clock)

    def person(self, name, *, administrator=False, session=None, **more) -> Person:
        if session is None:
            with self.portal.database.write() as session:
                return self.person(name, administrator=administrator, session=session, **more)
        made = self.records(session).person(name, **more)
        if administrator:
            role_changes.grant(session, made, roles.ADMINISTRATOR, now=self.clock())
        return made

    def passkey(self, person, *, owed=True) -> int:
        with self.portal.database.write() as session:
            made = self.records(session).passkey(session.get_one(Person, person.id))
            if owed:
                outbox.owe(session, made, cause="passkey.registered", now=self.clock())
            return made.id

    def link(self, record, person, *, actor=None, directory=None) -> int:
        remote = browsing.find(self.portal, directory or self.directory, record.remote_id)
        with self.portal.database.write() as session:
            return linking.link(
                session,
                session.get_one(Directory, (directory or self.directory).id),
                remote,
                session.get_one(Person, person.id),
                how="by hand",
                actor=session.get_one(Person, (actor or self.operator).id),
                now=self.clock(),
            )

    def unlink(self, record, *, actor=None) -> None:
        with self.portal.database.write() as session:
            found = identities.by_remote_id(session, self.directory, record.remote_id)
            linking.unlink(
                session,
                found,
                actor=session.get_one(Person, (actor or self.operator).id),
                now=self.clock(),
            )

    def invite(self, record, names=NAMES, *, by_mail=False):
        remote = browsing.find(self.portal, self.directory, record.remote_id)
        with self.portal.database.write() as session:
            return inviting.invite(
                self.portal,
                session,
                session.get_one(Directory, self.directory.id),
                remote,
                names,
                lifetime=DAY,
                by_mail=by_mail,
                actor=session.get_one(Person, self.operator.id),
            )

    def suggest(self, *, actor=None) -> dict[str, matching.Suggestion]:
        page = browsing.people(self.portal, self.directory, browsing.Search(), None)
        with self.portal.database.read() as session:
            found = matching.suggest(
                session,
                self.directory,
                page.items,
                actor=session.get_one(Person, (actor or self.operator).id),
            )
        return {one.remote.label: one for one in found}

    def pairs(self, *labels) -> list[bulk.Pair]:
        """The pairs that a preview offers for these records, through a form and back."""
        offered = self.suggest()
        texts = [bulk.sealed(self.portal, self.directory, offered[label]) for label in labels]
        return bulk.opened(self.portal, self.directory, texts)

    def bulk(self, pairs) -> bulk.Linked:
        return bulk.link(self.portal, self.directory.uuid, pairs, actor=self.operator)

    def work(self) -> int:
        return work(self.portal, worker="test")

    def rows(self, kind):
        with self.portal.database.read() as session:
            return list(session.scalars(select(kind).order_by(kind.id)))

    def links(self) -> dict[str, int]:
        """The linked person by record."""
        return {one.remote_id: one.person_id for one in self.rows(Identity)}

    def events(self, tag) -> list[AuditEvent]:
        return [one for one in self.rows(AuditEvent) if one.tag == tag]


@pytest.fixture
def house(portal, clock, fake) -> House:
    return House(portal, clock, fake)


@pytest.fixture
def grace(house) -> Person:
    return house.person("grace")


def test_a_record_is_linked_by_its_own_id_and_the_trail_says_by_whom(house, fake, grace):
    record = fake.add("g.hopper@corp.example")
    assert house.link(record, grace) == 0
    assert house.links() == {record.remote_id: grace.id}
    (event,) = house.events("identity.linked")
    assert (event.actor_id, event.person_id) == (house.operator.id, grace.id)
    assert event.detail == {
        "before": None,
        "after": record.remote_id,
        "label": "g.hopper@corp.example",
        "how": "by hand",
    }


@pytest.mark.parametrize("wrong", ["remote-99", "", ".", "..", "a b", "a\n", "x" * 256, "é"])
def test_a_record_that_the_directory_does_not_have_cannot_be_linked(house, fake, wrong):
    fake.add("grace@example.com")
    with pytest.raises(Refusal) as caught:
        browsing.find(house.portal, house.directory, wrong)
    assert (caught.value.code, caught.value.status) == ("identity_unknown", 404)


@pytest.mark.parametrize("wrong", ["", "remote-99", "a\x00b", "\x00", "\udc80"])
def test_a_text_that_is_no_id_is_linked_to_nobody(house, wrong):
    with house.portal.database.read() as session:
        assert identities.by_remote_id(session, house.directory, wrong) is None


def test_a_record_is_never_found_by_anything_but_its_id(house, fake, monkeypatch):
    other = fake.add("grace@example.com")
    monkeypatch.setattr(fake, "_find", lambda person, remote_id: other)
    with pytest.raises(Refusal) as caught:
        browsing.find(house.portal, house.directory, "remote-99")
    assert caught.value.code == "identity_unknown"


def test_a_record_of_somebody_else_is_not_taken_from_them(house, fake, grace):
    record = fake.add("grace@example.com")
    house.link(record, house.person("alan"))
    with pytest.raises(Refusal, match="Alan Example") as caught:
        house.link(record, grace)
    assert caught.value.code == "identity_linked"
    assert grace.id not in house.links().values()


def test_a_person_keeps_the_record_they_have(house, fake, grace):
    first, second = fake.add("grace@example.com"), fake.add("grace@example.com")
    house.link(first, grace)
    with pytest.raises(Refusal) as caught:
        house.link(second, grace)
    assert caught.value.code == "person_linked"
    with pytest.raises(Refusal) as again:
        house.link(first, grace)
    assert (again.value.code, "already" in again.value.sentence) == ("identity_linked", True)
    assert house.links() == {first.remote_id: grace.id}


def test_nobody_chooses_the_record_of_somebody_who_may_do_more(house, fake, grace):
    record = fake.add("ada@example.com")
    with pytest.raises(Refusal) as caught:
        house.link(record, house.operator, actor=grace)
    assert (caught.value.code, caught.value.status) == ("person_holds_more", 403)
    house.link(record, house.operator)
    with pytest.raises(Refusal) as unlinking:
        house.unlink(record, actor=grace)
    assert unlinking.value.code == "person_holds_more"
    assert house.links() == {record.remote_id: house.operator.id}


def test_a_directory_that_is_not_verified_gets_no_links(house, fake, grace):
    record = fake.add("grace@example.com")
    with house.portal.database.write() as session:
        begun = house.records(session).directory("Begun", in_service=False)
    with pytest.raises(Refusal) as caught:
        house.link(record, grace, directory=begun)
    assert caught.value.code == "directory_not_in_service"


def test_nobody_who_has_left_gets_a_record_and_none_is_suggested(house, fake, grace):
    record = fake.add("grace@example.com")
    with house.portal.database.write() as session:
        session.get_one(Person, grace.id).ended_at = house.clock()
    suggested = house.suggest()["grace@example.com"]
    assert not suggested.offered
    assert "has left" in suggested.conflict
    with house.portal.database.read() as session:
        assert identities.without(session, session.get_one(Person, grace.id)) == []
    with pytest.raises(Refusal) as refused:
        house.link(record, grace)
    assert (refused.value.code, refused.value.status) == ("person_left", 409)
    assert house.links() == {}


def test_who_leaves_while_a_record_is_linked_to_them_gets_none(house, fake, grace):
    record = fake.add("grace@example.com")
    refused = []

    def link() -> None:
        with pytest.raises(Refusal) as caught:
            house.link(record, grace)
        refused.append(caught.value.code)

    late = threading.Thread(target=link)
    with house.portal.database.write() as session:
        leaving.end(
            session,
            session.get_one(Person, grace.id),
            actor=session.get_one(Person, house.operator.id),
            now=house.clock(),
        )
        late.start()
        late.join(timeout=2)  # it waits here for what is not committed yet
    late.join(timeout=30)
    assert refused == ["person_left"]
    assert house.links() == {}


def test_the_same_record_id_in_another_directory_is_another_record(house, fake, grace):
    record = fake.add("grace@example.com")
    with house.portal.database.write() as session:
        other = house.records(session).directory("Other")
    house.link(record, grace)
    house.link(record, house.person("alan"), directory=other)
    assert len(house.rows(Identity)) == 2
    with house.portal.database.read() as session:
        assert set(identities.linked(session, other, [record.remote_id])) == {record.remote_id}
        person = session.get_one(Person, grace.id)
        assert [one.directory.name for one in identities.of_person(session, person)] == ["Staff"]
        assert [one.name for one in identities.without(session, person)] == ["Other"]


def test_of_two_who_link_at_once_the_later_is_told(house, fake, grace, monkeypatch):
    record = fake.add("grace@example.com")
    house.link(record, house.person("alan"))
    monkeypatch.setattr(linking, "obstacle", lambda *_, **__: None)
    with pytest.raises(Refusal) as caught:
        house.link(record, grace)
    assert caught.value.code == "identity_changed"


def test_a_delivery_held_for_want_of_a_record_is_owed_again(house, fake, grace):
    key = house.passkey(grace)
    house.work()
    assert house.rows(Delivery)[-1].code == "identity.not_found"
    record = fake.add("other@example.com")
    assert house.link(record, grace) == 1
    house.work()
    assert house.rows(Delivery)[-1].state is DeliveryState.DONE
    assert len(record.passkeys) == 1
    (placement,) = house.rows(Placement)
    assert (placement.passkey_id, placement.actual) == (key, PlacementState.PRESENT)
    (event,) = [one for one in house.events("delivery.owed") if "count" in one.detail]
    assert event.detail == {"cause": "identity.linked", "count": 1}


def test_a_passkey_that_was_never_owed_is_owed_with_the_link(house, fake, grace):
    house.passkey(grace, owed=False)
    house.passkey(house.person("alan"), owed=False)
    assert house.link(fake.add("grace@example.com"), grace) == 1
    assert [one.person_id for one in house.rows(Delivery)] == [grace.id]


def test_a_directory_that_does_not_serve_the_person_is_owed_nothing(house, fake, grace):
    house.passkey(grace, owed=False)
    with house.portal.database.write() as session:
        session.get_one(Directory, house.directory.id).serves = "chosen"
    assert house.link(fake.add("grace@example.com"), grace) == 0


def test_a_link_is_undone_and_nothing_changes_there(house, fake, grace):
    record = fake.add("grace@example.com")
    house.link(record, grace)
    calls = list(fake.calls)
    house.unlink(record)
    assert house.links() == {}
    assert fake.calls == calls
    (event,) = house.events("identity.unlinked")
    assert event.detail == {"before": record.remote_id, "after": None}
    assert (event.actor_id, event.person_id) == (house.operator.id, grace.id)
    house.link(record, house.person("alan"))


def test_a_record_with_passkeys_in_it_stays_linked_until_they_are_gone(house, fake, grace):
    record = fake.add("grace@example.com")
    house.link(record, grace)
    key = house.passkey(grace)
    house.work()
    with pytest.raises(Refusal, match="A passkey of Grace Example is in this record") as caught:
        house.unlink(record)
    assert caught.value.code == "identity_placed"
    with house.portal.database.write() as session:
        ended = passkeys.of_person(session, grace.id)[0]
        assert ended.id == key
        ended.ended_at = house.clock()
        outbox.owe(session, ended, cause="passkey.ended", now=house.clock())
    with pytest.raises(Refusal):
        house.unlink(record)
    house.work()
    house.unlink(record)
    assert record.passkeys == {}


def test_a_record_is_not_unlinked_while_a_delivery_runs(house, fake, grace):
    record = fake.add("grace@example.com")
    house.link(record, grace)
    house.passkey(grace)
    refused = []

    def unlink() -> None:
        with pytest.raises(Refusal) as caught:
            house.unlink(record)
        refused.append(caught.value.code)

    fake.before["put_passkey"].append(unlink)
    house.work()
    assert refused == ["identity_busy"]
    assert len(record.passkeys) == 1


def test_a_record_that_we_disabled_stays_linked_so_that_it_can_be_enabled_again(house, fake, grace):
    record = fake.add("grace@example.com")
    house.link(record, grace)
    with house.portal.database.write() as session:
        found = identities.by_remote_id(session, house.directory, record.remote_id)
        found.disabled_at = house.clock()
    with pytest.raises(Refusal) as refused:
        house.unlink(record)
    assert (refused.value.code, refused.value.status) == ("identity_disabled", 409)
    with house.portal.database.write() as session:
        session.get_one(Person, grace.id).ended_at = house.clock()
    house.unlink(record)  # nobody lets in who has left
    assert house.links() == {}


def test_of_two_who_unlink_at_once_the_later_is_told(house, fake, grace):
    record = fake.add("grace@example.com")
    house.link(record, grace)
    with house.portal.database.read() as session:
        found = identities.by_remote_id(session, house.directory, record.remote_id)
    house.unlink(record)
    with pytest.raises(Refusal) as caught, house.portal.database.write() as session:
        linking.unlink(session, found, actor=house.operator, now=house.clock())
    assert caught.value.code == "identity_not_linked"


# Invitations


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


# Browsing


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


# In bulk


def test_a_pair_with_the_same_address_is_suggested(house, fake, grace):
    fake.add("GRACE@example.com", label="grace")
    fake.add("", label="Grace@Example.com ")
    fake.add("nobody@example.com")
    offered = house.suggest()
    assert (offered["grace"].person.id, offered["grace"].why) == (grace.id, "same e-mail")
    assert offered["Grace@Example.com "].why == "same user name"
    nobody = offered["nobody@example.com"]
    assert (nobody.person, nobody.offered, nobody.conflict) == (None, False, "")


def test_doubts_and_conflicts_are_told(house, fake, grace):
    alan, mary = house.person("alan"), house.person("mary")
    house.person("both")
    house.link(fake.add("grace.other@example.com"), grace)
    linked = fake.add("linked@example.com")
    house.link(linked, house.person("linked"))
    fake.add("grace@example.com")
    fake.add("alan@example.com", enabled=False, guest=True)
    fake.add("mary@example.com", label="mary.1")
    fake.add("mary@example.com", label="mary.2")
    fake.add("mary@example.com", label="both@example.com")
    fake.add("ada@example.com")
    offered = house.suggest(actor=alan)
    assert offered["linked@example.com"].linked
    assert "linked to another record of Staff" in offered["grace@example.com"].conflict
    doubtful = offered["alan@example.com"]
    assert (doubtful.offered, doubtful.person.id) == (True, alan.id)
    assert doubtful.doubts == ("The account is disabled there.", "The account is a guest's.")
    for label in ("mary.1", "mary.2"):
        assert "records of this page fit" in offered[label].conflict
        assert offered[label].person.id == mary.id
    assert "Two people here fit" in offered["both@example.com"].conflict
    assert "may do more than you" in offered["ada@example.com"].conflict
    assert not any(one.offered for one in offered.values() if one.conflict)


def test_pairs_that_still_hold_are_linked_each_for_itself(house, fake, grace):
    alan = house.person("alan")
    first, second = fake.add("grace@example.com"), fake.add("alan@example.com")
    house.passkey(grace, owed=False)
    pairs = house.pairs("grace@example.com", "alan@example.com")
    house.link(second, house.person("thief"))
    done = house.bulk(pairs)
    assert (done.done, done.owed, done.trouble) == (1, 1, None)
    good, bad = done.outcomes
    assert (good.name, good.problem) == ("Grace Example", "")
    assert "linked to Thief Example" in bad.problem
    assert house.links()[first.remote_id] == grace.id
    assert alan.id not in house.links().values()
    assert house.events("identity.linked")[-1].detail["how"] == "in bulk"


def test_a_pair_that_is_not_any_more_what_was_looked_at_is_left_alone(house, fake, grace):
    records = {name: fake.add(f"{name}@example.com") for name in ("renamed", "gone", "off", "twin")}
    for name in (*records, "moved"):
        house.person(name)
    records["moved"] = fake.add("moved@example.com")
    pairs = house.pairs(*(one.email for one in records.values()))
    records["renamed"].email = "else@example.com"
    del fake.identities[records["gone"].remote_id]
    records["off"].more["enabled"] = False
    fake.add("twin@example.com")
    with house.portal.database.write() as session:
        people.by_email(session, "moved@example.com").email = "away@example.com"
    done = house.bulk(pairs)
    problems = {one.label: one.problem for one in done.outcomes}
    assert done.done == 0
    assert "not called renamed@example.com any more" in problems["renamed@example.com"]
    assert "no such record" in problems["gone@example.com"]
    assert "changed since you looked" in problems["off@example.com"]
    assert "1 more of its records" in problems["twin@example.com"]
    assert "not called away@example.com" in problems["moved@example.com"]
    assert house.links() == {}


def test_a_doubt_that_was_shown_and_chosen_all_the_same_is_linked(house, fake, grace):
    fake.add("grace@example.com", enabled=False)
    assert house.bulk(house.pairs("grace@example.com")).done == 1


def test_a_directory_that_stops_answering_ends_it_and_says_so(house, fake, grace):
    house.person("alan")
    fake.add("grace@example.com")
    fake.add("alan@example.com")
    pairs = house.pairs("grace@example.com", "alan@example.com")
    trouble = Transient("Too many requests.", code="fake.busy", retry_after=9)
    fake.before["people"].extend([lambda: None, trouble])
    done = house.bulk(pairs)
    assert (done.done, len(done.outcomes), done.trouble) == (1, 1, trouble)
    assert len(house.links()) == 1


def test_pairs_of_another_directory_or_of_nobody_are_no_pairs(house, fake, grace):
    fake.add("grace@example.com")
    offered = house.suggest()["grace@example.com"]
    with house.portal.database.write() as session:
        other = house.records(session).directory("Other")
    sealed = bulk.sealed(house.portal, other, offered)
    forged = f"{offered.remote.remote_id} {grace.uuid}"
    assert bulk.opened(house.portal, house.directory, [sealed, forged, ""]) == []
    pairs = [bulk.Pair("remote-1", "grace@example.com", uuid.uuid4(), ())]
    assert house.bulk(pairs).outcomes[0].problem == "The person is not here any more."
    with pytest.raises(ValueError, match="Suggestion"):
        bulk.sealed(house.portal, house.directory, matching.Suggestion(offered.remote))


def test_a_refusal_of_the_directory_itself_is_handed_up(house, fake):
    record = fake.add("grace@example.com")
    fake.before["find_identity"].append(Refused("No.", code="fake.no", said="nope"))
    with pytest.raises(Refused):
        browsing.find(house.portal, house.directory, record.remote_id)
