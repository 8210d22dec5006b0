"""What becomes of a key that was made in a registration which a directory began."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from sqlalchemy import select

from directories.base import Misconfigured, NotAccepted, TouchAgain, Transient
from models import (
    AuditEvent,
    Delivery,
    DeliveryState,
    Directory,
    Passkey,
    PlacementState,
    Serves,
)
from services import leaving, placements
from services.deliveries import outbox, pauses, retrying
from services.refusal import Refusal
from tests.services.deliveries.conftest import refuse, retry, view

DONE, WAITING, HELD = DeliveryState.DONE, DeliveryState.WAITING, DeliveryState.HELD
DROPPED, NEEDS_TOUCH = DeliveryState.DROPPED, DeliveryState.NEEDS_TOUCH
PRESENT, ABSENT = PlacementState.PRESENT, PlacementState.ABSENT


def audited(world, tag: str) -> list[dict]:
    with world.portal.database.read() as session:
        return [
            event.detail
            for event in session.scalars(select(AuditEvent).where(AuditEvent.tag == tag))
        ]


def test_the_directory_gets_the_answer_from_the_passkeys_own_rows(world, vendor):
    passkey = world.began(vendor, origin="https://vendor.example")
    with world.portal.database.write() as session:
        evidence = session.get_one(Passkey, passkey).evidence
        evidence.extensions = {"hmac-secret": True, "credProtect": 2}
        evidence.client_data_json, evidence.attestation_object = b"\xfb\xff{}", b"\xfb\xff\xa0"
        credential_id = evidence.passkey.credential_id
    world.work()
    [answer] = world.fake.answers
    encoded = base64.urlsafe_b64encode(credential_id).rstrip(b"=").decode()
    assert answer.origin == "https://vendor.example"
    assert answer.remote == {"device_id": "device-1"}
    assert answer.response == {
        "id": encoded,
        "rawId": encoded,
        "type": "public-key",
        "response": {"clientDataJSON": "-_97fQ", "attestationObject": "-_-g"},
        "clientExtensionResults": {"hmacCreateSecret": True},
    }


def test_once_it_is_confirmed_there_nothing_of_the_registration_is_kept(world, vendor):
    passkey = world.began(vendor)
    world.work()
    assert world.states() == [DONE]
    placement = world.placement(passkey)
    assert (placement.actual, placement.confirmed_at) == (PRESENT, world.clock())
    assert (placement.begun, placement.not_after) == (None, None)
    assert placement.remote_id
    assert world.fake.discarded == []


def test_what_passes_is_tried_again_in_time(world, vendor):
    passkey = world.began(vendor)
    refuse(world, Transient("Down.", code="fake.503"))
    world.work()
    assert world.states() == [WAITING]
    world.clock.forward(seconds=pauses.FIRST)
    world.work()
    assert (world.states(), world.placement(passkey).actual) == ([DONE], PRESENT)


def test_what_passes_too_late_needs_a_new_touch_and_nothing_is_left_there(world, vendor):
    passkey = world.began(vendor)
    until = world.clock() + timedelta(seconds=120)
    for _ in range(40):
        refuse(world, Transient("Down.", code="fake.503"))
        world.work()
        if world.states() != [WAITING]:
            break
        assert world.delivery().due_at <= until
        world.clock.forward(seconds=(world.delivery().due_at - world.clock()).total_seconds())
    delivery = world.delivery()
    assert (delivery.state, delivery.code) == (NEEDS_TOUCH, "delivery.too_late")
    assert world.clock() >= until
    [(_, remote)] = world.fake.discarded
    assert remote == {"device_id": "device-1"}
    placement = world.placement(passkey)
    assert (placement.wanted, placement.actual, placement.begun) == (PRESENT, ABSENT, None)
    assert world.passkey(passkey).ended_at is None


def test_a_directory_that_says_when_to_come_back_is_obeyed_all_the_same(world, vendor):
    world.began(vendor)
    refuse(world, Transient("Wait.", code="http.rate", retry_after=300.0, status=429))
    world.work()
    assert world.delivery().due_at >= world.clock() + timedelta(seconds=300)


def test_a_key_that_is_there_is_found_however_late_somebody_looks(world, vendor):
    passkey = world.began(vendor)
    world.clock.forward(seconds=3600)
    world.work()
    assert (world.states(), world.placement(passkey).actual) == ([DONE], PRESENT)


def test_what_could_not_be_taken_back_is_taken_back_later(world, vendor):
    world.began(vendor)
    refuse(world, TouchAgain("Over.", code="fake.begin_again"), times=2)
    world.fake.before["discard"].append(Transient("Down.", code="fake.503"))
    world.work()
    assert world.states() == [WAITING]
    world.clock.forward(minutes=30)
    world.work()
    assert world.states() == [NEEDS_TOUCH]
    assert len(world.fake.discarded) == 1


def test_what_only_a_new_touch_mends_says_so(world, vendor):
    world.began(vendor)
    refuse(world, TouchAgain("Over.", code="fake.begin_again", said="gone", request_id="r-1"))
    world.work()
    delivery = world.delivery()
    assert (delivery.state, delivery.code, delivery.said) == (
        NEEDS_TOUCH,
        "fake.begin_again",
        "gone",
    )
    with pytest.raises(Refusal) as caught:
        retry(world)
    assert caught.value.code == "touch_needed"
    assert "new touch" in caught.value.sentence


def test_a_key_made_for_a_directory_that_refuses_it_is_ended(world, vendor):
    passkey = world.began(vendor)
    refuse(world, NotAccepted("No.", code="fake.not_accepted", said="AAGUID", request_id="r-2"))
    assert world.work() == 1
    delivery = world.delivery()
    assert (delivery.state, delivery.code, delivery.said) == (HELD, "fake.not_accepted", "AAGUID")
    ended = world.passkey(passkey)
    assert (ended.ended_at, ended.ended_because) == (world.clock(), "refused")
    assert world.placement(passkey).wanted is ABSENT
    [event] = audited(world, "passkey.ended")
    assert (event["because"], event["code"]) == ("refused", "fake.not_accepted")
    with pytest.raises(Refusal) as caught:
        retry(world)
    assert caught.value.code == "touch_needed"


def test_our_own_key_that_a_directory_refuses_stays_ours(world, vendor):
    passkey = world.began(vendor, own=True)
    refuse(world, NotAccepted("No.", code="fake.not_accepted", said="AAGUID"))
    world.work()
    assert world.states() == [HELD]
    assert world.passkey(passkey).ended_at is None
    assert world.placement(passkey).begun is None
    with pytest.raises(Refusal) as caught:
        retry(world)
    assert caught.value.code == "touch_needed"


def test_somebody_suspended_meanwhile_gets_nothing_and_nothing_is_left_there(world, vendor):
    passkey = world.began(vendor)
    with world.portal.database.write() as session:
        session.get_one(Passkey, passkey).person.suspended_at = world.clock()
    world.work()
    assert (world.states(), world.delivery().code) == ([DROPPED], "delivery.person_suspended")
    assert len(world.fake.discarded) == 1
    assert world.fake.writes() == []
    assert world.passkey(passkey).ended_because == "unfinished"


def test_a_new_touch_takes_the_place_of_one_that_ran_out(world, vendor):
    passkey = world.began(vendor)
    refuse(world, TouchAgain("Over.", code="fake.begin_again"))
    world.work()
    with world.portal.database.write() as session:
        person = session.get_one(Passkey, passkey).person
        anew = world.touched(session, person, session.get_one(Directory, vendor))
    world.work()
    assert world.states() == [DROPPED, DONE]
    assert world.deliveries()[0].code == "delivery.touched_anew"
    assert world.passkey(passkey).ended_because == "unfinished"
    assert (world.placement(passkey).wanted, world.placement(anew).actual) == (ABSENT, PRESENT)


@pytest.mark.parametrize("own", [True, False], ids=["ours", "theirs alone"])
def test_a_new_touch_takes_the_place_of_a_key_that_was_refused(world, vendor, own):
    passkey = world.began(vendor, own=own)
    refuse(world, NotAccepted("No.", code="fake.not_accepted"))
    world.work()
    with world.portal.database.write() as session:
        person = session.get_one(Passkey, passkey).person
        world.touched(session, person, session.get_one(Directory, vendor), own=own)
    world.work()
    assert world.states() == [DROPPED, DONE]
    assert (world.passkey(passkey).ended_at is None) is own
    assert view(world, passkey, vendor).state is placements.Standing.REMOVED


def test_who_is_not_served_any_more_gets_nothing_and_nothing_is_left_there(world, vendor):
    passkey = world.began(vendor)
    with world.portal.database.write() as session:
        directory = session.get_one(Directory, vendor)
        directory.serves = Serves.CHOSEN
        outbox.withdraw(session, directory, now=world.clock())
    world.work()
    assert (world.states(), world.delivery().code) == ([DROPPED], "delivery.not_served")
    assert len(world.fake.discarded) == 1
    assert world.passkey(passkey).ended_because == "unfinished"


def test_a_key_that_ended_before_it_was_finished_leaves_nothing_there(world, vendor):
    passkey = world.began(vendor)
    world.end(passkey)
    world.work()
    assert world.states() == [DONE]
    assert len(world.fake.discarded) == 1
    assert world.fake.writes() == []
    assert world.placement(passkey).actual is ABSENT


def test_a_key_of_a_registration_that_nobody_noted_is_removed_by_what_it_was_begun_as(
    world, vendor, monkeypatch
):
    passkey = world.began(vendor)
    [identity] = world.fake.identities.values()
    identity.passkeys[b"unknown"] = "its device"
    gone = []
    listed = [
        type("Device", (), {"remote_id": "device-1", "is_credential": lambda self, one: None})()
    ]
    monkeypatch.setattr(world.fake, "list_passkeys", lambda identity: tuple(listed))
    monkeypatch.setattr(world.fake, "remove_passkey", lambda _, one: gone.append(one.remote_id))
    world.end(passkey)
    world.work()
    assert gone == ["device-1"]


def test_a_key_that_was_taken_and_is_not_shown_yet_is_not_called_refused(world, vendor):
    passkey = world.began(vendor)
    refuse(world, Transient("Not listed yet.", code="entra.not_listed", retry_after=30.0))
    refuse(world, NotAccepted("Known.", code="entra.key_refused", said="exists"))
    for _ in range(3):
        world.work()
        world.clock.forward(seconds=35)
    assert (world.states(), world.placement(passkey).actual) == ([DONE], PRESENT)


@pytest.mark.parametrize("own", [True, False], ids=["ours", "theirs alone"])
def test_the_person_is_told_that_a_new_touch_is_needed(world, vendor, own):
    refused, late = (world.began(vendor, own=own) for _ in range(2))
    refuse(world, NotAccepted("No.", code="fake.not_accepted", said="AAGUID"))
    refuse(world, TouchAgain("Over.", code="fake.begin_again"))
    world.work()
    seen = view(world, refused, vendor)
    assert (seen.state, seen.touch_again, seen.said) == (placements.Standing.HELD, True, "AAGUID")
    assert "did not accept this key" in seen.sentence
    seen = view(world, late, vendor)
    assert (seen.state, seen.touch_again) == (placements.Standing.NEEDS_TOUCH, True)
    assert seen.sentence.startswith("Touch your key once more to finish ")


def test_what_cannot_be_tried_again_is_told_from_what_can(world, vendor):
    for error in (
        NotAccepted("No.", code="fake.not_accepted"),
        TouchAgain("Over.", code="fake.begin_again"),
        Misconfigured("No permission.", code="fake.permission"),
    ):
        world.began(vendor)
        refuse(world, error)
    world.work()
    with world.portal.database.read() as session:
        rows = session.scalars(select(Delivery).order_by(Delivery.id)).all()
        hopeless = retrying.hopeless(session, rows)
        assert [row.id in hopeless for row in rows] == [True, True, False]


def test_who_left_is_unlinked_although_a_key_was_refused_there(world, vendor):
    passkey = world.began(vendor)
    refuse(world, NotAccepted("No.", code="fake.not_accepted"))
    world.work()
    with world.portal.database.write() as session:
        administrator = world.records(session).person()
        person = session.get_one(Passkey, passkey).person
        leaving.end(session, person, actor=administrator, now=world.clock())
    assert world.identities() == {}
