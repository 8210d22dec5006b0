"""A desk: an operator enrols the people of a request, one after another.

Whom an operator has before them is a claim on that person's row, so whoever comes back after a
crash finds the person again. It lasts as long as they go on acting; after that it is theirs until
somebody else takes the person, so a desk that is left behind keeps nobody. Every claim grows the
row's fence, and a key is registered only behind the fence that its page was made with: whoever
lost the person registers nothing for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from models import (
    EnrolmentLink,
    Passkey,
    Person,
    ProvisioningRequest,
    RequestPerson,
    RequestState,
)
from services import passkeys
from services.attestation.policy import Policy
from services.portal import Portal
from services.provisioning import desk_left, desk_steps, minting, progress, scope
from services.provisioning.admission import unfinished
from services.provisioning.minting import mintable
from services.provisioning.progress import OPEN
from services.refusal import Refusal
from services.roles import Privilege, holds_more, privileges

LEASE = timedelta(minutes=15)
"""How long a person stays with an operator who does nothing, whoever asks for them."""
BATCH = 20
"""How many people are looked at together, to find the next one."""


@dataclass(frozen=True)
class Beginning:
    """What a ceremony at a desk is begun with."""

    person_id: int
    subject: str
    directory_id: int | None
    """The directory that issues the challenge; None where we do."""
    policy: Policy | None
    """What the key is judged by; None takes the policy in force for the person."""
    exclude: tuple[bytes, ...]
    """Ids of the keys that were last registered for others."""


def held(session: Session, request: ProvisioningRequest, operator: Person) -> RequestPerson | None:
    """Whom the operator has before them, for as long as nobody else took them."""
    return session.scalar(
        select(RequestPerson)
        .where(
            RequestPerson.request_id == request.id,
            RequestPerson.claimed_by_id == operator.id,
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
    mine = held(session, request, operator)
    if mine is not None:
        if _can(session, portal, mine, operator=operator, now=now) and claim(
            session, mine, operator=operator, now=now
        ):
            return mine
        release(session, mine, operator=operator)
    may = desk_left.something_left(session, portal, request)
    rounds = (
        and_(RequestPerson.position > after, may),
        and_(RequestPerson.position <= after, may),
    )
    for place in (one for which in rounds for one in _waiting(session, request, which, now=now)):
        if _can(session, portal, place, operator=operator, now=now) and claim(
            session, place, operator=operator, now=now
        ):
            return place
    return None


def choose(
    session: Session, place: RequestPerson, *, operator: Person, now: datetime
) -> RequestPerson:
    """Give the operator this very person, and put back whomever they had.

    Raises:
        Refusal: as `demand`, and `desk_taken`.
    """
    demand(place, operator=operator, now=now)
    if not claim(session, place, operator=operator, now=now):
        raise _taken(place)
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


def taken_by(place: RequestPerson, *, operator: Person, now: datetime) -> Person | None:
    """The other operator who has the person at their desk just now."""
    if place.claimed_by_id in (None, operator.id):
        return None
    if place.claim_until is None or place.claim_until <= now:
        return None
    return place.claimed_by


def begin(
    session: Session, portal: Portal, subject: str, *, operator: Person, now: datetime
) -> Beginning:
    """What the ceremony of a page is begun with; the operator goes on having the person.

    Args:
        subject: of the step, as `desk_steps.steps` gave it to the page.

    Raises:
        Refusal: `step_unknown`, `step_done`, and as `renew`.
    """
    place = place_of(session, subject)
    place = renew(session, place, desk_steps.read(subject).fence, operator=operator, now=now)
    step = desk_steps.find(desk_steps.steps(session, portal, place), subject)
    return Beginning(
        person_id=_person(place).id,
        subject=subject,
        directory_id=step.touch.directory.id if step.touch.directory else None,
        policy=scope.policy_for(session, place),
        exclude=desk_steps.recent(session, place, step.touch),
    )


def place_of(session: Session, subject: str) -> RequestPerson:
    """The person of a request whom a ceremony's subject names.

    Raises:
        Refusal: `step_unknown` when there is none.
    """
    place = session.scalar(
        select(RequestPerson).where(RequestPerson.uuid == desk_steps.read(subject).place)
    )
    if place is None:
        raise desk_steps.unknown()
    return place


def renew(
    session: Session, place: RequestPerson, fence: int, *, operator: Person, now: datetime
) -> RequestPerson:
    """Hold on to the person while something is done for them.

    Args:
        fence: what the operator's page was made with.

    Returns:
        The row, held until the transaction ends.

    Raises:
        Refusal: `desk_lost` when somebody else took them, or another page did; as `demand`.
    """
    _share(session, place)
    row = progress.hold(session, place.id)
    if row.fence != fence or row.claimed_by_id != operator.id:
        raise _lost()
    demand(row, operator=operator, now=now)
    row.claim_until = now + LEASE
    return row


def finish(
    session: Session,
    portal: Portal,
    subject: str,
    passkey: Passkey,
    *,
    operator: Person,
    label: str = "",
    now: datetime,
) -> None:
    """Note that a key was registered, in the transaction that stores it. With the last one the
    person leaves the desk, and a link that they still have is dead.

    Args:
        label: what the operator calls the key, as a number that is printed on it; empty leaves the
            name it has.

    Raises:
        Refusal: as `renew` and `progress.finished`; it takes the passkey back with the
            transaction.
    """
    place = place_of(session, subject)
    _share(session, place)
    planned = desk_steps.steps(session, portal, place)
    last = all(one.done or one.subject == subject for one in planned)
    if last:  # links are held before people
        minting.revoke(session, EnrolmentLink.request_person_id == place.id, now=now)
    row = renew(session, place, desk_steps.read(subject).fence, operator=operator, now=now)
    progress.finished(session, row, passkey, now=now)
    if name := _printable(label):
        passkeys.rename(session, passkey, name, actor=operator, now=now)
    if last:
        row.claimed_by_id = row.claim_until = None


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
                unfinished(),
                _free(now),
            )
            .order_by(RequestPerson.position)
            .limit(BATCH)
        ).all()
        yield from found
        if len(found) < BATCH:
            return
        last = found[-1].position


def _can(
    session: Session, portal: Portal, place: RequestPerson, *, operator: Person, now: datetime
) -> bool:
    """Whether the operator can enrol them, and anything is left to enrol: somebody who has begun
    may only wait for a directory.
    """
    try:
        demand(place, operator=operator, now=now)
    except Refusal:
        return False
    return any(not one.done for one in desk_steps.steps(session, portal, place))


def _free(now: datetime, operator: Person | None = None) -> ColumnElement[bool]:
    conditions = [RequestPerson.claim_until.is_(None), RequestPerson.claim_until <= now]
    if operator is not None:
        conditions.append(RequestPerson.claimed_by_id == operator.id)
    return or_(*conditions)


def _share(session: Session, place: RequestPerson) -> None:
    """Read the request as it is now: whoever cancels or expires it waits until this is over."""
    session.get_one(
        ProvisioningRequest,
        place.request_id,
        populate_existing=True,
        with_for_update={"read": True, "of": ProvisioningRequest},
    )


def _printable(label: str) -> str:
    """A label that can be a name: one that is too long is cut, as the key was touched already."""
    text = "".join(char if char.isprintable() else " " for char in label)
    return " ".join(text.split())[: passkeys.MAX_NICKNAME].strip()


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
        "This person is not at your desk any more: another operator, or another page of yours, "
        "has taken them, or they were put back. Nothing was registered.",
        status=409,
    )


def _taken(place: RequestPerson) -> Refusal:
    who = place.claimed_by.display_name if place.claimed_by else "Somebody else"
    return Refusal("desk_taken", f"{who} has this person at their desk just now.", status=409)
