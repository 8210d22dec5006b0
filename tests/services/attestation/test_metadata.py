from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from services.attestation.hid import HID_CRESCENDO
from services.attestation.metadata import MetadataError, MetadataSource
from tests.authenticator import Manufacturer

DATA = Path(__file__).resolve().parents[2] / "data"
TABLE = json.loads((DATA / "hid_aaguids.json").read_text())
OURS = UUID("6a4c4d1e-0f5b-4c59-9c3c-3a1f7d2e9b10")
KEY = UUID("692db549-7ae5-44d5-a1e5-dd20a493b723")


@pytest.fixture(scope="module")
def metadata() -> MetadataSource:
    return MetadataSource.load()


def write(path: Path, entries) -> Path:
    path.write_text(json.dumps({"entries": entries}))
    return path


def test_our_hid_list_is_the_model_table():
    assert {str(aaguid): name for aaguid, name in HID_CRESCENDO.items()} == {
        row["aaguid"]: row["name"] for row in TABLE
    }


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row['name']} {row['aaguid'][:8]}")
def test_every_hid_model_is_there_with_its_anchor(metadata, row):
    model = metadata.model(UUID(row["aaguid"]))
    assert model.name == row["name"]
    assert model.version == row["authenticator_version"]
    assert model.is_hid and model.certified and not model.revoked and not model.compromises
    assert f"FIDO_CERTIFIED_{model.level}" == row["status"]
    assert set(model.transports) == set(row["transports"])
    assert len(model.anchors) == len(row["anchors"]) == 1
    assert model.icon_type == "image/png" and model.icon.startswith(b"\x89PNG")
    assert not model.from_file


def test_the_descriptions_and_our_list_name_the_same_hid_models(metadata):
    named = {model.aaguid for model in metadata.models() if model.name.startswith("HID ")}
    assert named == set(HID_CRESCENDO)


def test_every_fido2_entry_of_the_package_can_be_read(metadata):
    assert metadata.unreadable == 0
    assert len(metadata.models()) > 300
    assert isinstance(metadata.number, int) and isinstance(metadata.next_update, date)
    assert not metadata.extra


def test_models_are_listed_by_name(metadata):
    names = [model.name.lower() for model in metadata.models()]
    assert names == sorted(names)


def test_an_anchor_of_several_models_is_known_for_one(metadata):
    shared = metadata.model(UUID("2a55aee6-27cb-42c0-bc6e-04efe999e88a")).anchors[0]
    assert metadata.serves_several(shared)
    assert not metadata.serves_several(metadata.model(KEY).anchors[0])


def test_a_file_adds_a_model(tmp_path):
    entry = Manufacturer().metadata_entry(OURS, "Ours")
    metadata = MetadataSource.load(write(tmp_path / "extra.json", [entry]))
    model = metadata.model(OURS)
    assert metadata.extra and model.from_file and model.name == "Ours" and not model.is_hid
    assert model.level == "L1" and model.transports == ("usb",)
    assert MetadataSource.load().model(OURS) is None


def test_a_file_adds_its_anchors_and_reports_to_a_known_model(tmp_path, metadata):
    entry = Manufacturer().metadata_entry(KEY, "Not this name")
    entry["statusReports"] = [{"status": "REVOKED"}]
    extended = MetadataSource.load(write(tmp_path / "extra.json", [entry])).model(KEY)
    known = metadata.model(KEY)
    assert extended.name == known.name
    assert len(extended.anchors) == len(known.anchors) + 1
    assert extended.from_file and extended.revoked and not extended.certified


def test_a_status_that_is_not_known_yet_does_not_lose_the_model(tmp_path):
    entry = Manufacturer().metadata_entry(OURS, "Ours")
    entry["statusReports"] = [{"status": "FIDO_CERTIFIED_L9"}, {"status": "SOMETHING_NEW"}]
    model = MetadataSource.load(write(tmp_path / "extra.json", [entry])).model(OURS)
    assert model.level == "L9"


def test_a_certificate_that_does_not_parse_is_left_out_alone(tmp_path):
    entry = Manufacturer().metadata_entry(OURS, "Ours")
    entry["metadataStatement"]["attestationRootCertificates"] += ["AAAA", "no base64 at all"]
    model = MetadataSource.load(write(tmp_path / "extra.json", [entry])).model(OURS)
    assert len(model.anchors) == 1


@pytest.mark.parametrize("icon", [None, "", "https://example.com/x.png", "data:image/png;base64,A"])
def test_a_picture_that_cannot_be_shown_is_none(tmp_path, icon):
    entry = Manufacturer().metadata_entry(OURS, "Ours")
    entry["metadataStatement"]["icon"] = icon
    model = MetadataSource.load(write(tmp_path / "extra.json", [entry])).model(OURS)
    assert model.icon is None and model.icon_type == ""


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"entries": {}}', '{"entries": [1]}', '{"entries": [{"aaguid": "x"}]}'],
)
def test_a_file_that_is_not_metadata_is_said_to_be_so(tmp_path, text):
    path = tmp_path / "extra.json"
    path.write_text(text)
    with pytest.raises(MetadataError, match=str(path)):
        MetadataSource.load(path)


def test_a_file_that_is_not_there_is_said_to_be_so(tmp_path):
    with pytest.raises(MetadataError, match="cannot be read"):
        MetadataSource.load(tmp_path / "none.json")


def test_a_model_says_whether_single_entries_can_be_deleted_from_it(metadata):
    assert metadata.model(UUID("0b8b05a4-ebd4-4b0b-8f5f-33d7b6e606ab")).manages_credentials
    assert not metadata.model(KEY).manages_credentials


@pytest.mark.parametrize(
    ("info", "manages"),
    [
        ({"options": {"credMgmt": True}}, True),
        ({"options": {"credentialMgmtPreview": True}}, True),
        ({"options": {"credMgmt": False, "rk": True}}, False),
        ({"versions": ["FIDO_2_0"]}, False),
        (None, False),
    ],
    ids=["yes", "preview", "no", "silent", "nothing"],
)
def test_what_deletes_single_entries_is_read_from_its_own_options(tmp_path, info, manages):
    entry = Manufacturer("Acme").metadata_entry(OURS, "Acme One")
    entry["metadataStatement"]["authenticatorGetInfo"] = info
    source = MetadataSource.load(write(tmp_path / "extra.json", [entry]))
    assert source.model(OURS).manages_credentials is manages
