"""What is true of a delivery when it runs, read at once and then held still."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from directories.base import CeremonyAnswer, PasskeyRecord, PersonRecord
from models import (
    Delivery,
    Directory,
    Evidence,
    Identity,
    Passkey,
    Person,
    Placement,
    PlacementState,
)
from services.deliveries import crowding
from services.deliveries.answers import answer
from services.deliveries.rows import Pair
from services.people import to_record
from services.serving import serves


@dataclass(frozen=True)
class Desired:
    """What the directory should agree with."""

    person: PersonRecord
    passkey: PasskeyRecord
    wanted: PlacementState
    suspended: bool = False
    """Whether the person is, so that their account there is disabled where that can be done."""

    def same_as(self, other: Desired) -> bool:
        """Whether both ask for the same; a sign-in that only counted on changes nothing."""
        return self._lasting() == other._lasting()

    def _lasting(self) -> Desired:
        return replace(self, passkey=replace(self.passkey, sign_count=0, backup_state=False))


@dataclass(frozen=True)
class Account:
    """What is true of a person's account in a directory, whatever their passkeys."""

    person: PersonRecord
    identity_id: str | None
    """The directory's id of the person's identity, once linked."""
    suspended: bool
    left: bool
    disabled_here: bool
    """Whether it was we who had it disabled."""
    ended: bool
    """Whether the directory itself was ended."""


@dataclass(frozen=True)
class Facts:
    """One delivery's facts."""

    desired: Desired
    identity_id: str | None
    """The directory's id of the person's identity, once linked."""
    remote_id: str | None
    """The directory's id of the passkey, once known."""
    placed: bool
    """Whether the directory confirmed the passkey."""
    served: bool
    account: Account
    ended: bool
    """Whether the directory itself was ended."""
    not_after: datetime | None
    """Until when what a ceremony owes can be finished; None where none owes it."""
    answer: CeremonyAnswer | None = None
    """The answer to the registration that the directory began, until it confirmed the passkey."""
    cause: str = ""
    """What the delivery was written for."""
    code: str = ""
    """Why the last try came to nothing, where there was one."""

    @property
    def replacing(self) -> str | None:
        """Which keys an operator decided to remove there, as they leave the passkey no room
        (`crowding.seen`); None where nobody did.
        """
        return crowding.decided(self.cause)


def read(session: Session, delivery_id: int, pair: Pair) -> Facts:
    """Read a delivery's facts. The row must be there; rows are never deleted."""
    passkey = session.get_one(Passkey, pair.passkey_id)
    placement = session.scalars(
        select(Placement).where(
            Placement.passkey_id == pair.passkey_id, Placement.directory_id == pair.directory_id
        )
    ).one()
    account = read_account(session, pair)
    delivery = session.get_one(Delivery, delivery_id)
    begun = placement.begun if placement.actual is PlacementState.ABSENT else None
    served = session.scalar(
        select(Directory.id).where(Directory.id == pair.directory_id, serves(pair.person_id))
    )
    return Facts(
        desired=Desired(
            account.person,
            _record(session, passkey),
            _wanted(passkey, placement),
            account.suspended,
        ),
        identity_id=account.identity_id,
        remote_id=placement.remote_id,
        placed=placement.actual is PlacementState.PRESENT,
        served=served is not None,
        account=account,
        ended=placement.directory.ended_at is not None,
        not_after=delivery.not_after or (placement.not_after if begun is not None else None),
        answer=_answer(session, passkey, begun),
        cause=delivery.cause,
        code=delivery.code or "",
    )


def read_account(session: Session, pair: Pair) -> Account:
    """What is true of the person's account in the directory."""
    person = session.get_one(Person, pair.person_id)
    identity = session.scalar(
        select(Identity).where(
            Identity.directory_id == pair.directory_id, Identity.person_id == pair.person_id
        )
    )
    return Account(
        person=to_record(person),
        identity_id=None if identity is None else identity.remote_id,
        suspended=person.suspended_at is not None,
        left=person.ended_at is not None,
        disabled_here=identity is not None and identity.disabled_at is not None,
        ended=session.get_one(Directory, pair.directory_id).ended_at is not None,
    )


def _wanted(passkey: Passkey, placement: Placement) -> PlacementState:
    """What is wanted. A passkey that ended is wanted nowhere, whoever asked for it last."""
    return PlacementState.ABSENT if passkey.ended_at else placement.wanted


def _answer(
    session: Session, passkey: Passkey, begun: dict[str, Any] | None
) -> CeremonyAnswer | None:
    if begun is None:
        return None
    evidence = session.scalars(select(Evidence).where(Evidence.passkey_id == passkey.id)).one()
    return answer(passkey, evidence, begun)


def _record(session: Session, passkey: Passkey) -> PasskeyRecord:
    verified = session.scalar(
        select(Evidence.user_verified).where(Evidence.passkey_id == passkey.id)
    )
    return PasskeyRecord(
        credential_id=passkey.credential_id,
        public_key=passkey.public_key,
        rp_id=passkey.rp_id,
        user_handle=passkey.user_handle,
        aaguid=passkey.aaguid,
        sign_count=passkey.sign_count,
        transports=tuple(passkey.transports),
        user_verified=bool(verified),
        backup_eligible=passkey.backup_eligible,
        backup_state=passkey.backup_state,
        nickname=passkey.nickname,
        created_at=passkey.created_at,
    )
