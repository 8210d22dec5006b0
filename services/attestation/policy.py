"""Attestation policies, and the one decision made by them.

`decide` is pure: the same evidence, policy and metadata give the same verdict, now or when it is
asked again years later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.attestation.evidence import Evidence, Trust, TrustReason
from services.attestation.metadata import MetadataSource, Model

ACCEPTED = "accepted"

SENTENCES: dict[str, str] = {
    "attestation_missing": (
        "That passkey does not say which security key it is on. "
        "Your organisation accepts only security keys that can prove their model."
    ),
    "attestation_self": (
        "That passkey vouches only for itself. "
        "Your organisation accepts only security keys that can prove their model."
    ),
    f"attestation_untrusted.{TrustReason.CERTIFICATE}": (
        "That security key was not accepted: its certificate is not in the form that security "
        "keys must use."
    ),
    f"attestation_untrusted.{TrustReason.AAGUID}": (
        "That security key was not accepted: its certificate is for a different model."
    ),
    f"attestation_untrusted.{TrustReason.PATH}": (
        "That security key was not accepted: its certificate does not come from the "
        "manufacturer of that model."
    ),
    f"attestation_untrusted.{TrustReason.DATES}": (
        "That security key was not accepted: a certificate it depends on is not valid today."
    ),
    f"attestation_untrusted.{TrustReason.NOT_CA}": (
        "That security key was not accepted: its certificate was signed by one that may not "
        "sign others."
    ),
    f"attestation_untrusted.{TrustReason.NO_ANCHORS}": (
        "That security key was not accepted: nothing is known here to check its model against."
    ),
    "model_revoked": (
        "That model of security key was withdrawn by the FIDO Alliance and is not accepted."
    ),
    "model_compromised": (
        "That model of security key has a known security problem and is not accepted."
    ),
    "model_not_allowed": "That security key is not one of the models your organisation allows.",
    "not_device_bound": (
        "That passkey can be copied to other devices. "
        "Your organisation accepts only passkeys that stay on one security key."
    ),
}
"""Every code that a verdict can refuse with, and what a person reads."""


@dataclass(frozen=True)
class Policy:
    """Which models and properties are accepted."""

    name: str
    demand_attestation: bool
    demand_device_bound: bool
    refuse_counter_regress: bool
    allowed_models: frozenset[UUID] | None
    """None allows any model."""

    @property
    def demands_hardware(self) -> bool:
        """Whether only a separate security key can be accepted, so that none else is offered."""
        return self.demand_attestation or self.demand_device_bound

    def allowed(self, metadata: MetadataSource) -> tuple[Model, ...]:
        """The allowed models that metadata knows, by name; empty where any model is allowed."""
        allowed = self.allowed_models
        if allowed is None:
            return ()
        return tuple(model for model in metadata.models() if model.aaguid in allowed)

    def to_mapping(self) -> dict[str, Any]:
        """As JSON values, for the record."""
        models = self.allowed_models
        return {
            "name": self.name,
            "demand_attestation": self.demand_attestation,
            "demand_device_bound": self.demand_device_bound,
            "refuse_counter_regress": self.refuse_counter_regress,
            "allowed_models": None if models is None else sorted(str(model) for model in models),
        }

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Policy:
        """Back from `to_mapping`."""
        models = values["allowed_models"]
        return cls(
            name=values["name"],
            demand_attestation=values["demand_attestation"],
            demand_device_bound=values["demand_device_bound"],
            refuse_counter_regress=values["refuse_counter_regress"],
            allowed_models=None if models is None else frozenset(UUID(model) for model in models),
        )


@dataclass(frozen=True)
class Verdict:
    """What a policy says of evidence: accepted or not, a stable code, a sentence."""

    accepted: bool
    code: str
    sentence: str


def decide(evidence: Evidence, policy: Policy, metadata: MetadataSource) -> Verdict:
    """Say whether the policy accepts the evidence, and if not, the first reason why."""
    code = _objection(evidence, policy, metadata)
    if code is None:
        return Verdict(True, ACCEPTED, "Accepted.")
    return Verdict(False, code, SENTENCES[code])


def _objection(evidence: Evidence, policy: Policy, metadata: MetadataSource) -> str | None:
    if policy.demand_attestation:
        match evidence.trust:
            case Trust.NONE:
                return "attestation_missing"
            case Trust.SELF:
                return "attestation_self"
            case Trust.UNTRUSTED:
                return f"attestation_untrusted.{evidence.trust_reason}"
            case Trust.TRUSTED:
                pass
    model = metadata.model(evidence.aaguid)
    if model is not None and model.revoked:
        return "model_revoked"
    if model is not None and _compromised(model, evidence):
        return "model_compromised"
    if policy.allowed_models is not None and evidence.aaguid not in policy.allowed_models:
        return "model_not_allowed"
    if policy.demand_device_bound and evidence.backup_eligible:
        return "not_device_bound"
    return None


def _compromised(model: Model, evidence: Evidence) -> bool:
    """Whether a report of broken security covers this key, by model or by certificate."""
    return any(
        report.certificate is None or report.certificate in evidence.trust_path
        for report in model.compromises
    )
