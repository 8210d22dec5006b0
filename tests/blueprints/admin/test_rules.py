"""The page that shows a directory's rules beside the policy."""

from __future__ import annotations

import uuid

import pytest

from directories.base import Misconfigured
from directories.rules import Admission, Attestation, Demand, DirectoryRules, Profile
from services import directories
from services.attestation.hid import HID_CRESCENDO
from tests.blueprints.admin.conftest import START
from tests.blueprints.conftest import said
from tests.fake_directory import FakeDirectory

MISSING = min(HID_CRESCENDO)
YUBIKEY = uuid.UUID("cb69481e-8ff7-4039-93ec-0a2729a154a8")


@pytest.fixture
def fake(monkeypatch):
    """A directory with rules of its own stands behind every connection."""
    fake = FakeDirectory()
    monkeypatch.setattr(directories, "connector", lambda portal, directory: fake)
    fake.own_rules = DirectoryRules(
        source="The passkey policy",
        enabled=True,
        profiles=(
            Profile(
                name="Everyone’s",
                applies_to="all users",
                admission=Admission(
                    only=frozenset(HID_CRESCENDO) - {MISSING} | {YUBIKEY}, unmapped=("mds-17",)
                ),
                device_bound=True,
                synced=True,
                attestation=Attestation.ASKED,
            ),
        ),
        rp_id="elsewhere.example",
        user_verification=Demand.PREFERRED,
        where={"profiles": "the console, Authentication methods"},
    )
    return fake


@pytest.fixture
def address(wizard):
    wizard.add()
    return f"{START}/{wizard.directory}/rules"


def test_both_stand_side_by_side(wizard, address, fake):
    page = said(wizard.visitor.get(address))
    assert "The rules differ" in page
    assert "Relying party ID: elsewhere.example there" in page
    assert "PIN or fingerprint required preferred differs" in page
    assert "mds-17" in page
    assert "YubiKey" in page
    assert "the console, Authentication methods." in page


def test_a_directory_that_does_not_tell_shows_its_own_words(wizard, address, fake):
    fake.before["rules"].append(
        Misconfigured(
            "It may not be read.", code="fake.no", said="Insufficient privileges", request_id="r-1"
        )
    )
    answer = wizard.visitor.get(address)
    assert answer.status_code == 502
    page = said(answer)
    assert "Insufficient privileges" in page
    assert "r-1" in page
    assert "Try again" in page


def test_what_a_directory_says_is_shown_as_text(wizard, address, fake):
    fake.before["rules"].append(
        Misconfigured("No.", code="fake.no", said="<script>alert(1)</script>")
    )
    assert "<script>alert" not in wizard.visitor.get(address).text


def test_a_directory_without_rules_has_no_such_page(wizard, address):
    assert wizard.visitor.get(address).status_code == 404


def test_nobody_reads_them_without_the_privilege(wizard, address, fake, somebody):
    assert somebody.get(address).status_code == 403
