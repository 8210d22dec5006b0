"""A desk: an operator enrols the people of a request, one after another.

Whom an operator has before them is a claim on that person's row. It lasts as long as they go on
acting, so whoever comes back after a crash finds the person again, and a desk that is left behind
keeps nobody. Every claim grows the row's fence, and a key is registered only behind the fence that
its page was made with: whoever lost the person registers nothing for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from directories.base import Way
from models import Passkey, Person, ProvisioningRequest, RequestPasskey, RequestPerson, RequestState
from models.passkeys import OWN
from services import passkeys, touches
from services.portal import Portal
from services.provisioning import progress, scope
from services.provisioning.admission import NOT_TAKEN
from services.provisioning.minting import mintable
from services.provisioning.progress import OPEN
from services.refusal import Refusal
from services.roles import Privilege, holds_more, privileges
from services.touches import Touch

LEASE = timedelta(minutes=15)
"""How long a person stays with an operator who does nothing."""
RECENT = 20
"""How many keys of the people before are told to refuse, so that the same one is noticed."""
BATCH = 20
"""How many people are looked at together, to find the next one."""


@dataclass(frozen=True)
class Step:
    """One touch of the person at the desk, and the key that was registered for it here."""

    touch: Touch
    subject: str
    """What its ceremony is bound to."""
    passkey: Passkey | None
    done: bool


def held(
    session: Session, request: ProvisioningRequest, operator: Person, *, now: datetime
) -> RequestPerson | None:
    """Whom the operator has before them."""
    return session.scalar(
        select(RequestPerson)
        .where(
            RequestPerson.request_id == request.id,
            RequestPerson.claimed_by_id == operator.id,
            RequestPerson.claim_until > now,
        )
        .order_by(RequestPerson.claim_until.desc(), RequestPerson.id)
        .limit(1)
    )


def take(
    session: Session,
    portal: Portal,
    request: ProvisioningRequest,
    *,
    operator: Person,
    after: int = 0,
    now: datetime,
) -> RequestPerson | None:
    """Give the operator the next person: whom they have already, else the first after a position
    who has something left to enrol, and round again from the beginning.

    Returns:
        None when nobody is left whom they could enrol now.

    Raises:
        Refusal: `request_closed`.
    """
    _demand_open(request, now=now)
    mine = held(session, request, operator, now=now)
    if mine is not None and claim(session, mine, operator=operator, now=now):
        return mine
    rounds = (RequestPerson.position > after, RequestPerson.position <= after)
    for place in (one for round in rounds for one in _waiting(session, request, round, now=now)):
        if holds_more(_person(place), operator) or not _person(place).active:
            continue
        if not _left(session, portal, place):
            continue
        if claim(session, place, operator=operator, now=now):
            return place
    return None


def choose(
    session: Session, place: RequestPerson, *, operator: Person, now: datetime
) -> RequestPerson:
    """Give the operator this very person, and put back whomever they had.

    Raises:
        Refusal: `request_closed`, `person_holds_more`, `desk_taken`.
    """
    demand(place, operator=operator, now=now)
    if not claim(session, place, operator=operator, now=now):
        raise _taken(session, place)
    session.execute(
        update(RequestPerson)
        .where(
            RequestPerson.request_id == place.request_id,
            RequestPerson.claimed_by_id == operator.id,
            RequestPerson.id != place.id,
        )
        .values(claimed_by_id=None, claim_until=None)
        .execution_options(synchronize_session=False)
    )
    return place


def claim(session: Session, place: RequestPerson, *, operator: Person, now: datetime) -> bool:
    """Claim a person, or hold on to them, in one statement.

    Returns:
        False when somebody else has them.
    """
    fence = session.scalar(
        update(RequestPerson)
        .where(RequestPerson.id == place.id, _free(now, operator))
        .values(
            claimed_by_id=operator.id,
            claim_until=now + LEASE,
            fence=RequestPerson.fence + 1,
        )
        .returning(RequestPerson.fence)
        .execution_options(synchronize_session=False)
    )
    session.refresh(place)
    return fence is not None


def renew(
    session: Session, place: RequestPerson, fence: int, *, operator: Person, now: datetime
) -> RequestPerson:
    """Hold on to the person while something is done for them.

    Args:
        fence: what the operator's page was made with.

    Returns:
        The row, held until the transaction ends.

    Raises:
        Refusal: `desk_lost` when the claim is over, or is another by now; as `demand`.
    """
    row = progress.hold(session, place.id)
    if row.fence != fence or row.claimed_by_id != operator.id:
        raise _lost()
    if row.claim_until is None or row.claim_until <= now:
        raise _lost()
    demand(row, operator=operator, now=now)
    row.claim_until = now + LEASE
    return row


def finish(
    session: Session,
    place: RequestPerson,
    passkey: Passkey,
    *,
    fence: int,
    operator: Person,
    label: str,
    now: datetime,
) -> None:
    """Note that a key was registered, in the transaction that stores it.

    Args:
        label: what the operator calls the key, as a number that is printed on it; empty leaves the
            name it has.

    Raises:
        Refusal: as `renew`, `progress.finished` and `passkeys.rename`; it takes the passkey back
            with the transaction.
    """
    row = renew(session, place, fence, operator=operator, now=now)
    progress.finished(session, row, passkey, now=now)
    if label.strip():
        passkeys.rename(session, passkey, label, actor=operator, now=now)


def release(session: Session, place: RequestPerson, *, operator: Person) -> None:
    """Put the person back: they come again later. Nothing happens to somebody else's."""
    session.execute(
        update(RequestPerson)
        .where(RequestPerson.id == place.id, RequestPerson.claimed_by_id == operator.id)
        .values(claimed_by_id=None, claim_until=None)
        .execution_options(synchronize_session=False)
    )
    session.refresh(place)


