"""What the browser's form field holds, read strictly into dataclasses.

The field is the JSON of `PublicKeyCredential.toJSON()` (WebAuthn L3 section 5.1). Everything that
is not exactly that, at any depth, is `Malformed`; nothing is repaired.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from services.ceremonies import authenticator_data, cbor
from services.ceremonies.authenticator_data import AuthenticatorData

MAX_RESPONSE = 64 * 1024
"""Characters. A registration with a long certificate chain takes about a tenth of it."""

BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
TRANSPORT = re.compile(r"[a-z-]{1,32}")
EXTENSION = re.compile(r"[A-Za-z0-9_.-]{1,32}")
MAX_LISTED = 16

STATEMENT_TYPES: Mapping[str, type] = {
    "alg": int,
    "sig": bytes,
    "x5c": list,
    "ver": str,
    "certInfo": bytes,
    "pubArea": bytes,
}
"""The members of attestation statements that are read (section 8), and what they must be."""


class Malformed(ValueError):
    """The field does not hold what a browser makes. The message is for the log."""


@dataclass(frozen=True)
class ClientData:
    """What the browser says it did (section 5.8.1)."""

    raw: bytes
    type: str
    challenge: bytes
    origin: str
    cross_origin: bool
    top_origin: str | None


@dataclass(frozen=True)
class Registration:
    """The answer to a creation."""

    id: str
    raw_id: bytes
    client: ClientData
    attestation_object: bytes
    format: str
    statement: Mapping[str, Any]
    authenticator: AuthenticatorData
    transports: tuple[str, ...]
    extensions: Mapping[str, Any]
    """Extension outputs that are plain, from the browser and from the authenticator."""

    @property
    def x5c(self) -> tuple[bytes, ...]:
        """The certificates of the statement, the attestation certificate first."""
        return tuple(self.statement.get("x5c", ()))


@dataclass(frozen=True)
class Assertion:
    """The answer to a request to use a passkey."""

    id: str
    raw_id: bytes
    client: ClientData
    authenticator: AuthenticatorData
    authenticator_raw: bytes
    signature: bytes
    user_handle: bytes | None


def encoded(data: bytes) -> str:
    """Base64url without padding, as WebAuthn's JSON has it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Back from `encoded`."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def registration(field: str) -> Registration:
    """Read the answer to a creation.

    Raises:
        Malformed: when it is anything else.
    """
    outer, inner = _credential(field)
    attestation_object = _bytes(inner, "attestationObject")
    try:
        attestation = cbor.read(attestation_object)
    except cbor.CborError as error:
        raise Malformed(f"attestationObject: {error}") from error
    if not isinstance(attestation, dict):
        _fail("attestationObject is not a map")
    form, auth_data = attestation.get("fmt"), attestation.get("authData")
    if not isinstance(form, str) or not isinstance(auth_data, bytes):
        _fail("fmt or authData is missing or not of its type")
    authenticator = _authenticator(auth_data)
    return Registration(
        id=outer["id"],
        raw_id=_bytes(outer, "rawId"),
        client=_client_data(inner),
        attestation_object=attestation_object,
        format=form,
        statement=_statement(attestation.get("attStmt")),
        authenticator=authenticator,
        transports=_transports(inner.get("transports")),
        extensions=_extensions(outer, authenticator),
    )


def assertion(field: str) -> Assertion:
    """Read the answer to a request to use a passkey.

    Raises:
        Malformed: when it is anything else.
    """
    outer, inner = _credential(field)
    authenticator_raw = _bytes(inner, "authenticatorData")
    return Assertion(
        id=outer["id"],
        raw_id=_bytes(outer, "rawId"),
        client=_client_data(inner),
        authenticator=_authenticator(authenticator_raw),
        authenticator_raw=authenticator_raw,
        signature=_bytes(inner, "signature"),
        user_handle=None if inner.get("userHandle") is None else _bytes(inner, "userHandle"),
    )


def _credential(field: str) -> tuple[dict[str, Any], dict[str, Any]]:
    if len(field) > MAX_RESPONSE:
        _fail("too long")
    outer = _json(field)
    inner = outer.get("response")
    if outer.get("type") != "public-key" or not isinstance(outer.get("id"), str):
        _fail("not a public-key credential with an id")
    if not isinstance(inner, dict):
        _fail("response is not an object")
    _bytes(outer, "id")
    return outer, inner


def _json(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_fail)
    except (ValueError, RecursionError) as error:
        raise Malformed("not JSON") from error
    if not isinstance(value, dict):
        _fail("not a JSON object")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        _fail("a member twice")
    return values


def _fail(why: str) -> NoReturn:
    raise Malformed(why)


def _bytes(values: Mapping[str, Any], name: str) -> bytes:
    """A member that is base64url without padding, in its one canonical form."""
    text = values.get(name)
    if not isinstance(text, str) or not BASE64URL.fullmatch(text) or len(text) % 4 == 1:
        _fail(f"{name} is not base64url")
    data = decoded(text)
    if encoded(data) != text:
        _fail(f"{name} is not base64url")
    return data


def _client_data(inner: Mapping[str, Any]) -> ClientData:
    raw = _bytes(inner, "clientDataJSON")
    try:
        values = _json(raw.decode())
    except UnicodeDecodeError as error:
        raise Malformed("clientDataJSON is not UTF-8") from error
    cross_origin, top_origin = values.get("crossOrigin", False), values.get("topOrigin")
    kind, origin = values.get("type"), values.get("origin")
    if not isinstance(kind, str) or not isinstance(origin, str):
        _fail("type or origin of clientDataJSON is not text")
    if not isinstance(cross_origin, bool) or not isinstance(top_origin, str | None):
        _fail("crossOrigin or topOrigin is not of its type")
    return ClientData(
        raw=raw,
        type=kind,
        challenge=_bytes(values, "challenge"),
        origin=origin,
        cross_origin=cross_origin,
        top_origin=top_origin,
    )


def _authenticator(data: bytes) -> AuthenticatorData:
    try:
        return authenticator_data.read(data)
    except authenticator_data.AuthenticatorDataError as error:
        raise Malformed(f"authenticator data: {error}") from error


def _statement(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        _fail("attStmt is not a map")
    for name, kind in STATEMENT_TYPES.items():
        if name in value and type(value[name]) is not kind:
            _fail(f"{name} of attStmt is not of its type")
    x5c = value.get("x5c")
    if x5c is not None and not (x5c and all(isinstance(der, bytes) for der in x5c)):
        _fail("x5c is not a list of certificates")
    return value


def _transports(value: Any) -> tuple[str, ...]:
    """The transports, kept as they are (section 7.1: unknown ones too), without repetition."""
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MAX_LISTED:
        _fail("transports is not a short list")
    for transport in value:
        if not isinstance(transport, str) or not TRANSPORT.fullmatch(transport):
            _fail("a transport is not a word")
    return tuple(dict.fromkeys(value))


def _extensions(outer: Mapping[str, Any], authenticator: AuthenticatorData) -> dict[str, Any]:
    """The plain outputs that are worth a record; an unknown one is ignored, as section 7.1 says."""
    results = outer.get("clientExtensionResults", {})
    if not isinstance(results, dict):
        _fail("clientExtensionResults is not an object")
    found: dict[str, Any] = {
        name: value
        for name, value in list(authenticator.extensions.items())[:MAX_LISTED]
        if isinstance(name, str) and EXTENSION.fullmatch(name) and isinstance(value, int)
    }
    properties = results.get("credProps")
    if isinstance(properties, dict) and isinstance(properties.get("rk"), bool):
        found["credProps"] = {"rk": properties["rk"]}
    return found
