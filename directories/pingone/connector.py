"""The PingOne connector: the protocol of `directories.base`, put together from the modules beside.

PingOne issues every challenge itself, so a passkey gets there by a registration that it began.
Whether our pages may run it depends on the relying party ID of its FIDO policy and on our origins;
`enrols_here` tells, and so does what `creation_options` returns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from directories.base import (
    Capabilities,
    CeremonyAnswer,
    ConnectionReport,
    CreationOptions,
    Finding,
    Group,
    Intended,
    Misconfigured,
    Page,
    PasskeyRecord,
    PersonRecord,
    Proof,
    ProofOptions,
    Refused,
    RemoteIdentity,
    RemoteMethod,
    RemotePasskey,
    TemporaryPass,
    Way,
    Written,
)
from directories.destinations import Destinations
from directories.http import DirectorySession, Limits
from directories.oauth import Tokens
from directories.oauth_client import Grant, SecretBasic, SecretPost
from directories.pingone import devices, methods, people, policies, preflight, rules, sign_on
from directories.pingone.activation import Activation
from directories.pingone.api import PingOneApi
from directories.pingone.beginning import Beginning
from directories.pingone.checks import ConnectionTest
from directories.pingone.errors import token_problem
from directories.pingone.policies import MfaPolicy
from directories.pingone.settings import AuthMethod, PingOneSettings, secret_problem
from directories.rules import DirectoryRules

CAPABILITIES = Capabilities(
    way=Way.FOREIGN,
    takes_identities=False,
    lists_people=True,
    lists_groups=True,
    has_rules=True,
    suspends=True,
    renames=True,
)
"""The way is what holds without knowing our origins: PingOne's default relying party ID is its
own. Where the FIDO policy's covers our pages, the ceremony is shared (`enrols_here`)."""


