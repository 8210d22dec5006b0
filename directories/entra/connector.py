"""The Entra ID connector: the protocol of `directories.base`, from the modules beside."""

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
    NotFound,
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
from directories.entra import assigned as assignments
from directories.entra import ceremony, documents, methods, passkeys, people, policy, preflight
from directories.entra.api import EntraApi
from directories.entra.checks import ConnectionTest
from directories.entra.credentials import GUID, secret_problem
from directories.entra.failures import no_token
from directories.entra.settings import Credential, EntraSettings
from directories.http import DirectorySession, Limits
from directories.oauth import Tokens
from directories.oauth_client import Assertion, Grant, SecretPost
from directories.rules import DirectoryRules

CAPABILITIES = Capabilities(
    way=Way.FOREIGN,
    takes_identities=False,
    lists_people=True,
    lists_groups=True,
    lists_assigned=True,
    has_rules=True,
    revokes_sessions=True,
    makes_passes=True,
    begins_in_vain=True,
)


class EntraConnector:
    """One application registration in one tenant.

    Args:
        settings: which.
        secret: the secret's Value, or the certificate's private key.
        destinations: where calls may go.
        limits: times and sizes of calls.

    Raises:
        Misconfigured: when the secret is none, or not the certificate's key.
    """

    def __init__(
        self,
        settings: EntraSettings,
        secret: str | None,
        destinations: Destinations,
        *,
        limits: Limits | None = None,
    ) -> None:
        if problem := secret_problem(settings, secret):
            raise Misconfigured(problem, code="entra.key")
        self.settings = settings
        session = DirectorySession(destinations, hide=(secret or "",), limits=limits)
        self._tokens = Tokens(session, grant(settings, secret or ""), explain=no_token)
        self._api = EntraApi(settings, self._tokens)

    @property
    def capabilities(self) -> Capabilities:
        """People are linked, not made; keys are made in a ceremony of Entra's own."""
        return CAPABILITIES

    @property
    def create_lock(self) -> str:
        """One name for each tenant. Nobody is created there, so nothing waits for it."""
        return f"entra:{self.settings.tenant_id}"

    def test(self, *, rp_id: str, origins: tuple[str, ...], probe: bool) -> ConnectionReport:
        """Check the connection, each check by name. Nothing in it leaves a trace there."""
        return ConnectionTest(self._api, self.settings, self._tokens).run()

    def people(
        self,
        query: str,
        cursor: str | None,
        *,
        group: str | None = None,
        assigned: bool = False,
    ) -> Page[RemoteIdentity]:
        """Search people by words that names and addresses begin with.

        A group narrows more than being assigned does, so of both only the group is heeded.
        """
        if assigned and group is None:
            return assignments.assigned(self._api, query, cursor)
        return people.people(self._api, query, cursor, group=group)

    def groups(self, query: str, cursor: str | None) -> Page[Group]:
        """Search groups by words that their names begin with."""
        return people.groups(self._api, query, cursor)

    def find_identity(self, person: PersonRecord, remote_id: str | None) -> RemoteIdentity | None:
        """The person by the object id that was linked. Never by address: Entra verifies none."""
        if remote_id is None or not GUID.fullmatch(remote_id):
            return None
        try:
            found = documents.person(self._api.user(remote_id))
        except NotFound:
            return None
        if found is None or found.remote_id.lower() != remote_id.lower():
            raise Misconfigured(
                "What came back is not this person, so this is not Microsoft Graph.",
                code="entra.not_graph",
            )
        return found

    def put_identity(self, person: PersonRecord, passkey: PasskeyRecord | None) -> Written:
        """Refuse: people are made in Entra itself."""
        raise Refused(
            "People are made in Entra ID itself. Link this person to one who is there.",
            code="entra.no_identities",
        )

    def preflight(self, identity: RemoteIdentity, intended: Intended) -> tuple[Finding, ...]:
        """What a registration for this person would meet there, as far as it may be read."""
        return preflight.findings(self._api, identity, intended)

    def creation_options(self, identity: RemoteIdentity) -> CreationOptions:
        """Begin a registration, under Microsoft's relying party ID."""
        return ceremony.begin(self._api, identity)

    def discard(self, identity: RemoteIdentity, remote: Mapping[str, Any]) -> None:
        """Nothing: a challenge of Entra's leaves no trace there, and runs out by itself."""

    def put_passkey(
        self, identity: RemoteIdentity, passkey: PasskeyRecord, answer: CeremonyAnswer | None
    ) -> Written:
        """Register the key that answered `creation_options`; no other is taken."""
        if answer is None:
            raise Refused(
                "Entra takes only keys that were made in a ceremony of its own.",
                code="entra.no_import",
            )
        return ceremony.put(self._api, identity, passkey, answer)

    def list_passkeys(self, identity: RemoteIdentity) -> tuple[RemotePasskey, ...]:
        """Every passkey that Entra holds for the person."""
        return passkeys.listed(self._api, identity.remote_id)

    def rename_passkey(
        self, identity: RemoteIdentity, passkey: RemotePasskey, name: str
    ) -> RemotePasskey:
        """Refuse: Graph has no rename (Entra contract section 2.4)."""
        raise Refused("A key keeps its name in Entra.", code="entra.no_rename")

    def in_the_way(
        self, identity: RemoteIdentity, passkey: PasskeyRecord
    ) -> tuple[RemotePasskey, ...]:
        """Nothing is: every key has a handle of the person's own there."""
        return ()

    def make_room(self, identity: RemoteIdentity, passkey: PasskeyRecord) -> None:
        """Nothing to do, as `in_the_way` says."""

    def passkey_counts(self, remote_ids: Sequence[str]) -> Mapping[str, int | None]:
        """How many passkeys each person has there, 20 people in one call."""
        return passkeys.counts(self._api, remote_ids)

    def remove_passkey(self, identity: RemoteIdentity, passkey: RemotePasskey) -> None:
        """Remove one passkey and read back that it is gone."""
        passkeys.remove(self._api, identity.remote_id, passkey.remote_id)

    def rules(self) -> DirectoryRules:
        """The tenant's policy for passkeys."""
        return policy.rules(self._api)

    def methods(self, identity: RemoteIdentity) -> tuple[RemoteMethod, ...]:
        """What else the person signs in with there."""
        return methods.listed(self._api, identity.remote_id)

    def revoke_sessions(self, identity: RemoteIdentity) -> None:
        """End the person's sign-ins at Microsoft, within minutes. Guests belong elsewhere."""
        if identity.guest:
            raise Refused(
                "They are a guest there, so their own organisation has to sign them out.",
                code="entra.guest",
            )
        methods.revoke_sessions(self._api, identity.remote_id)

    def temporary_pass(self, identity: RemoteIdentity, *, minutes: int) -> TemporaryPass:
        """Make a Temporary Access Pass; one that the person has is replaced."""
        return methods.temporary_pass(self._api, identity.remote_id, minutes=minutes)

    def set_enabled(self, identity: RemoteIdentity, enabled: bool) -> None:
        """Refuse: the permissions that Latchkey asks for do not reach accounts themselves."""
        raise Refused("Accounts in Entra are not disabled from here.", code="entra.no_suspend")

    def begin_proof(self) -> ProofOptions:
        """Refuse: a sign-in at Entra cannot be made from another page."""
        raise _no_proof()

    def finish_proof(self, flow: str, assertion: Mapping[str, Any]) -> Proof:
        """Refuse, as `begin_proof` does."""
        raise _no_proof()


def grant(settings: EntraSettings, secret: str) -> Grant:
    """Who asks for tokens, and how it proves it (Entra contract section 1)."""
    proof: SecretPost | Assertion = SecretPost(secret)
    if settings.credential is Credential.CERTIFICATE:
        proof = Assertion(private_key=secret, certificate=settings.certificate)
    return Grant(settings.token_url, settings.client_id, proof, settings.scope)


def _no_proof() -> Refused:
    return Refused("A sign-in at Entra cannot be tried from here.", code="entra.no_proof")
