"""Who can be taken into a request, and why somebody cannot.

Everybody whom a source names gets a row: whoever cannot be enrolled stands in it failed, with the
reason, so that nobody is left out unseen. People are taken in with the right of whoever made the
request, as it is at that moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, insert, or_, select
from sqlalchemy.orm import Session

from models import (
    Directory,
    Identity,
    Passkey,
    Person,
    ProvisioningRequest,
    RequestPerson,
    RequestState,
)
from models.passkeys import OWN
from services.provisioning.progress import OPEN
from services.provisioning.settlement import placed, wanted
from services.roles import holds_more
from services.serving import IMPORTING, serves

MOST = 10_000
"""People of one request, those refused included."""

NOT_TAKEN = frozenset(
    {
        "person_left",
        "person_suspended",
        "person_holds_more",
        "person_not_served",
        "person_unlinked",
        "record_unknown_here",
        "record_conflict",
        "record_without_email",
        "record_disabled",
        "record_gone",
        "row_wrong",
        "source_unreadable",
    }
)
"""The codes of those who could not be taken in; what stands in the way may be put right, and then
they are tried again."""


@dataclass(frozen=True)
class Why:
    """Why somebody is not enrolled."""

    code: str
    reason: str


@dataclass(frozen=True)
class Found:
    """Somebody whom a source names: a person here, or what it said and why that is nobody."""

    person: Person | None = None
    directory: Directory | None = None
    remote_id: str | None = None
    name: str = ""
    email: str = ""
    why: Why | None = None


def refused(place: RequestPerson) -> bool:
    """Whether somebody could not be taken in at all."""
    return place.state is RequestState.FAILED and place.code in NOT_TAKEN


def unfinished() -> ColumnElement[bool]:
    """A condition on the people of requests: a key can still be enrolled for them."""
    failed = and_(
        RequestPerson.state == RequestState.FAILED,
        or_(RequestPerson.code.is_(None), RequestPerson.code.not_in(NOT_TAKEN)),
    )
    return or_(RequestPerson.state.in_(OPEN), failed)


def full(request: ProvisioningRequest) -> bool:
    """Whether nobody more can be taken in."""
    return request.people_count >= MOST


def admit(
    session: Session,
    request: ProvisioningRequest,
    found: Sequence[Found],
    *,
    maker: Person,
    now: datetime,
) -> int:
    """Take people into a held request, in a number of queries that does not grow with theirs.

    Whoever is in it already is left as they are.

    Args:
        maker: with whose right.

    Returns:
        How many rows were written.
    """
    fresh = _fresh(session, request, found)[: max(0, MOST - request.people_count)]
    verdicts = judge(session, request, [one.person for one in fresh if one.person], maker=maker)
    rows: list[dict[str, Any]] = []
    for position, one in enumerate(fresh, request.people_count + 1):
        why = one.why or (verdicts.get(one.person.id) if one.person else None)
        rows.append(
            {
                "request_id": request.id,
                "position": position,
                "person_id": one.person.id if one.person else None,
                "directory_id": one.directory.id if one.directory else None,
                "remote_id": one.remote_id,
                "name": one.name[:256],
                "email": one.email[:254],
                "added_at": now,
                **_outcome(why, now=now),
            }
        )
    if rows:
        session.execute(insert(RequestPerson), rows)
    request.people_count += len(rows)
    session.flush()
    return len(rows)


def again(session: Session, place: RequestPerson, found: Found, *, now: datetime) -> bool:
    """Look anew at a held row that could not be taken in.

    Args:
        found: whom it means now.

    Returns:
        Whether they are taken in now.
    """
    request = place.request
    why = found.why
    if found.person is not None:
        if _taken(session, place, found.person):
            return False
        place.person_id = found.person.id
        why = why or judge(session, request, [found.person], maker=request.created_by).get(
            found.person.id
        )
    outcome = _outcome(why, now=now)
    place.state, place.finished_at = outcome["state"], outcome["finished_at"]
    place.code, place.reason = outcome["code"], outcome["reason"]
    session.flush()
    return place.state is not RequestState.FAILED


def _taken(session: Session, place: RequestPerson, person: Person) -> bool:
    """Whether the person is in the request by another row."""
    return (
        session.scalar(
            select(RequestPerson.id).where(
                RequestPerson.request_id == place.request_id,
                RequestPerson.person_id == person.id,
                RequestPerson.id != place.id,
            )
        )
        is not None
    )


def judge(
    session: Session,
    request: ProvisioningRequest,
    people: Sequence[Person],
    *,
    maker: Person,
) -> dict[int, Why]:
    """Why people of these cannot be enrolled, or need not be, by their keys."""
    places = wanted(session, request)
    keys = [one.id for one in people]
    verdicts: dict[int, Why] = {}
    done = _done(session, keys, places) if request.only_missing else set()
    for person in people:
        if (why := _standing(person, maker)) is not None:
            verdicts[person.id] = why
        elif person.id in done:
            verdicts[person.id] = PLACED_BEFORE
    for directory in places:
        _judge_place(session, directory, people, verdicts)
    return verdicts


PLACED_BEFORE = Why("placed_before", "Has a passkey in every one of these places already.")
"""Nothing is missing, so there is nothing to do."""


def _judge_place(
    session: Session, directory: Directory, people: Sequence[Person], verdicts: dict[int, Why]
) -> None:
    keys = [one.id for one in people if one.id not in verdicts]
    served = set(
        session.scalars(
            select(Person.id)
            .join(Directory, Directory.id == directory.id)
            .where(Person.id.in_(keys), serves(Person.id))
        )
    )
    linked = set(keys)
    if directory.type not in IMPORTING:  # an importing directory takes people whom it lacks
        linked = set(
            session.scalars(
                select(Identity.person_id).where(
                    Identity.directory_id == directory.id, Identity.person_id.in_(keys)
                )
            )
        )
    for key in keys:
        if key not in served:
            verdicts[key] = Why(
                "person_not_served",
                f"{directory.name} does not serve this person. Choose them there first.",
            )
        elif key not in linked:
            verdicts[key] = Why(
                "person_unlinked",
                f"This person is linked to no record of {directory.name}. Link them first.",
            )


def _standing(person: Person, maker: Person) -> Why | None:
    name = person.display_name
    if person.ended_at is not None:
        return Why("person_left", f"{name} has left. Bring them back first.")
    if person.suspended_at is not None:
        return Why("person_suspended", f"{name} is suspended. Let them back in first.")
    if holds_more(person, maker):
        return Why(
            "person_holds_more",
            f"{name} may do more than {maker.display_name}, who made this request.",
        )
    return None


def _done(session: Session, people: Sequence[int], places: Sequence[Directory]) -> set[int]:
    """Who has a living passkey of our own, or where places are named, one in each of them."""
    if not places:
        return set(
            session.scalars(
                select(Passkey.person_id).where(
                    Passkey.person_id.in_(people),
                    Passkey.maker == OWN,
                    Passkey.ended_at.is_(None),
                )
            )
        )
    there = placed(session, people, places)
    return {one for one in people if all((one, place.id) in there for place in places)}


def _fresh(session: Session, request: ProvisioningRequest, found: Iterable[Found]) -> list[Found]:
    """Those of them who are not in the request yet, each once."""
    found = list(found)
    people = {one.person.id for one in found if one.person}
    seen: set[object] = set(
        session.scalars(
            select(RequestPerson.person_id).where(
                RequestPerson.request_id == request.id, RequestPerson.person_id.in_(people)
            )
        )
    )
    seen |= {
        (row[0], row[1])
        for row in session.execute(
            select(RequestPerson.directory_id, RequestPerson.remote_id).where(
                RequestPerson.request_id == request.id,
                RequestPerson.remote_id.in_({one.remote_id for one in found if one.remote_id}),
            )
        )
    }
    fresh = []
    for one in found:
        names = _names(one)
        if not seen.intersection(names):
            fresh.append(one)
        seen.update(names)
    return fresh


def _names(one: Found) -> list[object]:
    """What tells that two of a request are the same."""
    names: list[object] = [one.person.id] if one.person else []
    if one.directory is not None and one.remote_id:
        names.append((one.directory.id, one.remote_id))
    return names


def _outcome(why: Why | None, *, now: datetime) -> dict[str, Any]:
    if why is None:
        return {"state": RequestState.PENDING, "finished_at": None, "code": None, "reason": None}
    done = why is PLACED_BEFORE
    return {
        "state": RequestState.COMPLETED if done else RequestState.FAILED,
        "finished_at": now,
        "code": why.code,
        "reason": why.reason[:1000],
    }
