"""Importing credentials into an identity, as Kratos' handler_import does (ory.md 3.2)."""

from __future__ import annotations

import base64
from typing import Any

from werkzeug.security import generate_password_hash

from emulators.ory.editions import Edition
from emulators.ory.errors import bad_request

NO_HANDLE = (
    "Passkey credential import requires a non-empty user_handle. "
    "It must match the WebAuthn user handle stored on the authenticator."
)
NO_ENTRIES = (
    "Passkey credential import requires at least one entry in "
    "credentials.passkey.config.credentials."
)
HASH_PREFIXES = ("$", "{SHA", "{SSHA")
ZERO_TIME = "0001-01-01T00:00:00Z"


def text_of(handle: bytes) -> str:
    """A user handle as Kratos stores it: Go's `string(handle)`, raw (ory.md 3.2 rule 5 [K]).

    Bytes that are not UTF-8 are carried as lone surrogates.
    """
    return handle.decode("utf-8", "surrogateescape")


def base64_of(value: bytes) -> str:
    """Bytes as Go writes them: standard base64 with padding (ory.md 3.2 rule 1)."""
    return base64.b64encode(value).decode()


def import_credentials(
    identity: dict[str, Any], wanted: dict[str, Any], *, edition: Edition, now: str
) -> None:
    """Merge decoded `credentials` of a POST or PUT body into an identity.

    Args:
        identity: changed in place.
        wanted: decoded by `bodies.credentials_body`.
        edition: what the version demands.
        now: RFC 3339.

    Raises:
        OryError: 400.
    """
    held = identity["credentials"]
    for kind, body in wanted.items():
        config = body.get("config", {})
        current = held.get(kind)
        if kind in ("passkey", "webauthn"):
            held[kind] = _webauthn(kind, current, config, edition=edition, now=now)
        elif kind == "password":
            held[kind] = credential(kind, current, _password(config), now=now)
        elif kind in ("oidc", "saml"):
            held[kind] = _providers(kind, current, config, now=now)
        elif kind == "totp":
            held[kind] = credential(
                kind, current, {"totp_url": config.get("totp_url", "")}, now=now
            )
            held[kind]["identifiers"] = [identity["id"]]
        else:
            codes = {"recovery_codes": config.get("codes", [])}
            held[kind] = credential(kind, current, codes, now=now)
            held[kind]["identifiers"] = [identity["id"]]


def credential(
    kind: str, current: dict[str, Any] | None, config: dict[str, Any], *, now: str
) -> dict[str, Any]:
    """A credential with a new config; identifiers and birth are kept from the current one."""
    current = current or {"identifiers": [], "created_at": now}
    return {
        "type": kind,
        "identifiers": list(current["identifiers"]),
        "config": config,
        "version": 1,
        "created_at": current["created_at"],
        "updated_at": now,
    }


def _webauthn(
    kind: str,
    current: dict[str, Any] | None,
    config: dict[str, Any],
    *,
    edition: Edition,
    now: str,
) -> dict[str, Any]:
    handle: bytes = config.get("user_handle", b"")
    held = current["config"] if current else {}
    if kind == "passkey":
        # ory.md 3.2 rule 4 [K]; a PUT may leave the handle out when one is stored (3.3 step 2).
        if not handle and not held.get("user_handle") and edition.demands_handle:
            raise bad_request(NO_HANDLE)
        if not config.get("credentials"):
            raise bad_request(NO_ENTRIES)
    # Merging (ory.md 3.3 step 2): the same id is overwritten whole (3.2 rule 9), a new one is
    # appended, others stay.
    entries = {entry["id"]: entry for entry in held.get("credentials", [])}
    for given in config.get("credentials", []):
        entry = _entry(given)
        entries[entry["id"]] = entry
    merged: dict[str, Any] = {"credentials": list(entries.values())}
    kept = base64_of(handle) if handle else held.get("user_handle")
    if kept:
        merged["user_handle"] = kept
    result = credential(kind, current, merged, now=now)
    # Several handles are several identifiers of a passkey (3.2 rule 6); webauthn keeps one handle,
    # in its config only (3.2 rule 5).
    if kind == "passkey" and handle and text_of(handle) not in result["identifiers"]:
        result["identifiers"].append(text_of(handle))
    if result["config"].get("credentials") and current is None:
        result["created_at"] = now
    return result


def _entry(given: dict[str, Any]) -> dict[str, Any]:
    """One credential as Kratos writes it back: every field but the omitempty ones (3.2 [K])."""
    authenticator = given.get("authenticator", {})
    entry: dict[str, Any] = {
        "id": base64_of(given.get("id", b"")),
        "public_key": base64_of(given.get("public_key", b"")),
        "attestation_type": given.get("attestation_type", ""),
        "authenticator": {
            "aaguid": base64_of(authenticator.get("aaguid", b"")),
            "sign_count": authenticator.get("sign_count", 0),
            "clone_warning": authenticator.get("clone_warning", False),
        },
        "display_name": given.get("display_name", ""),
        "added_at": given.get("added_at", ZERO_TIME),
        # ory.md 3.2 rule 2: false by default, and then never usable for passkey login.
        "is_passwordless": given.get("is_passwordless", False),
    }
    if "flags" in given:  # a pointer: absent stays absent (3.2 rule 3)
        names = ("user_present", "user_verified", "backup_eligible", "backup_state")
        entry["flags"] = {name: given["flags"].get(name, False) for name in names}
    if given.get("transport"):
        entry["transport"] = given["transport"]
    if "attestation" in given:
        entry["attestation"] = {
            name: base64_of(value) if isinstance(value, bytes) else value
            for name, value in given["attestation"].items()
        }
    return entry


def _password(config: dict[str, Any]) -> dict[str, Any]:
    if config.get("use_password_migration_hook"):
        return {"use_password_migration_hook": True}
    hashed = config.get("hashed_password", "")
    if config.get("password"):
        hashed = "$" + generate_password_hash(config["password"])
    if not hashed.startswith(HASH_PREFIXES):
        raise bad_request("The imported password does not match any known hash format.")
    return {"hashed_password": hashed}


def _providers(
    kind: str, current: dict[str, Any] | None, config: dict[str, Any], *, now: str
) -> dict[str, Any]:
    held = current["config"].get("providers", []) if current else []
    given = config.get("providers", [])
    result = credential(kind, current, {"providers": [*held, *given]}, now=now)
    for provider in given:
        name = f"{provider.get('provider', '')}:{provider.get('subject', '')}"
        if name not in result["identifiers"]:
            result["identifiers"].append(name)
    return result
