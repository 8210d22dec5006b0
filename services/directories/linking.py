"""Linking a record of a directory to a person here, by the directory's own id, and unlinking it.

Nothing here calls a directory: whoever links has just read the record from it (`browsing.find`).
A record belongs to one person, a person has one record in a directory, and neither is ever taken
from somebody else: what stands in the way is said, and stays.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from directories.base import RemoteIdentity
from models import Delivery, DeliveryState, Directory, Identity, Passkey, Person, Placement
from services import audit, standing
from services.deliveries import again
from services.directories import identities
from services.refusal import Refusal
from services.roles import Privilege, holds_more, privileges


def obstacle(
    session: Session, directory: Directory, remote_id: str, person: Person, *, actor: Person
) -> Refusal | None:
    """Why the record cannot be linked to the person as things stand; None when it can."""
    if directory.added_at is None or directory.verified_at is None or directory.ended_at:
        return Refusal(
            "directory_not_in_service",
            "This directory is not verified yet. Test the connection first.",
            status=409,
        )
    if holds_more(person, actor):
        return Refusal(
            "person_holds_more",
            f"{person.display_name} may do more than you, so their record is not yours to choose.",
            status=403,
        )
    if person.id == actor.id and Privilege.MAKE_LINKS not in privileges(actor):
        # A key for the record would follow: nobody lets themselves in at a directory as whom they
        # please by linking alone.
        return Refusal(
            "person_yourself",
            "Which record is yours is for somebody else to say. Ask a colleague to link you.",
            status=403,
        )
    if person.ended_at is not None:
        return Refusal(
            "person_left",
            f"{person.display_name} has left. Bring them back first, if the record is theirs.",
            status=409,
        )
    held = identities.by_remote_id(session, directory, remote_id)
    if held is not None:
        own = held.person_id == person.id
        return Refusal(
            "identity_linked",
            f"This record is linked to {held.person.display_name} "
            + ("already." if own else "here. Unlink it from them first, if that is wrong."),
            status=409,
        )
    if identities.of(session, directory, person) is not None:
        return Refusal(
            "person_linked",
            f"{person.display_name} is linked to another record of {directory.name}. "
            "Unlink that one first, if it is wrong.",
            status=409,
        )
    return None


def link(
    session: Session,
    directory: Directory,
    remote: RemoteIdentity,
    person: Person,
    *,
    how: str,
    actor: Person,
    now: datetime,
) -> int:
    """Note that the record is the person's, and owe the directory what it can now be given.

    Args:
        remote: as the directory has it at this moment.
        how: "by hand", "invitation" or "in bulk", for the trail.

    Raises:
        Refusal: as `obstacle`; `identity_changed` when somebody else linked one of the two at
            this moment.

    Returns:
        How many deliveries were written. Wake the workers after the transaction.
    """
    standing.is_active(session, person.id)  # as they are now, held: whoever ends them waits
    refused = obstacle(session, directory, remote.remote_id, person, actor=actor)
    if refused is not None:
        raise refused
    session.add(
        Identity(
            directory_id=directory.id,
            person_id=person.id,
            remote_id=remote.remote_id,
            linked_at=now,
        )
    )
    try:
        session.flush()
    except IntegrityError:
        raise Refusal(
            "identity_changed",
            "This record or this person was linked at this very moment. Look again.",
            status=409,
        ) from None
    audit.record(
        session,
        audit.Tag.IDENTITY_LINKED,
        now=now,
        actor=actor,
        person=person,
        directory=directory,
        before=None,
        after=remote.remote_id,
        label=remote.label,
        how=how,
    )
    return again.owe_linked(session, directory, person, now=now, actor=actor)


def bond(session: Session, identity: Identity, *, actor: Person) -> Refusal | None:
    """Why the link cannot be undone as things stand; None when it can."""
    person, directory = identity.person, identity.directory
    if holds_more(person, actor):
        return Refusal(
            "person_holds_more",
            f"{person.display_name} may do more than you, so you cannot unlink their record.",
            status=403,
        )
    if identity.disabled_at is not None and person.ended_at is None:
        return Refusal(
            "identity_disabled",
            f"This account is disabled because {person.display_name} was suspended, and without "
            "the link Latchkey could not enable it again. Let them back in first: when the account "
            "is enabled, the record can be unlinked.",
            status=409,
        )
    if there := identities.placed(session, directory, person):
        many = "A passkey" if there == 1 else f"{there} passkeys"
        them = "it" if there == 1 else "them"
        return Refusal(
            "identity_placed",
            f"{many} of {person.display_name} {'is' if there == 1 else 'are'} in this record, and "
            f"without the link Latchkey could not take {them} out again. End {them} first: "
            f"{directory.name} then loses {them}, and the record can be unlinked.",
            status=409,
        )
    if identities.pending(session, directory, person):
        return Refusal(
            "identity_pending",
            f"A registration for {person.display_name} is not finished in this record, and without "
            "the link Latchkey could neither finish it nor take it back there. Wait for its "
            f"delivery, or end the passkey: {directory.name} then forgets what it began.",
            status=409,
        )
    if _running(session, identity):
        return Refusal(
            "identity_busy",
            "A delivery to this record runs at this moment. Wait for it, then look again.",
            status=409,
        )
    return None


def unlink(session: Session, identity: Identity, *, actor: Person, now: datetime) -> None:
    """Forget whose the record is. Nothing changes in the directory.

    Raises:
        Refusal: as `bond`; `identity_not_linked` when somebody unlinked it at this moment.
    """
    _hold_deliveries(session, identity)
    found = session.scalar(
        select(Identity).where(Identity.id == identity.id).with_for_update(of=Identity)
    )
    if found is None:
        raise not_linked(identity.directory)
    refused = bond(session, found, actor=actor)
    if refused is not None:
        raise refused
    audit.record(
        session,
        audit.Tag.IDENTITY_UNLINKED,
        now=now,
        actor=actor,
        person=found.person,
        directory=found.directory,
        before=found.remote_id,
        after=None,
    )
    session.delete(found)


def not_linked(directory: Directory) -> Refusal:
    """Why there is nothing to unlink."""
    return Refusal(
        "identity_not_linked", f"This record of {directory.name} is linked to nobody.", status=404
    )


def _running(session: Session, identity: Identity) -> bool:
    running = select(Delivery.id).where(
        Delivery.directory_id == identity.directory_id,
        Delivery.person_id == identity.person_id,
        Delivery.state == DeliveryState.RUNNING,
    )
    return session.scalar(running.limit(1)) is not None


def _hold_deliveries(session: Session, identity: Identity) -> None:
    """Keep workers from beginning with the person's deliveries until the transaction ends.

    Placements first, then what waits, as every writer takes them; a worker skips locked rows.
    """
    session.execute(
        select(Placement.id)
        .join(Passkey, Placement.passkey_id == Passkey.id)
        .where(
            Placement.directory_id == identity.directory_id,
            Passkey.person_id == identity.person_id,
        )
        .order_by(Placement.passkey_id)
        .with_for_update(of=Placement)
    ).all()
    session.execute(
        select(Delivery.id)
        .where(
            Delivery.directory_id == identity.directory_id,
            Delivery.person_id == identity.person_id,
            Delivery.state == DeliveryState.WAITING,
        )
        .order_by(Delivery.id)
        .with_for_update(of=Delivery)
    ).all()
