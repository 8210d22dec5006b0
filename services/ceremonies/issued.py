"""Beginning a registration that a directory issues: shared with it, or altogether its own.

Nothing is written before the directory has answered, and it is never asked inside a transaction.
What it began and we cannot go on with is taken back at once.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from directories import registry
from directories.base import (
    Connector,
    CreationOptions,
    DirectoryError,
    Finding,
    Misconfigured,
    Refused,
    RemoteIdentity,
)
from directories.pingone import enrols_here
from models import Challenge, Directory, Identity, Person
from models.passkeys import OWN
from services import policies
from services.attestation.metadata import MetadataSource
from services.attestation.policy import Policy
from services.audit import Tag, record
from services.ceremonies import challenges, handles, offers
from services.ceremonies.purpose import Begun, Binding
from services.ceremonies.refusals import CeremonyRefusal, DirectoryTrouble
from services.ceremonies.responses import encoded
from services.directories import preflight
from services.directories.connecting import connector
from services.people import to_record
from services.portal import Portal
from services.serving import ISSUING, in_service, serves
from services.standing import is_active

logger = logging.getLogger(__name__)

GRACE = timedelta(minutes=1)
"""How long after its end a registration is taken back: an answer that came in time is judged."""


MOST = 30
"""How many registrations one person has a directory begin in `WITHIN`, cancelled ones included:
each leaves something there for a while, and its limits are for everybody together."""
WITHIN = timedelta(minutes=10)


@dataclass(frozen=True)
class _Asked:
    """Whom a directory is asked to begin a registration for."""

    directory: Directory
    person: Person
    remote_id: str
    policy: Policy


def begin(
    portal: Portal,
    *,
    binding: Binding,
    directory: int,
    policy: Policy | None,
    exclude: Sequence[bytes],
) -> Begun:
    """Have a directory begin a registration, and keep it.

    Raises:
        CeremonyRefusal: `policy_missing`, `person_suspended`, `directory_not_offered`,
            `directory_not_linked`, `begun_too_often`.
        DirectoryTrouble: when it does not begin one, or one that leads to nothing.
    """
    with portal.database.read() as session:
        asked = _asked(session, binding, directory, policy)
        _demand_moderation(session, asked, now=portal.now())
    connection: Connector | None = None
    identity: RemoteIdentity | None = None
    begun: CreationOptions | None = None
    findings: tuple[Finding, ...] = ()
    try:
        connection = connector(portal, asked.directory)
        identity = _identity(connection, asked)
        if connection.capabilities.begins_in_vain:
            findings = _findings(connection, identity, asked.policy, portal.metadata)
            _demand_a_way(findings)
        begun = connection.creation_options(identity)
        return _keep(portal, binding, asked, begun, exclude)
    except Exception as error:
        if connection is not None and identity is not None:
            if begun is not None:
                _take_back(connection, identity, begun)
                findings = ()  # what is in the way came after them
            elif isinstance(error, DirectoryError) and not findings:
                findings = _findings(connection, identity, asked.policy, portal.metadata)
        if isinstance(error, DirectoryError):
            raise _trouble(portal, binding, asked, error, findings) from None
        raise


def offering(
    session: Session, directory: int, person_id: int, *, held: bool = False
) -> tuple[Directory, str]:
    """A directory that can begin registrations for a person, and the id of their record there.

    Args:
        held: whether the link stays as it is until the transaction ends.

    Raises:
        CeremonyRefusal: `directory_not_offered`, `directory_not_linked`.
    """
    row = session.scalar(
        select(Directory).where(
            Directory.id == directory,
            Directory.type.in_(ISSUING),
            in_service(),
            serves(person_id),
        )
    )
    if row is None:
        raise CeremonyRefusal("directory_not_offered")
    linked = select(Identity.remote_id).where(
        Identity.directory_id == directory, Identity.person_id == person_id
    )
    remote_id = session.scalar(linked.with_for_update(of=Identity) if held else linked)
    if remote_id is None:
        raise CeremonyRefusal("directory_not_linked")
    return row, remote_id


def _asked(session: Session, binding: Binding, directory: int, policy: Policy | None) -> _Asked:
    person = session.get_one(Person, binding.person_id)
    policy = policy or policies.for_person(session, person.id)
    if policy is None:
        raise CeremonyRefusal("policy_missing")
    if not person.active:
        raise CeremonyRefusal("person_suspended")
    row, remote_id = offering(session, directory, person.id)
    return _Asked(row, person, remote_id, policy)


def _demand_moderation(session: Session, asked: _Asked, *, now: datetime) -> None:
    """Refuse to go on and on without an answer.

    Raises:
        CeremonyRefusal: `begun_too_often`.
    """
    begun = select(func.count()).where(
        Challenge.person_id == asked.person.id,
        Challenge.directory_id == asked.directory.id,
        Challenge.created_at > now - WITHIN,
        Challenge.expires_at > now - WITHIN,  # those have an index
    )
    if (session.scalar(begun) or 0) >= MOST:
        raise CeremonyRefusal("begun_too_often")


def _identity(connection: Connector, asked: _Asked) -> RemoteIdentity:
    found = connection.find_identity(to_record(asked.person), asked.remote_id)
    if found is None:
        raise Misconfigured(
            "The record that this person is linked to is not there any more. Link them to the "
            "right one.",
            code="ceremony.identity_gone",
        )
    return found


def _keep(
    portal: Portal,
    binding: Binding,
    asked: _Asked,
    begun: CreationOptions,
    exclude: Collection[bytes],
) -> Begun:
    """Judge what was begun, and store it for the answer.

    Raises:
        Misconfigured: when it leads to nothing.
        CeremonyRefusal: `person_suspended` when they were at this moment.
    """
    settings, now, directory = portal.settings, portal.now(), asked.directory
    own = begun.rp_id == settings.rp_id
    offer = offers.read(
        begun,
        declared=registry.relying_party(directory.type.value, directory.settings).id,
        own=own,
        policy=asked.policy,
        now=now,
    )
    here = [one for one in settings.origins if enrols_here(begun.rp_id, [one])[0]]
    made = _excluding(begun, exclude)
    try:
        with portal.database.write() as session:
            if not is_active(session, asked.person.id):
                raise CeremonyRefusal("person_suspended")
            _demand_own_handle(session, asked, offer, begun.rp_id, own=own)
            row = challenges.make(
                session,
                settings=settings,
                binding=binding,
                challenge=offer.challenge,
                options=made,
                policy=asked.policy,
                now=now,
            )
            row.directory_id = directory.id
            row.maker = OWN if own else str(directory.uuid)
            row.rp_id, row.origins = begun.rp_id, here or list(begun.origins)
            row.remote = {
                "identity": asked.remote_id,
                "begun": dict(begun.remote),
                "leaves": begun.leaves,
                "formats": list(begun.formats),
            }
            row.expires_at = offer.not_after
            row.discard_at = offer.not_after + GRACE if begun.leaves else None
            session.flush()
    except IntegrityError:
        # It could name a challenge of our own, and have somebody answer that.
        raise Misconfigured(
            "It began a registration with a challenge that was used before.",
            code="ceremony.challenge",
        ) from None
    return Begun(row.uuid, made, "" if here else begun.origins[0], tuple(here))


def _demand_own_handle(
    session: Session, asked: _Asked, offer: offers.Offer, rp_id: str, *, own: bool
) -> None:
    """See that a key of ours is not to have the handle of somebody else.

    Raises:
        Misconfigured: `ceremony.handle_taken`.
    """
    if own and handles.taken(session, offer.handle, person_id=asked.person.id, rp_id=rp_id):
        raise Misconfigured(
            "It names the user as somebody else here is named. See whose record there is linked to "
            "whom.",
            code="ceremony.handle_taken",
        )


def _excluding(begun: CreationOptions, exclude: Collection[bytes]) -> dict[str, Any]:
    """The directory's options as they are, with more keys that are not to answer."""
    options = dict(begun.options)
    if exclude:
        more = [{"type": "public-key", "id": encoded(one)} for one in exclude]
        options["excludeCredentials"] = [*options.get("excludeCredentials", ()), *more]
    return options


