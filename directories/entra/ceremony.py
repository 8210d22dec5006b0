"""Registering a passkey in a ceremony that Entra began (Entra contract sections 2.1 to 2.3).

A registration cannot be sent twice: its challenge is good for one. So what is there is looked at
before and after each try, and a key is known by its credential id or by its name, which is unique.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from directories.answers import scrub
from directories.base import (
    CeremonyAnswer,
    CreationOptions,
    DirectoryError,
    NotAccepted,
    PasskeyRecord,
    Refused,
    RemoteIdentity,
    RemotePasskey,
    TouchAgain,
    Transient,
    Written,
)
from directories.entra import documents, options, passkeys
from directories.entra.api import EntraApi
from directories.entra.ids import base64url, readings

FORMATS = ("packed", "none")
"""The attestation statement formats that Entra takes (section 2.3)."""

LONGEST_NAME = 30
"""Characters, as .NET counts them: UTF-16 units (section 2.3)."""

PAUSES = (0.5, 1.0, 1.5)
"""Seconds between looks after a registration: copies of a tenant's data lag (section 2.7)."""

_JUDGED = frozenset(("entra.refused", "entra.denied", "http.conflict"))
"""Refusals of what was asked, not of the connection. Which status one has is not known."""

NOT_OFFERED = (
    "Entra offers no registration for this person just now (methodNotAllowed). It answers so where "
    "self-service set up is off, in clouds without provisioning, and has answered so to whole "
    "tenants for a while. Compare the rules; if they are right, try again later, or let this "
    "connection ask Graph's beta version: a challenge of more than 5 minutes, under EDIT."
)
"""What a 405 may mean (sections 2.1, 2.7 and 7)."""

LOOK_AGAIN = 30.0
"""Seconds until the next try where it is not seen by then."""


def begin(api: EntraApi, identity: RemoteIdentity) -> CreationOptions:
    """Ask for a challenge. It changes nothing there; how long it is good for, it says itself.

    Raises:
        Refused: `entra.guest`, and `entra.no_challenge` or `entra.not_offered` with what may be
            in the way.
    """
    if identity.guest:
        raise Refused(
            "Entra registers no passkeys for guests: this person belongs to another tenant.",
            code="entra.guest",
        )
    try:
        found = options.read(api.creation_options(identity.remote_id))
    except DirectoryError as error:
        if error.code == "entra.not_offered":
            raise _refused(error, error.code, NOT_OFFERED) from None
        if error.code not in _JUDGED:
            raise
        raise _refused(
            error,
            "entra.no_challenge",
            "Entra began no registration for this person. Passkeys or self-service set up may be "
            "off there, or the policy may not be for this person.",
        ) from None
    return CreationOptions(
        options=found.options,
        rp_id=found.rp_id,
        origins=(f"https://{found.rp_id}",),
        not_after=found.not_after,
        remote={"challenge": found.challenge, "not_after": found.not_after.isoformat()},
        formats=FORMATS,
    )


def put(
    api: EntraApi,
    identity: RemoteIdentity,
    passkey: PasskeyRecord,
    answer: CeremonyAnswer,
    *,
    now: datetime | None = None,
) -> Written:
    """Register the key that answered a challenge, and read it back. Idempotent.

    Raises:
        Transient: `entra.not_listed` where Entra took it and does not list it yet.
        TouchAgain: `entra.too_late` after the challenge's end.
        NotAccepted: `entra.key_refused` where Entra will not have the key.
        Refused: `entra.answer` where the answer is another key's.
    """
    if (there := _there(api, identity, passkey)) is not None:
        return Written(identity, there)
    body = registration(passkey, answer)
    until = documents.moment(answer.remote.get("not_after"))
    if until is not None and (now or datetime.now(UTC)) >= until:
        raise TouchAgain("The time that Entra gave for the touch is over.", code="entra.too_late")
    try:
        made = documents.passkey(api.create_fido2_method(identity.remote_id, body))
    except DirectoryError as error:
        # The answer may be late, lost, or about a try before: the key may be there all the same.
        if not (isinstance(error, Transient) or error.code in _JUDGED):
            raise
        if (there := _there(api, identity, passkey)) is not None:
            return Written(identity, there)
        raise _not_taken(error) from None
    return Written(identity, _read_back(api, identity, passkey, made))


def registration(passkey: PasskeyRecord, answer: CeremonyAnswer) -> dict[str, Any]:
    """The body of a registration: the members that Graph knows and no others (section 2.3).

    Raises:
        Refused: `entra.answer` when the answer is not this passkey's.
    """
    given = answer.response
    inner = given.get("response")
    response: Mapping[str, Any] = inner if isinstance(inner, Mapping) else {}
    client_data, attestation = (
        _bare(response.get(name)) for name in ("clientDataJSON", "attestationObject")
    )
    named = given.get("id")
    ours = isinstance(named, str) and passkey.credential_id in readings(named)
    if not (ours and client_data and attestation):
        raise Refused("The answer is not this passkey's.", code="entra.answer")
    results = given.get("clientExtensionResults")
    secret = results.get("hmacCreateSecret") if isinstance(results, Mapping) else None
    return {
        "displayName": display_name(passkey),
        "publicKeyCredential": {
            "id": base64url(passkey.credential_id),
            "response": {"clientDataJSON": client_data, "attestationObject": attestation},
            "clientExtensionResults": (
                {"hmacCreateSecret": secret} if isinstance(secret, bool) else {}
            ),
        },
    }


def display_name(passkey: PasskeyRecord) -> str:
    """The key's name there: its nickname and a mark of its credential id, which nobody shares."""
    mark = hashlib.sha256(passkey.credential_id).hexdigest()[:8]
    nickname = scrub(passkey.nickname, ()) or "Passkey"
    room = LONGEST_NAME - len(mark) - 1
    while _units(nickname) > room:
        nickname = nickname[:-1]
    return f"{nickname.rstrip()} {mark}"


def _there(api: EntraApi, identity: RemoteIdentity, passkey: PasskeyRecord) -> RemotePasskey | None:
    name = display_name(passkey)
    for one in passkeys.listed(api, identity.remote_id):
        if one.is_credential(passkey.credential_id) or one.name == name:
            return one
    return None


def _read_back(
    api: EntraApi,
    identity: RemoteIdentity,
    passkey: PasskeyRecord,
    made: RemotePasskey | None,
) -> RemotePasskey:
    for pause in (0.0, *PAUSES):
        time.sleep(pause)
        there = _there(api, identity, passkey)
        if there is not None:
            return there
    raise Transient(
        "Entra took the passkey and does not list it yet"
        + (f" (its id there: {made.remote_id})." if made else "."),
        code="entra.not_listed",
        retry_after=LOOK_AGAIN,
        request_id=api.request_id,
    )


def _not_taken(error: DirectoryError) -> DirectoryError:
    """Graph's refusals of keys are vague: its own words, and what they may stand for."""
    if isinstance(error, Transient):
        return error
    return NotAccepted(
        "Entra did not take the key. Its rules may not admit this model or its attestation, the "
        "challenge may have run out, or the key may be registered already: compare the rules.",
        code="entra.key_refused",
        said=error.said,
        request_id=error.request_id,
        status=error.status,
    )


def _refused(error: DirectoryError, code: str, reason: str) -> Refused:
    return Refused(
        reason, code=code, said=error.said, request_id=error.request_id, status=error.status
    )


def _bare(value: Any) -> str:
    """Base64url without padding; empty where it is none."""
    text = value.rstrip("=") if isinstance(value, str) else ""
    return text if all(one.isascii() and (one.isalnum() or one in "-_") for one in text) else ""


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
