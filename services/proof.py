"""Proving a placement: a real sign-in at the directory with the passkey, from our own page.

The directory begins the sign-in and we keep its flow in a challenge row, bound to the visitor's own
session: otherwise somebody could have another person finish a sign-in that they began. The page
signs, and the connector relays the answer and asks the directory who that was.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from directories.base import DirectoryError, Misconfigured, Proof, ProofOptions
from models import Challenge, Directory, Identity, Passkey, Person, Placement, PlacementState
from services.audit import Tag, record
from services.ceremonies import Begun, CeremonyRefusal, Purpose, challenges
from services.ceremonies.checks import GET, check_client, check_id
from services.ceremonies.outcomes import Outcome, settle
from services.ceremonies.purpose import Binding
from services.ceremonies.responses import Assertion, Malformed, assertion, encoded
from services.directories import connector
from services.portal import Portal
from services.refusal import Refusal
from services.serving import PROVING, in_service

UNEXPECTED = "See what the directory said. If it goes on, ask an administrator to test it."
REMEDIES = {
    "ory.proof_refused": (
        "Check that the directory lists this page's origin, and that its relying party ID is ours."
    ),
    "ory.proof_expired": "Begin again, and touch the key within a few minutes.",
    "ory.no_passkey_method": "Ask an administrator to switch the passkey method on there.",
    "proof.other_relying_party": (
        "Ask an administrator to test the connection with its sign-in probe, and to apply the "
        "patch that it shows."
    ),
}


LONGEST_CHALLENGE = 1024
"""Bytes. Directories make 16 to 64."""


@dataclass(frozen=True)
class Provable:
    """A passkey in a directory where a sign-in with it can be tried."""

    passkey: Passkey
    directory: Directory
    identity: str | None
    """The directory's id of the person, as deliveries know it."""


@dataclass(frozen=True)
class Result:
    """What became of the sign-in: the directory's answer, or why there is none."""

    proof: Proof | None
    expected: bool = True
    """Whether it signed in the identity that deliveries go to."""
    code: str = ""
    reason: str = ""
    said: str = ""
    request_id: str = ""
    remedy: str = ""


OTHER_PASSKEY = Result(
    proof=None,
    code="proof.other_passkey",
    reason="That was another passkey than the one to prove.",
    remedy="Try again with the key that this page is about.",
)


def provable(
    session: Session, person_id: int, passkey: uuid.UUID, directory: uuid.UUID
) -> Provable:
    """The person's own passkey in a directory that confirmed it.

    Raises:
        Refusal: `placement_unknown` for everything else, other people's passkeys included.
    """
    found = session.scalar(
        select(Placement)
        .join(Passkey, Placement.passkey_id == Passkey.id)
        .join(Directory, Placement.directory_id == Directory.id)
        .where(
            Passkey.uuid == passkey,
            Passkey.person_id == person_id,
            Passkey.ended_at.is_(None),
            Directory.uuid == directory,
            Directory.type.in_(PROVING),
            in_service(),
            Placement.wanted == PlacementState.PRESENT,
            Placement.actual == PlacementState.PRESENT,
        )
    )
    if found is None or not found.passkey.own:
        raise Refusal("placement_unknown", "That passkey is not ready there.", status=404)
    identity = session.scalar(
        select(Identity.remote_id).where(
            Identity.directory_id == found.directory_id, Identity.person_id == person_id
        )
    )
    return Provable(found.passkey, found.directory, identity)


def begin(
    portal: Portal,
    *,
    person_id: int,
    session_hash: bytes,
    passkey: uuid.UUID,
    directory: uuid.UUID,
) -> Begun:
    """Begin a sign-in at the directory, and the ceremony that answers it.

    Raises:
        Refusal: `placement_unknown`, or the directory's own failure with its words.
    """
    with portal.database.read() as session:
        subject = provable(session, person_id, passkey, directory)
    try:
        begun = connector(portal, subject.directory).begin_proof()
        challenge = _challenge(begun)
        _same_relying_party(begun, subject.passkey)
    except DirectoryError as error:
        raise _as_refusal(error, subject.directory) from None
    allowed: dict[str, Any] = {
        "type": "public-key",
        "id": encoded(subject.passkey.credential_id),
    }
    if subject.passkey.transports:
        allowed["transports"] = list(subject.passkey.transports)
    options = {**begun.options, "allowCredentials": [allowed]}
    with portal.database.write() as session:
        row = challenges.make(
            session,
            settings=portal.settings,
            binding=_binding(session_hash, person_id, passkey, directory),
            challenge=challenge,
            options=options,
            policy=None,
            now=portal.now(),
        )
        row.remote = {"flow": begun.flow}
        _never_seen(session, subject.directory)
        return Begun(row.uuid, options)


