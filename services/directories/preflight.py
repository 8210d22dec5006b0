"""What a registration for somebody would meet in a directory, looked at before it is begun."""

from __future__ import annotations

from directories.base import Finding, Intended, RemoteIdentity
from models import Directory, Person
from services import policies
from services.attestation.metadata import MetadataSource
from services.attestation.policy import Policy
from services.directories.connecting import connector
from services.portal import Portal
from services.serving import ISSUING


def intended(policy: Policy, metadata: MetadataSource) -> Intended:
    """The keys that a policy accepts, as far as a directory's rules care."""
    if policy.allowed_models is None:
        return Intended()
    models = policy.allowed(metadata)
    return Intended(
        models={one.aaguid: one.name for one in models},
        # What was added by a file here is known to nobody else.
        attested=frozenset(one.aaguid for one in models if one.anchors and not one.from_file),
    )


def look(
    portal: Portal,
    directory: Directory,
    person: Person,
    remote: RemoteIdentity,
    *,
    policy: Policy | None = None,
) -> tuple[Finding, ...]:
    """Ask the directory. Never inside a transaction; empty where it begins no registrations.

    Args:
        remote: the person's record, as the directory has it at this moment.
        policy: in place of the one that is in force for the person.

    Raises:
        Misconfigured: when the directory cannot even be asked.
    """
    if directory.type not in ISSUING:
        return ()
    if policy is None:
        with portal.database.read() as session:
            policy = policies.for_person(session, person.id)
    wanted = Intended() if policy is None else intended(policy, portal.metadata)
    return connector(portal, directory).preflight(remote, wanted)
