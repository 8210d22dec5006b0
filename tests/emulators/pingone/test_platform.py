"""The environment, applications and sign-on policies (pingone.md 5, 6b)."""

from __future__ import annotations

from tests.emulators.pingone.client import problem


def test_the_environment_tells_name_region_type_and_organization(api):
    environment = api.get("")
    assert environment["id"] == api.ping.environment_id
    assert (environment["region"], environment["type"]) == ("NA", "SANDBOX")
    assert environment["organization"]["id"]
    assert api.get("/capabilities")["canUseMfaFido2Devices"] is True
    domains = api.get("/customDomains")["_embedded"]["customDomains"]
    assert [one["domainName"] for one in domains] == ["login.example.com"]


def test_the_worker_is_as_hid_prescribes(api):
    worker = api.get(f"/applications/{api.ping.client_id}")
    assert (worker["type"], worker["enabled"]) == ("WORKER", True)
    assert worker["grantTypes"] == ["CLIENT_CREDENTIALS"]
    assert worker["tokenEndpointAuthMethod"] == "CLIENT_SECRET_POST"
    assert worker["clientId"] == worker["id"] == api.ping.client_id


def test_a_client_id_that_is_not_the_id_is_found_by_walking(api):
    api.ping.control.application(clientId="chosen-at-import")
    assert api.call("GET", "/applications/chosen-at-import").status_code == 404
    listed = api.get("/applications")["_embedded"]["applications"]
    found = [one for one in listed if one["clientId"] == "chosen-at-import"]
    assert [one["id"] for one in found] == [api.ping.client_id]


def test_sign_on_policies_lead_to_the_mfa_policy(api):
    assigned = api.get(f"/applications/{api.ping.sign_on_application}/signOnPolicyAssignments")
    (one,) = assigned["_embedded"]["signOnPolicyAssignments"]
    policy = api.get(f"/signOnPolicies/{one['signOnPolicy']['id']}")
    assert policy["default"] is False
    actions = api.get(f"/signOnPolicies/{policy['id']}/actions")["_embedded"]["actions"]
    assert [action["priority"] for action in actions] == [1, 2]
    assert actions[1]["type"] == "MULTI_FACTOR_AUTHENTICATION"
    assert actions[1]["deviceAuthenticationPolicy"]["id"] == api.ping.mfa_policy_id
    assert api.get(f"/signOnPolicies/{policy['id']}/actions/{actions[1]['id']}") == actions[1]


def test_without_an_assignment_the_default_policy_applies(api):
    api.ping.control.sign_on(assigned=False)
    path = f"/applications/{api.ping.sign_on_application}/signOnPolicyAssignments"
    assert api.get(path)["_embedded"]["signOnPolicyAssignments"] == []
    policies = api.get("/signOnPolicies")["_embedded"]["signOnPolicies"]
    assert [one["name"] for one in policies if one["default"]] == ["Single_Factor"]


def test_what_is_not_there_is_404(api):
    for path in (
        "/applications/nothing",
        "/applications/nothing/signOnPolicyAssignments",
        "/applications/nothing/roleAssignments",
        "/applications/nothing/secret",
        "/signOnPolicies/nothing",
        "/signOnPolicies/nothing/actions",
    ):
        assert problem(api.call("GET", path))[:2] == (404, "NOT_FOUND")


def test_there_are_no_custom_roles_and_they_filter_by_type_only(api):
    assert api.get("/roles", params={"filter": 'type eq "CUSTOM"'})["count"] == 0
    answer = api.call("GET", "/roles", params={"filter": 'name eq "x"'})
    assert problem(answer)[2] == "INVALID_FILTER"


def test_the_secret_is_read_by_those_who_may(api):
    path = f"/applications/{api.ping.client_id}/secret"
    assert api.get(path)["secret"] == api.ping.client_secret
    api.ping.control.roles("Identity Data Admin", "Configuration Read Only")
    assert api.call("GET", path).status_code == 403
