"""Make one directory agree with one person and passkey. All remote work is here.

No transaction is open while a connector is called. Every path looks before it writes, or writes
what can be written twice, so a run that died half-way is simply run again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from directories.base import (
    AlreadyThere,
    CeremonyAnswer,
    Connector,
    DirectoryError,
    NotAccepted,
    NotFound,
    RemoteIdentity,
    RemotePasskey,
    TouchAgain,
    Transient,
    Way,
    Written,
)
from models import PlacementState
from services.audit import Tag
from services.deliveries import crowding
from services.deliveries.accounts import agree
from services.deliveries.facts import Facts
from services.deliveries.ledger import Ledger, LockTaken
from services.deliveries.outbox import NOT_SERVED
from services.deliveries.outcomes import (
    UNSEEN,
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
NOT_LINKED = Why(
    "identity.not_linked",
    "Nobody in the directory is linked to this person any more, so the key cannot be removed there "
    "from here. Link them again, or remove it there.",
)
NOT_THERE = Why(
    "passkey.not_there", "The directory answered as if it had taken the passkey, but has it not."
)
GONE = Why(
    "passkey.gone",
    "The directory does not have this key, and takes keys only in the moment that they are made.",
)
NO_NAME = Why(
    "passkey.keeps_name",
    "This directory changes no names: there, the key keeps the one that it was registered with.",
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
    # What a directory began has to be taken back there first.
    return None if facts.answer is not None else _unwanted(facts)


def _unwanted(facts: Facts) -> Dropped | None:
    if facts.desired.wanted is PlacementState.ABSENT or facts.placed:
        return None
    if not facts.served:
        return Dropped(UNSERVED)
    return Dropped(SUSPENDED) if facts.account.suspended else None


def reconcile(facts: Facts, connector: Connector, ledger: Ledger, *, now: datetime) -> Outcome:
    """Do what is owed, and say how it ended.

    Raises:
        LostLease: when somebody else has the delivery by now; nothing may be settled then.
    """
    try:
        if facts.desired.wanted is PlacementState.ABSENT:
            return _remove(facts, connector, ledger)
        if facts.answer is not None:
            return _finish(facts, facts.answer, connector, ledger, now=now)
        if connector.capabilities.way is not Way.IMPORT:
            return _keep(facts, connector, ledger)
        return _put(facts, connector, ledger)
    except LockTaken:
        return Later(LOCKED, waiting_for_lock=True)
    except NotFound as gone:
        # It was there a moment ago: the next run looks it up again, or makes it.
        return Later(Why.of(gone))
    except DirectoryError as error:
        return of_error(error)


def _finish(
    facts: Facts, answer: CeremonyAnswer, connector: Connector, ledger: Ledger, *, now: datetime
) -> Outcome:
    """Hand over the answer to what the directory began. Whatever ends it takes that back there."""
    identity = _linked(facts, connector)
    if identity is None:
        return Held(NO_IDENTITY)
    if not ledger.link(identity):
        return Held(LINKED_TO_ANOTHER)
    if (unwanted := _unwanted(facts)) is not None:
        connector.discard(identity, answer.remote)
        return unwanted
    try:
        # Looks whether the key is there before it judges the time, in case an answer was lost.
        return _outcome(connector.put_passkey(identity, facts.desired.passkey, answer))
    except TouchAgain:
        connector.discard(identity, answer.remote)
        raise
    except NotAccepted as refusal:
        if facts.code not in UNSEEN:
            raise
        return Later(replace(Why.of(refusal), code=facts.code))
    except Transient:
        if facts.not_after is None or now < facts.not_after:
            raise
        connector.discard(identity, answer.remote)
        return NeedsTouch(TOO_LATE)


def _keep(facts: Facts, connector: Connector, ledger: Ledger) -> Outcome:
    """See to a key that was made in the directory's own ceremony: its name, and whether it is
    there at all. Nothing from here can put it there again.
    """
    identity = _linked(facts, connector)
    if identity is None:
        return Held(NO_IDENTITY, actual=PlacementState.ABSENT if facts.identity_id else None)
    if not ledger.link(identity):
        return Held(LINKED_TO_ANOTHER)
    agree(facts.account, identity, connector, ledger)
    there = next((one for one in connector.list_passkeys(identity) if _is_ours(one, facts)), None)
    if there is None:
        return NeedsTouch(GONE, actual=PlacementState.ABSENT)
    name = facts.desired.passkey.nickname
    if not name or there.name == name:
        return Done(PlacementState.PRESENT, there.remote_id)
    if not connector.capabilities.renames:
        renamed = facts.cause == Tag.PASSKEY_RENAMED.value
        return Done(PlacementState.PRESENT, there.remote_id, note=NO_NAME if renamed else None)
    ledger.renew()
    try:
        connector.rename_passkey(identity, there, name)
    except Transient:
        raise
    except DirectoryError as error:  # the name is only for reading: the key is there all the same
        kept = replace(Why.of(error), code=NO_NAME.code)
        return Done(PlacementState.PRESENT, there.remote_id, note=kept)
    return Done(PlacementState.PRESENT, there.remote_id)


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
    if facts.replacing is not None and connector.capabilities.one_handle:
        # Others than those that the operator saw are for the operator again: `put_passkey` says so.
        if crowding.seen(connector.in_the_way(identity, facts.desired.passkey)) == facts.replacing:
            connector.make_room(identity, facts.desired.passkey)
        ledger.renew()
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
    identity = _linked(facts, connector)
    if identity is None:
        # With the identity went its keys; one that nobody is linked to may well be there.
        unknown = facts.identity_id is None and facts.placed
        return Held(NOT_LINKED) if unknown else Done(PlacementState.ABSENT)
    if not ledger.link(identity):
        return Held(LINKED_TO_ANOTHER)
    if facts.answer is not None:
        connector.discard(identity, facts.answer.remote)
    for passkey in connector.list_passkeys(identity):
        if _is_ours(passkey, facts):
            ledger.renew()
            connector.remove_passkey(identity, passkey)
    return Done(PlacementState.ABSENT)


def _linked(facts: Facts, connector: Connector) -> RemoteIdentity | None:
    return connector.find_identity(facts.desired.person, facts.identity_id)


def _is_ours(passkey: RemotePasskey, facts: Facts) -> bool:
    """Whether it is this delivery's passkey: by its credential id, where the directory tells it,
    else by the id that it was placed, or its registration begun, under.
    """
    told = passkey.is_credential(facts.desired.passkey.credential_id)
    if told is not None:
        return told
    begun = facts.answer.remote.values() if facts.answer is not None else ()
    return passkey.remote_id in (facts.remote_id, *begun)
