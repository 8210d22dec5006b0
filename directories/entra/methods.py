"""What else people sign in with, and what can be done for them (Entra contract section 5)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from directories.base import (
    DirectoryError,
    Misconfigured,
    Refused,
    RemoteMethod,
    TemporaryPass,
)
from directories.entra import documents
from directories.entra.api import EntraApi

SECURITY_INFO = "https://mysignins.microsoft.com/security-info"
"""Microsoft's own page, where people register their keys themselves."""

MOST_PAGES = 20
"""A person has a few methods, on one page."""

_TYPE = "#microsoft.graph."
_PASSKEY = "fido2AuthenticationMethod"
_KINDS: Mapping[str, str] = {
    "passwordAuthenticationMethod": "Password",
    "phoneAuthenticationMethod": "Phone",
    "emailAuthenticationMethod": "E-mail",
    "microsoftAuthenticatorAuthenticationMethod": "Microsoft Authenticator",
    "softwareOathAuthenticationMethod": "Authenticator app (software token)",
    "hardwareOathAuthenticationMethod": "Hardware token (one-time passwords)",
    "temporaryAccessPassAuthenticationMethod": "Temporary Access Pass",
    "windowsHelloForBusinessAuthenticationMethod": "Windows Hello for Business",
    "platformCredentialAuthenticationMethod": "Platform credential",
    "x509CertificateAuthenticationMethod": "Certificate",
    "qrCodePinAuthenticationMethod": "QR code with PIN",
    "externalAuthenticationMethod": "External method",
}
"""The types of methods that Graph's metadata has, by name."""

_NAMES = ("displayName", "phoneNumber", "emailAddress", "deviceTag")
_PASS = re.compile(r"[\x21-\x7e]{1,256}")
_JUDGED = ("entra.refused", "entra.denied", "entra.not_offered", "entra.not_found")


def listed(api: EntraApi, user_id: str) -> tuple[RemoteMethod, ...]:
    """Every method of a person that is no passkey."""
    found: list[RemoteMethod] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = api.methods(user_id, cursor)
        found += [one for entry in page.entries if (one := method(entry)) is not None]
        cursor = page.cursor
        if cursor is None:
            break
    return tuple(found)


def method(entry: Any) -> RemoteMethod | None:
    """An `authenticationMethod`; None where it is a passkey, or none at all."""
    named = documents.text(entry, "@odata.type").removeprefix(_TYPE)
    if not named or named == _PASSKEY:
        return None
    return RemoteMethod(
        # One that is not known here is called as Graph calls it.
        kind=_KINDS.get(named, named),
        remote_id=documents.object_id(entry),
        name=next((text for name in _NAMES if (text := documents.text(entry, name))), ""),
        created_at=documents.moment(entry.get("createdDateTime")),
        state=_state(entry),
    )


def revoke_sessions(api: EntraApi, user_id: str) -> None:
    """End every sign-in of a person. It takes effect within minutes.

    Raises:
        Refused: `entra.sessions_kept` where Entra does not do it.
    """
    try:
        answer = api.revoke_sessions(user_id)
    except Refused as error:
        raise _refused(
            error,
            "entra.sessions_kept",
            "Entra did not sign this person out. It does not for people of other tenants.",
        ) from None
    if not isinstance(answer, Mapping) or answer.get("value") is not True:
        raise Refused(
            "Entra does not confirm that this person was signed out.",
            code="entra.sessions_kept",
            request_id=api.request_id,
        )


def temporary_pass(api: EntraApi, user_id: str, *, minutes: int) -> TemporaryPass:
    """Make a Temporary Access Pass that opens one sign-in. One from before is replaced.

    Raises:
        Refused: `entra.no_pass` with what may be in the way.
    """
    try:
        made = api.create_pass(user_id, minutes=minutes)
    except DirectoryError as error:
        if error.code not in _JUDGED:
            raise
        raise _refused(
            error,
            "entra.no_pass",
            "Entra made no Temporary Access Pass. They may be off in the tenant, not for this "
            "person, or allowed for another time only: Microsoft Entra admin center → Entra ID → "
            "Authentication methods → Policies → Temporary Access Pass. It takes the application "
            "permission UserAuthenticationMethod.ReadWrite.All as well.",
        ) from None
    value = made.get("temporaryAccessPass") if isinstance(made, Mapping) else None
    if not isinstance(value, str) or not _PASS.fullmatch(value):
        raise Misconfigured(
            "What came back is no Temporary Access Pass, so this is not Microsoft Graph.",
            code="entra.not_graph",
            request_id=api.request_id,
        )
    good_for = made.get("lifetimeInMinutes")
    return TemporaryPass(
        value=value,
        minutes=good_for if type(good_for) is int else minutes,
        begins_at=documents.moment(made.get("startDateTime")),
        once=made.get("isUsableOnce") is True,
        page=SECURITY_INFO,
    )


def _state(entry: Mapping[str, Any]) -> str:
    """What Graph says of a method's use: only passes have such words."""
    if entry.get("isUsable") is False:
        reason = documents.text(entry, "methodUsabilityReason")
        return f"not usable ({reason})" if reason else "not usable"
    return "usable" if entry.get("isUsable") is True else ""


def _refused(error: DirectoryError, code: str, reason: str) -> Refused:
    return Refused(
        reason, code=code, said=error.said, request_id=error.request_id, status=error.status
    )
