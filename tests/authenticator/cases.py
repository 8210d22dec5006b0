"""One row, or more, for every code that a ceremony can be refused with.

A row says what is asked for, how the answer is made, and how it is handed in; whoever drives the
portal, by its services or over HTTP, carries that out and expects the code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tests.authenticator.key import SoftwareKey
from tests.authenticator.world import CRESCENDO_C2300, CRESCENDO_FUSION, NOBODYS, World

Make = Callable[[SoftwareKey, dict[str, Any], str], Any]
"""(key, options, origin) -> the answer, as a dict to be sent as JSON, or as the text itself."""

HID, ANY = "hid_crescendo", "any"
OTHER_ID = b"another credential id, quite so."


class Ceremony(StrEnum):
    """What is asked for."""

    ENROL = "enrol"
    ISSUED = "enrol, by a directory's options"
    SIGN_IN = "sign-in"
    CONFIRM = "confirm"


class Before(StrEnum):
    """What is so before the options are asked for. To sign in, the key is always registered."""

    NOTHING = "nothing"
    NO_POLICY = "no policy was chosen"
    KNOWN = "somebody else registered the credential id `OTHER_ID`"
    NOT_REGISTERED = "the key was never registered"
    ENDED = "the passkey was ended"
    SUSPENDED = "the person was suspended"
    ANOTHERS = "the passkey is another person's"
    NOT_SERVED = "the directory does not serve the person"
    NOT_LINKED = "the person is linked to no record of the directory"
    OFTEN = "the person had the directory begin over and over"


class HandIn(StrEnum):
    """How the answer is handed in."""

    AS_ASKED = "as asked"
    UNKNOWN = "for a ceremony that never was"
    LATE = "after the ceremony expired"
    AFTER_ANOTHER = "after another answer to the same challenge"
    OTHER_SESSION = "from another browser session"
    OTHER_PERSON = "for another person"
    OTHER_PURPOSE = "for another purpose"
    OTHER_SUBJECT = "for another subject"
    CANCELLED = "after it was cancelled"
    UNLINKED = "after the person was unlinked from their record of the directory"
    NAMESAKE = "after somebody else got the handle that the directory gave the key"


@dataclass(frozen=True)
class Case:
    """One way to be refused."""

    code: str
    name: str
    make: Make = lambda key, options, origin: _answer(key, options, origin)
    ceremony: Ceremony = Ceremony.ENROL
    key: Callable[[World], SoftwareKey] = World.key
    policy: str = HID
    before: Before = Before.NOTHING
    hand_in: HandIn = HandIn.AS_ASKED

    def __str__(self) -> str:
        return f"{self.code}: {self.name}"


def _answer(key: SoftwareKey, options: dict, origin: str, **twists: Any) -> dict:
    ceremony = key.create if "rp" in options else key.get
    return ceremony(options, origin=origin, **twists)


def twisted(**twists: Any) -> Make:
    """An answer with those fields of `Twists`."""
    return lambda key, options, origin: _answer(key, options, origin, **twists)


def replaced(change: Callable[[dict], Any]) -> Make:
    """An answer whose JSON is changed."""
    return twisted(change=change)


def _careless(key: SoftwareKey, options: dict, origin: str) -> dict:
    x5c = (key.leaf.der, key.manufacturer.intermediate.der)
    return key.create(options, origin=origin, x5c=x5c)


def _without_key(answer: dict) -> None:
    del answer["response"]["clientDataJSON"]


def _leaf(**arguments: Any) -> Make:
    return twisted(leaf=arguments)


NO_UNIT = {"C": "US", "O": "Example Keys", "OU": "Something Else", "CN": "Example Key"}

REGISTRATION: tuple[Case, ...] = (
    Case("policy_missing", "nothing was chosen", before=Before.NO_POLICY),
    Case("challenge_unknown", "never begun", hand_in=HandIn.UNKNOWN),
    Case("challenge_expired", "too late", hand_in=HandIn.LATE),
    Case("challenge_used", "a second answer", hand_in=HandIn.AFTER_ANOTHER),
    Case("challenge_other_session", "forwarded", hand_in=HandIn.OTHER_SESSION),
    Case("challenge_other_person", "somebody else now", hand_in=HandIn.OTHER_PERSON),
    Case("challenge_other_purpose", "made to add", hand_in=HandIn.OTHER_PURPOSE),
    Case("challenge_wrong", "answers another challenge", twisted(challenge=b"x" * 32)),
    Case("cancelled", "answered after all", hand_in=HandIn.CANCELLED),
    Case("malformed", "no JSON", lambda *_: "{"),
    Case("malformed", "nothing", lambda *_: ""),
    Case("malformed", "half a character", lambda *_: "\ud800"),
    Case("malformed", "too long", lambda *_: '"' + "x" * 70_000 + '"'),
    Case("malformed", "nested without end", lambda *_: '{"a":' * 10_000),
    Case("malformed", "no client data", replaced(_without_key)),
    Case("type_wrong", "a sign-in", twisted(client_type="webauthn.get")),
    Case("origin_wrong", "a look-alike", twisted(client_origin="https://latchkey.example.net")),
    Case("cross_origin", "in a frame", twisted(cross_origin=True)),
    Case("top_origin", "in a frame that says so", twisted(top_origin="https://example.net")),
    Case("rp_id_wrong", "for another site", twisted(rp_id="example.net")),
    Case("user_not_present", "not touched", twisted(user_present=False)),
    Case("user_not_verified", "no PIN", twisted(user_verified=False)),
    Case("backup_state_wrong", "copied, yet cannot be", twisted(backup_state=True)),
    Case("algorithm_wrong", "ES384", twisted(algorithm=-35)),
    Case("credential_id_too_long", "1024 bytes", twisted(credential_id=b"x" * 1024)),
    Case("credential_id_mismatch", "id is not rawId", twisted(id="AAAA")),
    Case(
        "credential_id_mismatch",
        "rawId is not in the authenticator data",
        replaced(lambda answer: {**answer, "id": "AAAA", "rawId": "AAAA"}),
    ),
    Case(
        "credential_known",
        "registered by somebody else",
        twisted(credential_id=OTHER_ID),
        before=Before.KNOWN,
    ),
    Case("attestation_format_unknown", "of its own", twisted(attestation="x-own")),
    Case("attestation_invalid", "signed by another", twisted(signature=b"0" * 70)),
    Case("attestation_invalid", "no certificate", twisted(x5c=(b"not a certificate",))),
    Case("attestation_missing", "none", twisted(attestation="none")),
    Case("attestation_self", "self", twisted(attestation="self")),
    Case("attestation_untrusted.certificate", "version 1", _leaf(version_1=True)),
    Case("attestation_untrusted.certificate", "another unit", _leaf(subject=NO_UNIT)),
    Case("attestation_untrusted.certificate", "a CA", _leaf(ca=True)),
    Case("attestation_untrusted.certificate", "no basic constraints", _leaf(ca=None)),
    Case("attestation_untrusted.aaguid", "another model", _leaf(named=NOBODYS)),
    Case("attestation_untrusted.aaguid", "critical extension", _leaf(critical=True)),
    Case(
        "attestation_untrusted.aaguid",
        "none, while the anchor serves several models",
        _leaf(names_aaguid=False),
    ),
    Case("attestation_untrusted.path", "of a forger", key=World.forged_key),
    Case("attestation_untrusted.dates", "expired", _leaf(days=(-30, -1))),
    Case("attestation_untrusted.dates", "not yet valid", _leaf(days=(1, 30))),
    Case("attestation_untrusted.dates", "anchor expired", key=World.lapsed_key),
    Case(
        "attestation_untrusted.not_ca",
        "signed by what is no CA",
        _careless,
        key=World.careless_key,
    ),
    Case("attestation_untrusted.no_anchors", "unknown model", key=World.unknown_key),
    Case("model_not_allowed", "known, and not HID's", key=World.other_key),
    Case("model_revoked", "withdrawn", key=lambda world: world.key(CRESCENDO_FUSION)),
    Case("model_compromised", "broken", key=lambda world: world.key(CRESCENDO_C2300)),
    Case("not_device_bound", "can be copied", twisted(backup_eligible=True)),
)

ISSUED: tuple[Case, ...] = (
    Case(
        "directory_not_offered",
        "it serves others",
        ceremony=Ceremony.ISSUED,
        before=Before.NOT_SERVED,
    ),
    Case(
        "directory_not_linked",
        "nobody there is theirs",
        ceremony=Ceremony.ISSUED,
        before=Before.NOT_LINKED,
    ),
    Case(
        "attestation_format_not_taken",
        "fido-u2f, where packed is taken",
        twisted(attestation="fido-u2f"),
        ceremony=Ceremony.ISSUED,
    ),
    Case(
        "begun_too_often",
        "once more",
        ceremony=Ceremony.ISSUED,
        before=Before.OFTEN,
    ),
    Case(
        "directory_handle_taken",
        "a key of ours that is to be called as somebody else is",
        ceremony=Ceremony.ISSUED,
        hand_in=HandIn.NAMESAKE,
    ),
    Case(
        "directory_identity_changed",
        "unlinked meanwhile",
        ceremony=Ceremony.ISSUED,
        hand_in=HandIn.UNLINKED,
    ),
)

SIGN_IN: tuple[Case, ...] = tuple(
    Case(code, name, make, ceremony=ceremony, before=before, hand_in=hand_in)
    for code, name, make, ceremony, before, hand_in in (
        (
            "credential_unknown",
            "never registered",
            twisted(),
            Ceremony.SIGN_IN,
            Before.NOT_REGISTERED,
            HandIn.AS_ASKED,
        ),
        (
            "credential_ended",
            "ended",
            twisted(),
            Ceremony.SIGN_IN,
            Before.ENDED,
            HandIn.AS_ASKED,
        ),
        (
            "person_suspended",
            "suspended",
            twisted(),
            Ceremony.SIGN_IN,
            Before.SUSPENDED,
            HandIn.AS_ASKED,
        ),
        (
            "credential_other_person",
            "another's",
            twisted(),
            Ceremony.CONFIRM,
            Before.ANOTHERS,
            HandIn.AS_ASKED,
        ),
        (
            "challenge_other_subject",
            "to confirm something else",
            twisted(),
            Ceremony.CONFIRM,
            Before.NOTHING,
            HandIn.OTHER_SUBJECT,
        ),
    )
) + tuple(
    Case(code, name, make, ceremony=Ceremony.SIGN_IN)
    for code, name, make in (
        ("malformed", "no JSON", lambda *_: "[]"),
        ("type_wrong", "a registration", twisted(client_type="webauthn.create")),
        ("challenge_wrong", "another challenge", twisted(challenge=b"x" * 32)),
        ("origin_wrong", "a look-alike", twisted(client_origin="https://latchkey.example.net")),
        ("cross_origin", "in a frame", twisted(cross_origin=True)),
        ("top_origin", "in a frame that says so", twisted(top_origin="https://example.net")),
        ("rp_id_wrong", "for another site", twisted(rp_id="example.net")),
        ("user_not_present", "not touched", twisted(user_present=False)),
        ("user_not_verified", "no PIN", twisted(user_verified=False)),
        ("credential_id_mismatch", "id is not rawId", twisted(id="AAAA")),
        ("user_handle_missing", "no handle", twisted(user_handle=None)),
        ("user_handle_wrong", "another's handle", twisted(user_handle=b"somebody else")),
        ("signature_wrong", "signed by another", twisted(signature=b"0" * 70)),
        (
            "backup_state_wrong",
            "copied, yet cannot be",
            twisted(backup_state=True),
        ),
        (
            "backup_eligibility_changed",
            "can be copied now",
            twisted(backup_eligible=True),
        ),
        ("counter_not_greater", "counts back", twisted(sign_count=0)),
    )
)

CASES: tuple[Case, ...] = REGISTRATION + ISSUED + SIGN_IN