def finish(
    portal: Portal,
    *,
    ceremony: str,
    response: str,
    person_id: int,
    session_hash: bytes,
    passkey: uuid.UUID,
    directory: uuid.UUID,
) -> Result:
    """Relay the answer to the directory, and keep what it said.

    Raises:
        CeremonyRefusal: when the answer is not one to this ceremony with this passkey.
        Refusal: `placement_unknown`.
    """
    with portal.database.read() as session:
        subject = provable(session, person_id, passkey, directory)
    binding = _binding(session_hash, person_id, passkey, directory)
    taken = challenges.take(portal, binding, ceremony=ceremony, response=response)
    if taken.outcome is not None:
        return _result(taken.outcome.result())
    row = taken.challenge
    try:
        answer = _read(response)
        check_client(answer.client, row, kind=GET)
        check_id(answer.id, answer.raw_id)
    except CeremonyRefusal as refusal:
        with portal.database.write() as session:
            settle(session, row, Outcome.of(refusal))
        raise
    if answer.raw_id == subject.passkey.credential_id:
        result = _relay(portal, subject, (row.remote or {})["flow"], json.loads(response))
    else:
        result = OTHER_PASSKEY
    with portal.database.write() as session:
        settle(session, row, Outcome(accepted=asdict(result)))
        if result.proof is not None:
            record(
                session,
                Tag.SIGN_IN_PROVED,
                now=portal.now(),
                actor=session.get_one(Person, person_id),
                person=session.get_one(Person, person_id),
                passkey=subject.passkey,
                directory=subject.directory,
                identity=result.proof.remote_id,
                expected=result.expected,
                assurance=result.proof.assurance,
                methods=list(result.proof.methods),
                signed_out=result.proof.signed_out,
            )
    return result


def look_back(
    portal: Portal,
    ceremony: uuid.UUID,
    *,
    person_id: int,
    session_hash: bytes,
    passkey: uuid.UUID,
    directory: uuid.UUID,
) -> Result | None:
    """What the directory said in a ceremony of this session; None where there was none."""
    binding = _binding(session_hash, person_id, passkey, directory)
    with portal.database.read() as session:
        row = session.scalar(
            select(Challenge).where(
                Challenge.uuid == ceremony,
                Challenge.purpose == binding.purpose.value,
                Challenge.subject == binding.subject,
                Challenge.session_hash == binding.session_hash,
                Challenge.person_id == binding.person_id,
            )
        )
    kept = (row.outcome or {}).get("accepted") if row else None
    return _result(kept) if kept else None


def _binding(
    session_hash: bytes, person_id: int, passkey: uuid.UUID, directory: uuid.UUID
) -> Binding:
    return Binding(Purpose.PROOF, session_hash, person_id, f"{passkey.hex}{directory.hex}")


def _challenge(begun: ProofOptions) -> bytes:
    text = begun.options.get("challenge")
    try:
        challenge = base64.urlsafe_b64decode(f"{text}==") if isinstance(text, str) else b""
    except ValueError:
        challenge = b""
    if not 0 < len(challenge) <= LONGEST_CHALLENGE:
        raise Misconfigured(
            "The sign-in that it began has no challenge that can be read.",
            code="proof.no_challenge",
        )
    return challenge


def _never_seen(session: Session, directory: Directory) -> None:
    """Store the challenge, unless it is in use here already.

    A directory could name one of our own challenges, of a sign-in that somebody began here: with
    the answer that we relay to it, they would be signed in here as the person who proves.

    Raises:
        Refusal: `proof.challenge_known`.
    """
    try:
        session.flush()
    except IntegrityError:
        error = Misconfigured(
            "The sign-in that it began has a challenge that was used before.",
            code="proof.challenge_known",
        )
        raise _as_refusal(error, directory) from None


def _same_relying_party(begun: ProofOptions, passkey: Passkey) -> None:
    theirs = begun.options.get("rpId")
    if theirs is not None and theirs != passkey.rp_id:
        raise Misconfigured(
            f"It signs people in for {str(theirs)[:253]}, and this passkey is for {passkey.rp_id}.",
            code="proof.other_relying_party",
        )


def _read(response: str) -> Assertion:
    try:
        return assertion(response)
    except Malformed:
        raise CeremonyRefusal("malformed") from None


def _relay(portal: Portal, subject: Provable, flow: str, answer: Mapping[str, Any]) -> Result:
    try:
        proof = connector(portal, subject.directory).finish_proof(flow, answer)
    except DirectoryError as error:
        return Result(
            proof=None,
            code=error.code,
            reason=error.reason,
            said=error.said,
            request_id=error.request_id,
            remedy=REMEDIES.get(error.code, UNEXPECTED),
        )
    return Result(proof=proof, expected=subject.identity in (None, proof.remote_id))


def _result(kept: Mapping[str, Any]) -> Result:
    """Back from the JSON that the outcome was kept as."""
    proof = kept["proof"]
    if proof is not None:
        proof = Proof(**{**proof, "methods": tuple(proof["methods"])})
    return Result(**{**kept, "proof": proof})


def _as_refusal(error: DirectoryError, directory: Directory) -> Refusal:
    """What failed, what the directory said, and what to do next, for a script to show."""
    parts = [error.reason]
    if error.said:
        request = f" (request id {error.request_id})" if error.request_id else ""
        parts.append(f"{directory.name} said: “{error.said}”{request}.")
    parts.append(REMEDIES.get(error.code, UNEXPECTED))
    return Refusal(error.code, " ".join(parts), status=502)