class PingOneConnector:
    """One PingOne environment, through one worker application.

    Args:
        settings: where it is.
        secret: the worker's client secret.
        destinations: where calls may go.
        limits: times and sizes of calls.

    Raises:
        Misconfigured: when there is no secret, or one that cannot be right.
    """

    def __init__(
        self,
        settings: PingOneSettings,
        secret: str | None,
        destinations: Destinations,
        *,
        limits: Limits | None = None,
    ) -> None:
        problem = secret_problem(settings, secret)
        if problem or not secret:
            raise Misconfigured(problem, code="pingone.secret")
        self.settings = settings
        proof = SecretPost if settings.auth_method is AuthMethod.POST else SecretBasic
        tokens = Tokens(
            DirectorySession(destinations, hide=(secret,), limits=limits),
            Grant(settings.token_url, settings.client_id, proof(secret)),
            explain=lambda answer: token_problem(answer, settings),
        )
        self._api = PingOneApi(settings, tokens)
        self._beginning = Beginning(self._api, settings)
        self._activation = Activation(self._api)

    @property
    def capabilities(self) -> Capabilities:
        """People are linked to existing users, found and narrowed to groups."""
        return CAPABILITIES

    @property
    def create_lock(self) -> str:
        """One name for each environment, though nothing is created in it."""
        return f"pingone:{self.settings.environment_id}"

    def test(self, *, rp_id: str, origins: tuple[str, ...], probe: bool) -> ConnectionReport:
        """Check the connection, each check by name. It only reads, with the probe or without."""
        return ConnectionTest(self._api, self.settings, origins).run()

    def mfa_policies(self) -> tuple[MfaPolicy, ...]:
        """The MFA policies to choose from, the default one first, each with its FIDO policy."""
        return policies.read(self._api)

    def sign_on_hosts(self) -> tuple[str, ...]:
        """Hosts of PingOne's own sign-on pages, for `consequence`."""
        return sign_on.hosts(self._api, self.settings)

    def people(
        self,
        query: str,
        cursor: str | None,
        *,
        group: str | None = None,
        assigned: bool = False,
    ) -> Page[RemoteIdentity]:
        """Search users by the beginning of a user name, an address or a name.

        PingOne assigns nobody to a worker, so `assigned` narrows nothing.
        """
        return people.search(self._api, query, cursor, group)

    def groups(self, query: str, cursor: str | None) -> Page[Group]:
        """Search groups by the beginning of their name."""
        return people.groups(self._api, query, cursor)

    def find_identity(self, person: PersonRecord, remote_id: str | None) -> RemoteIdentity | None:
        """The user with this id: nobody is found by an address, which anybody could have typed."""
        return people.find(self._api, remote_id) if remote_id else None

    def put_identity(self, person: PersonRecord, passkey: PasskeyRecord | None) -> Written:
        """Refuse: people are linked to the users there are."""
        raise Refused("People are linked to users that exist in PingOne.", code="pingone.no_create")

    def preflight(self, identity: RemoteIdentity, intended: Intended) -> tuple[Finding, ...]:
        """What a registration for this user would meet there, as far as it may be read."""
        return preflight.findings(self._api, self.settings, identity)

    def creation_options(self, identity: RemoteIdentity) -> CreationOptions:
        """Begin to pair a FIDO2 device.

        Its `origins` are for a client that is no browser; a page of ours under the relying party
        ID uses its own.
        """
        return self._beginning.begin(identity.remote_id)

    def discard(self, identity: RemoteIdentity, remote: Mapping[str, Any]) -> None:
        """Delete the device of a registration, while it still waits for its key."""
        devices.discard(self._api, identity.remote_id, remote.get("device_id"))

    def put_passkey(
        self, identity: RemoteIdentity, passkey: PasskeyRecord, answer: CeremonyAnswer | None
    ) -> Written:
        """Finish the registration that PingOne began, and read the key back."""
        return self._activation.finish(identity, passkey, answer)

    def list_passkeys(self, identity: RemoteIdentity) -> tuple[RemotePasskey, ...]:
        """The FIDO2 devices of a user that were paired to the end."""
        return devices.passkeys(self._api, identity.remote_id)

    def rename_passkey(
        self, identity: RemoteIdentity, passkey: RemotePasskey, name: str
    ) -> RemotePasskey:
        """Give a passkey another nickname and read it back."""
        return devices.rename(self._api, identity.remote_id, passkey, name)

    def in_the_way(
        self, identity: RemoteIdentity, passkey: PasskeyRecord
    ) -> tuple[RemotePasskey, ...]:
        """Nothing is: every key has a handle of the user's own there."""
        return ()

    def make_room(self, identity: RemoteIdentity, passkey: PasskeyRecord) -> None:
        """Nothing to do, as `in_the_way` says."""

    def passkey_counts(self, remote_ids: Sequence[str]) -> Mapping[str, int | None]:
        """How many passkeys each user has, a few calls at a time; None where one fails."""
        return devices.counts(self._api, remote_ids)

    def remove_passkey(self, identity: RemoteIdentity, passkey: RemotePasskey) -> None:
        """Remove one passkey and read back that it is gone."""
        devices.remove(self._api, identity.remote_id, passkey.remote_id)

    def methods(self, identity: RemoteIdentity) -> tuple[RemoteMethod, ...]:
        """The user's other MFA devices."""
        return methods.listed(self._api.devices(identity.remote_id))

    def revoke_sessions(self, identity: RemoteIdentity) -> None:
        """Refuse: a worker's role for identities does not reach sessions."""
        raise Refused("Sign-ins at PingOne are not ended from here.", code="pingone.no_sign_out")

    def temporary_pass(self, identity: RemoteIdentity, *, minutes: int) -> TemporaryPass:
        """Refuse: keys for PingOne are made from here, so nobody needs a pass for one."""
        raise Refused("PingOne has no temporary passes.", code="pingone.no_pass")

    def set_enabled(self, identity: RemoteIdentity, enabled: bool) -> None:
        """Disable or enable a user."""
        people.set_enabled(self._api, identity.remote_id, enabled)

    def rules(self) -> DirectoryRules:
        """The rules of the FIDO policy behind the chosen MFA policy."""
        return rules.read(self._api, self.settings)

    def begin_proof(self) -> ProofOptions:
        """Refuse: only PingOne's own pages can sign in there."""
        raise Refused("PingOne signs in on its own pages only.", code="pingone.no_proof")

    def finish_proof(self, flow: str, assertion: Mapping[str, Any]) -> Proof:
        """Refuse, as `begin_proof` does."""
        raise Refused("PingOne signs in on its own pages only.", code="pingone.no_proof")
