"""What is owed to directories, written in the transaction of its cause."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, not_, select, update
from sqlalchemy.orm import Session

from models import (
    Delivery,
    DeliveryState,
    Directory,
    Identity,
    Passkey,
    Person,
    Placement,
    PlacementState,
)
from models.passkeys import OWN
from services import audit
from services.deliveries import retrying
from services.deliveries.rows import (
    CHUNK,
    STOPPED,
    Pair,
    lock,
    waiting,
    write,
    write_accounts,
)
from services.ending import Because, end_useless
from services.refusal import Refusal
from services.serving import IMPORTING, SUSPENDING, in_service, serves

NOT_SERVED = "delivery.not_served"
"""Why a delivery was dropped when the directory does not serve the person any more."""


TOUCHED_ANEW = "delivery.touched_anew"
"""Why a delivery was dropped when the person touched a key for the directory once more."""


def owe(
    session: Session,
    passkey: Passkey,
    *,
    cause: str,
    now: datetime,
    actor: Person | None = None,
) -> int:
    """Owe every directory concerned a delivery of this passkey.

    A live passkey of our own relying party goes to each importing directory in service that
    serves its person; one that is placed already is brought up to date. An ended passkey is to be
    absent from every directory it was meant for.

    Args:
        cause: an audit tag, as `passkey.registered`.

    Returns:
        How many deliveries were written; one that waits already covers the same change.
    """
    session.flush()
    wanted = PlacementState.ABSENT if passkey.ended_at else PlacementState.PRESENT
    concerned = (
        select(Placement.directory_id)
        .join(Directory)
        .where(Placement.passkey_id == passkey.id, Directory.ended_at.is_(None))
    )
    if wanted is PlacementState.PRESENT:
        concerned = concerned.where(Placement.wanted == PlacementState.PRESENT)
    directories = set(session.scalars(concerned))
    if passkey.own and wanted is PlacementState.PRESENT:
        directories |= set(
            session.scalars(
                select(Directory.id).where(
                    in_service(), Directory.type.in_(IMPORTING), serves(passkey.person_id)
                )
            )
        )
    pairs = [Pair(directory, passkey.id, passkey.person_id) for directory in directories]
    return _owe(session, passkey, pairs, wanted, cause=cause, now=now, actor=actor)


def owe_begun(
    session: Session,
    passkey: Passkey,
    directory_id: int,
    *,
    begun: Mapping[str, Any],
    not_after: datetime,
    cause: str,
    now: datetime,
) -> None:
    """Owe the directory that began this passkey's registration the answer to it, at once.

    It belongs into the transaction that stores the passkey; wake the workers after it.

    Args:
        passkey: just stored, with its evidence: the answer is made of both.
        begun: what the directory needs to finish (`CreationOptions.remote`).
        not_after: until when it can be finished; past it, only a new touch helps.
        cause: an audit tag, as `passkey.registered`.
    """
    session.flush()
    _supersede(session, passkey, directory_id, now=now)
    pair = Pair(directory_id, passkey.id, passkey.person_id)
    _owe(session, passkey, [pair], PlacementState.PRESENT, cause=cause, now=now, actor=None)
    placement, delivery = lock(session, pair), waiting(session, pair)
    if placement is None or delivery is None:
        raise AssertionError("both were just written")
    session.refresh(placement)
    placement.begun, placement.not_after = dict(begun), not_after
    delivery.not_after, delivery.due_at = not_after, now
    session.flush()


def owe_renamed(session: Session, passkey: Passkey, *, now: datetime, actor: Person | None) -> int:
    """Owe the new name to every directory that is to hold the passkey already.

    Returns:
        How many deliveries were written; one that waits already brings the name too.
    """
    session.flush()
    placed = (
        select(Placement.directory_id)
        .join(Directory)
        .where(
            Placement.passkey_id == passkey.id,
            Placement.wanted == PlacementState.PRESENT,
            Directory.ended_at.is_(None),
        )
    )
    pairs = [Pair(one, passkey.id, passkey.person_id) for one in session.scalars(placed)]
    return _owe(
        session,
        passkey,
        pairs,
        PlacementState.PRESENT,
        cause=audit.Tag.PASSKEY_RENAMED.value,
        now=now,
        actor=actor,
    )


def owe_account(session: Session, person: Person, *, cause: str, now: datetime) -> int:
    """Owe every directory that can disable the person's account to agree with their suspension.

    Returns:
        How many deliveries were written; one that waits already covers the same change.
    """
    session.flush()
    found = session.scalars(
        select(Identity)
        .join(Directory, Identity.directory_id == Directory.id)
        .where(Identity.person_id == person.id, in_service(), Directory.type.in_(SUSPENDING))
    ).all()
    written = write_accounts(session, found, cause=cause, now=now)
    for identity in written:
        audit.record(
            session,
            audit.Tag.DELIVERY_OWED,
            now=now,
            person=person,
            directory=identity.directory,
            cause=cause,
        )
    return len(written)


def unplaced(session: Session, directory: Directory) -> int:
    """How many live passkeys of people it serves the directory was never asked to hold."""
    return (
        session.scalar(select(func.count()).select_from(unplaced_passkeys(directory).subquery()))
        or 0
    )


def owe_existing(
    session: Session, directory: Directory, *, now: datetime, actor: Person | None
) -> int:
    """Owe the directory every passkey that `unplaced` counts.

    Raises:
        Refusal: `directory_not_in_service` before it was added and verified.

    Returns:
        How many deliveries were written.
    """
    if directory.added_at is None or directory.verified_at is None or directory.ended_at:
        raise Refusal(
            "directory_not_in_service",
            "This directory is not verified yet. Test the connection first.",
            status=409,
        )
    cause = audit.Tag.DIRECTORY_ADDED.value
    pairs = [Pair._make(row) for row in session.execute(unplaced_passkeys(directory))]
    written = write(session, pairs, PlacementState.PRESENT, cause=cause, now=now)
    audit.record(
        session,
        audit.Tag.DELIVERY_OWED,
        now=now,
        actor=actor,
        directory=directory,
        cause=cause,
        count=len(written),
    )
    return len(written)


def _supersede(session: Session, passkey: Passkey, directory_id: int, *, now: datetime) -> None:
    """A new touch is what an earlier one of this person was waiting for."""
    stopped = session.scalars(
        select(Delivery).where(
            Delivery.directory_id == directory_id,
            Delivery.person_id == passkey.person_id,
            Delivery.passkey_id != passkey.id,
            Delivery.passkey_id.is_not(None),
            Delivery.state.in_(STOPPED),
        )
    ).all()
    replaceable = retrying.replaceable(session, stopped, now=now)
    for delivery in stopped:
        if delivery.passkey is None or delivery.id not in replaceable:
            continue
        end_useless(
            session,
            delivery.passkey,
            delivery.directory,
            because=Because.UNFINISHED,
            code=TOUCHED_ANEW,
            now=now,
        )
        session.flush()
        placement = lock(session, Pair(directory_id, delivery.passkey_id, delivery.person_id))
        session.refresh(delivery, with_for_update={"of": Delivery})
        if placement is None or delivery.state not in STOPPED:
            continue
        placement.wanted = PlacementState.ABSENT
        placement.begun = placement.not_after = None
        delivery.state, delivery.code, delivery.settled_at = (
            DeliveryState.DROPPED,
            TOUCHED_ANEW,
            now,
        )


def owe_served(
    session: Session,
    directory: Directory,
    people: Collection[int],
    *,
    now: datetime,
    actor: Person | None,
) -> int:
    """Owe the directory every passkey that these people have and it was never asked to hold, now
    that it serves them through a group.

    Args:
        people: their keys.

    Returns:
        How many deliveries were written; none before the directory is in service.
    """
    if directory.added_at is None or directory.verified_at is None or directory.ended_at:
        return 0
    cause = audit.Tag.GROUP_JOINED.value
    missing = unplaced_passkeys(directory).where(Passkey.person_id.in_(people))
    pairs = [Pair._make(row) for row in session.execute(missing)]
    count = len(write(session, pairs, PlacementState.PRESENT, cause=cause, now=now))
    if count:
        audit.record(
            session,
            audit.Tag.DELIVERY_OWED,
            now=now,
            actor=actor,
            directory=directory,
            cause=cause,
            count=count,
        )
    return count


def withdraw(session: Session, directory: Directory, *, now: datetime) -> None:
    """Give up what is only on its way to people whom the directory does not serve any more.

    What the directory has confirmed stays there. What it began is left to the worker, which takes
    it back there.
    """
    unserved = (
        select(Placement.passkey_id)
        .join(Passkey, Placement.passkey_id == Passkey.id)
        .join(Directory, Placement.directory_id == Directory.id)
        .where(
            Placement.directory_id == directory.id,
            Placement.wanted == PlacementState.PRESENT,
            Placement.actual == PlacementState.ABSENT,
            Placement.not_after.is_(None),
            not_(serves(Passkey.person_id)),
        )
        .order_by(Placement.passkey_id)
        .with_for_update(of=Placement)
    )
    passkeys = session.scalars(unserved).all()
    for start in range(0, len(passkeys), CHUNK):
        chunk = passkeys[start : start + CHUNK]
        session.execute(
            update(Placement)
            .where(Placement.directory_id == directory.id, Placement.passkey_id.in_(chunk))
            .values(wanted=PlacementState.ABSENT)
        )
        session.execute(
            update(Delivery)
            .where(
                Delivery.directory_id == directory.id,
                Delivery.passkey_id.in_(chunk),
                Delivery.state.in_([DeliveryState.WAITING, *STOPPED]),
            )
            .values(state=DeliveryState.DROPPED, code=NOT_SERVED, settled_at=now)
        )


def unplaced_passkeys(directory: Directory) -> Select[int, int, int]:
    """The live passkeys of people it serves that the directory was never asked to hold."""
    return (
        select(Directory.id, Passkey.id, Passkey.person_id)
        .join(Passkey, and_(Passkey.maker == OWN, Passkey.ended_at.is_(None)))
        .outerjoin(
            Placement,
            and_(
                Placement.directory_id == Directory.id,
                Placement.passkey_id == Passkey.id,
                Placement.wanted == PlacementState.PRESENT,
            ),
        )
        .where(
            Directory.id == directory.id,
            Directory.type.in_(IMPORTING),
            serves(Passkey.person_id),
            Placement.id.is_(None),
        )
        .order_by(Passkey.id)
    )


def _owe(
    session: Session,
    passkey: Passkey,
    pairs: list[Pair],
    wanted: PlacementState,
    *,
    cause: str,
    now: datetime,
    actor: Person | None,
) -> int:
    """Write the deliveries of one passkey, each with its event."""
    written = write(session, pairs, wanted, cause=cause, now=now)
    for pair in written:
        audit.record(
            session,
            audit.Tag.DELIVERY_OWED,
            now=now,
            actor=actor,
            person=passkey.person,
            passkey=passkey,
            directory=session.get_one(Directory, pair.directory_id),
            cause=cause,
            wanted=wanted.value,
        )
    return len(written)
