"""The connection test: every check by name, the worker, and the sentence it ends in."""

from __future__ import annotations

import uuid

import pytest

from directories.base import CheckState
from directories.pingone import AuthMethod, Region, worker
from tests.directories.pingone.conftest import ALL, check, connect, not_met, report, states

POLICIES = {
    "pingone.mfa_policy",
    "pingone.fido_policy",
    "pingone.sign_on_step",
    "pingone.device_limit",
}


def test_a_good_connection_meets_every_line(connector):
    found = report(connector)
    assert states(found) == ALL
    assert (found.verified, found.signs_in) == (True, True)
    assert found.sentence.startswith("A browser here can enrol: yes, because")
    assert all(one.name and one.evidence for one in found.checks)


def test_a_test_only_reads(connector, sent):
    report(connector)
    assert {one.method for one in sent.requests} == {"GET", "POST"}
    assert all(one.url.endswith("/as/token") for one in sent.of("POST"))


def test_nothing_claims_the_right_to_add_keys(connector):
    line = check(report(connector), "pingone.devices")
    assert line.state is CheckState.UNKNOWN
    assert "first key" in line.evidence


def test_what_is_not_met_always_comes_with_what_to_do(ping, connector):
    ping.control.roles("Environment Admin")
    ping.control.mfa_policy(enabled=False)
    ping.control.fido_policy(discoverableCredentials="DISCOURAGED", relyingPartyId="pingone.com")
    ping.control.auth_method("CLIENT_SECRET_BASIC")
    found = report(connect(ping, auth_method=AuthMethod.BASIC))
    for one in found.checks:
        assert (one.state is CheckState.FAILED) <= bool(one.remedy), one.code
    assert len(not_met(found)) > 4


# -- the connection itself ----------------------------------------------------------------------


def test_without_a_token_nothing_else_is_tried(ping, sent):
    found = report(connect(ping, secret="wrong-secret-that-nobody-may-read"))
    assert states(found) == {"pingone.token": "failed"}
    assert (found.verified, found.signs_in) == (False, False)
    assert "does not know this Client ID" in found.sentence
    assert not sent.of("GET")


def test_a_token_that_is_kept_does_not_hide_that_the_secret_ended(ping, connector):
    connector.people("", None)
    ping.control.rotate_secret()
    assert not report(connector).verified


@pytest.mark.parametrize("status", ["403", "400", "401"])
def test_a_wrong_environment_blocks_and_is_named(ping, status):
    ping.control.vary(unknown_environment=status)
    home = {"token_environment_id": ping.environment_id}
    found = report(connect(ping, environment_id=str(uuid.uuid4()), **home))
    assert states(found)["pingone.environment"] == "failed"
    assert states(found)["pingone.users"] == "failed"
    assert "region" in check(found, "pingone.environment").remedy
    assert not found.verified


@pytest.mark.parametrize("status", ["401", "404"])
def test_a_token_of_another_region_is_explained(ping, connector, status):
    ping.control.vary(token_region=f"another: {status}")
    found = report(connector)
    assert "region" in check(found, "pingone.environment").remedy
    assert not found.verified


def test_another_region_than_the_environments_blocks(ping):
    found = report(connect(ping, region=Region.EU))
    line = check(found, "pingone.environment")
    assert line.state is CheckState.FAILED
    assert "NA" in line.evidence
    assert not found.verified


def test_an_environment_that_may_not_be_read_blocks_nothing(ping, connector):
    ping.control.vary(environment_read="Environment Admin")
    ping.control.roles("Identity Data Admin", "Configuration Read Only")
    found = report(connector)
    assert states(found)["pingone.environment"] == "unknown"
    assert found.verified


def test_pingones_words_and_id_stand_beside_a_failed_line(ping, connector):
    body = '{"id": "r-7", "code": "ACCESS_FAILED", "message": "Not today."}'
    ping.control.fail(status=403, body=body, path="/populations")
    line = check(report(connector), "pingone.populations")
    assert (line.state.value, line.said, line.request_id) == ("unknown", "Not today.", "r-7")


# -- HID's prescription: the worker -------------------------------------------------------------


def test_basic_works_and_is_not_what_hid_prescribes(ping):
    ping.control.auth_method("CLIENT_SECRET_BASIC")
    found = report(connect(ping, auth_method=AuthMethod.BASIC))
    line = check(found, "pingone.auth_method")
    assert line.state is CheckState.FAILED
    assert "works with it all the same" in line.evidence
    assert found.verified


def test_an_application_that_is_no_worker_is_said_so(ping, connector):
    ping.control.application(type="WEB_APP")
    line = check(report(connector), "pingone.worker")
    assert (line.state, "WEB_APP" in line.evidence) == (CheckState.FAILED, True)


def test_a_worker_with_a_client_id_of_its_own_is_found(ping):
    ping.control.application(clientId="imported-client")
    found = report(connect(ping, client_id="imported-client"))
    assert states(found)["pingone.worker"] == "passed"


def test_the_least_roles_are_enough(ping, connector):
    """As the contract recommends first; who reads the worker's own roles is unknown (6b)."""
    ping.control.roles("Identity Data Admin", "Configuration Read Only")
    for own_roles in ("any role", "Environment Admin"):
        ping.control.vary(own_roles=own_roles)
        found = report(connector)
        assert not_met(found) == set()
        assert (found.verified, found.signs_in) == (True, True)
        told = states(found)["pingone.role_identity"]
        assert told == ("passed" if own_roles == "any role" else "unknown")


