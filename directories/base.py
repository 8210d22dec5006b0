"""What every directory connector offers, and the words it answers in.

Connectors know nothing of our tables: they take and return the frozen dataclasses below. Every
failure is one of the errors of `directories.errors`, which can be had from here as well.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

from directories.account import (  # isort: skip
    CheckState as CheckState,
    Finding as Finding,
    Intended as Intended,
    Proof as Proof,
    ProofOptions as ProofOptions,
    RemoteMethod as RemoteMethod,
    TemporaryPass as TemporaryPass,
)
from directories.errors import (  # isort: skip
    AlreadyThere as AlreadyThere,
    DirectoryError as DirectoryError,
    InvalidSettings as InvalidSettings,
    Misconfigured as Misconfigured,
    NotAccepted as NotAccepted,
    NotFound as NotFound,
    Refused as Refused,
    TouchAgain as TouchAgain,
    Transient as Transient,
)
from directories.rules import DirectoryRules

T = TypeVar("T")


class Way(StrEnum):
    """How a passkey reaches a directory (docs/architecture.md)."""

    IMPORT = "import"
    SHARED = "shared"
    FOREIGN = "foreign"


@dataclass(frozen=True)
class Capabilities:
    """What a connector can do. Callers ask this instead of the directory's type."""

    way: Way
    takes_identities: bool
    """Whether it can make an identity; otherwise people are linked to existing ones."""
    lists_people: bool = False
    lists_groups: bool = False
    lists_assigned: bool = False
    """Whether people can be narrowed to those assigned to the connection's own application."""
    has_rules: bool = False
    """Whether it has FIDO rules of its own that can be read (`rules`)."""
    suspends: bool = False
    """Whether an account there can be disabled and enabled again (`set_enabled`)."""
    proves_sign_in: bool = False
    """Whether a sign-in there can be tried from our page (`begin_proof`, `finish_proof`)."""
    revokes_sessions: bool = False
    """Whether a person's sign-ins there can be ended (`revoke_sessions`)."""
    begins_in_vain: bool = False
    """Whether it begins registrations that it can be known to refuse in the end, so that
    `preflight` is worth a look first."""
    makes_passes: bool = False
    """Whether a person can be given a passcode for one sign-in there (`temporary_pass`)."""
    renames: bool = False
    """Whether a key that was made in its ceremony can get another name there
    (`rename_passkey`). One that was imported gets it by `put_passkey`."""
    one_handle: bool = False
    """Whether an identity has room for the keys of one user handle only, in the form that some of
    ours need (`in_the_way`, `make_room`)."""


@dataclass(frozen=True)
class PersonRecord:
    """What a directory may learn of a person. `uuid` is our own, stable name for them."""

    uuid: uuid.UUID
    email: str
    given_name: str
    middle_name: str
    family_name: str
    display_name: str


@dataclass(frozen=True)
class PasskeyRecord:
    """What a directory may learn of a passkey, read from the passkey's own row."""

    credential_id: bytes
    public_key: bytes
    """The COSE_Key exactly as the authenticator sent it."""
    rp_id: str
    user_handle: bytes
    aaguid: uuid.UUID
    sign_count: int
    transports: tuple[str, ...]
    user_verified: bool
    backup_eligible: bool
    backup_state: bool
    nickname: str
    created_at: datetime


@dataclass(frozen=True)
class RemoteIdentity:
    """A person's record inside a directory."""

    remote_id: str
    label: str
    """How the directory's own people recognise it: an e-mail address or a user name."""
    detail: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    """What the directory says it is. Nobody verified it, so it links nobody to anybody."""
    enabled: bool | None = None
    """Whether the account can be used; None where the directory does not tell."""
    note: str = ""
    """What sets it apart, such as "guest"; empty for most."""
    guest: bool = False
    """Whether it belongs to somebody of another organisation."""


