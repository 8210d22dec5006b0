"""Creation options and answers, between PingOne's form and WebAuthn's own JSON.

PingOne contract sections 3.1 and 3.2. The options are a JSON string in which bytes are arrays of
signed numbers and algorithms are strings, so no helper for WebAuthn's JSON (WebAuthn L3 section
5.1.8) reads them. The answer is a JSON string too, its bytes in two different encodings.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any

from directories import strict_json

USUAL_TIMEOUT = 120_000
"""Milliseconds (section 3.1)."""
LONGEST_TIMEOUT = 600_000

_NUMBER = re.compile(r"-?[0-9]{1,9}")
_ATTESTATION = frozenset(("none", "indirect", "direct", "enterprise"))


class Unreadable(ValueError):
    """It is not in a form that PingOne or WebAuthn has."""


def read_options(value: Any, *, rp_id: str, rp_name: str) -> dict[str, Any]:
    """Creation options as WebAuthn's JSON has them.

    Args:
        value: a JSON string, as documented, or an object.
        rp_id: what was sent.
        rp_name: what was sent; the options may lack it, and WebAuthn asks for it.

    Raises:
        Unreadable: when something that a registration needs is not there, or the relying party
            is another.
    """
    if isinstance(value, str):
        try:
            value = strict_json.loads(value)
        except strict_json.NotStrict as error:
            raise Unreadable("the options are not JSON") from error
    options = _mapping(value, "the options")
    rp, user = _mapping(options.get("rp", {}), "rp"), _mapping(options.get("user"), "user")
    if rp.get("id", rp_id) != rp_id:
        raise Unreadable("the relying party ID is another")
    read: dict[str, Any] = {
        "rp": {"id": rp_id, "name": _text(rp.get("name")) or rp_name},
        "user": {
            "id": encode(read_bytes(user.get("id"))),
            "name": _text(user.get("name")),
            "displayName": _text(user.get("displayName")),
        },
        "challenge": encode(read_bytes(options.get("challenge"))),
        "pubKeyCredParams": _parameters(options.get("pubKeyCredParams")),
        "timeout": _timeout(options.get("timeout")),
        "excludeCredentials": _excluded(options.get("excludeCredentials")),
    }
    for name in ("authenticatorSelection", "extensions"):
        if isinstance(found := options.get(name), Mapping):
            read[name] = dict(found)
    if options.get("attestation") in _ATTESTATION:
        read["attestation"] = options["attestation"]
    return read


def write_attestation(response: Mapping[str, Any]) -> str:
    """A browser's answer as `attestation` in an activation.

    `id` stays base64url; everything else is standard base64 with padding (section 3.2).

    Args:
        response: a RegistrationResponseJSON (WebAuthn L3 section 5.5).

    Raises:
        Unreadable: when it is none.
    """
    inner = _mapping(response.get("response"), "response")
    raw_id = read_bytes(response.get("rawId", response.get("id")))
    return json.dumps(
        {
            "id": encode(raw_id),
            "type": "public-key",
            "rawId": _standard(raw_id),
            "response": {
                name: _standard(read_bytes(inner.get(name)))
                for name in ("clientDataJSON", "attestationObject")
            },
            "clientExtensionResults": {},
        }
    )


def read_bytes(value: Any) -> bytes:
    """Bytes: an array of numbers, signed or not, or text in either base64, padded or not.

    Raises:
        Unreadable: for anything else, nothing included.
    """
    if isinstance(value, list) and value:
        if all(type(one) is int and -128 <= one <= 255 for one in value):
            return bytes(one & 0xFF for one in value)
    elif isinstance(value, str) and value:
        plain = value.rstrip("=").translate(str.maketrans("-_", "+/"))
        try:
            return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
        except (binascii.Error, ValueError) as error:
            raise Unreadable("these are no bytes") from error
    raise Unreadable("these are no bytes")


def encode(value: bytes) -> str:
    """Bytes as WebAuthn's JSON has them: base64url without padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


def _standard(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _mapping(value: Any, name: str) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    raise Unreadable(f"{name} is no object")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _parameters(value: Any) -> list[dict[str, Any]]:
    """The algorithms, in PingOne's order."""
    found = []
    for one in value if isinstance(value, list) else []:
        algorithm = one.get("alg") if isinstance(one, Mapping) else None
        if isinstance(algorithm, str) and _NUMBER.fullmatch(algorithm):
            algorithm = int(algorithm)
        if type(algorithm) is int and one.get("type", "public-key") == "public-key":
            found.append({"type": "public-key", "alg": algorithm})
    if not found:
        raise Unreadable("no algorithm is named")
    return found


def _excluded(value: Any) -> list[dict[str, str]]:
    """The credentials that may not be made again. Each must be read, or it would be made twice."""
    entries = [] if value is None else value
    if not isinstance(entries, list):
        raise Unreadable("excludeCredentials is no list")
    return [
        {"type": "public-key", "id": encode(read_bytes(_mapping(one, "a credential").get("id")))}
        for one in entries
    ]


def _timeout(value: Any) -> int:
    """Milliseconds."""
    if type(value) is not int or value <= 0:
        return USUAL_TIMEOUT
    return min(value, LONGEST_TIMEOUT)
