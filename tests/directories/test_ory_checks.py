"""The connection test: every check by name, and the sentence it ends in."""

from __future__ import annotations

import json

import pytest

from directories.base import CheckState
from directories.destinations import Destinations
from directories.ory import Auth, OryConnector, TraitMapping
from directories.ory.checks import import_by_version
from directories.ory.patch import relying_party_patch
from directories.ory.settings import Flavour
from tests.directories.conftest import QUICK, connect, settings_for
from tests.directories.raw import answer, serving

OURS = ("http://localhost:5000", "https://keys.example.com")


def test_of(connector, *, probe: bool = True, rp_id: str = "localhost"):
    return connector.test(rp_id=rp_id, origins=OURS, probe=probe)


test_of.__test__ = False


def states(report) -> dict[str, str]:
    return {check.code: check.state.value for check in report.checks}


def check(report, code: str):
    return next(one for one in report.checks if one.code == code)


def test_a_good_connection_to_ory_network_passes_every_check(connector):
    report = test_of(connector)
    assert states(report) == {
        "ory.version": "passed",
        "ory.identities": "passed",
        "ory.schemas": "passed",
        "ory.schema": "passed",
        "ory.mapping": "passed",
        "ory.display_name": "passed",
        "ory.import": "passed",
        "ory.organizations": "unknown",
        "ory.rp_id": "passed",
        "ory.origins": "unknown",
    }
    assert (report.verified, report.signs_in, report.patch) == (True, True, "")
    assert report.sentence == "Passkeys made here will sign in there: yes."
    assert all(one.name and one.evidence for one in report.checks)


def test_a_good_connection_to_kratos_passes_every_check(start):
    report = test_of(connect(start(flavour="self-hosted")))
    assert states(report)["ory.ready"] == "passed"
    assert states(report)["ory.import"] == "passed"
    assert report.sentence == "Passkeys made here will sign in there: yes."


def test_nothing_is_left_behind_without_the_probe(ory, connector, sent):
    report = test_of(connector, probe=False)
    assert report.verified
    assert report.signs_in is None
    assert "not known" in report.sentence
    assert "ory.rp_id" not in states(report)
    assert {one.method for one in sent.requests} == {"GET"}
    assert not any("self-service" in one.url for one in sent.requests)


def test_the_import_probe_makes_no_identity(start):
    ory = start(flavour="self-hosted")
    before = ory.control.identities()
    test_of(connect(ory))
    assert ory.control.identities() == before


@pytest.mark.parametrize("named", ["first", "last"])
@pytest.mark.parametrize(
    ("version", "state"),
    [("HEAD", "passed"), ("v26.2.4", "passed"), ("v26.2.0", "failed"), ("v1.3.1", "failed")],
)
def test_import_is_told_by_the_decoder(start, version, state, named):
    ory = start(flavour="self-hosted", version=version)
    ory.control.vary(unknown_field=named)
    report = test_of(connect(ory), probe=False)
    found = check(report, "ory.import")
    assert found.state.value == state
    assert "unknown field" in found.said
    assert report.verified
    assert report.signs_in is (False if state == "failed" else None)


@pytest.mark.parametrize(
    ("version", "state"),
    [
        ("v26.2.0", CheckState.FAILED),
        ("v26.2.1", CheckState.PASSED),
        ("v27.0.0-pre.1", CheckState.PASSED),
        ("v1.3.1", CheckState.FAILED),
        ("26.3.0", CheckState.PASSED),
        ("master", CheckState.UNKNOWN),
        ("", CheckState.UNKNOWN),
    ],
)
def test_import_is_told_by_the_version_for_want_of_better(version, state):
    assert import_by_version(version).state is state


def test_an_import_probe_that_tells_nothing_leaves_the_version(start):
    ory = start(flavour="self-hosted", version="v26.2.0")
    ory.control.fail(status=400, body='{"error": {"message": "no"}}', method="POST", times=2)
    report = test_of(connect(ory), probe=False)
    assert "v26.2.0 does not import" in check(report, "ory.import").evidence


def test_an_import_probe_that_fails_is_unknown_and_blocks_nothing(start):
    ory = start(flavour="self-hosted")
    ory.control.fail(status=503, method="POST")
    report = test_of(connect(ory))
    assert check(report, "ory.import").state is CheckState.UNKNOWN
    assert (report.verified, report.signs_in) == (True, None)
    assert "imports passkeys could not be told" in report.sentence


