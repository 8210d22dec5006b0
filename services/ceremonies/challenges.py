"""Challenges: made with the options, taken once, and remembered with what became of them.

One committed `UPDATE … RETURNING` takes a challenge, before anything is verified, so that it is
used once whether verification fails or two requests race. The same answer sent again from the
same browser (a double click) gets the same outcome.
"""

from __future__ import annotations

import hashlib
import secrets
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, case, delete, select, update
from sqlalchemy.orm import Session

from config import Settings
from models import Challenge
from services.attestation.policy import Policy
from services.ceremonies.options import TIMEOUT_MS
from services.ceremonies.outcomes import Outcome, discard
from services.ceremonies.purpose import Binding
from services.ceremonies.refusals import CeremonyRefusal
from services.portal import Portal

LIFETIME = timedelta(milliseconds=TIMEOUT_MS) + timedelta(minutes=1)
"""The browser's own time, and one minute for the answer to arrive."""

KEPT = timedelta(days=1)
"""How long an ended challenge is told from one that never was."""

WAIT_SECONDS = 5.0
"""How long a second request for the same answer waits for the outcome of the first."""

POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Taken:
    """A challenge that this request took (`outcome` is None), or one that it had taken before."""

    challenge: Challenge
    outcome: Outcome | None = None


def random_challenge() -> bytes:
    """A new challenge (section 13.4.3 asks for 16 bytes at least)."""
    return secrets.token_bytes(32)


def make(
    session: Session,
    *,
    settings: Settings,
    binding: Binding,
    challenge: bytes,
    options: dict[str, Any],
    policy: Policy | None,
    now: datetime,
) -> Challenge:
    """Store a challenge with the options it was put in."""
    row = Challenge(
        uuid=uuid.uuid4(),
        challenge=challenge,
        purpose=binding.purpose.value,
        subject=binding.subject,
        person_id=binding.person_id,
        session_hash=binding.session_hash,
        rp_id=settings.rp_id,
        origins=list(settings.origins),
        options=options,
        policy=None if policy is None else policy.to_mapping(),
        created_at=now,
        expires_at=now + LIFETIME,
    )
    session.add(row)
    return row


def take(portal: Portal, binding: Binding, *, ceremony: str, response: str) -> Taken:
    """Take the challenge of a ceremony, or find out what became of it.

    Raises:
        CeremonyRefusal: `challenge_unknown`, `challenge_other_…`, `challenge_used` or
            `challenge_expired`.
    """
    _demand_subject(binding)
    address = _address(ceremony)
    digest = hashlib.sha256(response.encode(errors="surrogatepass")).hexdigest()
    now = portal.now()
    with portal.database.write() as session:
        row = session.scalar(
            update(Challenge)
            .where(*_answerable(binding, address), Challenge.expires_at > now)
            .values(taken_at=now, outcome={"response": digest})
            .returning(Challenge)
            .execution_options(synchronize_session=False)
        )
    if row is not None:
        return Taken(row)
    return _already(portal, binding, address, digest, now)


def cancel(portal: Portal, binding: Binding, *, ceremony: str) -> bool:
    """End a ceremony that nobody has answered, and have what a directory began taken back.

    Nothing happens to one that was answered, or cancelled, before.

    Returns:
        Whether anything is to be taken back. Wake the workers then.

    Raises:
        CeremonyRefusal: `challenge_unknown` or `challenge_other_…`.
    """
    _demand_subject(binding)
    address = _address(ceremony)
    now = portal.now()
    with portal.database.write() as session:
        row = session.scalar(
            update(Challenge)
            .where(*_answerable(binding, address))
            .values(**_cancelled(now))
            .returning(Challenge)
            .execution_options(synchronize_session=False)
        )
    if row is None:
        known = _look(portal, address)
        if known is None:
            raise CeremonyRefusal("challenge_unknown")
        _check_binding(known, binding)
        return False
    return row.discard_at is not None