@dataclass(frozen=True)
class RemotePasskey:
    """A passkey as the directory itself reports it."""

    remote_id: str
    credential_id: bytes | None
    """None where the directory does not tell, or not for certain."""
    name: str = ""
    created_at: datetime | None = None
    candidates: tuple[bytes, ...] = ()
    """What the credential id may be, where the directory's way of writing it leaves a choice."""
    model: str = ""
    """The model of the key, as the directory calls it; empty where it does not tell."""

    def is_credential(self, credential_id: bytes) -> bool | None:
        """Whether it is this passkey, by the credential id; None where that cannot be told."""
        if self.credential_id is not None:
            return self.credential_id == credential_id
        return True if credential_id in self.candidates else None


@dataclass(frozen=True)
class Written:
    """What is in the directory after a write, read back from it.

    `passkey` is None where the identity was made but the passkey is not there; `shortfall` then
    says why, for the operator.
    """

    identity: RemoteIdentity
    passkey: RemotePasskey | None = None
    shortfall: Refused | None = None


@dataclass(frozen=True)
class Group:
    """A group of people in a directory."""

    remote_id: str
    name: str


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a listing; `cursor` is the directory's own, None at the end."""

    items: tuple[T, ...]
    cursor: str | None = None


@dataclass(frozen=True)
class CreationOptions:
    """A registration that the directory began: run it, then hand the answer to `put_passkey`."""

    options: Mapping[str, Any]
    """WebAuthn creation options as JSON, binary values base64url (WebAuthn L3 section 5.1.8)."""
    rp_id: str
    origins: tuple[str, ...]
    not_after: datetime
    remote: Mapping[str, Any]
    """What the connector needs to finish or to clean up."""
    leaves: str = ""
    """The directory's own id of what it keeps until the registration is finished (`discard`);
    empty where it keeps nothing."""
    formats: tuple[str, ...] = ()
    """The attestation statement formats that it takes (WebAuthn L3 section 8); empty for any."""


@dataclass(frozen=True)
class CeremonyAnswer:
    """The browser's answer to `CreationOptions`, already verified by us."""

    response: Mapping[str, Any]
    """The RegistrationResponseJSON of WebAuthn L3 section 5.5."""
    origin: str
    remote: Mapping[str, Any]


@dataclass(frozen=True)
class Check:
    """One line of a connection test."""

    code: str
    """Stable, for tests and support, as `ory.identities`."""
    name: str
    """What was checked, as an operator would say it."""
    state: CheckState
    evidence: str = ""
    """What was seen."""
    said: str = ""
    """The directory's own words, where it said any."""
    request_id: str = ""
    remedy: str = ""
    """What to do next; empty when it passed."""
    patch: str = ""
    """What an operator can apply there, ready to copy, where the remedy is to apply something."""


@dataclass(frozen=True)
class ConnectionReport:
    """The outcome of a connection test."""

    checks: tuple[Check, ...]
    verified: bool
    """Whether the connection may serve: nothing that a delivery needs has failed."""
    signs_in: bool | None
    """Whether passkeys made here will sign in there; None when it cannot be told."""
    sentence: str
    """The conclusion: "Passkeys made here will sign in there: yes." or "no, because …"."""
    patch: str = ""
    """What an operator can apply there to put it right, ready to copy."""
    sso_domains: tuple[str, ...] = ()
    """E-mail domains, in lower case, whose people were seen under a single sign-on there that may
    keep them from signing in with a passkey. More there may be: what is seen is never all."""


