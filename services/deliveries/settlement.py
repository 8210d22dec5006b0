"""Writing down how a run ended: only for the worker that still holds the delivery."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Delivery, DeliveryState, Passkey, Placement, PlacementState
from services import audit, provisioning
from services.deliveries import facts as facts_module
from services.deliveries import pauses, unlinking
from services.deliveries.claims import Claim
from services.deliveries.facts import Facts
from services.deliveries.outcomes import (
    Done,
    Dropped,
    Held,
    Later,
    NeedsTouch,
    Outcome,
    Why,
)
from services.deliveries.rows import REPLACED, lock, waiting, write
from services.ending import Because, end_useless

CHANGED = "delivery.changed"
"""The cause of a delivery that is owed because what is wanted changed while one ran."""


def settle(
    session: Session, claim: Claim, outcome: Outcome, *, facts: Facts | None, now: datetime
) -> bool:
    """Write the outcome down, once, behind the fence.

    Args:
        facts: what the run went by; when what is wanted has changed since, another delivery is
            owed in the same transaction. None where the run got no facts, and for an account:
            whoever suspends somebody owes that by a delivery of its own.

    Returns:
        False when somebody else has the delivery by now; then nothing was written.
    """
    if isinstance(outcome, Held | Dropped) and claim.pair.passkey_id is not None:
        # It may be ended below, and whoever ends one takes its row before its placements.
        session.get_one(
            Passkey,
            claim.pair.passkey_id,
            populate_existing=True,
            with_for_update={"of": Passkey},
        )
    placement = lock(session, claim.pair)
    delivery = session.scalar(
        select(Delivery)
        .where(
            Delivery.id == claim.delivery_id,
            Delivery.fence == claim.fence,
            Delivery.state == DeliveryState.RUNNING,
        )
        .with_for_update(of=Delivery)
    )
    if delivery is None or (placement is None and claim.pair.passkey_id is not None):
        return False
    delivery.lease_until = None
    if placement is not None and placement.passkey.ended_at is not None:
        placement.wanted = PlacementState.ABSENT
    match outcome:
        case Done():
            if placement is not None and outcome.actual is not None:
                _confirm(placement, outcome.actual, outcome.remote_id, now=now)
                placement.begun = placement.not_after = None  # finished, or taken back
            _end(delivery, DeliveryState.DONE, outcome.note, now=now)
            _record(session, audit.Tag.DELIVERY_DONE, delivery, now=now)
        case Held():
            if placement is not None and outcome.actual is not None:
                _confirm(placement, outcome.actual, None, now=now)
            if placement is not None and outcome.judged:
                _last_word(session, claim, placement, now=now)
                _give_up(session, placement, Because.REFUSED, outcome.why, now=now)
            _stop(session, claim, delivery, DeliveryState.HELD, outcome.why, now=now)
        case NeedsTouch():
            if placement is not None:
                if outcome.actual is not None:
                    _confirm(placement, outcome.actual, None, now=now)
                _last_word(session, claim, placement, now=now)
            _stop(session, claim, delivery, DeliveryState.NEEDS_TOUCH, outcome.why, now=now)
        case Dropped():
            # What was asked for anew meanwhile is decided by the delivery that waits for it.
            settled = waiting(session, claim.pair) is None and not (facts and facts.placed)
            if placement is not None and settled:
                placement.wanted = PlacementState.ABSENT
                if facts is not None and facts.answer is not None:
                    _give_up(session, placement, Because.UNFINISHED, outcome.why, now=now)
            _end(delivery, DeliveryState.DROPPED, outcome.why, now=now)
        case Later():
            _again(session, claim, delivery, outcome, now=now)
    session.flush()
    provisioning.delivered(session, claim.pair.person_id, now=now)
    unlinking.after_removal(
        session, directory_id=claim.pair.directory_id, person_id=claim.pair.person_id, now=now
    )
    useless = isinstance(outcome, Held) and outcome.judged
    if facts is not None and not isinstance(outcome, Dropped) and not useless:
        lost = isinstance(outcome, NeedsTouch)
        _owe_what_changed(session, claim, facts, only_wanted=lost, now=now)
    return True


def _confirm(
    placement: Placement, actual: PlacementState, remote_id: str | None, *, now: datetime
) -> None:
    placement.actual = actual
    placement.remote_id = remote_id
    placement.confirmed_at = now


def _last_word(session: Session, claim: Claim, placement: Placement, *, now: datetime) -> None:
    """What the directory began is over there, so nothing that waits can finish it either.

    A removal that waits meanwhile goes on: it only looks.
    """
    placement.begun = placement.not_after = None
    newer = waiting(session, claim.pair)
    if newer is not None and placement.wanted is PlacementState.PRESENT:
        newer.state, newer.code, newer.settled_at = DeliveryState.DROPPED, REPLACED, now
        session.flush()


def _give_up(
    session: Session, placement: Placement, because: Because, why: Why, *, now: datetime
) -> None:
    """Nobody shall count on a passkey that only this directory could have used."""
    placement.begun = placement.not_after = None
    if end_useless(
        session, placement.passkey, placement.directory, because=because, code=why.code, now=now
    ):
        placement.wanted = PlacementState.ABSENT


def _end(delivery: Delivery, state: DeliveryState, why: Why | None, *, now: datetime) -> None:
    delivery.state = state
    delivery.settled_at = now
    _explain(delivery, why)


def _explain(delivery: Delivery, why: Why | None) -> None:
    delivery.code = why.code[:64] if why else None
    delivery.reason = why.reason[:1000] if why else None
    delivery.said = why.said[:4000] or None if why else None
    delivery.request_id = why.request_id[:255] or None if why else None


def _stop(
    session: Session,
    claim: Claim,
    delivery: Delivery,
    state: DeliveryState,
    why: Why,
    *,
    now: datetime,
) -> None:
    """Stop for a human, unless a newer delivery is about to try the same anyway."""
    if waiting(session, claim.pair) is not None:
        _end(delivery, DeliveryState.DROPPED, why, now=now)
        delivery.code = REPLACED
        return
    _end(delivery, state, why, now=now)
    _record(session, audit.Tag.DELIVERY_HELD, delivery, now=now)


def _again(
    session: Session, claim: Claim, delivery: Delivery, later: Later, *, now: datetime
) -> None:
    """Wait for the next turn. A newer delivery that waits already inherits the pause."""
    if later.waiting_for_lock:
        delivery.attempts -= 1
        due_at = now + pauses.for_lock()
    else:
        longest = pauses.LONGEST_IN_TURN if later.in_turn else pauses.LONGEST
        due_at = now + pauses.after_failure(delivery.attempts, later.retry_after, longest=longest)
        if later.retry_after is None and delivery.not_after is not None:
            # The last try is made in time, and what it began is taken back when it is over.
            due_at = min(due_at, max(delivery.not_after, now + pauses.SOON))
    newer = waiting(session, claim.pair)
    if newer is None:
        delivery.state = DeliveryState.WAITING
        delivery.due_at = due_at
        if not later.waiting_for_lock:
            _explain(delivery, later.why)
        return
    newer.due_at = max(newer.due_at, due_at)
    newer.attempts = max(newer.attempts, delivery.attempts)
    newer.not_after = newer.not_after or delivery.not_after
    if not later.waiting_for_lock:
        _explain(newer, later.why)
    _end(delivery, DeliveryState.DROPPED, later.why, now=now)
    delivery.code = REPLACED


def _owe_what_changed(
    session: Session, claim: Claim, went_by: Facts, *, only_wanted: bool, now: datetime
) -> None:
    """Owe once more what changed while this ran, whoever changed it and whether or not they said.

    A delivery that waits again reads the facts anew by itself.

    Args:
        only_wanted: where the directory does not have the passkey and never will: then nothing
            else matters, such as a new name.
    """
    if waiting(session, claim.pair) is not None:
        return
    today = facts_module.read(session, claim.delivery_id, claim.pair).desired
    if only_wanted and today.wanted is went_by.desired.wanted:
        return
    if not today.same_as(went_by.desired):
        write(session, [claim.pair], today.wanted, cause=CHANGED, now=now)


def _record(session: Session, tag: audit.Tag, delivery: Delivery, *, now: datetime) -> None:
    """The trail says what happened; the directory's own words stay with the delivery."""
    audit.record(
        session,
        tag,
        now=now,
        person=delivery.person,
        passkey=delivery.passkey,
        directory=delivery.directory,
        cause=delivery.cause,
        state=delivery.state.value,
        attempts=delivery.attempts,
        code=delivery.code,
    )
