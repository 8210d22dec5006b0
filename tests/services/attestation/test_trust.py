"""Paths and certificates, beside what `tests/services/ceremonies/test_codes.py` shows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from services.attestation import certificates, trust
from services.attestation.evidence import Trust, TrustReason
from services.attestation.metadata import MetadataSource, Model
from tests.authenticator import Manufacturer
from tests.authenticator.manufacturer import SUBJECT, issue

DATA = Path(__file__).resolve().parents[2] / "data"
CRESCENDO_KEY = UUID("692db549-7ae5-44d5-a1e5-dd20a493b723")
CRESCENDO_4000 = UUID("2a55aee6-27cb-42c0-bc6e-04efe999e88a")
OURS = UUID("6a4c4d1e-0f5b-4c59-9c3c-3a1f7d2e9b10")
OTHER = UUID("0e1d2c3b-4a59-4687-9786-a5b4c3d2e1f0")
NOW = datetime.now(UTC)
SUB_CA = {**SUBJECT, "CN": "Sub CA"}


def pem(name: str) -> bytes:
    certificate = x509.load_pem_x509_certificate((DATA / name).read_bytes())
    return certificate.public_bytes(Encoding.DER)


def source(**anchors: list[bytes]) -> MetadataSource:
    models = {}
    for name, aaguid in (("ours", OURS), ("other", OTHER)):
        if name in anchors:
            models[aaguid] = Model(
                aaguid, name, 1, (), tuple(anchors[name]), None, "", ("usb",), False
            )
    return MetadataSource(number=1, next_update=date(2026, 1, 1), models=models)


def found(x5c, metadata, *, aaguid=OURS, format="packed", now=NOW):
    return trust.establish(format=format, x5c=x5c, aaguid=aaguid, metadata=metadata, now=now)


def test_the_real_crescendo_key_is_trusted_by_the_real_metadata():
    leaf, anchor = pem("hid_crescendo_key_leaf.pem"), pem("hid_fido_attestation_ca2.pem")
    outcome = found([leaf], MetadataSource.load(), aaguid=CRESCENDO_KEY)
    assert outcome.trust is Trust.TRUSTED
    assert outcome.path == (leaf, anchor)


def test_the_real_crescendo_key_meets_the_certificate_rules():
    leaf = certificates.load(pem("hid_crescendo_key_leaf.pem"))
    assert certificates.meets_packed_rules(leaf)
    assert certificates.names_aaguid(leaf, CRESCENDO_KEY) is True


def test_the_real_crescendo_key_is_no_other_model():
    leaf = pem("hid_crescendo_key_leaf.pem")
    outcome = found([leaf], MetadataSource.load(), aaguid=CRESCENDO_4000)
    assert (outcome.trust, outcome.reason) == (Trust.UNTRUSTED, TrustReason.AAGUID)


def test_the_real_crescendo_key_is_not_trusted_after_its_end():
    leaf = pem("hid_crescendo_key_leaf.pem")
    late = datetime(2040, 1, 1, tzinfo=UTC)
    outcome = found([leaf], MetadataSource.load(), aaguid=CRESCENDO_KEY, now=late)
    assert outcome.reason is TrustReason.DATES


def test_a_leaf_alone_leads_to_an_intermediate_anchor():
    maker = Manufacturer()
    leaf = maker.leaf(OURS)
    outcome = found([leaf.der], source(ours=[maker.intermediate.der]))
    assert outcome.path == (leaf.der, maker.intermediate.der)


def test_a_chain_leads_to_a_root():
    maker = Manufacturer()
    x5c = [maker.leaf(OURS).der, maker.intermediate.der]
    outcome = found(x5c, source(ours=[maker.root.der]))
    assert outcome.path == (*x5c, maker.root.der)


def test_only_the_anchors_of_the_model_itself_count():
    maker = Manufacturer()
    metadata = source(ours=[Manufacturer().intermediate.der], other=[maker.intermediate.der])
    assert found([maker.leaf(OURS).der], metadata).reason is TrustReason.PATH


def test_a_path_that_is_longer_than_the_anchor_allows_is_none():
    maker = Manufacturer()
    extra = issue(SUB_CA, issuer=maker.intermediate, ca=True)
    anchor, maker.intermediate = maker.intermediate, extra
    x5c = [maker.leaf(OURS).der, extra.der]
    assert found(x5c, source(ours=[anchor.der])).reason is TrustReason.PATH
    roomy = Manufacturer(path_length=1)
    extra = issue(SUB_CA, issuer=roomy.intermediate, ca=True)
    anchor, roomy.intermediate = roomy.intermediate, extra
    x5c = [roomy.leaf(OURS).der, extra.der]
    assert found(x5c, source(ours=[anchor.der])).trust is Trust.TRUSTED


@pytest.mark.parametrize("constraint", [False, None])
def test_an_intermediate_must_say_that_it_is_a_ca(constraint):
    maker = Manufacturer(intermediate_ca=constraint)
    x5c = [maker.leaf(OURS).der, maker.intermediate.der]
    assert found(x5c, source(ours=[maker.root.der])).reason is TrustReason.NOT_CA


def test_an_intermediate_that_may_sign_by_key_usage_alone_is_not_enough():
    usage = x509.KeyUsage(*[False] * 5, True, *[False] * 3)
    maker = Manufacturer()
    maker.intermediate = issue(SUB_CA, issuer=maker.root, ca=None, extension=(usage, True))
    x5c = [maker.leaf(OURS).der, maker.intermediate.der]
    assert found(x5c, source(ours=[maker.root.der])).reason is TrustReason.NOT_CA


@pytest.mark.parametrize("kind", [{}, {"version_1": True}, {"ca": True}, {"ca": None}])
def test_a_leaf_that_is_an_anchor_is_trusted_whatever_its_form(kind):
    leaf = Manufacturer().leaf(OURS, **kind)
    outcome = found([leaf.der], source(ours=[leaf.der]))
    assert outcome.trust is Trust.TRUSTED
    assert set(outcome.path) == {leaf.der}


def test_a_leaf_that_is_an_anchor_must_be_in_date():
    leaf = Manufacturer().leaf(OURS)
    outcome = found([leaf.der], source(ours=[leaf.der]), now=NOW + timedelta(days=5000))
    assert outcome.reason is TrustReason.DATES


def test_a_leaf_without_the_aaguid_is_trusted_where_its_anchor_serves_one_model():
    maker = Manufacturer()
    leaf = maker.leaf(OURS, names_aaguid=False)
    alone = source(ours=[maker.intermediate.der])
    shared = source(ours=[maker.intermediate.der], other=[maker.intermediate.der])
    assert found([leaf.der], alone).trust is Trust.TRUSTED
    assert found([leaf.der], shared).reason is TrustReason.AAGUID


@pytest.mark.parametrize(
    "subject",
    [
        {**SUBJECT, "OU": "authenticator attestation"},
        {name: value for name, value in SUBJECT.items() if name != "C"},
        {name: value for name, value in SUBJECT.items() if name != "O"},
        {name: value for name, value in SUBJECT.items() if name != "CN"},
    ],
)
def test_every_part_of_the_subject_is_needed(subject):
    maker = Manufacturer()
    leaf = maker.leaf(OURS, subject=subject)
    outcome = found([leaf.der], source(ours=[maker.intermediate.der]))
    assert outcome.reason is TrustReason.CERTIFICATE


def test_the_subject_rules_are_for_packed_only():
    maker = Manufacturer()
    leaf = maker.leaf(OURS, subject={"CN": "TPM"})
    outcome = found([leaf.der], source(ours=[maker.intermediate.der]), format="tpm")
    assert outcome.trust is Trust.TRUSTED


def test_a_u2f_statement_has_no_model_and_so_no_anchors():
    leaf = Manufacturer().leaf(OURS, names_aaguid=False)
    outcome = found([leaf.der], MetadataSource.load(), aaguid=UUID(int=0), format="fido-u2f")
    assert outcome.reason is TrustReason.NO_ANCHORS


def test_what_came_with_it_is_kept_where_there_is_no_trust():
    leaf = Manufacturer().leaf(OURS)
    assert found([leaf.der], source()).path == (leaf.der,)


@pytest.mark.parametrize("x5c", [[b""], [b"\x30\x03\x02\x01\x01"]])
def test_what_is_no_certificate_breaks_the_rules(x5c):
    assert found(x5c, source()).reason is TrustReason.CERTIFICATE


def test_without_a_certificate_it_is_self_or_none():
    assert found([], source()).trust is Trust.SELF
    assert found([], source(), format="none").trust is Trust.NONE
