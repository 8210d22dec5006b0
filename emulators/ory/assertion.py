"""An assertion, verified as go-webauthn does for a discoverable login (ory.md 3.2, 8b [W])."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from fido2 import cbor
from fido2.cose import CoseKey
from fido2.webauthn import AuthenticatorData


class Unparsable(Exception):
    """The response has not the form of an assertion."""


class Rejected(Exception):
    """The assertion does not verify; the message is for the emulator's own log and tests."""


@dataclass(frozen=True)
class Assertion:
    """A parsed AuthenticationResponseJSON."""

    credential_id: bytes
    user_handle: bytes
    client_data: dict[str, Any]
    client_data_hash: bytes
    authenticator_data: AuthenticatorData
    signature: bytes

    @property
    def backup_eligible(self) -> bool:
        """The BE flag."""
        return bool(self.authenticator_data.flags & AuthenticatorData.FLAG.BE)

    @property
    def backup_state(self) -> bool:
        """The BS flag."""
        return bool(self.authenticator_data.flags & AuthenticatorData.FLAG.BS)


@dataclass(frozen=True)
class Verified:
    """What a verified assertion leaves to store."""

    counter: int
    clone_warning: bool


def parse(text: str) -> Assertion:
    """Read `passkey_login`: the assertion as a JSON string (ory.md 8b step 3).

    Raises:
        Unparsable: when it is malformed at any depth.
    """
    try:
        given = json.loads(text)
        if given["type"] != "public-key":
            raise Unparsable("type is not public-key")
        raw_id = _from_base64url(given["rawId"])
        if _from_base64url(given["id"]) != raw_id:
            raise Unparsable("id differs from rawId")
        response = given["response"]
        client_data = _from_base64url(response["clientDataJSON"])
        fields = json.loads(client_data)
        if not isinstance(fields, dict):
            raise Unparsable("clientDataJSON is no object")
        return Assertion(
            credential_id=raw_id,
            user_handle=_from_base64url(response.get("userHandle") or ""),
            client_data=fields,
            client_data_hash=hashlib.sha256(client_data).digest(),
            authenticator_data=AuthenticatorData(_from_base64url(response["authenticatorData"])),
            signature=_from_base64url(response["signature"]),
        )
    except Unparsable:
        raise
    except Exception as error:  # the libraries raise anything for hostile bytes
        raise Unparsable(type(error).__name__) from error


def usable(config: dict[str, Any], credential_id: bytes) -> dict[str, Any] | None:
    """The passwordless entry with this id (ory.md 3.2 rule 2: only those count)."""
    for entry in config.get("credentials", []):
        try:
            held = base64.b64decode(entry["id"], validate=True)
        except (KeyError, TypeError, binascii.Error, ValueError):
            continue  # Kratos stores garbage too (3.2 rule 8); it never matches
        if hmac.compare_digest(held, credential_id) and entry.get("is_passwordless"):
            return entry
    return None


def verify(
    assertion: Assertion,
    entry: dict[str, Any],
    *,
    challenge: str,
    rp_id: str,
    origins: tuple[str, ...],
    require_user_verification: bool,
) -> Verified:
    """Hold an assertion against a stored credential, check by check.

    Args:
        assertion: parsed.
        entry: the credential as Kratos stores it.
        challenge: base64url, of the flow.
        rp_id: `rp.id` of the passkey method.
        origins: `rp.origins` of the passkey method.
        require_user_verification: `user_verification: required` (ory.md 3.2 rule 10).

    Raises:
        Rejected: with the check that failed.
    """
    client_data = assertion.client_data
    if client_data.get("type") != "webauthn.get":
        raise Rejected(f"type is {client_data.get('type')!r}")
    if not hmac.compare_digest(str(client_data.get("challenge")).encode(), challenge.encode()):
        raise Rejected("challenge differs")
    # ory.md 3.2 rule 7: exact, but for case.
    origin = str(client_data.get("origin"))
    if origin.casefold() not in {allowed.casefold() for allowed in origins}:
        raise Rejected(f"origin {origin!r} is not one of {origins}")
    data = assertion.authenticator_data
    if not hmac.compare_digest(data.rp_id_hash, hashlib.sha256(rp_id.encode()).digest()):
        raise Rejected("rpIdHash differs")
    if not data.flags & AuthenticatorData.FLAG.UP:
        raise Rejected("user not present")
    if require_user_verification and not data.flags & AuthenticatorData.FLAG.UV:
        raise Rejected("user not verified")
    if assertion.backup_state and not assertion.backup_eligible:
        raise Rejected("backed up but not backup eligible")
    _verify_signature(assertion, entry)
    # ory.md 3.2 rule 3: absent flags take the assertion's value, present ones must agree.
    if "flags" in entry and entry["flags"].get("backup_eligible", False) != (
        assertion.backup_eligible
    ):
        raise Rejected("backup eligible flag inconsistency")
    # ory.md 3.2 rule 9: the counter only warns.
    held = entry.get("authenticator", {}).get("sign_count", 0)
    suspicious = data.counter <= held and (data.counter != 0 or held != 0)
    if suspicious:
        return Verified(counter=held, clone_warning=True)
    return Verified(counter=data.counter, clone_warning=False)


def _verify_signature(assertion: Assertion, entry: dict[str, Any]) -> None:
    signed = bytes(assertion.authenticator_data) + assertion.client_data_hash
    try:
        key = CoseKey.parse(cbor.decode(base64.b64decode(entry["public_key"], validate=True)))
        key.verify(signed, assertion.signature)
    except Exception as error:  # a garbage key and a wrong signature come as many exceptions
        raise Rejected("signature does not verify") from error


def _from_base64url(text: str) -> bytes:
    """base64url; Kratos' parser takes padding or none."""
    text = text.rstrip("=")
    if not all(sign.isascii() and (sign.isalnum() or sign in "-_") for sign in text):
        raise Unparsable("not base64url")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
