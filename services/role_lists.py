"""Which roles there are, built in or made here, and who holds them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Person, Role, RoleGrant
from services.refusal import Refusal
from services.roles import DESCRIPTIONS, NAMES, ROLES, Privilege, name_of, named


@dataclass(frozen=True)
class RoleView:
    """One role, built in or made here."""

    key: str
    """Its built-in name, or its UUID."""
    name: str
    description: str
    privileges: frozenset[Privilege]
    row: Role | None = None
    """None for a built-in role."""


def known(session: Session) -> list[RoleView]:
    """Every role: the built-in ones, then those made here by name."""
    made = session.scalars(select(Role).where(Role.ended_at.is_(None)).order_by(Role.name))
    return [_built_in(name) for name in ROLES] + [made_here(role) for role in made]


def find(session: Session, key: str) -> RoleView:
    """The role of a key.

    Raises:
        Refusal: `role_unknown`.
    """
    if key in ROLES:
        return _built_in(key)
    try:
        address = uuid.UUID(key)
    except ValueError:
        raise _unknown() from None
    role = session.scalar(select(Role).where(Role.uuid == address, Role.ended_at.is_(None)))
    if role is None:
        raise _unknown()
    return made_here(role)


def names(person: Person) -> list[str]:
    """What the person's roles are called."""
    return sorted(name_of(grant) for grant in person.roles)


def holders(session: Session, key: str) -> list[Person]:
    """Who holds the role, by name; people who have left included until it is taken from them."""
    return list(
        session.scalars(
            select(Person)
            .join(RoleGrant, RoleGrant.person_id == Person.id)
            .where(RoleGrant.role == key)
            .order_by(Person.display_name, Person.id)
        )
    )


def holder_counts(session: Session) -> dict[str, int]:
    """How many people hold each role, by its key."""
    statement = select(RoleGrant.role, func.count()).group_by(RoleGrant.role)
    return dict(session.execute(statement).all())


def _built_in(name: str) -> RoleView:
    return RoleView(name, NAMES.get(name, name), DESCRIPTIONS.get(name, ""), ROLES[name])


def made_here(role: Role) -> RoleView:
    """The view of a role that was made here."""
    return RoleView(str(role.uuid), role.name, role.description, named(role.privileges), role)


def _unknown() -> Refusal:
    return Refusal("role_unknown", "There is no such role.", status=404)
