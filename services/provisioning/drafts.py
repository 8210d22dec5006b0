"""Putting a request together: what it is, and confirming it (`sources` has whom it is for).

A draft belongs to whoever began it, because people are taken in with their right. Nothing happens
to anybody until it is confirmed.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models import (
    Directory,
    DirectoryType,
    Driver,
    Person,
    ProvisioningRequest,
    RequestDirectory,
    RequestSource,
    RequestState,
)
from services import audit, people
from services.attestation.policy import Policy
from services.provisioning.records import own_draft
from services.provisioning.sources import of
from services.refusal import Refusal
from services.roles import Action, Privilege, of_type, privileges
from services.serving import in_service

NAME_LENGTH = 128
LONGEST = timedelta(days=180)
"""How far ahead the last day may be; links are open until then."""


@dataclass(frozen=True)
class Choices:
    """What a request is, beside its people."""

    name: str
    driver: Driver
    last_day: date
    directories: Sequence[uuid.UUID] = ()
    policy: Policy | None = None
    """None for each person's own."""
    only_missing: bool = True


def offered(session: Session, actor: Person) -> list[Directory]:
    """The directories that somebody can make a request for: those in service that they may see."""
    held = privileges(actor)
    seen = [type for type in DirectoryType if of_type(Action.VIEW, type) in held]
    return list(
        session.scalars(
            select(Directory)
            .where(in_service(), Directory.type.in_(seen))
            .order_by(Directory.name, Directory.id)
        )
    )


def begin(
    session: Session, choices: Choices, *, actor: Person, now: datetime
) -> ProvisioningRequest:
    """Begin a draft.

    Raises:
        Refusal: `request_name_missing`, `request_day_wrong`, `request_directory_unknown`;
            `request_policy_needs` for a policy that is not the actor's to choose.
    """
    request = ProvisioningRequest(
        name="", state=RequestState.DRAFT, created_by_id=actor.id, created_at=now, directories=[]
    )
    _fill(session, request, choices, actor=actor, now=now)
    session.add(request)
    session.flush()
    return request


def change(
    session: Session,
    request: ProvisioningRequest,
    choices: Choices,
    *,
    actor: Person,
    now: datetime,
) -> None:
    """Choose anew for a draft.

    Raises:
        Refusal: as `begin`; `request_changed` when it is no draft of the actor's any more.
    """
    own_draft(session, request, actor)
    _fill(session, request, choices, actor=actor, now=now)
    session.flush()


def discard(session: Session, request: ProvisioningRequest, *, actor: Person) -> None:
    """Forget a draft.

    Raises:
        Refusal: `request_changed`.
    """
    own_draft(session, request, actor)
    for table in (RequestSource, RequestDirectory):
        session.execute(delete(table).where(table.request_id == request.id))
    session.expire(request, ["directories"])
    session.delete(request)
    session.flush()


def confirm(
    session: Session, request: ProvisioningRequest, *, actor: Person, now: datetime
) -> None:
    """Make the request: the worker takes its people in from now on. Wake it after this.

    Raises:
        Refusal: `request_changed`; `request_empty` where nobody is to be taken; as `begin`, for
            what has changed since it was chosen.
    """
    own_draft(session, request, actor)
    taken = of(session, request)
    if not taken:
        raise Refusal("request_empty", "Choose the people first: nobody is in it yet.")
    demand_day(request.last_day, now=now)
    if request.policy is not None:
        _demand_policies(actor)
    known = {one.id for one in offered(session, actor)}
    named = {one.directory_id for one in request.directories}
    named |= {one.directory_id for one in taken if one.directory_id is not None}
    if not named <= known:
        raise _unknown_directory()
    request.state, request.confirmed_at, request.due_at = RequestState.PENDING, now, now
    audit.record(
        session,
        audit.Tag.REQUEST_CREATED,
        now=now,
        actor=actor,
        request=str(request.uuid),
        name=request.name,
        driver=request.driver.value,
        policy=request.policy,
        last_day=str(request.last_day),
        directories=[str(one.directory.uuid) for one in request.directories],
        sources=len(taken),
    )


def ends(last_day: date) -> datetime:
    """The end of a day, in UTC."""
    return datetime.combine(last_day + timedelta(days=1), time(), UTC)


def demand_day(last_day: date | None, *, now: datetime) -> None:
    """Refuse a last day that is over, or too far ahead.

    Raises:
        Refusal: `request_day_wrong`.
    """
    today = now.astimezone(UTC).date()
    if last_day is None or not today <= last_day <= today + LONGEST:
        raise Refusal(
            "request_day_wrong",
            f"Choose a last day from today on, at most {LONGEST.days} days ahead.",
        )


def tidy_name(name: str) -> str:
    """A request's name, tidied.

    Raises:
        Refusal: `request_name_missing`.
    """
    name = people.tidy(name)
    if not name or len(name) > NAME_LENGTH:
        raise Refusal("request_name_missing", f"Enter a name of at most {NAME_LENGTH} characters.")
    return name


def _fill(
    session: Session,
    request: ProvisioningRequest,
    choices: Choices,
    *,
    actor: Person,
    now: datetime,
) -> None:
    request.name = tidy_name(choices.name)
    demand_day(choices.last_day, now=now)
    if choices.policy is not None:
        _demand_policies(actor)
    known = {one.uuid: one for one in offered(session, actor)}
    if any(one not in known for one in choices.directories):
        raise _unknown_directory()
    request.driver = choices.driver
    request.ends_at = ends(choices.last_day)
    request.policy = None if choices.policy is None else choices.policy.to_mapping()
    request.policy_by_id = None if choices.policy is None else actor.id
    request.only_missing = choices.only_missing
    chosen = {known[one].id for one in choices.directories}
    kept = [one for one in request.directories if one.directory_id in chosen]
    have = {one.directory_id for one in kept}
    request.directories[:] = kept + [
        RequestDirectory(directory_id=key) for key in sorted(chosen - have)
    ]


def _demand_policies(actor: Person) -> None:
    if Privilege.EDIT_POLICIES not in privileges(actor):
        raise Refusal(
            "request_policy_needs",
            "Only whoever may decide which keys are accepted can choose a policy for a request.",
            status=403,
        )


def _unknown_directory() -> Refusal:
    return Refusal(
        "request_directory_unknown",
        "A directory that was chosen is not in service any more, or you may not see it any more. "
        "Choose again.",
    )