def demand(place: RequestPerson, *, operator: Person, now: datetime) -> None:
    """Refuse whom the operator cannot enrol.

    Raises:
        Refusal: `request_closed`, `request_runner_may_not`, `person_holds_more` or
            `person_inactive`.
    """
    if not mintable(place.request, place, now=now):
        raise _closed()
    if Privilege.RUN_REQUESTS not in privileges(operator):
        raise Refusal(
            "request_runner_may_not",
            "You may not carry provisioning requests out any more.",
            status=403,
        )
    person = _person(place)
    if holds_more(person, operator):
        raise Refusal(
            "person_holds_more",
            "This person may do more than you, so you cannot enrol keys for them.",
            status=403,
        )
    if not person.active:
        raise Refusal(
            "person_inactive",
            f"{person.display_name} is suspended or has left, so no key is enrolled.",
            status=409,
        )


def steps(session: Session, portal: Portal, place: RequestPerson) -> tuple[Step, ...]:
    """What the person's keys need, those that were registered for the request included."""
    made = made_for(session, place)
    found = touches.planned(
        session, portal, _person(place).id, directories=scope.directories_for(session, place)
    )
    if not found:
        # None of its directories can be enrolled for: it still leads to a key for this portal.
        found = touches.planned(session, portal, _person(place).id)[:1]
    return tuple(_step(place, touch, made) for touch in found)


def find(planned: Sequence[Step], subject: str) -> Step:
    """The step that a page names.

    Raises:
        Refusal: `step_unknown`, `step_done`.
    """
    step = next((one for one in planned if one.subject == subject), None)
    if step is None:
        raise Refusal("step_unknown", "This page is out of date. Open it again.", status=409)
    if step.done:
        raise Refusal(
            "step_done",
            "This step is done already, perhaps in another tab. Nothing more was registered.",
            status=409,
        )
    return step


def address(subject: str) -> UUID | None:
    """The person of a request that a ceremony's subject names."""
    word, _, rest = subject.partition(":")
    try:
        return UUID(rest.partition(":")[0]) if word == "desk" else None
    except ValueError:
        return None


def made_for(session: Session, place: RequestPerson) -> tuple[Passkey, ...]:
    """The living passkeys that were registered for the person's place in the request."""
    return tuple(
        session.scalars(
            select(Passkey)
            .join(RequestPasskey, RequestPasskey.passkey_id == Passkey.id)
            .where(RequestPasskey.request_person_id == place.id, Passkey.ended_at.is_(None))
            .order_by(RequestPasskey.id)
        )
    )


