"""Which touches a person's keys need: one for our own relying party, and one for each other.

Everything here only reads what is known without asking a directory.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from directories import registry
from directories.base import Way
from directories.pingone import enrols_here
from directories.registry import RelyingParty
from models import (
    Delivery,
    DeliveryState,
    Directory,
    Identity,
    Passkey,
    Placement,
    PlacementState,
)
from services import passkeys
from services.portal import Portal
from services.serving import IMPORTING, ISSUING, in_service, serves

GOING_ON = (DeliveryState.WAITING, DeliveryState.RUNNING)


@dataclass(frozen=True)
class Touch:
    """One registration that a person's keys need."""

    directory: Directory | None
    """The one that issues the challenge; None where we do."""
    way: Way
    """IMPORT for our own, SHARED for a directory that shares our relying party ID, else FOREIGN."""
    rp_id: str
    """Empty where the directory only tells when it is asked."""
    origin: str
    """What a client that is no page of ours says it is; empty for our pages, and where the
    directory only tells when it is asked."""
    in_page: bool
    """Whether a plain page of ours can run it."""
    opens: tuple[str, ...]
    """The names of the directories that it serves."""
    why: str
    """For the person."""
    detail: str
    """For the operator."""
    done: bool = False
    """Whether a key of theirs is where this touch would put one, or on its way."""
    entries: tuple[str, ...] = ()
    """Nicknames of keys that have an entry for this relying party already and that the directory
    does not exclude, as it does not know of it."""


def planned(
    session: Session,
    portal: Portal,
    person_id: int,
    *,
    directories: Collection[int] | None = None,
) -> tuple[Touch, ...]:
    """The touches that the person's keys need, done ones included, in the order to take them.

    The first is for our own relying party: a directory that shares it issues that one, so that one
    key serves both. Each other directory that issues challenges has one of its own.

    Args:
        directories: only these; then our own is left out where none of them takes its key. None
            for every directory that serves the person.
    """
    served = _served(session, person_id, directories)
    importing = tuple(one.name for one in served if one.type in IMPORTING)
    linked = _linked(session, person_id)
    issuing = [one for one in served if one.type in ISSUING and one.id in linked]
    parties = {one.id: registry.relying_party(one.type.value, one.settings) for one in issuing}
    shared = [one for one in issuing if parties[one.id].id == portal.settings.rp_id]
    live = passkeys.of_person(session, person_id)
    placed = _placed(session, person_id)
    found: list[Touch] = []
    if not shared and (directories is None or importing):
        found.append(_own(portal, live, importing))
    for number, one in enumerate(shared):
        opens = (one.name, *importing) if number == 0 else (one.name,)
        found.append(_shared(portal, one, opens, live, placed))
    found += [
        _foreign(portal, one, parties[one.id], live, placed) for one in issuing if one not in shared
    ]
    return tuple(found)


def own(session: Session, portal: Portal, person_id: int) -> Touch:
    """The touch for our own relying party alone, whoever else shares it."""
    served = _served(session, person_id, None)
    importing = tuple(one.name for one in served if one.type in IMPORTING)
    return _own(portal, passkeys.of_person(session, person_id), importing)


def missing(
    session: Session, person_id: int, *, directories: Collection[int] | None = None
) -> tuple[Directory, ...]:
    """The directories that would have a touch, were the person linked to a record there."""
    linked = _linked(session, person_id)
    return tuple(
        one
        for one in _served(session, person_id, directories)
        if one.type in ISSUING and one.id not in linked
    )


def _own(portal: Portal, live: Sequence[Passkey], opens: tuple[str, ...]) -> Touch:
    rp_id = portal.settings.rp_id
    return Touch(
        directory=None,
        way=Way.IMPORT,
        rp_id=rp_id,
        origin="",
        in_page=True,
        opens=opens,
        why="With this key you sign in here"
        + (f", and it opens {_listed(opens)}." if opens else "."),
        detail=f"Made here for {rp_id}.",
        done=any(one.own and one.rp_id == rp_id for one in live),
    )


def _shared(
    portal: Portal,
    directory: Directory,
    opens: tuple[str, ...],
    live: Sequence[Passkey],
    placed: Collection[tuple[int, int]],
) -> Touch:
    rp_id = portal.settings.rp_id
    return Touch(
        directory=directory,
        way=Way.SHARED,
        rp_id=rp_id,
        origin="",
        in_page=True,
        opens=opens,
        why=f"One touch is enough: with this key you sign in here, and it opens {_listed(opens)}.",
        detail=f"{directory.name} issues the challenge, for {rp_id}, which is our own relying "
        "party ID: the key is ours and theirs.",
        done=_is_placed(directory, live, placed),
        entries=_entries(directory, rp_id, live, placed),
    )


def _foreign(
    portal: Portal,
    directory: Directory,
    party: RelyingParty,
    live: Sequence[Passkey],
    placed: Collection[tuple[int, int]],
) -> Touch:
    if party.id:
        in_page, detail = enrols_here(party.id, portal.settings.origins)
        why = (
            f"{directory.name} has keys made for {party.id}, which is another name than that of "
            "this page, so it needs a touch of its own."
        )
    else:
        in_page, why = False, f"{directory.name} makes its own keys, so it needs another touch."
        detail = "The relying party ID is only told with each registration."
    return Touch(
        directory=directory,
        way=Way.FOREIGN,
        rp_id=party.id,
        origin="" if in_page else party.origin,
        in_page=in_page,
        opens=(directory.name,),
        why=why,
        detail=detail,
        done=_is_placed(directory, live, placed),
        entries=_entries(directory, party.id, live, placed),
    )


def _served(
    session: Session, person_id: int, directories: Collection[int] | None
) -> Sequence[Directory]:
    wanted = select(Directory).where(in_service(), serves(person_id))
    if directories is not None:
        wanted = wanted.where(Directory.id.in_(directories))
    return session.scalars(wanted.order_by(Directory.name, Directory.id)).all()


def _linked(session: Session, person_id: int) -> set[int]:
    return set(
        session.scalars(select(Identity.directory_id).where(Identity.person_id == person_id))
    )


def _placed(session: Session, person_id: int) -> set[tuple[int, int]]:
    """Which of the person's live passkeys are in which directories, or on their way there."""
    found = session.execute(
        select(Placement.passkey_id, Placement.directory_id)
        .join(Passkey, Placement.passkey_id == Passkey.id)
        .where(Passkey.person_id == person_id, counts())
    )
    return {(row[0], row[1]) for row in found}


def counts() -> ColumnElement[bool]:
    """A condition on placements and their passkeys: the touch was made, as the key is there, or on
    its way.
    """
    going_on = exists().where(
        Delivery.passkey_id == Placement.passkey_id,
        Delivery.directory_id == Placement.directory_id,
        Delivery.state.in_(GOING_ON),
    )
    return and_(
        Passkey.ended_at.is_(None),
        Placement.wanted == PlacementState.PRESENT,
        or_(Placement.actual == PlacementState.PRESENT, going_on),
    )


def _is_placed(
    directory: Directory, live: Iterable[Passkey], placed: Collection[tuple[int, int]]
) -> bool:
    return any((one.id, directory.id) in placed for one in live)


def _entries(
    directory: Directory,
    rp_id: str,
    live: Iterable[Passkey],
    placed: Collection[tuple[int, int]],
) -> tuple[str, ...]:
    return tuple(
        one.nickname for one in live if one.rp_id == rp_id and (one.id, directory.id) not in placed
    )


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
