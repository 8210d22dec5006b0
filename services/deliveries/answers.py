"""The answer to a registration that a directory began, put together from our own rows.

It was verified before the passkey was stored, so nothing of a browser's own JSON is passed on: what
the evidence keeps is what was judged.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from directories.base import CeremonyAnswer
from models import Evidence, Passkey

_OUTPUTS = {"hmac-secret": "hmacCreateSecret"}
"""Outputs of the authenticator, and what a browser calls them in its results."""


def answer(passkey: Passkey, evidence: Evidence, begun: Mapping[str, Any]) -> CeremonyAnswer:
    """The answer that the directory waits for (RegistrationResponseJSON, WebAuthn L3 5.5).

    Args:
        begun: `Placement.begun`.
    """
    credential_id = _encoded(passkey.credential_id)
    return CeremonyAnswer(
        response={
            "id": credential_id,
            "rawId": credential_id,
            "type": "public-key",
            "response": {
                "clientDataJSON": _encoded(evidence.client_data_json),
                "attestationObject": _encoded(evidence.attestation_object),
            },
            "clientExtensionResults": {
                name: bool(evidence.extensions[output])
                for output, name in _OUTPUTS.items()
                if output in evidence.extensions
            },
        },
        origin=passkey.origin,
        remote=dict(begun),
    )


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")