def recent(session: Session, place: RequestPerson, touch: Touch) -> tuple[bytes, ...]:
    """The keys that were last registered in the request for others, by their credential ids: a key
    that holds one of them is not this person's.
    """
    maker = touch.directory if touch.way is Way.FOREIGN else None
    which = Passkey.maker == OWN if maker is None else Passkey.maker == str(maker.uuid)
    return tuple(
        session.scalars(
            select(Passkey.credential_id)
            .join(RequestPasskey, RequestPasskey.passkey_id == Passkey.id)
            .join(RequestPerson, RequestPasskey.request_person_id == RequestPerson.id)
            .where(
                RequestPerson.request_id == place.request_id, RequestPerson.id != place.id, which
            )
            .order_by(RequestPasskey.id.desc())
            .limit(RECENT)
        )
    )


def _waiting(
    session: Session, request: ProvisioningRequest, which: ColumnElement[bool], *, now: datetime
) -> Iterator[RequestPerson]:
    """The people of a part of the request whom nobody has, in their order, some at a time."""
    last = -1
    while True:
        found = session.scalars(
            select(RequestPerson)
            .where(
                RequestPerson.request_id == request.id,
                RequestPerson.position > last,
                which,
                RequestPerson.person_id.is_not(None),
                _unfinished(),
                _free(now),
            )
            .order_by(RequestPerson.position)
            .limit(BATCH)
        ).all()
        yield from found
        if len(found) < BATCH:
            return
        last = found[-1].position


def _unfinished() -> ColumnElement[bool]:
    failed = and_(
        RequestPerson.state == RequestState.FAILED,
        or_(RequestPerson.code.is_(None), RequestPerson.code.not_in(NOT_TAKEN)),
    )
    return or_(RequestPerson.state.in_(OPEN), failed)


def _free(now: datetime, operator: Person | None = None) -> ColumnElement[bool]:
    conditions = [RequestPerson.claim_until.is_(None), RequestPerson.claim_until <= now]
    if operator is not None:
        conditions.append(RequestPerson.claimed_by_id == operator.id)
    return or_(*conditions)


def _left(session: Session, portal: Portal, place: RequestPerson) -> bool:
    """Whether anything is left to enrol. Somebody who has begun may only wait for a directory."""
    if place.state is RequestState.PENDING:
        return True
    return any(not one.done for one in steps(session, portal, place))


def _step(place: RequestPerson, touch: Touch, made: Sequence[Passkey]) -> Step:
    directory = touch.directory
    foreign = touch.way is Way.FOREIGN and directory is not None
    maker = str(directory.uuid) if foreign and directory is not None else None
    passkey = next(
        (one for one in made if (one.maker == maker if maker else one.own)),
        None,
    )
    return Step(
        touch=touch,
        subject=f"desk:{place.uuid}" + (f":{directory.uuid}" if directory else ""),
        passkey=passkey,
        done=touch.done and (foreign or passkey is not None),
    )


def _person(place: RequestPerson) -> Person:
    if place.person is None:
        raise _closed()
    return place.person


def _demand_open(request: ProvisioningRequest, *, now: datetime) -> None:
    open_now = (*OPEN, RequestState.FAILED)
    if request.ended_at is not None or request.state not in open_now:
        raise _closed()
    if request.ends_at is None or request.ends_at <= now:
        raise _closed()


def _closed() -> Refusal:
    return Refusal(
        "request_closed",
        "This request is not open any more, or this person is not to enrol by it.",
        status=409,
    )


def _lost() -> Refusal:
    return Refusal(
        "desk_lost",
        "This person is not at your desk any more: too much time went by, or another page of "
        "yours or another operator has taken them. Nothing was registered.",
        status=409,
    )


def _taken(session: Session, place: RequestPerson) -> Refusal:
    session.refresh(place)
    who = place.claimed_by.display_name if place.claimed_by else "Somebody else"
    return Refusal("desk_taken", f"{who} has this person at their desk just now.", status=409)
