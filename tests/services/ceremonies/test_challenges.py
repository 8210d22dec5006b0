"""Single use, double clicks, races, and the life of a challenge."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from models import Challenge, Evidence, Passkey
from services.ceremonies import CeremonyRefusal, Purpose, challenges, purge, registration
from services.refusal import Refusal
from tests.services.ceremonies.conftest import SESSION


def count(bench, table) -> int:
    with bench.portal.database.read() as session:
        return session.scalar(select(func.count()).select_from(table))


@pytest.fixture
def person(bench) -> int:
    bench.choose("hid_crescendo")
    return bench.person()


def enrolled(bench, world, person, **arguments):
    begun = bench.begin(person)
    key = world.key()
    answer = json.dumps(key.create(begun.options, origin=bench.origin))
    return key, bench.finish(person, begun.ceremony, answer, **arguments)


def test_a_double_click_gets_the_same_passkey(bench, world, person):
    begun = bench.begin(person)
    answer = json.dumps(world.key().create(begun.options, origin=bench.origin))
    finished = []
    first = bench.finish(
        person, begun.ceremony, answer, finish=lambda session, made: finished.append(made)
    )
    again = bench.finish(
        person, begun.ceremony, answer, finish=lambda session, made: finished.append(made)
    )
    assert again.uuid == first.uuid
    assert again.person.email == "ada@example.com" and again.evidence.trust == "trusted"
    assert count(bench, Passkey) == 1 and len(finished) == 1 and len(bench.woken) == 1


def test_a_double_click_gets_the_same_refusal(bench, world, person):
    begun = bench.begin(person)
    answer = json.dumps(world.key().create(begun.options, origin=bench.origin, user_verified=False))
    codes = []
    for _ in range(2):
        with pytest.raises(CeremonyRefusal) as refused:
            bench.finish(person, begun.ceremony, answer)
        codes.append((refused.value.code, refused.value.facts))
    assert codes[0] == codes[1] and codes[0][0] == "user_not_verified"


def test_a_challenge_that_failed_is_used_up(bench, world, person):
    begun = bench.begin(person)
    key = world.key()
    with pytest.raises(CeremonyRefusal):
        bench.finish(person, begun.ceremony, "{}")
    good = json.dumps(key.create(begun.options, origin=bench.origin))
    with pytest.raises(CeremonyRefusal) as refused:
        bench.finish(person, begun.ceremony, good)
    assert refused.value.code == "challenge_used"
    assert count(bench, Passkey) == 0


def test_another_session_cannot_use_up_the_challenge(bench, world, person):
    begun = bench.begin(person)
    answer = json.dumps(world.key().create(begun.options, origin=bench.origin))
    with pytest.raises(CeremonyRefusal):
        bench.finish(person, begun.ceremony, answer, session_hash=b"o" * 32)
    assert bench.finish(person, begun.ceremony, answer).person_id == person


def test_the_second_of_two_racing_requests_waits_for_the_first(bench, world, person, monkeypatch):
    begun = bench.begin(person)
    answer = json.dumps(world.key().create(begun.options, origin=bench.origin))
    taken, go_on, results = threading.Event(), threading.Event(), []
    prove = registration.prove

    def slow(*args, **kwargs):
        taken.set()
        go_on.wait(10)
        return prove(*args, **kwargs)

    monkeypatch.setattr(registration, "prove", slow)
    monkeypatch.setattr(challenges.time, "sleep", lambda _: go_on.set())
    first = threading.Thread(
        target=lambda: results.append(bench.finish(person, begun.ceremony, answer))
    )
    first.start()
    assert taken.wait(10)
    second = bench.finish(person, begun.ceremony, answer)
    first.join(10)
    assert results[0].uuid == second.uuid
    assert count(bench, Passkey) == 1


def test_many_racing_requests_make_one_passkey(bench, world, person):
    begun = bench.begin(person)
    answer = json.dumps(world.key().create(begun.options, origin=bench.origin))
    results = []
    threads = [
        threading.Thread(
            target=lambda: results.append(bench.finish(person, begun.ceremony, answer).uuid)
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(results) == 4 and len(set(results)) == 1
    assert count(bench, Passkey) == count(bench, Evidence) == 1


def test_many_racing_sign_ins_by_one_answer_are_one(bench, world, person):
    key, passkey = enrolled(bench, world, person)
    begun = bench.begin_sign_in()
    answer = json.dumps(key.get(begun.options, origin=bench.origin))
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: bench.finish_sign_in(begun.ceremony, answer), range(4)))
    assert {one.passkey_id for one in done} == {passkey.id}
    with bench.portal.database.read() as session:
        assert session.get_one(Passkey, passkey.id).sign_count == key.counter


def test_a_request_does_not_wait_for_one_that_died(bench, world, person, monkeypatch, clock):
    begun = bench.begin(person)
    answer = json.dumps(world.key().create(begun.options, origin=bench.origin))
    monkeypatch.setattr(registration, "prove", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        bench.finish(person, begun.ceremony, answer)
    clock.forward(minutes=1)
    with pytest.raises(CeremonyRefusal) as refused:
        bench.finish(person, begun.ceremony, answer)
    assert refused.value.code == "challenge_used"


def test_waiting_has_an_end(bench, world, person, monkeypatch):
    begun = bench.begin(person)
    answer = json.dumps(world.key().create(begun.options, origin=bench.origin))
    monkeypatch.setattr(registration, "prove", lambda *_, **__: 1 / 0)
    monkeypatch.setattr(challenges, "WAIT_SECONDS", 0.01)
    with pytest.raises(ZeroDivisionError):
        bench.finish(person, begun.ceremony, answer)
    with pytest.raises(CeremonyRefusal) as refused:
        bench.finish(person, begun.ceremony, answer)
    assert refused.value.code == "challenge_used"


def test_two_tabs_do_not_disturb_each_other(bench, world, person):
    first, second = bench.begin(person), bench.begin(person)
    for begun, key in ((second, world.key()), (first, world.key())):
        answer = json.dumps(key.create(begun.options, origin=bench.origin))
        bench.finish(person, begun.ceremony, answer)
    assert count(bench, Passkey) == 2


def test_a_refusal_of_the_last_step_undoes_everything_and_is_kept(bench, world, person):
    def dead(session, passkey):
        raise Refusal("link_dead", "That link has ended.", status=410)

    begun = bench.begin(person)
    answer = json.dumps(world.key().create(begun.options, origin=bench.origin))
    for _ in range(2):
        with pytest.raises(Refusal) as refused:
            bench.finish(person, begun.ceremony, answer, finish=dead)
        assert (refused.value.code, refused.value.status) == ("link_dead", 410)
        assert refused.value.sentence == "That link has ended."
    assert count(bench, Passkey) == 0 and not bench.woken


def test_a_sign_in_sent_again_later_opens_nothing(bench, world, person, clock):
    key, passkey = enrolled(bench, world, person)
    begun = bench.begin_sign_in()
    answer = json.dumps(key.get(begun.options, origin=bench.origin))
    first = bench.finish_sign_in(begun.ceremony, answer)
    assert bench.finish_sign_in(begun.ceremony, answer) == first
    assert first.passkey_id == passkey.id
    clock.forward(minutes=1)
    with pytest.raises(CeremonyRefusal) as refused:
        bench.finish_sign_in(begun.ceremony, answer)
    assert refused.value.code == "challenge_used"


def test_an_answer_counts_until_the_challenge_expires(bench, world, person, clock):
    begun = bench.begin(person)
    answer = json.dumps(world.key().create(begun.options, origin=bench.origin))
    clock.moment += challenges.LIFETIME - timedelta(seconds=1)
    assert bench.finish(person, begun.ceremony, answer).person_id == person


@pytest.mark.parametrize("ceremony", ["", "x", "0" * 32, "\x00", "\ud800", "é" * 40])
def test_what_is_no_ceremony_is_unknown(bench, person, ceremony):
    with pytest.raises(CeremonyRefusal) as refused:
        bench.finish(person, ceremony, "{}")
    assert refused.value.code == "challenge_unknown"


def test_old_challenges_are_purged_and_only_those(bench, person, clock):
    bench.begin(person)
    clock.forward(days=2)
    kept = bench.begin(person)
    with bench.portal.database.write() as session:
        assert purge(session, now=clock()) == 1
    with bench.portal.database.read() as session:
        assert [row.uuid for row in session.scalars(select(Challenge))] == [kept.ceremony]


def test_the_challenge_is_taken_and_committed_before_anything_is_verified(
    bench, world, person, monkeypatch
):
    begun = bench.begin(person)
    seen = []

    def prove(*_, **__):
        with bench.portal.database.read() as session:
            seen.append(session.scalar(select(Challenge.taken_at)))
        raise CeremonyRefusal("malformed")

    monkeypatch.setattr(registration, "prove", prove)
    with pytest.raises(CeremonyRefusal):
        bench.finish(person, begun.ceremony, "{}")
    assert seen == [bench.portal.now()]


@pytest.mark.parametrize("purpose", [Purpose.SIGN_IN, Purpose.CONFIRM])
def test_a_registration_is_begun_only_to_register(bench, person, purpose):
    with pytest.raises(ValueError, match=purpose.value):
        bench.begin(person, purpose=purpose)


@pytest.mark.parametrize("purpose", [Purpose.ENROL, Purpose.ADD, Purpose.CONFIRM])
def test_a_sign_in_is_begun_only_to_sign_in(bench, purpose):
    with pytest.raises(ValueError, match=purpose.value):
        bench.begin_sign_in(purpose=purpose)


def test_the_row_holds_no_more_than_it_needs(bench, person):
    begun = bench.begin(person)
    with bench.portal.database.read() as session:
        row = session.scalar(select(Challenge).where(Challenge.uuid == begun.ceremony))
    assert row.session_hash == SESSION and row.person_id == person
    assert row.policy["name"] == "HID Crescendo only"
    assert row.rp_id == "localhost" and row.origins == [bench.origin]
