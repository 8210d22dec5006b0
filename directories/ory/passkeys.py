"""A passkey as Kratos stores it, and whether what it stores is what we wanted.

Ory contract section 3.2, rule by rule.
"""

from __future__ import annotations

from datetime import UTC
from typing import Any

from directories.base import PasskeyRecord, Refused
from directories.ory.documents import Form, IdentityDocument, StoredPasskey, encode

LONGEST_HANDLE = 64
_UNNAMED = "Passkey"


def form_of(passkey: PasskeyRecord) -> Form:
    """The form that Kratos can keep a passkey in, by its user handle (rules 4 and 5).

    As `passkey` it keeps the handle as text in an indexed column and finds the identity by it, so
    bytes that are not text are refused by its databases, some with a server error. As `webauthn`
    it keeps the handle inside the JSON and finds the identity by that.

    Raises:
        Refused: `ory.user_handle` for a handle that no authenticator takes.
    """
    handle = passkey.user_handle
    if not 0 < len(handle) <= LONGEST_HANDLE:
        raise Refused(
            f"This passkey's user handle is not 1 to {LONGEST_HANDLE} bytes, so Ory could not find "
            "the person by it. Enrol a new passkey.",
            code="ory.user_handle",
        )
    return Form.PASSKEY if all(0x21 <= byte <= 0x7E for byte in handle) else Form.WEBAUTHN


def in_the_way(document: IdentityDocument, passkey: PasskeyRecord) -> tuple[StoredPasskey, ...]:
    """The entries that leave no room for a passkey: those under the other handle of the form that
    has one handle only, second factors included, for their handle would go as well (rule 5).
    """
    if form_of(passkey) is not Form.WEBAUTHN or document.only_handle in (None, passkey.user_handle):
        return ()
    return document.stored(Form.WEBAUTHN)


def import_config(passkey: PasskeyRecord, stored: StoredPasskey | None = None) -> dict[str, Any]:
    """What goes into the `config` of the passkey's form.

    Args:
        passkey: ours.
        stored: Kratos' own entry for it, where there is one. An import overwrites the entry
            whole, so the counter it has seen must not go back (rule 9).
    """
    count = max(passkey.sign_count, stored.sign_count if stored else 0)
    return {
        "user_handle": encode(passkey.user_handle),
        "credentials": [
            {
                "id": encode(passkey.credential_id),
                "public_key": encode(passkey.public_key),
                "attestation_type": "none",
                "display_name": display_name(passkey),
                "added_at": passkey.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "is_passwordless": True,
                "authenticator": {
                    "aaguid": encode(passkey.aaguid.bytes),
                    "sign_count": count,
                    "clone_warning": False,
                },
                "flags": {
                    "user_present": True,
                    "user_verified": passkey.user_verified,
                    "backup_eligible": passkey.backup_eligible,
                    "backup_state": passkey.backup_state,
                },
                "transport": list(passkey.transports),
            }
        ],
    }


def display_name(passkey: PasskeyRecord) -> str:
    """What Kratos shows as the passkey's name, which may not be empty."""
    return passkey.nickname or _UNNAMED


def is_named(document: IdentityDocument, passkey: PasskeyRecord) -> bool:
    """Whether the identity's passkey carries our name for it."""
    stored = document.passkey(passkey.credential_id, form_of(passkey))
    return stored is not None and stored.raw.get("display_name") == display_name(passkey)


def differences(document: IdentityDocument, passkey: PasskeyRecord) -> list[str]:
    """What keeps the passkey in an identity from being ours and signing in; empty when nothing.

    The counter, the backup state and the name may differ: Kratos moves the first two itself, and
    the third is for reading.
    """
    form = form_of(passkey)
    stored = document.passkey(passkey.credential_id, form)
    if stored is None:
        return ["the passkey is not there"]
    found = []
    if stored.public_key != passkey.public_key:
        found.append("its public key is another")
    if not _finds(document, passkey.user_handle, form):
        found.append("its user handle is not among the identity's")
    if not stored.is_passwordless:
        found.append("it is not marked as passwordless")
    flags = stored.flags
    if flags is not None and flags.get("backup_eligible") is not passkey.backup_eligible:
        found.append("its backup-eligible flag is wrong")
    return found


def _finds(document: IdentityDocument, handle: bytes, form: Form) -> bool:
    """Whether Kratos finds the identity by the handle when somebody signs in (rules 4 and 5)."""
    if form is Form.WEBAUTHN:
        return document.only_handle == handle
    return handle.decode("ascii", "replace") in document.handles
