"""Every code of the catalogue, produced by a key and a browser that do the wrong thing."""

from __future__ import annotations

import json
import uuid

import pytest
from sqlalchemy import select

from models import AuditEvent, Passkey, Person
from services import ceremonies
from services.ceremonies import CODES, CeremonyRefusal, Purpose, issued
from services.ceremonies.responses import decoded
from tests.authenticator.cases import ANY, CASES, OTHER_ID, Before, Ceremony, HandIn
from tests.services.ceremonies import issuing
from tests.services.ceremonies.conftest import SESSION

OTHER_SESSION = b"o" * 32


def text(answer) -> str:
    return answer if isinstance(answer, str) else json.dumps(answer)


def newest_event(bench):
    with bench.portal.database.read() as session:
        return session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()


def register(bench, key, person, **twists):
    begun = bench.begin(person)
    answer = key.create(begun.options, origin=bench.origin, **twists)
    return bench.finish(person, begun.ceremony, text(answer))


def enrol(bench, case, key):
    person, other = bench.person(), bench.person("grace")
    if case.before is Before.KNOWN:
        register(bench, case.key(bench.world), other, credential_id=OTHER_ID)
    begun = bench.begin(person)
    answer = text(case.make(key, begun.options, bench.origin))
    arguments: dict = {}
    ceremony = begun.ceremony
    match case.hand_in:
        case HandIn.UNKNOWN:
            ceremony = uuid.uuid4()
        case HandIn.LATE:
            bench.portal.now.forward(minutes=10)
        case HandIn.AFTER_ANOTHER:
            bench.finish(person, ceremony, answer)
            answer = "{}"
        case HandIn.OTHER_SESSION:
            arguments["session_hash"] = OTHER_SESSION
        case HandIn.OTHER_PERSON:
            person = other
        case HandIn.OTHER_PURPOSE:
            arguments["purpose"] = Purpose.ADD
        case HandIn.CANCELLED:
            ceremonies.cancel(
                bench.portal,
                purpose=Purpose.ENROL,
                ceremony=str(ceremony),
                session_hash=SESSION,
                person_id=person,
            )
    bench.finish(person, ceremony, answer, **arguments)


def enrol_by_directory(bench, case, key):
    person = bench.person()
    remote = bench.fake.add("ada@example.com").remote_id
    directory = issuing.connected(
        bench.portal,
        person,
        remote_id=None if case.before is Before.NOT_LINKED else remote,
        served=case.before is not Before.NOT_SERVED,
    )
    namesake = case.hand_in is HandIn.NAMESAKE
    rp_id = issuing.OURS if namesake else issuing.VENDOR
    bench.fake.begins = issuing.offer(bench.portal, rp_id, formats=("packed", "none"))
    for _ in range(issued.MOST if case.before is Before.OFTEN else 0):
        issuing.begin(bench, person, directory)
    begun = issuing.begin(bench, person, directory)
    answer = text(case.make(key, begun.options, begun.origin or bench.origin))
    if case.hand_in is HandIn.UNLINKED:
        issuing.unlink(bench.portal, directory)
    if namesake:
        other = bench.person("grace")
        with bench.portal.database.write() as session:
            handle = decoded(begun.options["user"]["id"])
            session.get_one(Person, other).user_handle = handle
    bench.finish(person, begun.ceremony, answer)


def sign_in(bench, case, key):
    person, other = bench.person(), bench.person("grace")
    owner = other if case.before is Before.ANOTHERS else person
    if case.before is Before.NOT_REGISTERED:
        begun = bench.begin(owner)
        key.create(begun.options, origin=bench.origin)
    else:
        passkey = register(bench, key, owner)
    if case.before is Before.ENDED:
        with bench.portal.database.write() as session:
            session.get_one(Passkey, passkey.id).ended_at = bench.portal.now()
    if case.before is Before.SUSPENDED:
        with bench.portal.database.write() as session:
            session.get_one(Person, owner).suspended_at = bench.portal.now()
    arguments: dict = {}
    if case.ceremony is Ceremony.CONFIRM:
        arguments = {"purpose": Purpose.CONFIRM, "person_id": person, "subject": "one"}
    begun = bench.begin_sign_in(**arguments)
    answer = text(case.make(key, begun.options, bench.origin))
    if case.hand_in is HandIn.OTHER_SUBJECT:
        arguments["subject"] = "another"
    bench.finish_sign_in(begun.ceremony, answer, **arguments)


ACTS = {Ceremony.ENROL: enrol, Ceremony.ISSUED: enrol_by_directory}
NEVER_BEGUN = {Before.NO_POLICY, Before.NOT_SERVED, Before.NOT_LINKED, Before.OFTEN}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_is_refused_with_its_code(bench, world, fake, case):
    bench.world, bench.fake = world, fake
    if case.before is not Before.NO_POLICY:
        bench.choose(case.policy)
    with pytest.raises(CeremonyRefusal) as refused:
        ACTS.get(case.ceremony, sign_in)(bench, case, case.key(world))
    assert refused.value.code == case.code
    assert refused.value.sentence == CODES[case.code]
    event = newest_event(bench)
    if case.hand_in is HandIn.AS_ASKED and case.before not in NEVER_BEGUN:
        assert event.tag in ("passkey.refused", "sign_in.refused", "passkey.counter_refused")
        assert event.detail["code"] == case.code


def test_every_code_has_a_row():
    assert {case.code for case in CASES} == set(CODES)


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_sentence_is_one_for_people(code):
    sentence = CODES[code]
    assert sentence[0].isupper() and sentence.endswith(".") and "!" not in sentence
    for jargon in ("attestation", "aaguid", "rp id", "ceremony", "origin"):
        assert jargon not in sentence.lower()


VERDICTS = [case for case in CASES if case.code.startswith(("attestation_untr", "model_not"))]


@pytest.mark.parametrize("case", VERDICTS, ids=str)
def test_what_proves_nothing_is_still_accepted_where_nothing_is_demanded(bench, world, case):
    bench.choose(ANY)
    person, key = bench.person(), case.key(world)
    begun = bench.begin(person)
    begun.options["attestation"] = "direct"
    answer = text(case.make(key, begun.options, bench.origin))
    passkey = bench.finish(person, begun.ceremony, answer)
    assert passkey.evidence.verdict == "accepted"
    if case.code.startswith("attestation_untrusted"):
        assert passkey.evidence.trust == "untrusted"
        assert passkey.evidence.trust_reason == case.code.partition(".")[2]
