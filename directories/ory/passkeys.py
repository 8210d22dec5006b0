"""A passkey as Kratos stores it, and whether what it stores is what we wanted.

Ory contract section 3.2, rule by rule.
"""

from __future__ import annotations

from datetime import UTC
from typing import Any

from directories.base import PasskeyRecord, Refused
from directories.ory.documents import IdentityDocument, StoredPasskey, encode

LONGEST_HANDLE = 64
_UNNAMED = "Passkey"


def check_handle(passkey: PasskeyRecord) -> None:
    """Refuse a user handle that Kratos could not store (rules 4 and 5).

    Kratos keeps it as text in an indexed column and finds the identity by it, so bytes that are
    not text are refused by its databases, some with a server error.

    Raises:
        Refused: with what to do instead.
    """
    handle = passkey.user_handle
    if 0 < len(handle) <= LONGEST_HANDLE and all(0x21 <= byte <= 0x7E for byte in handle):
        return
    raise Refused(
        "This passkey's user handle is not 1 to 64 printable ASCII characters, and Ory stores "
        "handles as text. It could only be imported as the credential type webauthn, whose "
        "passwordless entries also sign in; enrol a new passkey instead.",
        code="ory.user_handle",
    )


def import_config(passkey: PasskeyRecord, stored: StoredPasskey | None = None) -> dict[str, Any]:
    """What goes into `credentials.passkey.config`.

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
    stored = document.passkey(passkey.credential_id)
    return stored is not None and stored.raw.get("display_name") == display_name(passkey)


def differences(document: IdentityDocument, passkey: PasskeyRecord) -> list[str]:
    """What keeps the passkey in an identity from being ours and signing in; empty when nothing.

    The counter, the backup state and the name may differ: Kratos moves the first two itself, and
    the third is for reading.
    """
    stored = document.passkey(passkey.credential_id)
    if stored is None:
        return ["the passkey is not there"]
    found = []
    if stored.public_key != passkey.public_key:
        found.append("its public key is another")
    if passkey.user_handle.decode("ascii", "replace") not in document.handles:
        found.append("its user handle is not among the identity's")
    if not stored.is_passwordless:
        found.append("it is not marked as passwordless")
    flags = stored.flags
    if flags is not None and flags.get("backup_eligible") is not passkey.backup_eligible:
        found.append("its backup-eligible flag is wrong")
    return found
