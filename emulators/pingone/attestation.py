"""Attestation: the statement, and the model that the policy allows (pingone.md 3.2, 4.1, 4.4)."""

from __future__ import annotations

import base64
import uuid
from typing import Any

from fido2.attestation.base import Attestation, InvalidSignature, verify_x509_chain
from fido2.webauthn import AttestationObject

from emulators.pingone import metadata
from emulators.pingone.emulator import Document, PingOne


def check_statement(attested: AttestationObject, client_data_hash: bytes, *, needed: bool) -> str:
    """What is wrong with the statement; empty when nothing is.

    Args:
        attested: the attestation object.
        client_data_hash: SHA-256 of the client data.
        needed: whether "none" will not do.
    """
    if attested.fmt == "none" and needed:
        return "An attestation is required"
    try:
        Attestation.for_type(attested.fmt)().verify(
            attested.att_stmt, attested.auth_data, client_data_hash
        )
    except Exception as error:
        # A statement may be broken in any way; all of them mean that it proves nothing.
        return f"The attestation is not valid ({type(error).__name__})"
    return ""


def check_model(ping: PingOne, attested: AttestationObject, policy: Document) -> str:
    """What mdsAuthenticatorsRequirements has against the model; empty when nothing."""
    rules = policy["mdsAuthenticatorsRequirements"]
    option = rules["option"]
    if option in ("NONE", "AUDIT_ONLY"):
        return ""
    credential = attested.auth_data.credential_data
    aaguid = uuid.UUID(bytes=bytes(credential.aaguid)) if credential else uuid.UUID(int=0)
    entry = metadata.of_model(ping, policy["environment"]["id"], aaguid)
    if entry is None or not _trusted(attested, entry):
        return "The authenticator is not in the metadata"
    if option == "CERTIFIED" and not _certified(entry):
        return "The authenticator is not FIDO certified"
    if option == "SPECIFIC":
        field = ping.variants["mds_identifier_field"]
        allowed = {one["id"] for one in rules.get("allowedAuthenticators") or []}
        if entry[field] not in allowed:
            return "The authenticator is not one of those allowed"
    return ""


def _trusted(attested: AttestationObject, entry: Document) -> bool:
    """Whether the certificates lead to one of the entry's roots, or are one of them."""
    path = [bytes(one) for one in attested.att_stmt.get("x5c", [])]
    roots = [
        base64.b64decode("".join(str(root).split()))
        for root in entry["metadataStatement"]["attestationRootCertificates"]
    ]
    return bool(path) and any(_leads(path, root) for root in roots)


def _leads(path: list[bytes], root: bytes) -> bool:
    chain = path if path[-1] == root else [*path, root]
    try:
        verify_x509_chain(chain)
    except (InvalidSignature, ValueError):
        return False
    return True


def _certified(entry: dict[str, Any]) -> bool:
    statuses = [str(report["status"]) for report in entry.get("statusReports", [])]
    return any(status.startswith("FIDO_CERTIFIED") for status in statuses)
