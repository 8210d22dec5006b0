from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from services.attestation.evidence import Evidence, Trust, TrustReason
from services.attestation.hid import HID_CRESCENDO
from services.attestation.metadata import MetadataSource, Model, StatusReport
from services.attestation.policy import SENTENCES, Policy, decide
from services.policies import POLICIES, Kind

KEY = UUID("692db549-7ae5-44d5-a1e5-dd20a493b723")
OTHER = UUID("0e1d2c3b-4a59-4687-9786-a5b4c3d2e1f0")
HID, ANY = POLICIES[Kind.HID_CRESCENDO], POLICIES[Kind.ANY]


def metadata(*reports: StatusReport) -> MetadataSource:
    model = Model(KEY, "Key", 1, reports, (b"anchor",), None, "", (), False)
    return MetadataSource(number=7, next_update=date(2026, 1, 1), models={KEY: model})


def evidence(**facts) -> Evidence:
    return Evidence(
        **{
            "format": "packed",
            "trust": Trust.TRUSTED,
            "trust_reason": None,
            "trust_path": (b"leaf", b"anchor"),
            "aaguid": KEY,
            "user_present": True,
            "user_verified": True,
            "backup_eligible": False,
            "backup_state": False,
            "algorithm": -7,
            **facts,
        }
    )


def report(status: str, certificate: bytes | None = None) -> StatusReport:
    return StatusReport(status, date(2026, 1, 1), None, "", certificate)


def test_a_trusted_hid_key_is_accepted():
    assert decide(evidence(), HID, metadata()).accepted


def test_the_hid_policy_allows_the_hid_models_and_no_other():
    assert HID.allowed_models == set(HID_CRESCENDO)
    assert len(HID.allowed(MetadataSource.load())) == 14


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"trust": Trust.NONE}, "attestation_missing"),
        ({"trust": Trust.SELF}, "attestation_self"),
        *(
            (
                {"trust": Trust.UNTRUSTED, "trust_reason": reason},
                f"attestation_untrusted.{reason.value}",
            )
            for reason in TrustReason
        ),
        ({"aaguid": OTHER}, "model_not_allowed"),
        ({"backup_eligible": True}, "not_device_bound"),
    ],
)
def test_the_hid_policy_refuses_and_any_accepts(facts, code):
    verdict = decide(evidence(**facts), HID, metadata())
    assert (verdict.accepted, verdict.code) == (False, code)
    assert verdict.sentence == SENTENCES[code]
    assert decide(evidence(**facts), ANY, metadata()).accepted


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("REVOKED", "model_revoked"),
        ("ATTESTATION_KEY_COMPROMISE", "model_compromised"),
        ("USER_VERIFICATION_BYPASS", "model_compromised"),
        ("USER_KEY_REMOTE_COMPROMISE", "model_compromised"),
        ("USER_KEY_PHYSICAL_COMPROMISE", "model_compromised"),
    ],
)
@pytest.mark.parametrize("policy", [HID, ANY], ids=["hid", "any"])
def test_a_model_with_broken_security_is_refused_by_every_policy(status, code, policy):
    reports = (report("FIDO_CERTIFIED_L1"), report(status), report("UPDATE_AVAILABLE"))
    assert decide(evidence(), policy, metadata(*reports)).code == code


@pytest.mark.parametrize(
    ("certificate", "code"), [(b"leaf", "model_compromised"), (b"another", "accepted")]
)
def test_a_compromised_certificate_condemns_only_its_own_keys(certificate, code):
    told = metadata(report("ATTESTATION_KEY_COMPROMISE", certificate))
    assert decide(evidence(), HID, told).code == code


def test_only_a_policy_that_demands_something_demands_hardware():
    assert HID.demands_hardware and not ANY.demands_hardware


@pytest.mark.parametrize("policy", [HID, ANY], ids=["hid", "any"])
def test_a_policy_survives_the_record(policy):
    assert Policy.from_mapping(policy.to_mapping()) == policy


def test_every_sentence_is_reachable():
    codes = {"attestation_missing", "attestation_self", "model_revoked", "model_compromised"}
    codes |= {"model_not_allowed", "not_device_bound"}
    codes |= {f"attestation_untrusted.{reason.value}" for reason in TrustReason}
    assert set(SENTENCES) == codes