def _findings(
    connection: Connector, identity: RemoteIdentity, policy: Policy, metadata: MetadataSource
) -> tuple[Finding, ...]:
    """What is in the way of a registration, or may stand behind a refusal: the directories' own
    words are often vague.
    """
    try:
        return connection.preflight(identity, preflight.intended(policy, metadata))
    except DirectoryError as error:
        logger.info("Nothing more could be found out: %s", error.code)
        return ()


def _demand_a_way(findings: Sequence[Finding]) -> None:
    """Begin nothing that is known to fail: the touch would leave an entry on the key for nothing.

    Raises:
        Refused: `ceremony.known_to_fail`, with what stands in the way.
    """
    known = [one.sentence for one in findings if one.blocks]
    if known:
        raise Refused(" ".join(known), code="ceremony.known_to_fail")


def _take_back(connection: Connector, identity: RemoteIdentity, begun: CreationOptions) -> None:
    try:
        connection.discard(identity, begun.remote)
    except DirectoryError as error:
        logger.warning("A registration that leads to nothing could not be discarded: %s", error)


def _trouble(
    portal: Portal,
    binding: Binding,
    asked: _Asked,
    error: DirectoryError,
    findings: Sequence[Finding],
) -> DirectoryTrouble:
    trouble = DirectoryTrouble(asked.directory.name, error, findings)
    with portal.database.write() as session:
        record(
            session,
            Tag.PASSKEY_REFUSED,
            now=portal.now(),
            actor=session.get_one(Person, binding.actor_id or asked.person.id),
            person=asked.person,
            directory=asked.directory,
            code=trouble.code,
            purpose=binding.purpose.value,
            cause=trouble.cause,
            reason=trouble.reason,
            said=trouble.said,
            request_id=trouble.request_id,
        )
    return trouble