@pytest.mark.parametrize("reads", ["accepted", "refused"])
def test_policies_that_configuration_read_only_may_not_read_are_unknown(ping, connector, reads):
    ping.control.roles("Identity Data Admin", "Configuration Read Only")
    ping.control.vary(configuration_read_only=reads)
    found = report(connector)
    told = {states(found)[code] for code in POLICIES - {"pingone.device_limit"}}
    assert told == ({"passed"} if reads == "accepted" else {"unknown"})
    assert found.verified


@pytest.mark.parametrize("reads", ["refused", "accepted"])
def test_a_worker_for_people_alone_enrols_all_the_same(ping, connector, reads):
    ping.control.vary(identity_data_reads_policies=reads, own_roles="any role")
    ping.control.roles("Identity Data Admin")
    found = report(connector)
    assert found.verified
    if reads == "accepted":
        assert found.signs_in is True
        return
    assert found.signs_in is None
    assert found.sentence == (
        "A browser here can enrol: not known, because the FIDO policy cannot be read."
    )
    line = check(found, "pingone.mfa_policy")
    assert line.evidence == "This cannot be read with this worker."
    assert "Configuration Read Only" in line.remedy


def test_a_typed_relying_party_id_answers_where_policies_cannot_be_read(ping):
    ping.control.roles("Identity Data Admin")
    found = report(connect(ping, relying_party_id="localhost"))
    assert states(found)["pingone.relying_party"] == "unknown"
    assert (found.verified, found.signs_in) == (True, True)


def test_a_worker_without_the_role_for_people_is_blocked(ping, connector):
    ping.control.roles("Environment Admin")
    found = report(connector)
    assert {"pingone.role_identity", "pingone.users"} <= not_met(found)
    assert not found.verified
    assert "Grant Roles" in check(found, "pingone.role_identity").remedy


@pytest.mark.parametrize("reads", ["accepted", "refused"])
@pytest.mark.parametrize("status", ["403", "401"])
def test_a_worker_that_only_reads_people_is_blocked(ping, connector, reads, status):
    ping.control.vary(identity_data_read_only=reads, insufficient=status)
    ping.control.roles("Environment Admin", "Identity Data Read Only")
    found = report(connector)
    assert "pingone.role_identity" in not_met(found)
    assert not found.verified


def test_a_role_of_the_organization_reaches_the_environment(ping, connector):
    organization = ping.ping.store.get("environment", ping.environment_id)["organization"]["id"]
    where = {"scope": "ORGANIZATION", "scope_id": organization}
    ping.control.roles("Identity Data Admin", "Environment Admin", **where)
    assert not_met(report(connector)) == set()


def test_a_role_of_a_population_reaches_only_it(ping, connector):
    ping.control.roles("Environment Admin")
    ping.control.add_role("Identity Data Admin", scope="POPULATION", scope_id="Contractors")
    line = check(report(connector), "pingone.role_identity")
    assert line.state is CheckState.PASSED
    assert "only people in them" in line.evidence


def test_a_role_for_another_environment_does_not_count(ping, connector):
    elsewhere = str(uuid.uuid4())
    ping.control.roles("Environment Admin")
    ping.control.add_role("Identity Data Admin", scope_id=elsewhere)
    assert "pingone.role_identity" in not_met(report(connector))


ROLES = [{"id": "i", "name": "Identity Data Admin"}, {"id": "e", "name": "Environment Admin"}]


def assigned(role: str, kind: str, scope: str) -> dict:
    return {"role": {"id": role}, "scope": {"type": kind, "id": scope}}


@pytest.mark.parametrize(
    ("assignments", "everywhere"),
    [
        ([], None),
        ([assigned("i", "ENVIRONMENT", "e-1")], True),
        ([assigned("i", "ENVIRONMENT", "e-2")], None),
        ([assigned("i", "ORGANIZATION", "o-1")], True),
        ([assigned("i", "ORGANIZATION", "o-2")], None),
        ([assigned("i", "POPULATION", "p"), assigned("i", "ENVIRONMENT", "e-1")], True),
        ([assigned("i", "POPULATION", "p")], False),
        ([assigned("i", "APPLICATION", "e-1")], None),
        ([assigned("e", "ENVIRONMENT", "e-1")], None),
        ([assigned("unheard-of", "ENVIRONMENT", "e-1"), {}], None),
    ],
)
def test_a_role_is_told_by_its_id_and_reaches_as_far_as_its_scope(assignments, everywhere):
    where = {"environment_id": "e-1", "organization_id": "o-1"}
    found = worker.held(assignments, ROLES, worker.IDENTITY, **where)
    assert (found.everywhere if found else None) is everywhere


def test_an_unknown_organization_covers_nothing():
    everywhere = [assigned("i", "ORGANIZATION", "")]
    where = {"environment_id": "e-1", "organization_id": ""}
    assert worker.held(everywhere, ROLES, worker.IDENTITY, **where) is None


@pytest.mark.parametrize("judge", [worker.identity_role, worker.configuration_role])
def test_what_custom_roles_allow_is_not_known(judge):
    assert judge(None, custom=True, blind=False).state is CheckState.UNKNOWN
    assert judge(None, custom=False, blind=True).state is CheckState.UNKNOWN
    assert judge(None, custom=False, blind=False).state is CheckState.FAILED
