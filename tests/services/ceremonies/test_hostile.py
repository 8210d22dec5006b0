"""Whatever a browser sends, the answer is a passkey or a refusal: never another exception."""

from __future__ import annotations

import base64
import json
from copy import deepcopy

import cbor2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import Challenge
from services.attestation.metadata import MetadataSource
from services.ceremonies import CODES, CeremonyRefusal, responses
from services.ceremonies.proof import Proven, prove
from tests.authenticator.key import decoded, encoded
from tests.services.ceremonies.test_authentication import enrol

JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(2**70), max_value=2**70)
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=20)
    | st.sampled_from(["", "A", "AA==", "a b", "public-key", "\x00", "\ud800", "é"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
PACKED = ("packed", "self", "none")
BYTES_JUNK = (
    JUNK.filter(lambda value: "\ud800" not in repr(value) and _encodes(value))
    | st.binary(max_size=80)
    | st.just(2**40)
    | st.builds(cbor2.CBORTag, st.just(35), st.just("("))
    | st.builds(cbor2.CBORTag, st.just(4), st.just([10**6, 1]))
)
RELAXED = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)


def _encodes(value) -> bool:
    try:
        cbor2.dumps(value)
    except Exception:
        return False
    return True


def mutated(draw, value, junk):
    """`value` with one thing in it, at any depth, changed or gone."""
    if isinstance(value, dict | list) and value and draw(st.integers(0, 4)):
        places = sorted(value, key=repr) if isinstance(value, dict) else range(len(value))
        place = draw(st.sampled_from(list(places)))
        copy = deepcopy(value)
        if draw(st.integers(0, 5)) == 0:
            del copy[place]
        else:
            copy[place] = _inside(draw, place, value[place], junk)
        return copy
    if isinstance(value, bytes) and value and draw(st.booleans()):
        at = draw(st.integers(0, 2**16)) % len(value)  # signatures differ in length
        return draw(
            st.sampled_from(
                [
                    value[:at],
                    value + value[at:],
                    value[:at]
                    + bytes([value[at] ^ 1 << draw(st.integers(0, 7))])
                    + value[at + 1 :],
                ]
            )
        )
    return draw(junk)


def _inside(draw, place, value, junk):
    if not isinstance(value, str) or not value or draw(st.integers(0, 3)) == 0:
        return mutated(draw, value, junk)
    if place == "clientDataJSON":
        inner = mutated(draw, json.loads(decoded(value)), JUNK)
        return encoded(json.dumps(inner).encode())
    if place == "attestationObject":
        return encoded(cbor2.dumps(mutated(draw, cbor2.loads(decoded(value)), BYTES_JUNK)))
    if place in ("authenticatorData", "signature", "userHandle", "rawId"):
        changed = mutated(draw, decoded(value), st.binary(max_size=80))
        return encoded(changed)
    return mutated(draw, value, junk)


@pytest.fixture(scope="module")
def answers(world, metadata_file):
    """A challenge, and a good answer to it of every kind."""
    challenge = Challenge(
        challenge=b"c" * 32, rp_id="localhost", origins=["http://localhost"], maker="latchkey"
    )
    challenge.options = {
        "rp": {"id": "localhost"},
        "user": {"id": encoded(b"handle")},
        "challenge": encoded(challenge.challenge),
        "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in (-7, -8, -257)],
        "attestation": "direct",
    }
    made = {
        kind: world.key().create(
            challenge.options, origin="http://localhost", attestation=kind, extensions={"a": 1}
        )
        for kind in PACKED
    }
    return challenge, made, MetadataSource.load(metadata_file)


def outcome(text, challenge, metadata, now):
    try:
        return prove(text, challenge, metadata=metadata, now=now)
    except CeremonyRefusal as refusal:
        assert refusal.code in CODES
        json.dumps(refusal.facts).encode()
        assert "\\u0000" not in json.dumps(refusal.facts)
        return refusal.code


@pytest.mark.parametrize("kind", PACKED)
def test_the_good_answers_are_good(answers, clock, kind):
    challenge, made, metadata = answers
    assert isinstance(outcome(json.dumps(made[kind]), challenge, metadata, clock()), Proven)


@pytest.mark.parametrize("kind", PACKED)
@given(data=st.data())
@RELAXED
def test_a_mutated_registration_is_proven_or_refused(answers, clock, kind, data):
    challenge, made, metadata = answers
    text = json.dumps(mutated(data.draw, made[kind], JUNK))
    assert outcome(text, challenge, metadata, clock()) is not None


@given(at=st.integers(0, 400), flipped=st.integers(1, 255))
@RELAXED
def test_authenticator_data_with_a_byte_changed_is_proven_or_refused(answers, clock, at, flipped):
    challenge, made, metadata = answers
    attestation = cbor2.loads(decoded(made["none"]["response"]["attestationObject"]))
    data = bytearray(attestation["authData"])
    data[at % len(data)] ^= flipped
    attestation["authData"] = bytes(data)
    text = with_attestation(made["none"], cbor2.dumps(attestation))
    assert outcome(text, challenge, metadata, clock()) is not None


@given(text=st.text(st.characters(exclude_categories=()), max_size=200))
@RELAXED
def test_any_text_is_malformed(answers, clock, text):
    challenge, _, metadata = answers
    assert outcome(text, challenge, metadata, clock()) == "malformed"


def with_attestation(answer, attestation: bytes) -> str:
    copy = deepcopy(answer)
    copy["response"]["attestationObject"] = encoded(attestation)
    return json.dumps(copy)


@pytest.mark.parametrize(
    "bomb",
    [
        cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": 2**40}),
        cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": "text"}),
        cbor2.dumps({"fmt": 1, "attStmt": {}, "authData": b""}),
        cbor2.dumps(cbor2.CBORTag(35, "(a+)+$")),
        cbor2.dumps(cbor2.CBORTag(4, [2**60, 1])),
        b"\x81" * 30_000,
        b"\xa1" * 30_000,
        b"\x9f" * 30_000,
        b"\x9b" + b"\xff" * 8,
        b"\xbb" + b"\xff" * 8,
        b"\x5b" + b"\xff" * 8,
        b"\xd8\x1c\x81\xd8\x1d\x00",
        b"\xa2\x01\x01\x01\x01",
        b"",
    ],
    ids=lambda bomb: bomb[:6].hex(),
)
def test_a_bomb_is_malformed(answers, clock, bomb):
    challenge, made, metadata = answers
    text = with_attestation(made["none"], bomb)
    assert outcome(text, challenge, metadata, clock()) == "malformed"


@pytest.mark.parametrize(
    "statement",
    [
        {"alg": "x", "sig": b"", "x5c": [b""]},
        {"alg": -7, "sig": 2**33, "x5c": [b""]},
        {"alg": -7, "sig": b"", "x5c": b"abc"},
        {"alg": -7, "sig": b"", "x5c": [2**33]},
        {"alg": -7, "sig": b"", "x5c": []},
        {"ver": 2, "certInfo": b"", "pubArea": b""},
        {"ver": "2.0", "certInfo": 2**33, "pubArea": b""},
        [],
        None,
    ],
    ids=repr,
)
def test_a_statement_of_the_wrong_types_is_malformed(answers, clock, statement):
    challenge, made, metadata = answers
    attestation = cbor2.loads(decoded(made["packed"]["response"]["attestationObject"]))
    attestation["attStmt"] = statement
    text = with_attestation(made["packed"], cbor2.dumps(attestation))
    assert outcome(text, challenge, metadata, clock()) == "malformed"


@pytest.mark.parametrize("form", ["tpm", "android-key", "fido-u2f", "apple", "packed"])
@pytest.mark.parametrize(
    "statement",
    [
        {},
        {"x5c": [b"junk"]},
        {"alg": -7, "sig": b"x", "x5c": [b"junk"]},
        {"ver": "2.0", "alg": -257, "sig": b"x", "x5c": [b"j"], "certInfo": b"", "pubArea": b"x"},
        {"ver": "2.0", "alg": -1, "sig": b"x", "x5c": [b"j"], "certInfo": b"y", "pubArea": b"x"},
    ],
    ids=repr,
)
def test_a_statement_that_does_not_verify_is_invalid(answers, clock, form, statement):
    challenge, made, metadata = answers
    attestation = cbor2.loads(decoded(made["packed"]["response"]["attestationObject"]))
    attestation |= {"fmt": form, "attStmt": statement}
    text = with_attestation(made["packed"], cbor2.dumps(attestation))
    assert outcome(text, challenge, metadata, clock()) == "attestation_invalid"


@pytest.mark.parametrize(
    "cose",
    [
        {1: 2, 3: -7, -1: 1, -2: b"x" * 32, -3: b"y" * 32},
        {1: 2, 3: -7, -1: 1, -2: b"", -3: b""},
        {1: 2, 3: -7, -1: 1},
        {1: 2, 3: -7, -1: 2, -2: b"x" * 32, -3: b"y" * 32},
        {1: 1, 3: -7, -1: 6, -2: b"x" * 32},
        {1: 2, 3: -8, -1: 1, -2: b"x" * 32, -3: b"y" * 32},
        {1: 1, 3: -8, -1: 6, -2: b"x" * 5},
        {1: 3, 3: -257, -1: b"", -2: b""},
        {1: 3, 3: -257, -1: 7, -2: 7},
    ],
    ids=repr,
)
def test_a_public_key_that_is_none_is_malformed_even_without_attestation(answers, clock, cose):
    challenge, made, metadata = answers
    attestation = cbor2.loads(decoded(made["none"]["response"]["attestationObject"]))
    head = attestation["authData"][: 37 + 16 + 2 + 32]
    attestation["authData"] = head[:32] + b"\x45" + head[33:] + cbor2.dumps(cose)
    text = with_attestation(made["none"], cbor2.dumps(attestation))
    assert outcome(text, challenge, metadata, clock()) == "malformed"


def test_a_short_rsa_key_is_refused_even_without_attestation(answers, clock):
    challenge, made, metadata = answers
    attestation = cbor2.loads(decoded(made["none"]["response"]["attestationObject"]))
    head = attestation["authData"][: 37 + 16 + 2 + 32]
    cose = {1: 3, 3: -257, -1: (2**1535 + 1).to_bytes(192, "big"), -2: b"\x01\x00\x01"}
    attestation["authData"] = head[:32] + b"\x45" + head[33:] + cbor2.dumps(cose)
    text = with_attestation(made["none"], cbor2.dumps(attestation))
    assert outcome(text, challenge, metadata, clock()) == "algorithm_wrong"


@pytest.mark.parametrize(
    "client",
    [
        b"\xff\xfe",
        b"[]",
        b'{"type":"webauthn.create","type":"webauthn.create"}',
        b'{"type":1}',
        b'{"type":"webauthn.create","challenge":"a","origin":"x"}',
        b'{"type":"webauthn.create","challenge":"","origin":"x","crossOrigin":"no"}',
        b'{"type":"webauthn.create","challenge":"","origin":"x","topOrigin":7}',
        b'{"type":"webauthn.create","challenge":"","origin":NaN}',
        b"\xef\xbb\xbf{}",
        b"[" * 20_000,
        b"1" * 20_000,
    ],
    ids=lambda client: repr(client[:60]),
)
def test_client_data_that_is_none_is_malformed(answers, clock, client):
    challenge, made, metadata = answers
    copy = deepcopy(made["none"])
    copy["response"]["clientDataJSON"] = encoded(client)
    assert outcome(json.dumps(copy), challenge, metadata, clock()) == "malformed"


@pytest.mark.parametrize("change", ["=", "==", "+", "\n", " "])
def test_base64url_has_one_form(answers, change):
    _, made, _ = answers
    copy = deepcopy(made["none"])
    copy["rawId"] += change
    with pytest.raises(responses.Malformed, match="rawId"):
        responses.registration(json.dumps(copy))


def test_base64url_leaves_no_stray_bits():
    loose = "AB"
    assert base64.urlsafe_b64decode(loose + "==") == b"\x00"
    with pytest.raises(responses.Malformed, match="id is not base64url"):
        responses.registration(json.dumps({"type": "public-key", "id": loose, "response": {}}))


@given(data=st.data())
@settings(RELAXED, max_examples=60)
def test_a_mutated_sign_in_signs_in_or_is_refused(signed_in, data):
    bench, key = signed_in
    begun = bench.begin_sign_in()
    good = key.get(begun.options, origin=bench.origin)
    text = json.dumps(mutated(data.draw, good, JUNK))
    try:
        bench.finish_sign_in(begun.ceremony, text)
    except CeremonyRefusal as refusal:
        assert refusal.code in CODES


@pytest.fixture
def signed_in(bench, world):
    bench.choose("hid_crescendo")
    key = world.key()
    enrol(bench, key, bench.person())
    return bench, key