def cancel_all(session: Session, which: ColumnElement[bool], *, now: datetime) -> int:
    """End every ceremony of these that nobody has answered, as `cancel` does one.

    Returns:
        How many there were. Wake the workers after the transaction.
    """
    ended = session.scalars(
        update(Challenge)
        .where(which, Challenge.taken_at.is_(None))
        .values(**_cancelled(now))
        .returning(Challenge.id)
        .execution_options(synchronize_session=False)
    )
    return len(ended.all())


def purge(session: Session, *, now: datetime) -> int:
    """Delete the challenges that ended long ago; returns how many.

    Those stay that a directory still has something of.
    """
    result = session.execute(
        delete(Challenge).where(Challenge.expires_at < now - KEPT, Challenge.discard_at.is_(None))
    )
    return result.rowcount if isinstance(result, CursorResult) else 0


def _cancelled(now: datetime) -> dict[str, Any]:
    """What a ceremony becomes that nobody goes on with."""
    return {
        "taken_at": now,
        "outcome": {"accepted": None, "refused": Outcome.of(CeremonyRefusal("cancelled")).refused},
        "discard_at": case((Challenge.discard_at.is_not(None), now)),
    }


def _address(ceremony: str) -> uuid.UUID:
    try:
        return uuid.UUID(ceremony)
    except ValueError:
        raise CeremonyRefusal("challenge_unknown") from None


def _demand_subject(binding: Binding) -> None:
    """Refuse a subject that none has; databases refuse some characters with an error."""
    if not binding.subject.isprintable():
        raise CeremonyRefusal("challenge_other_subject")


def _answerable(binding: Binding, address: uuid.UUID) -> tuple[ColumnElement[bool], ...]:
    """The ceremony, by whoever began it and for what, as long as nobody has taken it."""
    return (
        Challenge.uuid == address,
        Challenge.purpose == binding.purpose.value,
        Challenge.subject == binding.subject,
        Challenge.session_hash == binding.session_hash,
        Challenge.person_id == binding.person_id,
        Challenge.taken_at.is_(None),
    )


def _already(
    portal: Portal, binding: Binding, address: uuid.UUID, digest: str, now: datetime
) -> Taken:
    row = _look(portal, address)
    if row is None:
        raise CeremonyRefusal("challenge_unknown")
    _check_binding(row, binding)
    if row.taken_at is None:
        if row.discard_at is not None:
            with portal.database.write() as session:
                discard(session, row, now=now)
            portal.wake()
        raise CeremonyRefusal("challenge_expired")
    if (row.outcome or {}).get("response") is None:
        raise CeremonyRefusal("cancelled")
    if (row.outcome or {}).get("response") != digest:
        raise CeremonyRefusal("challenge_used")
    outcome = _outcome(row) or _await(portal, address, taken_at=row.taken_at, now=now)
    return Taken(row, outcome)


def _check_binding(row: Challenge, binding: Binding) -> None:
    for kept, given, code in (
        (row.session_hash, binding.session_hash, "challenge_other_session"),
        (row.person_id, binding.person_id, "challenge_other_person"),
        (row.purpose, binding.purpose.value, "challenge_other_purpose"),
        (row.subject, binding.subject, "challenge_other_subject"),
    ):
        if kept != given:
            raise CeremonyRefusal(code)


def _await(portal: Portal, address: uuid.UUID, *, taken_at: datetime, now: datetime) -> Outcome:
    """The outcome that another request for the same answer is working out at this moment.

    Raises:
        CeremonyRefusal: `challenge_used` when it does not come: that request has died.
    """
    working = (now - taken_at).total_seconds() < WAIT_SECONDS
    until = time.monotonic() + (WAIT_SECONDS if working else 0)
    while time.monotonic() < until:
        time.sleep(POLL_SECONDS)
        row = _look(portal, address)
        outcome = None if row is None else _outcome(row)
        if outcome is not None:
            return outcome
    raise CeremonyRefusal("challenge_used")


def _look(portal: Portal, address: uuid.UUID) -> Challenge | None:
    with portal.database.read() as session:
        return session.scalar(select(Challenge).where(Challenge.uuid == address))


def _outcome(row: Challenge) -> Outcome | None:
    kept = row.outcome or {}
    if "accepted" not in kept:
        return None
    return Outcome(accepted=kept["accepted"], refused=kept["refused"])
