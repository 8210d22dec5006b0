"""Whose key it becomes: handles that are somebody else's, and clients on one of several pages."""

from __future__ import annotations

import secrets

import pytest

from models import Challenge, Passkey, Person
from services import ceremonies
from services.ceremonies import CeremonyRefusal, Purpose, issued
from tests.authenticator.key import encoded
from tests.records import Records
from tests.services.ceremonies.conftest import SESSION
from tests.services.ceremonies.issuing import OURS, VENDOR, Scene


@pytest.fixture
def scene(bench, fake, world) -> Scene:
    return Scene(bench, fake, world)


def user(handle: bytes) -> dict[str, str]:
    return {"id": encoded(handle), "name": "ada", "displayName": "Ada"}


def other(scene, **passkey) -> bytes:
    """Somebody else's handle: of their next key, or of one that they have."""
    person_id = scene.bench.person("mallory")
    with scene.portal.database.write() as session:
        person = session.get_one(Person, person_id)
        if not passkey:
            return person.user_handle
        records = Records(session, scene.portal.now)
        return records.passkey(person, rp_id=OURS, **passkey).user_handle


def test_a_directory_cannot_give_a_key_of_ours_the_handle_of_somebody_else(scene):
    scene.offers(OURS, user=user(other(scene)))
    assert scene.trouble().cause == "ceremony.handle_taken"
    assert scene.rows(Challenge) == [] and scene.fake.discarded


def test_a_handle_that_somebody_elses_key_has_is_not_given_twice(scene):
    handle = other(scene, user_handle=b"\x00\xffshared")
    scene.offers(OURS, user=user(handle))
    assert scene.trouble().cause == "ceremony.handle_taken"


def test_the_handle_of_a_key_that_ended_is_free_for_whoever_the_record_is_now(scene):
    handle = other(scene, user_handle=b"\x00\xffshared", ended_at=scene.portal.now())
    scene.offers(OURS, user=user(handle))
    assert scene.begin().origin == ""


def test_a_handle_is_not_taken_that_became_somebody_elses_during_the_touch(scene):
    handle = b"\x00\xff" + secrets.token_bytes(16)
    scene.offers(OURS, user=user(handle))
    begun = scene.begin()
    other(scene, user_handle=handle)
    with pytest.raises(CeremonyRefusal, match="directory_handle_taken"):
        scene.finish(begun, scene.touched(begun))
    assert [one.person_id for one in scene.rows(Passkey)] != [scene.person]


def test_a_directorys_own_relying_party_has_handles_of_its_own(scene):
    scene.offers(VENDOR, user=user(other(scene)))
    assert scene.begin().origin


def test_the_person_may_have_the_same_handle_on_several_keys(scene):
    scene.offers(OURS)
    handles = {scene.enrol().user_handle for _ in range(2)}
    assert len(handles) == 1


@pytest.mark.parametrize("subject", ["\x00", "step\x00", "x" * 5000])
def test_a_subject_that_no_page_sends_is_nobodys(scene, subject):
    begun = scene.begin()
    answer = scene.touched(begun)
    with pytest.raises(CeremonyRefusal, match="challenge_other_subject"):
        scene.finish(begun, answer, subject=subject)
    with pytest.raises(CeremonyRefusal, match="challenge_other_subject"):
        scene.cancel(begun, subject=subject)
    assert scene.finish(begun, answer).person_id == scene.person


def test_a_client_is_told_which_pages_of_ours_it_may_be(bench, fake, world):
    host, elsewhere = "keys.corp.example.com", "https://keys.example.net"
    bench.portal.settings = bench.portal.settings.model_copy(
        update={"origins": (elsewhere, f"https://{host}"), "rp_id": host}
    )
    scene = Scene(bench, fake, world)
    scene.offers("example.com")
    begun = scene.begin()
    assert (begun.origin, begun.pages) == ("", (f"https://{host}",))
    own = ceremonies.begin_registration(
        bench.portal, purpose=Purpose.ENROL, person_id=scene.person, session_hash=SESSION
    )
    assert own.pages == (elsewhere, f"https://{host}")
    scene.offers(VENDOR)
    assert scene.begin().pages == ()


def test_nobody_has_a_directory_begin_without_end(scene, clock):
    for _ in range(issued.MOST):
        scene.cancel(scene.begin())
    asked = scene.fake.calls.count("creation_options")
    with pytest.raises(CeremonyRefusal, match="begun_too_often"):
        scene.begin()
    assert scene.fake.calls.count("creation_options") == asked
    assert scene.bench.begin(scene.person).options  # our own costs nobody else anything
    clock.forward(minutes=10)
    assert scene.begin().ceremony
