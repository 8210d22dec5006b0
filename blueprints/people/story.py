"""A passkey's evidence, told as facts that an operator can check."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

from cryptography import x509

from models import Evidence, Passkey
from services.attestation.evidence import Trust
from services.attestation.metadata import MetadataSource
from services.attestation.policy import Policy

GOOD, ATTENTION, NEUTRAL, FAILED = "good", "attention", "neutral", "failed"

TRUST = {
    Trust.TRUSTED: ("proven by the manufacturer's certificate", GOOD),
    Trust.UNTRUSTED: ("a certificate that does not hold", FAILED),
    Trust.SELF: ("only its own word", ATTENTION),
    Trust.NONE: ("nothing: unattested", ATTENTION),
}
ALGORITHMS = {-7: "ES256", -8: "EdDSA", -257: "RS256"}
"""COSE algorithm numbers that are asked for (RFC 9053, RFC 8812)."""


@dataclass(frozen=True)
class Fact:
    """One thing that was judged."""

    name: str
    word: str
    meaning: str
    text: str = ""


def judged(evidence: Evidence, metadata: MetadataSource) -> list[Fact]:
    """Each thing that the registration proved, and what the policy of that day asked."""
    policy = Policy.from_mapping(evidence.policy)
    words, meaning = TRUST[Trust(evidence.trust)]
    listed = policy.allowed_models is not None
    now = metadata.number
    then = evidence.metadata_number
    return [
        Fact(
            "Attestation",
            evidence.trust,
            meaning,
            f"Format {evidence.format}: {words}."
            + (f" Reason: {evidence.trust_reason}." if evidence.trust_reason else "")
            + (" The policy demanded it." if policy.demand_attestation else ""),
        ),
        Fact(
            "Model",
            "allowed" if listed else "any model",
            GOOD if listed else NEUTRAL,
            "The policy listed it." if listed else "The policy allowed any model.",
        ),
        Fact(
            "Metadata",
            f"number {then}" if then is not None else "no entry",
            GOOD if then is not None else NEUTRAL,
            f"FIDO metadata now: number {now}.",
        ),
        Fact("Touch", *_said(evidence.user_present)),
        Fact("PIN or fingerprint", *_said(evidence.user_verified)),
        Fact(
            "Bound to the device",
            "can be copied" if evidence.backup_eligible else "yes",
            ATTENTION if evidence.backup_eligible else GOOD,
            "The policy demanded it." if policy.demand_device_bound else "",
        ),
        Fact("Signature", ALGORITHMS.get(evidence.algorithm, str(evidence.algorithm)), GOOD),
        Fact("Verdict", evidence.verdict, GOOD, f"Policy: {policy.name}."),
    ]


def _said(seen: bool) -> tuple[str, str]:
    return ("yes", GOOD) if seen else ("no", FAILED)


@dataclass(frozen=True)
class Certificate:
    """One certificate of the trust path."""

    subject: str
    issuer: str
    fingerprint: str
    """SHA-256 of its DER, in hex."""


def certificates(evidence: Evidence) -> list[Certificate]:
    """The trust path, leaf first."""
    return [_certificate(base64.b64decode(text)) for text in evidence.trust_path]


def _certificate(der: bytes) -> Certificate:
    fingerprint = hashlib.sha256(der).hexdigest()
    try:
        certificate = x509.load_der_x509_certificate(der)
        subject, issuer = certificate.subject.rfc4514_string(), certificate.issuer.rfc4514_string()
    except ValueError:
        subject, issuer = "(not readable)", ""
    return Certificate(subject, issuer, fingerprint)


def raw(passkey: Passkey) -> list[tuple[str, Any]]:
    """The exact values, each to copy."""
    evidence = passkey.evidence
    return [
        ("AAGUID", str(passkey.aaguid)),
        ("Credential id", _encoded(passkey.credential_id)),
        ("User handle", _encoded(passkey.user_handle)),
        ("RP ID", passkey.rp_id),
        ("Origin", passkey.origin),
        ("Public key (COSE)", _encoded(passkey.public_key)),
        ("Attestation object", _encoded(evidence.attestation_object)),
        ("Client data", _encoded(evidence.client_data_json)),
    ]


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
