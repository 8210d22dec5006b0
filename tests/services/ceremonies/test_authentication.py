from __future__ import annotations

import json
import threading

import pytest
from sqlalchemy import select

from models import AttestationPolicy, AuditEvent, Passkey, Person
from services.ceremonies import Authenticated, CeremonyRefusal, Purpose, authentication
from tests.authenticator.key import decoded


@pytest.fixture
def ada(bench) -> int:
    bench.choose("hid_crescendo")
    return bench.person()


def enrol(bench, key, person, **twists):
    begun = bench.begin(person)
    answer = json.dumps(key.create(begun.options, origin=bench.origin, **twists))
    return bench.finish(person, begun.ceremony, answer)


def sign_in(bench, key, *, arguments=None, **twists):
    arguments = arguments or {}
    begun = bench.begin_sign_in(**arguments)
    answer = json.dumps(key.get(begun.options, origin=bench.origin, **twists))
    return bench.finish_sign_in(begun.ceremony, answer, **arguments)


def refused_code(bench, key, **twists) -> str:
    with pytest.raises(CeremonyRefusal) as refused:
        sign_in(bench, key, **twists)
    return refused.value.code


def row(bench, passkey) -> Passkey:
    with bench.portal.database.read() as session:
        return session.get_one(Passkey, passkey.id)


def test_a_passkey_signs_its_owner_in(bench, world, ada):
    key = world.key()
    passkey = enrol(bench, key, ada)
    assert sign_in(bench, key) == Authenticated(ada, passkey.id)
    now = row(bench, passkey)
    assert now.sign_count == key.counter == 2
    assert now.last_used_at == bench.portal.now()


def test_signing_in_names_no_passkey(bench, world, ada):
    enrol(bench, world.key(), ada)
    options = bench.begin_sign_in().options
    assert options["allowCredentials"] == [] and options["userVerification"] == "required"
    assert options["rpId"] == "localhost" and options["hints"] == ["security-key"]


def test_signing_in_works_before_anything_was_chosen(bench):
    assert "hints" not in bench.begin_sign_in().options


def test_confirming_asks_for_the_persons_own_passkeys(bench, world, ada):
    key = world.key()
    passkey = enrol(bench, key, ada)
    enrol(bench, world.key(), bench.person("grace"))
    confirm = {"purpose": Purpose.CONFIRM, "person_id": ada, "subject": "remove:1"}
    begun = bench.begin_sign_in(**confirm)
    assert [decoded(one["id"]) for one in begun.options["allowCredentials"]] == [
        passkey.credential_id
    ]
    done = sign_in(bench, key, arguments=confirm, user_handle=None)
    assert done == Authenticated(ada, passkey.id)


def test_the_handle_is_the_passkeys_own_and_not_the_persons(bench, world, ada):
    key = world.key()
    passkey = enrol(bench, key, ada)
    with bench.portal.database.write() as session:
        session.get_one(Passkey, passkey.id).user_handle = b"made otherwise"
    assert refused_code(bench, key) == "user_handle_wrong"
    key.credentials[0].user_handle = b"made otherwise"
    assert sign_in(bench, key).person_id == ada


@pytest.mark.parametrize("change", [{"maker": "a directory"}, {"rp_id": "example.net"}])
def test_a_foreign_passkey_never_signs_in(bench, world, ada, change):
    key = world.key()
    passkey = enrol(bench, key, ada)
    with bench.portal.database.write() as session:
        stored = session.get_one(Passkey, passkey.id)
        for name, value in change.items():
            setattr(stored, name, value)
    assert refused_code(bench, key) == "credential_unknown"


def test_that_it_was_removed_is_told_only_to_who_holds_it(bench, world, ada):
    key = world.key()
    passkey = enrol(bench, key, ada)
    with bench.portal.database.write() as session:
        session.get_one(Passkey, passkey.id).ended_at = bench.portal.now()
    assert refused_code(bench, key, signature=b"0" * 70) == "signature_wrong"
    assert refused_code(bench, key) == "credential_ended"


def test_a_counter_that_does_not_grow_is_refused_and_recorded(bench, world, ada):
    key = world.key()
    passkey = enrol(bench, key, ada, sign_count=10)
    assert refused_code(bench, key, sign_count=10) == "counter_not_greater"
    now = row(bench, passkey)
    assert now.sign_count == 10 and now.last_used_at is None
    assert now.counter_refused_at == bench.portal.now()
    with bench.portal.database.read() as session:
        event = session.scalar(
            select(AuditEvent).where(AuditEvent.tag == "passkey.counter_refused")
        )
    assert event.detail["counted"] == event.detail["known"] == 10
    assert event.passkey_id == passkey.id


