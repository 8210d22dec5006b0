"""Make one directory agree with one person and passkey. All remote work is here.

No transaction is open while a connector is called. Every path looks before it writes, or writes
what can be written twice, so a run that died half-way is simply run again.
"""

from __future__ import annotations

from datetime import datetime

from directories.base import (
    AlreadyThere,
    Connector,
    DirectoryError,
    NotFound,
    RemoteIdentity,
    RemotePasskey,
    Written,
)
from models import PlacementState
from services.deliveries.accounts import agree
from services.deliveries.facts import Facts
from services.deliveries.ledger import Ledger, LockTaken
from services.deliveries.outbox import NOT_SERVED
from services.deliveries.outcomes import (
    Done,
    Dropped,
    Held,
    Later,
    NeedsTouch,
    Outcome,
    Why,
    of_error,
)

LOCKED = Why("delivery.create_lock", "Another person is being created in this directory.")
LINKED_TO_ANOTHER = Why(
    "identity.linked_to_another",
    "The identity found for this person in the directory is already linked to somebody else.",
)
NO_IDENTITY = Why(
    "identity.not_found",
    "The directory has no identity for this person, and identities can not be made there.",
)
NOT_THERE = Why(
    "passkey.not_there", "The directory answered as if it had taken the passkey, but has it not."
)
TOO_LATE = Why("delivery.too_late", "The time that the directory gave for the touch is over.")
SUSPENDED = Why(
    "delivery.person_suspended",
    "The person is suspended. Their keys are delivered when they are let back in.",
)
ENDED = Why("directory.ended", "The directory was disconnected.")
UNSERVED = Why(NOT_SERVED, "The directory does not serve this person any more.")


def moot(facts: Facts) -> Dropped | None:
    """Why nothing is owed, where that is so; decided without asking the directory."""
    if facts.ended:
        return Dropped(ENDED)
    present = facts.desired.wanted is PlacementState.PRESENT
    if present and not facts.served and not facts.placed:
        return Dropped(UNSERVED)
    if present and not facts.placed and facts.account.suspended:
        return Dropped(SUSPENDED)
    return None


def reconcile(facts: Facts, connector: Connector, ledger: Ledger, *, now: datetime) -> Outcome:
    """Do what is owed, and say how it ended.

    Raises:
        LostLease: when somebody else has the delivery by now; nothing may be settled then.
    """
    try:
        if facts.not_after is not None and now >= facts.not_after:
            _remove(facts, connector, ledger)
            return NeedsTouch(TOO_LATE)
        if facts.desired.wanted is PlacementState.ABSENT:
            return _remove(facts, connector, ledger)
        return _put(facts, connector, ledger)
    except LockTaken:
        return Later(LOCKED, waiting_for_lock=True)
    except NotFound as gone:
        # It was there a moment ago: the next run looks it up again, or makes it.
        return Later(Why.of(gone))
    except DirectoryError as error:
        return of_error(error)


def _put(facts: Facts, connector: Connector, ledger: Ledger) -> Outcome:
    desired = facts.desired
    identity = connector.find_identity(desired.person, facts.identity_id)
    if identity is not None:
        return _put_into(identity, facts, connector, ledger)
    if not connector.capabilities.takes_identities:
        return Held(NO_IDENTITY)
    try:
        with ledger.lock(connector.create_lock):
            written = connector.put_identity(desired.person, desired.passkey)
    except AlreadyThere:
        # Somebody made it at this moment, or another identity holds one of its unique values.
        identity = connector.find_identity(desired.person, None)
        if identity is None:
            raise
        return _put_into(identity, facts, connector, ledger)
    if not ledger.link(written.identity):
        return Held(LINKED_TO_ANOTHER)
    if written.passkey is None and written.shortfall is None:  # it takes one thing at a time
        ledger.renew()
        written = connector.put_passkey(written.identity, desired.passkey, None)
    return _outcome(written)


def _put_into(
    identity: RemoteIdentity, facts: Facts, connector: Connector, ledger: Ledger
) -> Outcome:
    if not ledger.link(identity):
        return Held(LINKED_TO_ANOTHER)
    agree(facts.account, identity, connector, ledger)
    return _outcome(connector.put_passkey(identity, facts.desired.passkey, None))


def _outcome(written: Written) -> Outcome:
    shortfall = Why.of(written.shortfall) if written.shortfall else None
    if written.passkey is not None:
        return Done(PlacementState.PRESENT, written.passkey.remote_id, note=shortfall)
    return Held(shortfall or NOT_THERE, actual=PlacementState.ABSENT)


def _remove(facts: Facts, connector: Connector, ledger: Ledger) -> Outcome:
    """Remove the passkey, whether or not it is known to be there: a run may have died after it
    was put. An identity that is not the person's own is not touched.
    """
    desired = facts.desired
    identity = connector.find_identity(desired.person, facts.identity_id)
    if identity is None:
        return Done(PlacementState.ABSENT)
    if not ledger.link(identity):
        return Held(LINKED_TO_ANOTHER)
    for passkey in connector.list_passkeys(identity):
        if _is_ours(passkey, facts):
            ledger.renew()
            connector.remove_passkey(identity, passkey)
    return Done(PlacementState.ABSENT)


def _is_ours(passkey: RemotePasskey, facts: Facts) -> bool:
    told = passkey.is_credential(facts.desired.passkey.credential_id)
    return passkey.remote_id == facts.remote_id if told is None else told
