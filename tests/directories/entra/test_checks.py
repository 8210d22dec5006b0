"""The connection test: every check by name, and the sentence it ends in."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from directories.base import CheckState
from directories.entra.api import EntraApi
from directories.entra.checks import MOST_SKEW, ConnectionTest
from directories.entra.connector import EntraConnector, grant
from directories.entra.failures import no_token
from directories.entra.settings import Credential
from directories.http import DirectorySession
from directories.oauth import Tokens
from tests.directories.entra.conftest import connect, connect_by_certificate, settings_for
from tests.directories.entra.keys import pair
from tests.directories.entra.stub import HERE, SETTINGS, VALUE

OURS = ("http://localhost:5000", "https://keys.example.com")
HID = ("Group.Read.All", "User.Read.All", "UserAuthenticationMethod.ReadWrite.All")
LEAST = ("GroupMember.Read.All", "User.Read.All", "UserAuthMethod-Passkey.ReadWrite.All")
OPTIONAL = (
    "Policy.Read.AuthenticationMethod",
    "Organization.Read.All",
    "Application.Read.All",
    "User.RevokeSessions.All",
)
CRESCENDO = "692db549-7ae5-44d5-a1e5-dd20a493b723"


def report_of(connector):
    return connector.test(rp_id="localhost", origins=OURS, probe=True)


def states(report) -> dict[str, str]:
    return {check.code: check.state.value for check in report.checks}


def check(report, code: str):
    return next(one for one in report.checks if one.code == code)


@pytest.mark.parametrize("granted", [HID, LEAST], ids=["hid", "least"])
def test_a_good_connection_passes_every_check_that_can_pass(tenant, granted):
    tenant.control.consent(*granted, *OPTIONAL)
    report = report_of(connect(tenant, secret_expires_on="2099-12-31"))
    passes = "passed" if granted is HID else "unknown"
    assert states(report) == {
        "entra.expiry": "passed",
        "entra.token": "passed",
        "entra.token_facts": "passed",
        "entra.permissions": "passed",
        "entra.excess": "passed",
        "entra.organization": "passed",
        "entra.users": "passed",
        "entra.groups": "passed",
        "entra.passkeys": "passed",
        "entra.policy": "passed",
        "entra.self_service": "passed",
        "entra.keys": "passed",
        "entra.passes": passes,
        "entra.sessions": "passed",
        "entra.clock": "passed",
        "entra.write": "unknown",
    }
    assert report.verified
    assert report.signs_in is None
    assert report.sentence.startswith("This connection can list people")
    assert "do not sign in there" in report.sentence
    assert check(report, "entra.organization").evidence == "Birchwood"
    assert all(one.name and one.evidence for one in report.checks)
    assert check(report, "entra.users").request_id


def test_a_certificate_passes_too_and_says_when_it_expires(tenant):
    report = report_of(connect_by_certificate(tenant))
    assert report.verified
    assert check(report, "entra.expiry").state is CheckState.PASSED
    assert "certificate" in check(report, "entra.expiry").name


def test_nothing_is_written_and_no_challenge_is_asked_for(tenant, connector, sent):
    tenant.control.grant(*OPTIONAL)
    report_of(connector)
    assert {one.method for one in sent.requests if "/token" not in one.url} == {"GET"}
    assert not any("creationOptions" in one.url for one in sent.requests)


def test_what_is_optional_never_blocks(tenant):
    tenant.control.consent(*HID)
    report = report_of(connect(tenant))
    found = states(report)
    for code in ("organization", "policy", "self_service", "keys", "expiry", "sessions", "write"):
        assert found[f"entra.{code}"] == "unknown"
    assert "Policy.Read.AuthenticationMethod" in check(report, "entra.policy").remedy
    assert "Organization.Read.All" in check(report, "entra.organization").remedy
    assert report.verified


@pytest.mark.parametrize(
    ("code", "grants"),
    [
        ("entra.passes", ["UserAuthenticationMethod.ReadWrite.All"]),
        ("entra.sessions", ["User.RevokeSessions.All", "User.ReadWrite.All"]),
    ],
)
def test_what_help_needs_is_told_by_the_tokens_list_and_never_blocks(tenant, code, grants):
    tenant.control.consent(*LEAST)
    report = report_of(connect(tenant))
    lacking = check(report, code)
    assert (lacking.state, report.verified) == (CheckState.UNKNOWN, True)
    assert all(one in lacking.evidence + lacking.remedy for one in grants)
    for one in grants:
        tenant.control.consent(*LEAST, one)
        found = check(report_of(connect(tenant)), code)
        assert found.state is CheckState.PASSED and one in found.evidence


@pytest.mark.parametrize(
    ("missing", "code", "word"),
    [
        ("User.Read.All", "entra.users", "User.Read.All"),
        ("Group.Read.All", "entra.groups", "Group.Read.All"),
        (
            "UserAuthenticationMethod.ReadWrite.All",
            "entra.passkeys",
            "UserAuthMethod-Passkey.ReadWrite.All",
        ),
    ],
)
def test_a_missing_permission_is_named_where_it_is_told_and_where_it_is_felt(
    tenant, missing, code, word
):
    tenant.control.consent(*(one for one in HID if one != missing))
    report = report_of(connect(tenant))
    assert word in check(report, "entra.permissions").evidence
    assert states(report)["entra.permissions"] == "failed"
    felt = check(report, code)
    assert felt.state in (CheckState.FAILED, CheckState.UNKNOWN)
    if code != "entra.passkeys" or felt.state is CheckState.FAILED:
        assert "API permissions" in felt.remedy
        assert "Insufficient privileges" in felt.said
    assert not report.verified
    assert "cannot be used yet" in report.sentence


def test_reading_passkeys_is_not_writing_them(tenant):
    tenant.control.consent("User.Read.All", "Group.Read.All", "UserAuthMethod-Passkey.Read.All")
    report = report_of(connect(tenant))
    assert states(report)["entra.passkeys"] == "passed"
    assert states(report)["entra.permissions"] == "failed"
    assert not report.verified


def test_nothing_consented_is_told_by_the_calls(tenant):
    tenant.control.consent()
    report = report_of(connect(tenant))
    assert states(report)["entra.token"] == "passed"
    assert states(report)["entra.users"] == "failed"
    assert check(report, "entra.permissions").remedy
    assert not report.verified


@pytest.mark.parametrize("variant", ["jwt", "jwt without claims", "opaque"])
def test_a_token_that_tells_nothing_is_no_failure(tenant, variant):
    tenant.control.consent(*HID)
    tenant.control.vary(access_token=variant)
    report = report_of(connect(tenant))
    expected = "passed" if variant == "jwt" else "unknown"
    assert states(report)["entra.permissions"] == expected
    assert report.verified


@pytest.mark.parametrize(
    "variant", ["resource", "https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000"]
)
def test_both_names_of_graph_are_graph(tenant, variant):
    tenant.control.vary(audience=variant)
    assert states(report_of(connect(tenant)))["entra.token_facts"] == "passed"


def test_more_than_is_needed_is_told_and_does_not_block(tenant):
    tenant.control.consent(*HID, "Directory.ReadWrite.All", "Mail.Read")
    report = report_of(connect(tenant))
    found = check(report, "entra.excess")
    assert found.state is CheckState.FAILED
    assert "Directory.ReadWrite.All, Mail.Read" in found.evidence
    assert found.remedy
    assert report.verified


def test_what_was_consented_to_since_counts_at_once(tenant, connector):
    tenant.control.consent()
    assert not report_of(connector).verified
    tenant.control.consent(*HID)
    assert report_of(connector).verified


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"state": "disabled"}, "entra.policy", "Enable and target"),
        ({"isSelfServiceRegistrationAllowed": False}, "entra.self_service", "self-service"),
    ],
)
def test_a_policy_in_the_way_blocks_and_says_where_it_is_changed(tenant, changes, code, words):
    tenant.control.grant(*OPTIONAL)
    tenant.control.policy(**changes)
    report = report_of(connect(tenant))
    assert states(report)[code] == "failed"
    assert words in check(report, code).remedy
    assert not report.verified


def test_a_policy_that_admits_no_security_key_is_told(tenant):
    tenant.control.grant(*OPTIONAL)
    tenant.control.restrict("allow")
    report = report_of(connect(tenant))
    assert states(report)["entra.keys"] == "failed"
    assert report.verified


@pytest.mark.parametrize("profiles", ["in the answer", "only with $expand", "not known"])
def test_the_policy_is_read_in_every_form(tenant, profiles):
    tenant.control.grant(*OPTIONAL)
    tenant.control.vary(passkey_profiles=profiles)
    tenant.control.restrict("allow", CRESCENDO)
    report = report_of(connect(tenant))
    assert states(report)["entra.keys"] == "passed"
    assert "everyone" in check(report, "entra.policy").evidence


def test_a_wrong_secret_ends_the_test_with_what_to_do(tenant):
    report = report_of(connect(tenant, secret="wrong-but-well-formed"))
    assert set(states(report)) == {"entra.expiry", "entra.token"}
    found = check(report, "entra.token")
    assert found.state is CheckState.FAILED
    assert "Secret ID" in found.evidence
    assert "AADSTS7000215" in found.said
    assert "Certificates & secrets" in found.remedy
    assert found.request_id
    assert not report.verified
    assert "wrong-but-well-formed" not in repr(report)


def test_an_expired_secret_is_told_by_entra_and_by_its_day(tenant):
    tenant.control.expire_secret()
    report = report_of(connect(tenant, secret_expires_on="2020-01-31"))
    assert states(report) == {"entra.expiry": "failed", "entra.token": "failed"}
    assert "2020-01-31" in check(report, "entra.expiry").evidence
    assert "expired" in check(report, "entra.token").evidence


def test_an_expiry_that_was_typed_wrongly_blocks_nothing(tenant):
    report = report_of(connect(tenant, secret_expires_on="2020-01-31"))
    assert states(report)["entra.expiry"] == "failed"
    assert report.verified


def test_a_disabled_application_is_told(tenant, connector):
    tenant.control.enable_application(False)
    found = check(report_of(connector), "entra.token")
    assert "disabled" in found.evidence


def test_a_wrong_tenant_is_told(tenant):
    other = "11111111-2222-4333-8444-555555555555"
    found = check(report_of(connect(tenant, tenant_id=other)), "entra.token")
    assert "no such tenant" in found.evidence


def test_a_wrong_application_is_told(tenant):
    other = "11111111-2222-4333-8444-555555555555"
    found = check(report_of(connect(tenant, client_id=other)), "entra.token")
    assert "no such application" in found.evidence


def test_a_certificate_that_was_not_uploaded_is_told(tenant):
    strange = pair("stranger")
    report = report_of(
        connect(
            tenant,
            secret=strange.key,
            credential=Credential.CERTIFICATE,
            certificate=strange.certificate,
        )
    )
    assert states(report)["entra.token"] == "failed"


@pytest.mark.parametrize("cloud", ["us government", "china"])
def test_another_cloud_is_told(tenant, cloud):
    tenant.control.vary(cloud=cloud)
    report = report_of(connect(tenant))
    if cloud == "china":
        assert states(report)["entra.passkeys"] == "failed"
    assert states(report)["entra.users"] == "passed"


@pytest.mark.parametrize("host", ["graph.microsoft.us", "microsoftgraph.chinacloudapi.cn"])
def test_the_address_of_another_cloud_is_told_before_anything_else(host):
    settings = replace(SETTINGS, graph_url=f"https://{host}", login_url="http://127.0.0.1:9")
    report = report_of(EntraConnector(settings, VALUE, HERE))
    assert report.checks[0].code == "entra.cloud"
    assert report.checks[0].state is CheckState.FAILED
    assert not report.verified


def test_a_service_that_does_not_answer_is_told(tenant, connector):
    tenant.control.fail(status=503, path="/v1.0/users", times=1)
    report = report_of(connector)
    found = check(report, "entra.users")
    assert found.state is CheckState.FAILED
    assert "Try again" in found.remedy
    assert states(report)["entra.passkeys"] == "unknown"


def test_a_tenant_without_people_has_no_passkeys_to_read(tenant, connector):
    for user in tenant.control.users():
        tenant.control.remove_user(user["id"])
    report = report_of(connector)
    assert states(report)["entra.passkeys"] == "unknown"
    assert report.verified


@pytest.mark.parametrize(
    ("off", "state", "word"),
    [
        (0, "passed", "two minutes"),
        (MOST_SKEW + 60, "failed", "3 minutes ahead"),
        (-600, "failed", "10 minutes behind"),
    ],
)
def test_a_clock_that_is_wrong_is_told(tenant, off, state, word):
    def clock():
        return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=off)

    settings = settings_for(tenant)
    tokens = Tokens(DirectorySession(HERE), grant(settings, tenant.client_secret), explain=no_token)
    api = EntraApi(settings, tokens, now=clock)
    report = ConnectionTest(api, settings, tokens).run()
    assert states(report)["entra.clock"] == state
    assert word in check(report, "entra.clock").evidence
    assert report.verified
