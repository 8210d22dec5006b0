"""Answers to registrations that a directory began: accepted, refused, late and cancelled."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from models import (
    Challenge,
    Delivery,
    Directory,
    Identity,
    Passkey,
    Placement,
)
from services.ceremonies import CeremonyRefusal, Purpose, challenges
from tests.authenticator.key import EDDSA
from tests.services.ceremonies.issuing import (
    OURS,
    Scene,
    unlink,
)


@pytest.fixture
def scene(bench, fake, world) -> Scene:
    return Scene(bench, fake, world)


@pytest.mark.parametrize(
    ("code", "twists"),
    [
        ("origin_wrong", {"client_origin": "http://localhost:5000"}),
        ("rp_id_wrong", {"rp_id": OURS}),
        ("algorithm_wrong", {"algorithm": EDDSA}),
        ("user_not_verified", {"user_verified": False}),
        ("challenge_wrong", {"challenge": b"x" * 32}),
        ("attestation_missing", {"attestation": "none"}),
    ],
)
def test_a_refused_answer_never_reaches_the_directory(scene, code, twists):
    begun = scene.begin()
    answer = scene.touched(begun, **twists)
    for _ in range(2):
        with pytest.raises(CeremonyRefusal, match=code):
            scene.finish(begun, answer)
    assert scene.rows(Passkey) == scene.rows(Delivery) == scene.rows(Placement) == []
    assert scene.discard() == [(scene.remote, {"device": "device-1"})]
    assert "put_passkey" not in scene.fake.calls and scene.bench.woken


def test_a_model_that_is_not_allowed_never_reaches_the_directory(scene):
    begun = scene.begin()
    with pytest.raises(CeremonyRefusal, match="model_not_allowed"):
        scene.finish(begun, scene.touched(begun, scene.world.other_key()))
    assert len(scene.discard()) == 1


def test_a_late_answer_is_refused_and_its_device_discarded(scene):
    begun = scene.begin()
    answer = scene.touched(begun)
    scene.portal.now.forward(minutes=5)
    assert scene.discard() == []  # an answer that came in time would be judged just now
    with pytest.raises(CeremonyRefusal, match="challenge_expired"):
        scene.finish(begun, answer)
    assert len(scene.discard()) == 1 and scene.bench.woken


def test_what_nobody_answers_is_discarded_after_its_time(scene):
    scene.begin()
    scene.portal.now.forward(minutes=5, seconds=59)
    assert scene.discard() == []
    scene.portal.now.forward(seconds=1)
    assert scene.discard() == [(scene.remote, {"device": "device-1"})]


def test_what_is_being_discarded_is_not_accepted_any_more(scene):
    begun = scene.begin()
    answer = scene.touched(begun)

    def discarded_meanwhile(session, passkey) -> None:
        [row] = session.scalars(select(Challenge))
        row.discard_attempts = 1
        session.flush()

    with pytest.raises(CeremonyRefusal, match="challenge_expired"):
        scene.finish(begun, answer, finish=discarded_meanwhile)
    assert scene.rows(Passkey) == []


def test_a_double_click_gets_the_same_passkey_and_owes_once(scene):
    begun = scene.begin()
    answer = scene.touched(begun)
    first, second = scene.finish(begun, answer), scene.finish(begun, answer)
    assert first.id == second.id and len(scene.rows(Delivery)) == 1


def test_of_two_answers_at_once_one_is_stored(scene):
    begun = scene.begin()
    answer = scene.touched(begun)
    together, got = threading.Barrier(2), []

    def hand_in() -> None:
        together.wait()
        got.append(scene.finish(begun, answer).id)

    threads = [threading.Thread(target=hand_in) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(got)) == 1 and len(got) == 2
    assert len(scene.rows(Passkey)) == len(scene.rows(Delivery)) == 1


def test_a_record_linked_anew_meanwhile_is_not_the_one_it_was_begun_for(scene):
    begun = scene.begin()
    answer = scene.touched(begun)
    unlink(scene.portal, scene.directory)
    with scene.portal.database.write() as session:
        session.add(
            Identity(
                directory_id=scene.directory,
                person_id=scene.person,
                remote_id="another",
                linked_at=scene.portal.now(),
            )
        )
    with pytest.raises(CeremonyRefusal, match="directory_identity_changed"):
        scene.finish(begun, answer)
    assert scene.discard() == [(scene.remote, {"device": "device-1"})]


def test_a_directory_deleted_meanwhile_gets_nothing(scene):
    begun = scene.begin()
    answer = scene.touched(begun)
    with scene.portal.database.write() as session:
        session.get_one(Directory, scene.directory).ended_at = scene.portal.now()
    with pytest.raises(CeremonyRefusal, match="directory_identity_changed"):
        scene.finish(begun, answer)
    assert scene.rows(Delivery) == []


# -- cancelling -----------------------------------------------------------------------------------


def test_a_cancelled_registration_is_discarded_and_takes_no_answer(scene):
    begun = scene.begin()
    answer = scene.touched(begun)
    scene.cancel(begun)
    scene.cancel(begun)
    assert scene.discard() == [(scene.remote, {"device": "device-1"})]
    with pytest.raises(CeremonyRefusal, match="cancelled"):
        scene.finish(begun, answer)
    assert scene.rows(Passkey) == [] and scene.rows(Challenge)[0].discard_at is None


def test_cancelling_what_was_answered_changes_nothing(scene):
    begun = scene.begin()
    passkey = scene.finish(begun, scene.touched(begun))
    scene.cancel(begun)
    assert scene.discard() == [] and scene.rows(Passkey)[0].id == passkey.id


def test_cancelling_a_registration_of_our_own_leaves_nothing_to_discard(scene):
    begun = scene.bench.begin(scene.person)
    scene.cancel(begun)
    assert scene.rows(Challenge)[0].discard_at is None and scene.discard() == []


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("challenge_other_session", {"session_hash": b"o" * 32}),
        ("challenge_other_subject", {"subject": "another"}),
        ("challenge_other_purpose", {"purpose": Purpose.ADD}),
        ("challenge_unknown", {"ceremony": "0e1d2c3b-4a59-4687-9786-a5b4c3d2e1f0"}),
        ("challenge_unknown", {"ceremony": "nothing of the kind"}),
    ],
)
def test_only_who_began_it_cancels_it(scene, code, changes):
    begun = scene.begin()
    with pytest.raises(CeremonyRefusal, match=code):
        scene.cancel(begun, **changes)
    assert scene.rows(Challenge)[0].taken_at is None


def test_where_a_directory_keeps_nothing_nothing_is_discarded(scene):
    scene.offers(leaves="")
    begun = scene.begin()
    answer = scene.touched(begun)
    scene.portal.now.forward(hours=1)
    with pytest.raises(CeremonyRefusal, match="challenge_expired"):
        scene.finish(begun, answer)
    scene.cancel(scene.begin())
    assert scene.discard() == [] and not scene.bench.woken


def test_a_purge_keeps_what_a_directory_still_has(scene):
    scene.begin()
    scene.portal.now.forward(days=3)
    for left in (1, 0):
        with scene.portal.database.write() as session:
            challenges.purge(session, now=scene.portal.now())
        assert len(scene.rows(Challenge)) == left
        scene.discard()
