"""Identities and passkeys as Ory sends them, read with nothing taken for granted."""

from __future__ import annotations

import base64
import binascii
import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from directories.answers import scrub
from directories.base import Misconfigured, RemoteIdentity, RemotePasskey
from directories.ory.mapping import trait_at
from directories.ory.settings import TraitMapping

_ID = re.compile(r"(?!\.{1,2}$)[\x21-\x7e]{1,255}")
"""Printable, and no step in a path: `.` and `..` would lead to another address."""
_ENABLED = {"active": True, "inactive": False}
"""What `state` says (Ory contract section 2.1); an inactive identity cannot sign in."""


class Form(StrEnum):
    """The credential types that a passkey can be kept as (Ory contract 3.2 rule 5)."""

    PASSKEY = "passkey"
    """For user handles that are text; an identity holds any number of handles."""
    WEBAUTHN = "webauthn"
    """For any bytes, but an identity holds one handle only. Second factors are in it as well."""


@dataclass(frozen=True)
class StoredPasskey:
    """One entry of `credentials.<form>.config.credentials`."""

    raw: Mapping[str, Any]
    form: Form = Form.PASSKEY

    @property
    def credential_id(self) -> bytes | None:
        """The credential id; None when it cannot be read."""
        return decode(self.raw.get("id"))

    @property
    def public_key(self) -> bytes | None:
        """The COSE_Key; None when it cannot be read."""
        return decode(self.raw.get("public_key"))

    @property
    def is_passwordless(self) -> bool:
        """Whether Kratos signs in with it."""
        return self.raw.get("is_passwordless") is True

    @property
    def flags(self) -> Mapping[str, Any] | None:
        """The authenticator flags, where Kratos keeps them (since v1.3)."""
        flags = self.raw.get("flags")
        return flags if isinstance(flags, Mapping) else None

    @property
    def sign_count(self) -> int:
        """The signature counter that Kratos last saw."""
        authenticator = self.raw.get("authenticator")
        count = authenticator.get("sign_count") if isinstance(authenticator, Mapping) else None
        return count if isinstance(count, int) and count >= 0 else 0

    def as_remote(self) -> RemotePasskey:
        """The passkey in the words of the protocol. Its id there is its credential id."""
        name = self.raw.get("display_name")
        written = self.raw.get("id")
        return RemotePasskey(
            remote_id=written if isinstance(written, str) else "",
            credential_id=self.credential_id,
            name=scrub(name, ()) if isinstance(name, str) else "",
            created_at=_moment(self.raw.get("added_at")),
        )


