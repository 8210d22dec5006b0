"""Which person here a record of a directory may belong to: suggestions, never decisions.

Directories do not prove the e-mail addresses they hold, so an equal address only suggests a pair;
a human looks at it, and whatever gives reason to doubt is not chosen for them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from directories.base import RemoteIdentity
from models import Directory, Person
from services.directories import identities
from services.people import tidy_email
from services.roles import holds_more


@dataclass(frozen=True)
class Suggestion:
    """One record, and whose it may be."""

    remote: RemoteIdentity
    person: Person | None = None
    linked: bool = False
    """Whether it is this person's already."""
    why: str = ""
    """What the two have in common."""
    conflict: str = ""
    """Why the pair cannot be linked from a list; empty where it can."""
    doubts: tuple[str, ...] = ()
    """Why a human should look twice."""

    @property
    def offered(self) -> bool:
        """Whether the pair can be chosen."""
        return self.person is not None and not self.linked and not self.conflict


def addresses(remote: RemoteIdentity) -> dict[str, str]:
    """What a record is called there that can be an address here, and what each is."""
    named = {"user name": remote.label, "e-mail": remote.email}
    return {tidy_email(text): what for what, text in named.items() if "@" in text}


def doubts(remote: RemoteIdentity) -> tuple[str, ...]:
    """What about the record itself gives reason to look twice."""
    found = []
    if remote.enabled is False:
        found.append("The account is disabled there.")
    if remote.guest:
        found.append("The account is a guest's.")
    return tuple(found)


def suggest(
    session: Session, directory: Directory, records: Sequence[RemoteIdentity], *, actor: Person
) -> list[Suggestion]:
    """A suggestion for each record, in a fixed number of queries."""
    owners = identities.linked(session, directory, [one.remote_id for one in records])
    people = _people(session, {each for one in records for each in addresses(one)})
    elsewhere = identities.linked_people(session, directory, people.values())
    free = [one for one in records if one.remote_id not in owners]
    claims = Counter(person.id for one in free for person in _matches(one, people))
    found = []
    for one in records:
        owner = owners.get(one.remote_id)
        if owner is not None:
            found.append(Suggestion(one, owner, linked=True))
            continue
        matches = _matches(one, people)
        if len(matches) != 1:
            found.append(Suggestion(one, conflict=_ambiguous(matches)))
            continue
        (person,) = matches
        found.append(
            Suggestion(
                one,
                person,
                why=_in_common(one, person),
                conflict=_conflict(
                    directory, person, elsewhere.get(person.id), claims[person.id], actor
                ),
                doubts=doubts(one),
            )
        )
    return found


def fits(remote: RemoteIdentity, person: Person) -> bool:
    """Whether the record is called there as the person is here."""
    return person.email in addresses(remote)


def _people(session: Session, emails: Iterable[str]) -> dict[str, Person]:
    found = session.scalars(select(Person).where(Person.email.in_(sorted(emails))))
    return {one.email: one for one in found}


def _matches(remote: RemoteIdentity, people: dict[str, Person]) -> list[Person]:
    found = {people[one].id: people[one] for one in addresses(remote) if one in people}
    return list(found.values())


def _in_common(remote: RemoteIdentity, person: Person) -> str:
    return f"same {addresses(remote)[person.email]}"


def _ambiguous(matches: list[Person]) -> str:
    if not matches:
        return ""
    names = " and ".join(one.display_name for one in matches)
    return f"Two people here fit: {names}, one by e-mail and one by user name. Link it by hand."


def _conflict(
    directory: Directory, person: Person, other: str | None, claims: int, actor: Person
) -> str:
    name = person.display_name
    if person.ended_at is not None:
        return f"{name} has left."
    if other is not None:
        return f"{name} is linked to another record of {directory.name}: {other}."
    if claims > 1:
        return f"{claims} records of this page fit {name}. Link the right one by hand."
    if holds_more(person, actor):
        return f"{name} may do more than you, so their record is not yours to choose."
    return ""
