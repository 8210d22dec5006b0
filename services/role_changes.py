"""Making, changing and ending roles, and giving them to people. No path leads upward.

Nobody puts into a role, or gives to somebody, a privilege that they do not hold themselves; nobody
changes a role that somebody above them holds; and one administrator is always left.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import Person, Role, RoleGrant
from services import audit
from services.people import tidy
from services.refusal import Refusal
from services.role_lists import RoleView, find, holder_counts, holders, made_here
from services.roles import (
    ADMINISTRATOR,
    NAMES,
    Privilege,
    holds_more,
    is_administrator,
    privileges,
)

NAME_LENGTH = 64
DESCRIPTION_LENGTH = 256


def create(
    session: Session,
    *,
    name: str,
    description: str,
    privileges: Iterable[Privilege],
    actor: Person | None,
    now: datetime,
) -> RoleView:
    """Make a role.

    Raises:
        Refusal: `role_name_missing`, `role_name_taken`, `role_exceeds`.
    """
    held = frozenset(privileges)
    _within(held, actor)
    role = Role(
        name=_free_name(session, name),
        description=tidy(description)[:DESCRIPTION_LENGTH],
        privileges=_texts(held),
        created_at=now,
    )
    session.add(role)
    _flush(session, role.name)
    audit.record(session, audit.Tag.ROLE_MADE, now=now, actor=actor, after=_record(role))
    return made_here(role)


def edit(
    session: Session,
    key: str,
    *,
    name: str,
    description: str,
    privileges: Iterable[Privilege],
    actor: Person | None,
    now: datetime,
) -> RoleView:
    """Change a role; whoever holds it may do the new things, and no others, at once.

    Raises:
        Refusal: `role_unknown`, `role_built_in`, `role_name_missing`, `role_name_taken`,
            `role_exceeds`, `role_held_above`.
    """
    role = _to_change(session, key, actor)
    held = frozenset(privileges)
    _within(held, actor)
    before = _record(role)
    if tidy(name) != role.name:
        role.name = _free_name(session, name, but=role)
    role.description = tidy(description)[:DESCRIPTION_LENGTH]
    role.privileges = _texts(held)
    _flush(session, role.name)
    if _record(role) != before:
        audit.record(
            session,
            audit.Tag.ROLE_EDITED,
            now=now,
            actor=actor,
            before=before,
            after=_record(role),
        )
    return made_here(role)


def end(session: Session, key: str, *, actor: Person | None, now: datetime) -> RoleView:
    """End a role that nobody holds.

    Raises:
        Refusal: `role_unknown`, `role_built_in`, `role_exceeds`, `role_held`.
    """
    role = _to_change(session, key, actor)
    count = holder_counts(session).get(key, 0)
    if count:
        many = "1 person holds" if count == 1 else f"{count} people hold"
        raise Refusal("role_held", f"{many} this role. Take it from them first.", status=409)
    role.ended_at = now
    audit.record(session, audit.Tag.ROLE_ENDED, now=now, actor=actor, before=_record(role))
    return made_here(role)


def grant(
    session: Session, person: Person, key: str, *, now: datetime, actor: Person | None = None
) -> bool:
    """Give the person a role; nothing happens when they hold it already.

    Args:
        actor: who gives it; None for the system (set-up, a command).

    Returns:
        Whether it is new to them.

    Raises:
        Refusal: `role_unknown`, `role_exceeds`, `person_holds_more`.
    """
    role = find(session, key)
    if role.row is not None:
        session.refresh(role.row, with_for_update={"of": Role})  # nobody widens it meanwhile
        role = made_here(role.row)
    _within(role.privileges, actor)
    _may_act_on(person, actor)
    if person.ended_at is not None:
        raise Refusal("person_left", "This person has left. Bring them back first.", status=409)
    held = session.scalar(
        select(RoleGrant.id).where(RoleGrant.person_id == person.id, RoleGrant.role == key)
    )
    if held is not None:
        return False
    made = RoleGrant(role=key, custom=role.row, granted_at=now)
    person.roles.append(made)
    session.flush()
    audit.record(
        session, audit.Tag.ROLE_GRANTED, now=now, actor=actor, person=person, role=role.name
    )
    return True


def revoke(
    session: Session, person: Person, key: str, *, actor: Person | None, now: datetime
) -> bool:
    """Take a role from the person; nothing happens when they do not hold it.

    Returns:
        Whether they held it.

    Raises:
        Refusal: `role_unknown`, `role_exceeds`, `person_holds_more`, `last_administrator`.
    """
    role = find(session, key)
    _within(role.privileges, actor)
    _may_act_on(person, actor)
    if key == ADMINISTRATOR:
        keep_an_administrator(session, person)
    held = next((one for one in person.roles if one.role == key), None)
    if held is None:
        return False
    person.roles.remove(held)
    session.delete(held)
    session.flush()
    audit.record(
        session, audit.Tag.ROLE_REVOKED, now=now, actor=actor, person=person, role=role.name
    )
    return True


def keep_an_administrator(session: Session, person: Person) -> None:
    """Refuse what would leave nobody who may do everything.

    Locks the administrators, so that two of them cannot each remove the other.

    Raises:
        Refusal: `last_administrator`.
    """
    if not is_administrator(person) or not person.active:
        return
    locked = (
        _administrators()
        # Who was demoted meanwhile is not found; whoever only names one of them does not wait.
        .with_for_update(key_share=True, of=[Person, RoleGrant])
        .execution_options(populate_existing=True)
    )
    _check_others(session.scalars(locked).all(), person)


def _administrators() -> Select[Person]:
    return (
        select(Person)
        .join(RoleGrant, RoleGrant.person_id == Person.id)
        .where(RoleGrant.role == ADMINISTRATOR)
        .order_by(Person.id)
    )


def _check_others(others: Sequence[Person], person: Person) -> None:
    if not any(one.active and one.id != person.id for one in others):
        raise Refusal(
            "last_administrator",
            "This is the last administrator. Make somebody else one first.",
            status=409,
        )


def obstacle_to_change(session: Session, view: RoleView, actor: Person) -> Refusal | None:
    """Why somebody cannot edit or end a role; None where nothing stands in the way."""
    if view.row is None:
        return _is_built_in()
    try:
        _check_change(session, view, actor)
    except Refusal as refusal:
        return refusal
    return None


def obstacle_to_give(view: RoleView, person: Person, actor: Person) -> Refusal | None:
    """Why somebody cannot give a person the role; None where they can."""
    try:
        _may_act_on(person, actor)
        _within(view.privileges, actor)
    except Refusal as refusal:
        return refusal
    return None


def obstacle_to_take(
    session: Session, view: RoleView, person: Person, actor: Person
) -> Refusal | None:
    """Why somebody cannot take the role from a person; None where they can."""
    try:
        _may_act_on(person, actor)
        _within(view.privileges, actor)
        if view.key == ADMINISTRATOR and is_administrator(person) and person.active:
            _check_others(session.scalars(_administrators()).all(), person)
    except Refusal as refusal:
        return refusal
    return None


def _to_change(session: Session, key: str, actor: Person | None) -> Role:
    view = find(session, key)
    if view.row is None:
        raise _is_built_in()
    session.refresh(view.row, with_for_update={"of": Role})
    _check_change(session, made_here(view.row), actor)
    return view.row


def _check_change(session: Session, view: RoleView, actor: Person | None) -> None:
    _within(view.privileges, actor)
    if actor is not None and any(holds_more(one, actor) for one in holders(session, view.key)):
        raise Refusal(
            "role_held_above",
            "Somebody who may do more than you holds this role, so you cannot change it.",
            status=403,
        )


def _within(held: frozenset[Privilege], actor: Person | None) -> None:
    """Refuse to hand out what the actor does not hold."""
    if actor is None:
        return
    beyond = held - privileges(actor)
    if beyond:
        listed = ", ".join(_texts(beyond))
        raise Refusal(
            "role_exceeds", f"You cannot give or take what you may not do: {listed}.", status=403
        )


def _may_act_on(person: Person, actor: Person | None) -> None:
    if actor is not None and holds_more(person, actor):
        raise Refusal(
            "person_holds_more",
            "This person may do more than you, so you cannot change their roles.",
            status=403,
        )


def _is_built_in() -> Refusal:
    return Refusal(
        "role_built_in", "A built-in role cannot be changed. Make a copy of it.", status=409
    )


def _free_name(session: Session, name: str, *, but: Role | None = None) -> str:
    name = tidy(name)
    if not name or len(name) > NAME_LENGTH:
        raise Refusal("role_name_missing", "Enter a name of at most 64 characters for the role.")
    taken = session.scalar(
        select(Role.id).where(
            func.lower(Role.name) == name.lower(),
            Role.ended_at.is_(None),
            Role.id != (but.id if but else 0),
        )
    )
    if taken is not None or name.lower() in {one.lower() for one in NAMES.values()}:
        raise _name_taken(name)
    return name


def _flush(session: Session, name: str) -> None:
    try:
        session.flush()
    except IntegrityError:  # somebody else took the name in this very moment
        raise _name_taken(name) from None


def _name_taken(name: str) -> Refusal:
    return Refusal("role_name_taken", f"A role is called “{name}” already. Choose another name.")


def _texts(held: Iterable[Privilege]) -> list[str]:
    order = list(Privilege)
    return [one.value for one in sorted(held, key=order.index)]


def _record(role: Role) -> dict[str, object]:
    return {
        "role": str(role.uuid),
        "name": role.name,
        "description": role.description,
        "privileges": list(role.privileges),
    }