@dataclass(frozen=True)
class IdentityDocument:
    """One identity."""

    raw: Mapping[str, Any]
    id: str

    @classmethod
    def read(cls, data: Any) -> IdentityDocument:
        """Read an answer that should be an identity.

        Raises:
            Misconfigured: when it is none.
        """
        found = data.get("id") if isinstance(data, Mapping) else None
        if not isinstance(found, str) or not _ID.fullmatch(found):
            raise Misconfigured(
                "What came back is not an identity, so this is not Ory's admin API.",
                code="ory.not_ory",
            )
        return cls(data, found)

    @property
    def external_id(self) -> str:
        """The id that an outside system gave it."""
        found = self.raw.get("external_id")
        return found if isinstance(found, str) else ""

    @property
    def organization_id(self) -> str:
        """The organisation it belongs to; empty for none."""
        found = self.raw.get("organization_id")
        return found if isinstance(found, str) else ""

    @property
    def enabled(self) -> bool | None:
        """Whether it can sign in; None where the answer does not tell."""
        state = self.raw.get("state")
        return _ENABLED.get(state) if isinstance(state, str) else None

    @property
    def passkeys(self) -> tuple[StoredPasskey, ...]:
        """Its passkeys in either form, where the answer was asked to include them.

        What is only a second factor is none.
        """
        others = (one for one in self.stored(Form.WEBAUTHN) if one.is_passwordless)
        return (*self.stored(Form.PASSKEY), *others)

    def stored(self, form: Form) -> tuple[StoredPasskey, ...]:
        """Everything that is kept in one form, second factors included."""
        entries = self._config(form).get("credentials")
        if not isinstance(entries, list):
            return ()
        return tuple(StoredPasskey(entry, form) for entry in entries if isinstance(entry, Mapping))

    def passkey(
        self, credential_id: bytes | None, form: Form | None = None
    ) -> StoredPasskey | None:
        """The entry with a credential id: a passkey, or whatever is kept in one form."""
        if credential_id is None:
            return None
        among = self.passkeys if form is None else self.stored(form)
        return next((one for one in among if one.credential_id == credential_id), None)

    @property
    def only_handle(self) -> bytes | None:
        """The one user handle of the form `webauthn`; None where there is none."""
        return decode(self._config(Form.WEBAUTHN).get("user_handle")) or None

    @property
    def handles(self) -> frozenset[str]:
        """The user handles by which Kratos finds it at a passkey sign-in."""
        return frozenset(_texts(self._credentials("passkey").get("identifiers")))

    def knows(self, address: str) -> bool:
        """Whether an address is anywhere in its identifiers, addresses or traits."""
        wanted = address.strip().casefold()
        credentials = self.raw.get("credentials")
        places = (
            self.raw.get("traits"),
            self.raw.get("verifiable_addresses"),
            [one.get("identifiers") for one in credentials.values() if isinstance(one, Mapping)]
            if isinstance(credentials, Mapping)
            else None,
        )
        return any(text.strip().casefold() == wanted for text in _texts(places))

    def as_remote(self, mapping: TraitMapping) -> RemoteIdentity:
        """The identity in the words of the protocol.

        Args:
            mapping: which traits hold what is known of a person; the e-mail is the label.
        """
        traits = self.raw.get("traits")
        known = {field: _text_at(traits, path) for field, path in mapping.paths().items()}
        label = known.get("email") or next(_texts(traits), self.id)
        given, family = known.get("given_name", ""), known.get("family_name", "")
        detail = {
            name: value
            for name in ("external_id", "organization_id", "schema_id", "state")
            if isinstance(value := self.raw.get(name), str) and value
        }
        return RemoteIdentity(
            remote_id=self.id,
            label=scrub(label, ()),
            detail=detail,
            name=known.get("display_name") or " ".join(part for part in (given, family) if part),
            given_name=given,
            family_name=family,
            email=known.get("email", ""),
            enabled=self.enabled,
            note="in an organization" if self.organization_id else "",
        )

    def _credentials(self, kind: str) -> Mapping[str, Any]:
        credentials = self.raw.get("credentials")
        found = credentials.get(kind) if isinstance(credentials, Mapping) else None
        return found if isinstance(found, Mapping) else {}

    def _config(self, form: Form) -> Mapping[str, Any]:
        config = self._credentials(form).get("config")
        return config if isinstance(config, Mapping) else {}


def decode(value: Any) -> bytes | None:
    """Bytes as Go's JSON writes them: standard base64 with padding."""
    if not isinstance(value, str):
        return None
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None


def encode(value: bytes) -> str:
    """Bytes as Go's JSON reads them (Ory contract 3.2 rule 1)."""
    return base64.b64encode(value).decode("ascii")


def _text_at(traits: Any, path: str) -> str:
    """The text at a trait's path, fit to show; empty where there is none."""
    found = trait_at(traits, path)
    return scrub(found, ()) if isinstance(found, str) else ""


def _texts(node: Any) -> Iterator[str]:
    """Every text anywhere inside."""
    left: deque[Any] = deque([node])
    while left:
        current = left.popleft()
        if isinstance(current, str):
            yield current
        elif isinstance(current, Mapping):
            left += current.values()
        elif isinstance(current, list | tuple):
            left += current


def _moment(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