def test_another_relying_party_id_comes_with_the_patch_that_sets_it(ory, connector):
    ory.control.relying_party("login.example.org", "https://login.example.org")
    report = test_of(connector)
    assert report.verified
    assert report.signs_in is False
    assert report.sentence == (
        "Passkeys made here will sign in there: no, because its relying party ID is "
        "login.example.org, ours is localhost."
    )
    base = "/services/identity/config/selfservice/methods/passkey/config/rp"
    assert json.loads(report.patch) == [
        {"op": "add", "path": f"{base}/id", "value": "localhost"},
        {"op": "add", "path": f"{base}/origins/-", "value": OURS[0]},
        {"op": "add", "path": f"{base}/origins/-", "value": OURS[1]},
    ]


def test_the_patch_adds_origins_and_replaces_none():
    found = json.loads(relying_party_patch(Flavour.SELF_HOSTED, rp_id="a.example", origins=OURS))
    assert all(one["op"] == "add" for one in found)
    assert [one["path"].rpartition("/")[2] for one in found] == ["id", "-", "-"]
    assert found[0]["path"].startswith("/selfservice/")


def test_a_passkey_method_that_is_off_is_told(ory, connector):
    ory.control.vary(passkey_method="disabled")
    report = test_of(connector)
    assert report.sentence.endswith("no, because its sign-in flow offers no passkey.")
    assert "Switch the passkey method on" in check(report, "ory.rp_id").remedy


def test_a_version_without_passkeys_in_native_flows_is_told(start):
    report = test_of(connect(start(flavour="self-hosted", version="v25.4.0")))
    assert report.signs_in is False
    assert check(report, "ory.rp_id").state is CheckState.FAILED


@pytest.mark.parametrize("body", ["json", "html", "empty"])
@pytest.mark.parametrize(
    ("key", "says"), [("ory_pat_wrong", "project API key"), ("workspace", "workspace")]
)
def test_a_wrong_key_is_told_with_its_remedy(ory, body, key, says):
    ory.control.vary(unauthorized_body=body)
    key = ory.ory.keys["workspace"] if key == "workspace" else key
    report = test_of(connect(ory, key=key))
    found = check(report, "ory.identities")
    assert found.state is CheckState.FAILED
    assert says in found.remedy
    assert key not in str(report)
    assert not report.verified
    assert report.sentence.startswith("Passkeys made here will sign in there: no, because the dir")


def test_both_kinds_of_project_key_open_the_admin_api(ory):
    assert test_of(connect(ory, key=ory.ory.keys["project_second"])).verified


def test_a_public_address_given_as_the_admin_one_is_told(start):
    ory = start(flavour="self-hosted")
    report = test_of(connect(ory, admin_endpoint=ory.url))
    found = check(report, "ory.identities")
    assert found.state is CheckState.FAILED
    assert "Give the admin address" in found.remedy
    assert not report.verified


def test_an_admin_address_given_as_the_public_one_is_told(start):
    ory = start(flavour="self-hosted")
    report = test_of(connect(ory, endpoint=ory.admin_url))
    assert "Give the public address" in check(report, "ory.schemas").remedy
    assert not report.verified


def test_a_proxy_before_kratos_takes_a_header_of_choice(start):
    ory = start(flavour="self-hosted", proxy_header=("X-Gate", "let-me-in"))
    refused = test_of(connect(ory))
    assert "proxy" in check(refused, "ory.identities").remedy
    how = {"auth": Auth.HEADER, "header_name": "X-Gate"}
    assert test_of(connect(ory, key="let-me-in", **how)).verified
    assert not test_of(connect(ory, key="wrong", **how)).verified


def test_a_server_whose_database_is_down_is_told(start):
    ory = start(flavour="self-hosted")
    body = '{"errors": {"database": "down"}}'
    ory.control.fail(status=503, body=body, path="/health/ready")
    report = test_of(connect(ory))
    assert check(report, "ory.ready").state is CheckState.FAILED
    assert not report.verified


def test_a_schema_that_went_away_is_told(ory):
    report = test_of(connect(ory, schema_id="gone"))
    assert "gone" in check(report, "ory.schema").evidence
    assert "ory.mapping" not in states(report)
    assert not report.verified


def test_a_mapping_that_does_not_fit_is_told(ory):
    report = test_of(connect(ory, schema_id="preset://staff"))
    found = check(report, "ory.mapping")
    assert "name.first" in found.evidence
    assert "department" in found.evidence
    assert not report.verified