class Connector(Protocol):
    """One connected directory. Every method may raise a `DirectoryError`."""

    @property
    def capabilities(self) -> Capabilities:
        """What this directory can do."""

    @property
    def create_lock(self) -> str:
        """The name under which creates must be one at a time, across all our processes."""

    def test(self, *, rp_id: str, origins: tuple[str, ...], probe: bool) -> ConnectionReport:
        """Check the connection, each check by name. Never raises for what a check finds.

        Args:
            rp_id: our relying party ID, which passkeys made here carry.
            origins: our origins.
            probe: also run checks that leave a trace there (a short-lived sign-in flow).
        """

    def people(
        self,
        query: str,
        cursor: str | None,
        *,
        group: str | None = None,
        assigned: bool = False,
    ) -> Page[RemoteIdentity]:
        """Search people by the directory's own means.

        Args:
            query: part of a name or address; empty for everyone.
            cursor: from the page before.
            group: the directory's id of a group (where `lists_groups`): only its members.
            assigned: only those assigned to the application (where `lists_assigned`), members
                of assigned groups included.
        """

    def groups(self, query: str, cursor: str | None) -> Page[Group]:
        """Search groups by the directory's own means."""

    def find_identity(self, person: PersonRecord, remote_id: str | None) -> RemoteIdentity | None:
        """The person's identity: by the directory's id when known, else by its own keys."""

    def put_identity(self, person: PersonRecord, passkey: PasskeyRecord | None) -> Written:
        """Make an identity, with the passkey where one call can do both. Looks before it writes.

        The caller holds `create_lock`. An identity that has appeared meanwhile is handed back as
        it is, without a passkey: nothing is written into it before it is linked.
        """

    def preflight(self, identity: RemoteIdentity, intended: Intended) -> tuple[Finding, ...]:
        """What a registration for this person would meet there, read without leaving a trace.

        What may not be read is unknown, and nothing is raised for it but `Transient`.
        """

    def creation_options(self, identity: RemoteIdentity) -> CreationOptions:
        """Begin a registration that the directory must issue (shared and foreign ways)."""

    def discard(self, identity: RemoteIdentity, remote: Mapping[str, Any]) -> None:
        """Take back a registration that is not to be finished, where anything of it is there.

        Fine if nothing is. One that was finished stays: a passkey is taken by `remove_passkey`.

        Args:
            identity: for whom it was begun; only its `remote_id` has to be known.
            remote: of `CreationOptions`.
        """

    def put_passkey(
        self, identity: RemoteIdentity, passkey: PasskeyRecord, answer: CeremonyAnswer | None
    ) -> Written:
        """Put a passkey into the identity and read it back. Idempotent.

        Args:
            identity: from `find_identity` or `put_identity`.
            passkey: what to put.
            answer: the verified answer, where `creation_options` began the ceremony.
        """

    def list_passkeys(self, identity: RemoteIdentity) -> tuple[RemotePasskey, ...]:
        """Every passkey the directory holds for the identity."""

    def rename_passkey(
        self, identity: RemoteIdentity, passkey: RemotePasskey, name: str
    ) -> RemotePasskey:
        """Give a passkey another name and read it back (where `renames`)."""

    def in_the_way(
        self, identity: RemoteIdentity, passkey: PasskeyRecord
    ) -> tuple[RemotePasskey, ...]:
        """The keys there that leave no room for this one (where `one_handle`)."""

    def make_room(self, identity: RemoteIdentity, passkey: PasskeyRecord) -> None:
        """Remove the keys that leave no room for this one, and read back that they are gone."""

    def passkey_counts(self, remote_ids: Sequence[str]) -> Mapping[str, int | None]:
        """How many passkeys each of these identities has there; None where it cannot be told."""

    def remove_passkey(self, identity: RemoteIdentity, passkey: RemotePasskey) -> None:
        """Remove one passkey and read back that it is gone. Fine if it was gone already."""

    def methods(self, identity: RemoteIdentity) -> tuple[RemoteMethod, ...]:
        """What else the identity signs in with there, passkeys aside. Read-only."""

    def revoke_sessions(self, identity: RemoteIdentity) -> None:
        """End every sign-in of the identity there, within minutes (where `revokes_sessions`)."""

    def temporary_pass(self, identity: RemoteIdentity, *, minutes: int) -> TemporaryPass:
        """Make a passcode for one sign-in there; one from before is replaced (`makes_passes`)."""

    def set_enabled(self, identity: RemoteIdentity, enabled: bool) -> None:
        """Disable or enable an account and read back that it is so (where `suspends`)."""

    def rules(self) -> DirectoryRules:
        """The directory's own FIDO rules (where `has_rules`)."""

    def begin_proof(self) -> ProofOptions:
        """Begin a real sign-in there, for the page to sign (where `proves_sign_in`)."""

    def finish_proof(self, flow: str, assertion: Mapping[str, Any]) -> Proof:
        """Sign in there with the assertion, ask who that is, and sign out again."""
