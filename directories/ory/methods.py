"""What else an identity signs in with: the types of its credentials (Ory contract section 2.1).

Their identifiers come with every answer, what is secret in them never does.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from directories.answers import scrub
from directories.base import RemoteMethod
from directories.ory.documents import IdentityDocument

_PASSKEY = "passkey"
_KINDS: Mapping[str, str] = {
    "password": "Password",
    "oidc": "Social sign-in (OpenID Connect)",
    "saml": "Single sign-on (SAML)",
    "totp": "Authenticator app (TOTP)",
    "lookup_secret": "Recovery codes",
    "webauthn": "Security keys as Ory's WebAuthn method",
    "code": "One-time code by mail or text message",
    "profile": "Profile",
    "deviceauthn": "Device",
    "identifier_first": "Identifier first",
    "link_recovery": "Recovery link",
    "code_recovery": "Recovery code",
}
"""The types that Kratos has (its OpenAPI description, `identityCredentialsType`)."""


def listed(document: IdentityDocument) -> tuple[RemoteMethod, ...]:
    """Every type of credential of an identity but the passkeys, in the order of their words."""
    credentials = document.raw.get("credentials")
    entries = credentials.items() if isinstance(credentials, Mapping) else ()
    found = (
        _method(kind, entry)
        for kind, entry in entries
        if isinstance(kind, str) and kind != _PASSKEY and isinstance(entry, Mapping)
    )
    return tuple(sorted(found, key=lambda one: one.kind))


def _method(kind: str, entry: Mapping[str, Any]) -> RemoteMethod:
    identifiers = entry.get("identifiers")
    names = [one for one in identifiers or () if isinstance(one, str)]
    return RemoteMethod(
        kind=_KINDS.get(kind) or scrub(kind, ()),
        name=scrub(", ".join(names), ()),
        created_at=_moment(entry.get("created_at")),
    )


def _moment(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    # Go writes the year 1 for a time that was never set.
    return found if found is not None and found.tzinfo and found.year > 1 else None
