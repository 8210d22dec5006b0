"""What a run may write before it is settled: short transactions, each behind the fence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from directories.base import RemoteIdentity
from models import Directory, Identity, Person
from services import audit
from services.deliveries import locks
from services.deliveries.claims import Claim, renew
from services.portal import Portal


class LockTaken(Exception):
    """Somebody else holds the lock just now."""


class Ledger:
    """The ledger of one claimed delivery."""

    def __init__(self, portal: Portal, claim: Claim) -> None:
        self._portal = portal
        self._claim = claim

    def renew(self) -> None:
        """Extend the lease before a write.

        Raises:
            LostLease: when the delivery is somebody else's by now.
        """
        with self._portal.database.write() as session:
            renew(session, self._claim, now=self._portal.now())

    def disabled(self, *, by_us: bool) -> None:
        """Note whether it is we who have the account disabled, before it is done.

        Raises:
            LostLease: when the delivery is somebody else's by now.
        """
        with self._portal.database.write() as session:
            now, pair = self._portal.now(), self._claim.pair
            renew(session, self._claim, now=now)
            session.execute(
                update(Identity)
                .where(
                    Identity.directory_id == pair.directory_id,
                    Identity.person_id == pair.person_id,
                )
                .values(disabled_at=now if by_us else None)
            )

    def link(self, remote: RemoteIdentity) -> bool:
        """Note which identity is the person's, before anything is written into it.

        Returns:
            False when that identity is linked to somebody else.

        Raises:
            LostLease: when the delivery is somebody else's by now.
        """
        try:
            with self._portal.database.write() as session:
                renew(session, self._claim, now=self._portal.now())
                return self._link(session, remote)
        except IntegrityError:  # two people were being linked to one identity at this moment
            return False

    def _link(self, session: Session, remote: RemoteIdentity) -> bool:
        pair = self._claim.pair
        held_by = session.scalar(
            select(Identity.person_id).where(
                Identity.directory_id == pair.directory_id, Identity.remote_id == remote.remote_id
            )
        )
        if held_by is not None:
            return held_by == pair.person_id
        now = self._portal.now()
        identity = session.scalar(
            select(Identity).where(
                Identity.directory_id == pair.directory_id, Identity.person_id == pair.person_id
            )
        )
        before = identity.remote_id if identity else None
        if identity is None:
            identity = Identity(
                directory_id=pair.directory_id,
                person_id=pair.person_id,
                remote_id=remote.remote_id,
                linked_at=now,
            )
            session.add(identity)
        else:
            identity.remote_id, identity.linked_at = remote.remote_id, now
            identity.disabled_at = None  # that was another account
        session.flush()
        audit.record(
            session,
            audit.Tag.IDENTITY_LINKED,
            now=now,
            person=session.get_one(Person, pair.person_id),
            directory=session.get_one(Directory, pair.directory_id),
            before=before,
            after=remote.remote_id,
            label=remote.label,
        )
        return True

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold a named lock while something is created.

        Raises:
            LockTaken: when somebody else holds it.
            LostLease: when the delivery is somebody else's by now.
        """
        with self._portal.database.write() as session:
            now = self._portal.now()
            renew(session, self._claim, now=now)
            if not locks.acquire(session, name, holder=self._claim.holder, now=now):
                raise LockTaken
        try:
            yield
        finally:
            with self._portal.database.write() as session:
                locks.release(session, name, holder=self._claim.holder)
