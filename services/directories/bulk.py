"""Linking many records at once, after somebody looked at the pairs.

What the preview showed is sealed into the form, and every record is read again from the directory
before its pair is linked: a pair that is not any more what was looked at is left alone, and said.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from directories.base import Connector, DirectoryError, RemoteIdentity
from models import Directory, Person
from services import people
from services.directories import browsing, linking, matching
from services.directories.connecting import connector
from services.directories.records import by_uuid
from services.portal import Portal
from services.refusal import Refusal

MOST = 100
"""How many pairs one form may hold: more than any page of a directory."""
_KIND = "pair"


@dataclass(frozen=True)
class Pair:
    """A record and a person, as a preview showed them."""

    remote_id: str
    label: str
    person: uuid.UUID
    doubts: tuple[str, ...]
    """What the preview said of the record."""


@dataclass(frozen=True)
class Outcome:
    """What became of one pair."""

    label: str
    """How the record is called there."""
    name: str
    """The person; empty where they are not here any more."""
    problem: str = ""
    """Why the two are not linked; empty where they are."""


@dataclass(frozen=True)
class Linked:
    """What became of all pairs."""

    outcomes: tuple[Outcome, ...]
    owed: int
    """How many deliveries were written."""
    trouble: DirectoryError | None = None
    """What stopped it: the pairs that are left are not among the outcomes."""

    @property
    def done(self) -> int:
        """How many pairs are linked."""
        return sum(not one.problem for one in self.outcomes)


def sealed(portal: Portal, directory: Directory, suggestion: matching.Suggestion) -> str:
    """The value by which a form names a pair that is offered."""
    if suggestion.person is None or not suggestion.offered:
        raise ValueError(suggestion)
    remote = suggestion.remote
    value = [remote.remote_id, remote.label, suggestion.person.uuid.hex, suggestion.doubts]
    return browsing.seal(portal, directory, _KIND, value) or ""


def opened(portal: Portal, directory: Directory, texts: Sequence[str]) -> list[Pair]:
    """The pairs that a form names; texts that are not ours, or not this directory's, are none."""
    found = []
    for text in texts[:MOST]:
        value = browsing.opened(portal, directory, _KIND, text)
        if value is not None:
            remote_id, label, person, doubts = value
            found.append(Pair(remote_id, label, uuid.UUID(person), tuple(doubts)))
    return found


def link(portal: Portal, name: uuid.UUID, pairs: Sequence[Pair], *, actor: Person) -> Linked:
    """Link the pairs that still hold, each in a transaction of its own.

    A directory that stops answering ends it: what is linked by then stays so.

    Raises:
        Refusal: `directory_unknown`.
    """
    with portal.database.read() as session:
        directory = by_uuid(session, name)
    outcomes: list[Outcome] = []
    owed = 0
    try:
        connection = connector(portal, directory)
        for pair in pairs:
            try:
                person, written = _link(portal, directory, connection, pair, actor=actor)
            except Refusal as refusal:
                outcomes.append(Outcome(pair.label, _name(portal, pair), refusal.sentence))
            else:
                outcomes.append(Outcome(pair.label, person.display_name))
                owed += written
    except DirectoryError as error:
        return Linked(tuple(outcomes), owed, error)
    return Linked(tuple(outcomes), owed)


def _link(
    portal: Portal, directory: Directory, connection: Connector, pair: Pair, *, actor: Person
) -> tuple[Person, int]:
    with portal.database.read() as session:
        person = people.get(session, pair.person)
    if person is None:
        raise _not_so("The person is not here any more.")
    remote = browsing.find(portal, directory, pair.remote_id)
    if not matching.fits(remote, person):
        raise _not_so(f"The record is not called {person.email} any more.")
    if news := [one for one in matching.doubts(remote) if one not in pair.doubts]:
        raise _not_so(f"It changed since you looked: {' '.join(news)}")
    if others := _others(connection, remote, person):
        raise _not_so(
            f"{others} more of its records have the address {person.email}. "
            "Link the right one by hand."
        )
    with portal.database.write() as session:
        current = people.get(session, pair.person)
        if current is None or current.email != person.email:
            raise _not_so("The person changed at this moment.")
        written = linking.link(
            session,
            by_uuid(session, directory.uuid),
            remote,
            current,
            how="in bulk",
            actor=actor,
            now=portal.now(),
        )
    return person, written


def _others(connection: Connector, remote: RemoteIdentity, person: Person) -> int:
    """How many other records the directory finds by the address that the pair has in common."""
    found = connection.people(person.email, None).items
    return sum(one.remote_id != remote.remote_id and matching.fits(one, person) for one in found)


def _not_so(sentence: str) -> Refusal:
    return Refusal("pair_changed", sentence, status=409)


def _name(portal: Portal, pair: Pair) -> str:
    with portal.database.read() as session:
        person = people.get(session, pair.person)
    return person.display_name if person else ""
