"""How models are listed, and what the policy in force says of each before any key is seen."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from cryptography import x509

from services.attestation.metadata import Model
from services.attestation.policy import Policy

SIZE = 50


class Standing(NamedTuple):
    """A word for a model under a policy, what it means, and why."""

    word: str
    meaning: str
    why: str


def standing(model: Model, policy: Policy | None) -> Standing:
    """What the policy says of a model, as far as that shows without a key's own evidence."""
    if policy is None:
        return Standing("no policy yet", "neutral", "Nothing is allowed before set-up is done.")
    if model.revoked:
        return Standing("withdrawn", "failed", "FIDO withdrew its certification.")
    if any(report.certificate is None for report in model.compromises):
        return Standing("compromised", "failed", "A security problem of it is known.")
    if policy.allowed_models is not None and model.aaguid not in policy.allowed_models:
        return Standing("not allowed", "neutral", "The policy does not list this model.")
    if policy.demand_attestation and not model.anchors:
        why = "The policy demands attestation, and metadata has no certificate to check it with."
        return Standing("cannot be verified", "attention", why)
    if policy.allowed_models is None:
        return Standing("allowed", "good", "The policy allows any model.")
    return Standing("allowed", "good", "The policy lists this model.")


class Shown(StrEnum):
    """The views of the list."""

    ALL = "all"
    ALLOWED = "allowed"
    HID = "hid"


@dataclass(frozen=True)
class Listing:
    """One page of the list, the neighbours' cursors, and how many there are."""

    items: tuple[Model, ...]
    previous: uuid.UUID | None
    """Ask for what stands before this model."""
    next: uuid.UUID | None
    """Ask for what stands after this model."""
    first: int
    total: int


def matching(
    models: Sequence[Model], policy: Policy | None, *, shown: Shown, query: str
) -> list[Model]:
    """The models of a view that hold every word of the query in their name or AAGUID."""
    words = query.lower().split()
    return [
        model
        for model in models
        if (shown is not Shown.HID or model.is_hid)
        and (shown is not Shown.ALLOWED or standing(model, policy).word == "allowed")
        and all(_holds(model, word) for word in words)
    ]


def _holds(model: Model, word: str) -> bool:
    bare = word.replace("-", "")
    return word in model.name.lower() or (bool(bare) and bare in model.aaguid.hex)


def page(
    models: Sequence[Model], *, after: uuid.UUID | None = None, before: uuid.UUID | None = None
) -> Listing:
    """One page of the models, from the cursor on; from the start where it names none of them."""
    places = {model.aaguid: place for place, model in enumerate(models)}
    start = 0
    if after in places:
        start = places[after] + 1
    elif before in places:
        start = max(0, places[before] - SIZE)
    items = tuple(models[start : start + SIZE])
    ends = start + len(items)
    return Listing(
        items=items,
        previous=items[0].aaguid if items and start > 0 else None,
        next=items[-1].aaguid if items and ends < len(models) else None,
        first=start + 1,
        total=len(models),
    )


@dataclass(frozen=True)
class Anchor:
    """One certificate that a model's attestation must lead to."""

    subject: str
    issuer: str
    kind: str
    """"root", "intermediate" or "leaf"; empty where it cannot be read."""
    not_after: datetime | None
    fingerprint: str
    """SHA-256 of its DER, in hex."""


def describe(der: bytes) -> Anchor:
    """What an operator recognises an anchor by; a few only have their fingerprint to show."""
    fingerprint = hashlib.sha256(der).hexdigest()
    try:
        certificate = x509.load_der_x509_certificate(der)
        subject = certificate.subject.rfc4514_string()
        issuer = certificate.issuer.rfc4514_string()
        ends = certificate.not_valid_after_utc
        kind = _kind(certificate)
    except ValueError:
        return Anchor("(not readable)", "", "", None, fingerprint)
    return Anchor(subject, issuer, kind, ends, fingerprint)


def _kind(certificate: x509.Certificate) -> str:
    if certificate.subject == certificate.issuer:
        return "root"
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except x509.ExtensionNotFound:
        return "leaf"
    return "intermediate" if constraints.value.ca else "leaf"
