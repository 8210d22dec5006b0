"""The Ory connector: the protocol of `directories.base`, put together from the modules beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

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
from directories.http import DirectorySession, Limits
from directories.ory import client, lookup, methods, proof
from directories.ory.api import PAGE_SIZE, OryApi
from directories.ory.checks import ConnectionTest
from directories.ory.delivery import OryDelivery
from directories.ory.documents import IdentityDocument, decode
from directories.ory.schema import IdentitySchema
from directories.ory.settings import Auth, Flavour, OrySettings, TraitMapping
from directories.rules import DirectoryRules

CAPABILITIES = Capabilities(
    way=Way.IMPORT,
    takes_identities=True,
    lists_people=True,
    suspends=True,
    proves_sign_in=True,
    one_handle=True,
)

_ALIKE = "alike:"
"""Before a cursor of a search for similar identifiers: the next page must search so again."""


class OryConnector:
    """One Ory Network project or self-hosted Kratos.

    Args:
        settings: where it is, and what goes where.
        secret: the API key; None where the admin API takes none.
        destinations: where calls may go.
        client_secret: of the OAuth2 client; None where there is no client.
        limits: times and sizes of calls.

    Raises:
        Misconfigured: when there is no key or client secret where one is needed, or one that HTTP
            cannot carry.
    """

    def __init__(
        self,
        settings: OrySettings,
        secret: str | None,
        destinations: Destinations,
        *,
        client_secret: str | None = None,
        limits: Limits | None = None,
    ) -> None:
        if problem := secret_problem(settings, secret):
            raise Misconfigured(problem, code="ory.key")
        if problems := client.problems(settings, client_secret):
            raise Misconfigured(" ".join(problems.values()), code="ory.client")
        self.settings = settings
        self._secret = secret
        hide = [one for one in (secret, client_secret) if one]
        session = DirectorySession(destinations, hide=hide, limits=limits)
        tokens = client.tokens(settings, client_secret, session) if client_secret else None
        self._api = OryApi(settings, secret, session, tokens)
        self._delivery = OryDelivery(self._api, settings)

    @property
    def capabilities(self) -> Capabilities:
        """Passkeys are imported; identities are made; people can be listed, groups do not exist."""
        return CAPABILITIES

    @property
    def create_lock(self) -> str:
        """One name for each project: a second concurrent create gets 429 (contract 2.7)."""
        parts = urlsplit(self.settings.admin)
        return f"ory:{parts.netloc.lower()}{parts.path}/admin/identities"

    def identity_schemas(self) -> tuple[IdentitySchema, ...]:
        """The project's identity schemas."""
        return self._api.identity_schemas()

    def test(self, *, rp_id: str, origins: tuple[str, ...], probe: bool) -> ConnectionReport:
        """Check the connection, each check by name."""
        return ConnectionTest(self._api, self.settings, self._secret, rp_id, origins).run(
            probe=probe
        )

    def people(
        self,
        query: str,
        cursor: str | None,
        *,
        group: str | None = None,
        assigned: bool = False,
    ) -> Page[RemoteIdentity]:
        """Search people by identifier: the exact one, else those like it; all without a query.

        Ory has neither groups nor assignments, so those arguments narrow nothing.
        """
        alike = cursor is not None and cursor.startswith(_ALIKE)
        token = (cursor or "").removeprefix(_ALIKE)
        more = {"page_size": str(PAGE_SIZE)} | ({"page_token": token} if token else {})
        query = query.strip().lower()
        if not query:
            return self._page(*self._api.identities(**more))
        if not alike:
            found, following = self._api.identities(credentials_identifier=query, **more)
            if found or cursor:
                return self._page(found, following)
        try:
            found, following = self._api.identities(
                preview_credentials_identifier_similar=query, **more
            )
        except Refused:
            return Page(())  # the parameter is a preview, and may go away
        return self._page(found, _ALIKE + following if following else None)

    def groups(self, query: str, cursor: str | None) -> Page[Group]:
        """Ory has no groups."""
        return Page(())

    def find_identity(self, person: PersonRecord, remote_id: str | None) -> RemoteIdentity | None:
        """The person's identity, if there is one."""
        found = lookup.find(self._api, person, remote_id)
        return None if found is None else found.as_remote(self._mapping)

    def put_identity(self, person: PersonRecord, passkey: PasskeyRecord | None) -> Written:
        """Make the person's identity, with the passkey in it."""
        return self._delivery.put_identity(person, passkey)

    def preflight(self, identity: RemoteIdentity, intended: Intended) -> tuple[Finding, ...]:
        """Nothing: Ory begins no registration, and has no rules for keys."""
        return ()

    def creation_options(self, identity: RemoteIdentity) -> CreationOptions:
        """Refuse: passkeys reach Ory by import, after a registration of our own."""
        raise Refused("Ory begins no registration for us.", code="ory.no_ceremony")

    def discard(self, identity: RemoteIdentity, remote: Mapping[str, Any]) -> None:
        """Nothing: Ory begins no registration."""

    def put_passkey(
        self, identity: RemoteIdentity, passkey: PasskeyRecord, answer: CeremonyAnswer | None
    ) -> Written:
        """Put a passkey into the identity and read it back."""
        return self._delivery.put_passkey(identity.remote_id, passkey)

    def list_passkeys(self, identity: RemoteIdentity) -> tuple[RemotePasskey, ...]:
        """Every passkey that Ory holds for the identity."""
        return self._delivery.list_passkeys(identity.remote_id)

    def rename_passkey(
        self, identity: RemoteIdentity, passkey: RemotePasskey, name: str
    ) -> RemotePasskey:
        """Refuse: a passkey that was imported gets its name by `put_passkey`."""
        raise Refused("Names reach Ory with the passkey.", code="ory.no_rename")

    def in_the_way(
        self, identity: RemoteIdentity, passkey: PasskeyRecord
    ) -> tuple[RemotePasskey, ...]:
        """The keys under another handle, where the passkey needs the form that has but one."""
        return self._delivery.in_the_way(identity.remote_id, passkey)

    def make_room(self, identity: RemoteIdentity, passkey: PasskeyRecord) -> None:
        """Remove what `in_the_way` names, and read back that it is gone."""
        self._delivery.make_room(identity.remote_id, passkey)

    def passkey_counts(self, remote_ids: Sequence[str]) -> Mapping[str, int | None]:
        """How many passkeys each identity has, one call each: lists do not hold credentials."""
        return {remote_id: self._passkey_count(remote_id) for remote_id in remote_ids}

    def rules(self) -> DirectoryRules:
        """Refuse: Ory takes every passkey that its relying party ID fits."""
        raise Refused("Ory has no rules for keys of its own.", code="ory.no_rules")

    def remove_passkey(self, identity: RemoteIdentity, passkey: RemotePasskey) -> None:
        """Remove one passkey and read back that it is gone."""
        credential_id = passkey.credential_id or decode(passkey.remote_id)
        if credential_id is None:
            raise Refused("This passkey has no readable id in Ory.", code="ory.unreadable_passkey")
        self._delivery.remove_passkey(identity.remote_id, credential_id)

    def methods(self, identity: RemoteIdentity) -> tuple[RemoteMethod, ...]:
        """The types of the identity's credentials, passkeys aside."""
        return methods.listed(self._api.identity(identity.remote_id, with_passkeys=False))

    def revoke_sessions(self, identity: RemoteIdentity) -> None:
        """Refuse: nothing here ends a session of Ory's."""
        raise Refused("Sign-ins at Ory are not ended from here.", code="ory.no_sign_out")

    def temporary_pass(self, identity: RemoteIdentity, *, minutes: int) -> TemporaryPass:
        """Refuse: keys for Ory are made here, so nobody needs to sign in there for one."""
        raise Refused("Ory has no temporary passes.", code="ory.no_pass")

    def set_enabled(self, identity: RemoteIdentity, enabled: bool) -> None:
        """Make an identity active or inactive: inactive ones sign in nowhere (contract 2.1)."""
        self._delivery.set_enabled(identity.remote_id, enabled)

    def remove_identity(self, identity: RemoteIdentity) -> None:
        """Delete an identity: one that a live check made. Deliveries delete nobody."""
        self._api.delete(identity.remote_id)

    def begin_proof(self) -> ProofOptions:
        """Begin a real sign-in at Ory, for the page to sign."""
        return proof.begin(self._api)

    def finish_proof(self, flow: str, assertion: Mapping[str, Any]) -> Proof:
        """Sign in at Ory with the assertion, ask who that is, and sign out again."""
        return proof.finish(self._api, flow, assertion, self._mapping)

    def _passkey_count(self, remote_id: str) -> int | None:
        try:
            return len(self._delivery.list_passkeys(remote_id))
        except NotFound:
            return None

    @property
    def _mapping(self) -> TraitMapping:
        return self.settings.mapping

    def _page(self, found: list[IdentityDocument], following: str | None) -> Page[RemoteIdentity]:
        return Page(tuple(one.as_remote(self._mapping) for one in found), following)


def secret_problem(settings: OrySettings, secret: str | None) -> str:
    """What is wrong with a key, as a sentence; empty when nothing is. Never shows it."""
    if settings.auth in (Auth.NONE, Auth.CLIENT):
        return ""
    if not secret:
        if settings.flavour is Flavour.NETWORK:
            return "Give the project's API key."
        return "Give the key that the admin address takes."
    if not all(0x21 <= ord(character) <= 0x7E for character in secret):
        return "A key has no spaces or special characters: copy it again."
    return ""
