"""What comes after connecting PingOne: choose the MFA policy that pairs keys, and add."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from sqlalchemy.orm import Session

from directories.base import DirectoryError
from directories.pingone import (
    MfaPolicy,
    PingOneConnector,
    PingOneSettings,
    consequence,
    enrols_here,
)
from models import Directory, Person
from services.directories import steps
from services.directories.connecting import connector
from services.directories.records import add, edit
from services.portal import Portal


@dataclass(frozen=True)
class Judged:
    """An MFA policy, and what it means for keys."""

    policy: MfaPolicy
    enrols_here: bool | None
    """Whether a browser on our pages can enrol a key under it; None where it cannot be told."""
    sentence: str
    consequence: str
    """Where people can sign in with such a key."""

    @property
    def relying_party_id(self) -> str:
        """Of the FIDO policy behind it; empty where that cannot be read."""
        return self.policy.fido_policy.relying_party_id if self.policy.fido_policy else ""

    @property
    def obstacle(self) -> str:
        """Why no key can be paired under it; empty where one can."""
        if not self.policy.fido2_enabled:
            return "FIDO2 is switched off"
        return "pairing is not allowed" if self.policy.pairing_disabled else ""


def policies(portal: Portal, directory: Directory) -> tuple[Judged, ...]:
    """The MFA policies there are at this moment, the default one first.

    Raises:
        DirectoryError: when they cannot be read.
    """
    connection = cast(PingOneConnector, connector(portal, directory))
    found = connection.mfa_policies()
    try:
        hosted: tuple[str, ...] | None = connection.sign_on_hosts()
    except DirectoryError:
        hosted = None
    return tuple(_judged(one, hosted, portal.settings.origins) for one in found)


def _judged(policy: MfaPolicy, hosted: tuple[str, ...] | None, origins: tuple[str, ...]) -> Judged:
    if policy.fido_policy is None:
        return Judged(
            policy,
            None,
            "A browser here can enrol: not known, because its FIDO policy cannot be read.",
            "",
        )
    theirs = policy.fido_policy.relying_party_id
    here, sentence = enrols_here(theirs, origins)
    return Judged(policy, here, sentence, consequence(theirs, hosted))


def suggest(offered: tuple[Judged, ...], chosen: str) -> str:
    """The id of the policy to begin with: what is chosen, else the first that serves best."""
    if chosen:
        return chosen
    pairing = [one for one in offered if not one.obstacle]
    best = [one for one in pairing if one.enrols_here] or pairing or list(offered)
    return best[0].policy.id if best else ""


def choose(
    session: Session,
    portal: Portal,
    directory: Directory,
    *,
    mfa_policy_id: str,
    mfa_policy_name: str,
    relying_party_id: str,
    sign_on_application: str,
    actor: Person | None,
) -> None:
    """Keep the choice, and add the directory where it is not added yet.

    Args:
        relying_party_id: pinned, so that a later change of it there is noticed.

    Raises:
        FieldProblems: with a sentence for each field.
    """
    chosen = {
        "mfa_policy_id": mfa_policy_id,
        "mfa_policy_name": mfa_policy_name,
        "relying_party_id": relying_party_id,
        "sign_on_application": sign_on_application,
    }
    settings = steps.read(directory.type, {**directory.settings, **chosen})
    now = portal.now()
    edit(session, portal.sealer, directory, settings=settings, actor=actor, now=now)
    add(session, directory, actor=actor, now=now)


def settings_of(directory: Directory) -> PingOneSettings:
    """What is stored, as the connector reads it."""
    return PingOneSettings.from_mapping(directory.settings)
