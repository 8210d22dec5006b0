"""Linking records of a directory to people by hand, and unlinking them."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from models import (
    Delivery,
    DeliveryState,
    Directory,
    Identity,
    Person,
    Placement,
    PlacementState,
)
from services import leaving, passkeys, role_changes, roles
from services.deliveries import outbox
from services.directories import browsing, identities, linking
from services.refusal import Refusal


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


def test_a_record_stays_linked_until_a_registration_that_it_has_pending_is_over(house, fake, grace):
    """Without the link nobody could take back there what the directory began."""
    record = fake.add("grace@example.com")
    house.link(record, grace)
    with house.portal.database.write() as session:
        made = house.records(session).passkey(session.get_one(Person, grace.id))
        outbox.owe_begun(
            session,
            made,
            house.directory.id,
            begun={"device_id": "device-1"},
            not_after=house.clock() + timedelta(minutes=2),
            cause="passkey.registered",
            now=house.clock(),
        )
    with pytest.raises(Refusal, match="not finished in this record") as caught:
        house.unlink(record)
    assert (caught.value.code, caught.value.status) == ("identity_pending", 409)
    with house.portal.database.write() as session:
        ended = passkeys.of_person(session, grace.id)[0]
        ended.ended_at = house.clock()
        outbox.owe(session, ended, cause="passkey.ended", now=house.clock())
    with pytest.raises(Refusal):
        house.unlink(record)
    house.work()
    house.unlink(record)
    assert fake.discarded == [(record.remote_id, {"device_id": "device-1"})]
    assert house.links() == {}


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


def test_who_may_not_make_links_does_not_choose_their_own_record(house, fake):
    record, sam = fake.add("sam@example.com"), house.person("sam")
    with house.portal.database.write() as session:
        role_changes.grant(
            session,
            session.get_one(Person, sam.id),
            roles.DEVICE_SERVICE_ADMINISTRATOR,
            now=house.clock(),
        )
    with pytest.raises(Refusal) as caught:
        house.link(record, sam, actor=sam)
    assert (caught.value.code, caught.value.status) == ("person_yourself", 403)
    assert house.links() == {}
    house.link(record, sam)
    assert house.links() == {record.remote_id: sam.id}