def test_no_schema_yet_is_an_open_question(ory):
    report = test_of(connect(ory, schema_id=""))
    assert not report.verified
    assert report.signs_in is None
    assert "no identity schema is chosen yet" in report.sentence


def test_a_schema_without_flags_is_told_and_blocks_nothing(ory):
    plain = {
        "properties": {
            "traits": {"properties": {"email": {"type": "string"}}, "required": ["email"]}
        }
    }
    ory.control.add_schema("plain", plain)
    report = test_of(connect(ory, schema_id="plain", mapping=TraitMapping(email="email")))
    assert "by our own id only" in check(report, "ory.mapping").evidence
    assert check(report, "ory.display_name").state is CheckState.FAILED
    assert (report.verified, report.signs_in) == (True, True)


def test_a_project_without_schemas_is_told(ory, connector):
    ory.control.fail(status=200, body="[]", path="/schemas")
    report = test_of(connector)
    assert check(report, "ory.schemas").state is CheckState.FAILED


@pytest.mark.parametrize(
    ("sent_back", "remedy"),
    [
        (answer(body=b"<html>hello", kind="text/html"), "Use the project's own endpoint"),
        (answer("404 Not Found", b"404 page not found", kind="text/plain"), "own endpoint"),
        (answer("302 Found", headers=("Location: https://evil.example/",)), "own endpoint"),
        (answer(body=b'{"not": "a list"}'), "own endpoint"),
        (answer("503 Busy", b"{}"), "Try again"),
        (answer("429 Slow", b"{}"), "Try again"),
        (b"", "Try again"),
    ],
)
def test_a_host_that_is_not_ory_ends_in_a_report(ory, sent_back, remedy):
    script = sent_back or (lambda connection: None)
    with serving(script) as raw:
        settings = settings_for(ory, endpoint=raw.url)
        connector = OryConnector(
            settings, "ory_pat_x", Destinations.of(["127.0.0.1"]), limits=QUICK
        )
        report = test_of(connector)
    assert not report.verified
    assert report.signs_in is False
    assert check(report, "ory.identities").state is CheckState.FAILED
    assert remedy in check(report, "ory.identities").remedy
    assert all(
        one.state is not CheckState.PASSED for one in report.checks if one.code != "ory.import"
    )


def test_a_destination_that_is_not_allowed_is_told(ory):
    connector = OryConnector(settings_for(ory), "ory_pat_x", Destinations(), limits=QUICK)
    report = test_of(connector)
    assert "LATCHKEY_PRIVATE_DESTINATIONS" in check(report, "ory.identities").remedy


def test_a_checks_words_and_request_id_are_kept(ory, connector):
    body = '{"error": {"message": "not today"}}'
    ory.control.fail(status=503, body=body, headers={"X-Request-Id": "r-9"}, path="/admin/ident")
    found = check(test_of(connector), "ory.identities")
    assert (found.said, found.request_id) == ("not today", "r-9")


def test_schemas_come_in_pages(start, monkeypatch):
    monkeypatch.setattr("directories.ory.api.SCHEMA_PAGE_SIZE", 1)
    ory = start()
    assert [one.id for one in connect(ory).identity_schemas()] == ["default", "preset://staff"]


def test_schemas_that_never_end_are_given_up(ory, connector, sent):
    headers = {"Link": '</schemas?page_token=again>; rel="next"'}
    ory.control.fail(status=200, body="[]", headers=headers, path="/schemas", times=50)
    assert connector.identity_schemas() == ()
    assert len(sent.requests) == 2


def test_schemas_with_anything_in_them_are_read(ory, connector):
    body = '[1, {"id": 2}, {"id": "a", "schema": []}, {"id": "b", "schema": {}}]'
    ory.control.fail(status=200, body=body, path="/schemas")
    assert [one.id for one in connector.identity_schemas()] == ["b"]


def test_the_key_never_goes_to_the_public_api(start, sent):
    for ory in (start(), start(flavour="self-hosted")):
        connector = connect(ory, key="ory_pat_key", auth=Auth.BEARER)
        test_of(connector)
    public = [one for one in sent.requests if "/admin" not in one.url]
    bare = [one for one in public if "/schemas" in one.url or "/self-service" in one.url]
    assert len(bare) == 4
    assert not any("Authorization" in one.headers for one in bare)
