"""Where an identity has room for the keys of one user handle only: what an operator decides.

Keys whose registration a directory began may have a handle that Ory keeps in a form with one handle
for each identity (docs/ory.md). Another handle that is there is never replaced by itself: the
delivery is held, and somebody decides.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from directories.base import DirectoryError, RemotePasskey
from models import Delivery, DeliveryState, Directory, Passkey, Person, Placement, PlacementState
from services import audit, directories, roles
from services.deliveries import crowding, facts
from services.deliveries.rows import Pair, lock, write
from services.portal import Portal
from services.refusal import Refusal

NO_ROOM = "ory.other_handle"
"""The code of a delivery that is held for it."""
KEPT = "delivery.kept_other"
"""Why a delivery was dropped when what is there was kept."""


@dataclass(frozen=True)
class Crowded:
    """A key that has no room, and the keys that leave it none, as the directory tells now."""

    delivery: Delivery
    keys: tuple[RemotePasskey, ...]

    @property
    def seen(self) -> str:
        """What a page remembers of the keys that it showed."""
        return crowding.seen(self.keys)

    def demand_seen(self, seen: str) -> None:
        """Refuse to decide about keys that no page showed.

        Raises:
            Refusal: `room_changed`.
        """
        if seen != self.seen:
            raise Refusal(
                "room_changed",
                "What is there has changed meanwhile. Look at it again, then decide.",
                status=409,
            )


def subject(delivery: Delivery) -> str:
    """What a ceremony that confirms the replacement is about (`models.Challenge.subject`)."""
    return f"replace:{delivery.uuid}"


def look(portal: Portal, name: uuid.UUID, *, actor: Person) -> Crowded:
    """Ask the directory what is there.

    Raises:
        Refusal: as `held`; `room_unread` when the directory could not be asked.
    """
    with portal.database.read() as session:
        delivery = held(session, name, actor=actor)
        pair = Pair(delivery.directory_id, delivery.passkey_id, delivery.person_id)
        found = facts.read(session, delivery.id, pair)
        directory = session.get_one(Directory, delivery.directory_id)
    try:
        connector = directories.connector(portal, directory)
        identity = connector.find_identity(found.desired.person, found.identity_id)
        keys = connector.in_the_way(identity, found.desired.passkey) if identity else ()
    except DirectoryError as error:
        raise Refusal(
            "room_unread",
            f"{directory.name} could not be asked which keys it has: {error.reason}",
            status=502,
        ) from None
    return Crowded(delivery, keys)


def held(session: Session, name: uuid.UUID, *, actor: Person) -> Delivery:
    """The delivery, held because there is no room for its key.

    Raises:
        Refusal: `delivery_unknown`; `delivery_settled` when it is not held for that any more;
            `person_holds_more` when its person may do more than the actor.
    """
    delivery = session.scalar(select(Delivery).where(Delivery.uuid == name))
    if delivery is None:
        raise Refusal("delivery_unknown", "There is no such delivery.", status=404)
    if delivery.state is not DeliveryState.HELD or delivery.code != NO_ROOM:
        raise Refusal("delivery_settled", "There is nothing to decide here any more.", status=409)
    if actor.id != delivery.person_id and roles.holds_more(delivery.person, actor):
        raise Refusal(
            "person_holds_more",
            "This person may do more than you, so you cannot decide about their keys.",
            status=403,
        )
    return delivery


def keep(session: Session, name: uuid.UUID, *, actor: Person, now: datetime) -> Delivery:
    """Leave the directory as it is: the key is not delivered there.

    Raises:
        Refusal: as `held`.
    """
    delivery, placement = _locked(session, name, actor=actor)
    placement.wanted = PlacementState.ABSENT
    delivery.state, delivery.code, delivery.settled_at = DeliveryState.DROPPED, KEPT, now
    audit.record(
        session,
        audit.Tag.DELIVERY_KEPT,
        now=now,
        actor=actor,
        person=delivery.person,
        passkey=delivery.passkey,
        directory=delivery.directory,
    )
    return delivery


def replace(session: Session, crowded: Crowded, *, actor: Person, now: datetime) -> None:
    """Have the worker remove what leaves no room there, then put the key. Wake the workers after.

    Keys of ours among what goes are not meant to be there any more.

    Raises:
        Refusal: as `held`.
    """
    delivery, _ = _locked(session, crowded.delivery.uuid, actor=actor)
    directory_id, person_id = delivery.directory_id, delivery.person_id
    ids = [key.credential_id for key in crowded.keys if key.credential_id is not None]
    ours = session.scalars(
        select(Placement.passkey_id)
        .join(Passkey, Placement.passkey_id == Passkey.id)
        .where(
            Placement.directory_id == directory_id,
            Passkey.person_id == person_id,
            Passkey.credential_id.in_(ids),
        )
    ).all()
    gone = [Pair(directory_id, one, person_id) for one in ours]
    write(session, gone, PlacementState.ABSENT, cause=crowding.REPLACING, now=now)
    pair = Pair(directory_id, delivery.passkey_id, person_id)
    write(session, [pair], PlacementState.PRESENT, cause=crowding.cause(crowded.keys), now=now)
    audit.record(
        session,
        audit.Tag.DELIVERY_REPLACING,
        now=now,
        actor=actor,
        person=delivery.person,
        passkey=delivery.passkey,
        directory=delivery.directory,
        removed=[key.name for key in crowded.keys],
    )


def _locked(session: Session, name: uuid.UUID, *, actor: Person) -> tuple[Delivery, Placement]:
    delivery = held(session, name, actor=actor)
    placement = lock(session, Pair(delivery.directory_id, delivery.passkey_id, delivery.person_id))
    session.refresh(delivery, with_for_update={"of": Delivery})
    if placement is None:
        raise Refusal("delivery_settled", "There is nothing to decide here any more.", status=409)
    return held(session, name, actor=actor), placement