def test_of_two_copies_that_sign_in_at_once_one_is_refused(bench, world, ada, monkeypatch):
    """The counter is judged on a locked row: a key and its copy cannot both be the first."""
    from services.ceremonies import authentication

    key = world.key()
    enrol(bench, key, ada)
    answers = []
    for _ in range(2):
        begun = bench.begin_sign_in()
        answer = key.get(begun.options, origin=bench.origin, sign_count=7)
        answers.append((begun.ceremony, json.dumps(answer)))
    counts_on, codes = authentication._counts_on, []

    def copy() -> None:
        with pytest.raises(CeremonyRefusal) as refused:
            bench.finish_sign_in(*answers[1])
        codes.append(refused.value.code)

    late = threading.Thread(target=copy)

    def judge(*arguments):
        if late.ident is None:
            late.start()
            late.join(0.5)  # it waits for our commit, on either database
            assert codes == []
        return counts_on(*arguments)

    monkeypatch.setattr(authentication, "_counts_on", judge)
    assert bench.finish_sign_in(*answers[0]).person_id == ada
    late.join(30)
    assert codes == ["counter_not_greater"]


def test_a_refused_counter_does_not_lock_the_owner_out(bench, world, ada):
    key = world.key()
    passkey = enrol(bench, key, ada)
    first, second = bench.begin_sign_in(), bench.begin_sign_in()
    early = json.dumps(key.get(first.options, origin=bench.origin))
    late = json.dumps(key.get(second.options, origin=bench.origin))
    bench.finish_sign_in(second.ceremony, late)
    with pytest.raises(CeremonyRefusal, match="counter_not_greater"):
        bench.finish_sign_in(first.ceremony, early)
    assert sign_in(bench, key).passkey_id == passkey.id


def test_a_key_that_does_not_count_signs_in_again_and_again(bench, world, ada):
    key = world.key()
    enrol(bench, key, ada, sign_count=0)
    for _ in range(2):
        assert sign_in(bench, key, sign_count=0).person_id == ada


def test_a_key_that_stops_counting_is_refused(bench, world, ada):
    key = world.key()
    enrol(bench, key, ada, sign_count=3)
    assert refused_code(bench, key, sign_count=0) == "counter_not_greater"


def test_a_policy_may_let_it_pass_and_never_lowers_the_count(bench, world, ada):
    key = world.key()
    passkey = enrol(bench, key, ada, sign_count=10)
    with bench.portal.database.write() as session:
        session.scalars(select(AttestationPolicy)).one().refuse_counter_regress = False
    assert sign_in(bench, key, sign_count=5).passkey_id == passkey.id
    assert row(bench, passkey).sign_count == 10
    with bench.portal.database.read() as session:
        tags = list(session.scalars(select(AuditEvent.tag)))
    assert "passkey.counter_allowed" in tags


def test_the_backup_state_follows_the_key(bench, world):
    bench.choose("any")
    person, phone = bench.person(), world.phone()
    passkey = enrol(bench, phone, person, backup_eligible=True)
    assert not row(bench, passkey).backup_state
    sign_in(bench, phone, backup_state=True)
    assert row(bench, passkey).backup_state


def test_one_sentence_covers_whatever_could_tell_of_an_account(bench, world, ada):
    key, stranger = world.key(), world.key()
    enrol(bench, key, ada)
    begun = bench.begin(bench.person("grace"))
    stranger.create(begun.options, origin=bench.origin)
    sentences = set()
    for one, twists in ((stranger, {}), (key, {"signature": b"x"}), (key, {"user_handle": b"y"})):
        with pytest.raises(CeremonyRefusal) as refused:
            sign_in(bench, one, **twists)
        sentences.add(refused.value.sentence)
    assert len(sentences) == 1


def test_a_passkey_that_ends_while_it_is_verified_does_not_sign_in(bench, world, ada, monkeypatch):
    from services.ceremonies import authentication

    key = world.key()
    passkey = enrol(bench, key, ada)
    verify = authentication._verify_signature

    def verify_and_end(*args):
        verify(*args)
        with bench.portal.database.write() as session:
            session.get_one(Passkey, passkey.id).ended_at = bench.portal.now()

    monkeypatch.setattr(authentication, "_verify_signature", verify_and_end)
    assert refused_code(bench, key) == "credential_ended"


def test_somebody_who_is_suspended_while_it_is_verified_does_not_sign_in(
    bench, world, ada, monkeypatch
):
    key = world.key()
    enrol(bench, key, ada)
    verify = authentication._verify

    def verify_and_suspend(*args):
        used = verify(*args)
        with bench.portal.database.write() as session:
            session.get_one(Person, ada).suspended_at = bench.portal.now()
        return used

    monkeypatch.setattr(authentication, "_verify", verify_and_suspend)
    assert refused_code(bench, key) == "person_suspended"
