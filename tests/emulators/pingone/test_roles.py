"""Who may do what (pingone.md 5, 6b)."""

from __future__ import annotations

import pytest

from tests.emulators.pingone.client import problem

NONE: tuple[str, ...] = ()
PEOPLE = ("/users", "/populations")
POLICIES = ("/fido2Policies", "/deviceAuthenticationPolicies", "/mfaSettings")
POLICIES += ("/fidoDevicesMetadata",)
SIGN_ON = ("/signOnPolicies", "/signOnPolicies/{policy}/actions")
APPLICATIONS = ("/applications", "/applications/{worker}")
ASSIGNMENTS = ("/applications/{worker}/signOnPolicyAssignments",)
ROLES = ("/roles", "/applications/{worker}/roleAssignments")
ALL = (*PEOPLE, "/groups", *POLICIES, *SIGN_ON, *APPLICATIONS, *ASSIGNMENTS, *ROLES)
CONFIGURATION = (*POLICIES, *SIGN_ON, *APPLICATIONS, *ASSIGNMENTS)


@pytest.fixture
def reads(api):
    """Which of all paths a worker with these roles reads."""
    policy = api.get("/signOnPolicies")["_embedded"]["signOnPolicies"][0]["id"]

    def reads(*roles: str, **scope: str) -> set[str]:
        api.ping.control.roles(*roles, **scope)
        found = set()
        for path in ALL:
            answer = api.call("GET", path.format(worker=api.ping.client_id, policy=policy))
            if answer.status_code == 200:
                found.add(path)
            else:
                expected = (403, "ACCESS_FAILED", "INSUFFICIENT_PERMISSIONS")
                assert problem(answer)[:3] == expected
        return found

    return reads


@pytest.mark.parametrize(
    ("roles", "paths"),
    [
        (("Identity Data Admin",), (*PEOPLE, "/groups")),
        (("Environment Admin",), ("/groups", *CONFIGURATION, *ROLES)),
        (("Client Application Developer",), ("/groups", *APPLICATIONS)),
        (("Configuration Read Only",), CONFIGURATION),
        (("Identity Data Read Only",), (*PEOPLE, "/groups")),
        (("Help Desk Admin",), NONE),
        (NONE, NONE),
        (("Environment Admin", "Identity Data Admin"), ALL),
    ],
)
def test_each_role_reads_its_part(reads, roles, paths):
    assert reads(*roles) == set(paths)


def test_the_organization_is_a_scope_that_covers_the_environment(api, reads):
    organization = api.get("")["organization"]["id"]
    everything = reads("Identity Data Admin", scope="ORGANIZATION", scope_id=organization)
    assert everything == {*PEOPLE, "/groups"}


def test_another_environment_or_organization_covers_nothing(api, reads):
    other = api.ping.administrators_id
    assert reads("Environment Admin", scope="ENVIRONMENT", scope_id=other) == set()
    assert reads("Environment Admin", scope="ORGANIZATION", scope_id=other) == set()


def test_a_population_is_a_scope_for_its_people_only(api, reads):
    roles = ("Identity Data Admin", "Environment Admin")
    assert reads(*roles, scope="POPULATION", scope_id="Contractors") == {*PEOPLE, "/groups"}
    populations = api.get("/populations")["_embedded"]["populations"]
    assert [one["name"] for one in populations] == ["Contractors"]
    assert {user["population"]["id"] for user in api.users()} == {populations[0]["id"]}
    groups = api.get("/groups")["_embedded"]["groups"]
    assert [one["name"] for one in groups] == ["Field staff"]


@pytest.mark.parametrize(("way", "status"), [("404", 404), ("403", 403)])
def test_a_user_outside_the_population_has_variants(api, way, status):
    outside = api.ping.control.user("kiosk.one")["id"]
    api.ping.control.vary(unseen_user=way)
    api.ping.control.roles("Identity Data Admin", scope="POPULATION", scope_id="Contractors")
    for path in (f"/users/{outside}", f"/users/{outside}/devices"):
        assert api.call("GET", path).status_code == status


@pytest.mark.parametrize(
    ("switch", "role", "path", "usual"),
    [
        ("configuration_read_only", "Configuration Read Only", "/fido2Policies", 200),
        ("configuration_read_only", "Configuration Read Only", "/signOnPolicies", 200),
        ("identity_data_reads_policies", "Identity Data Admin", "/fido2Policies", 403),
        ("identity_data_read_only", "Identity Data Read Only", "/users", 200),
    ],
)
def test_inferred_rights_have_variants(api, switch, role, path, usual):
    api.ping.control.roles(role)
    assert api.call("GET", path).status_code == usual
    api.ping.control.vary(**{switch: "refused" if usual == 200 else "accepted"})
    assert api.call("GET", path).status_code == (403 if usual == 200 else 200)


def test_who_reads_the_environment_has_variants(api):
    api.ping.control.roles("Identity Data Admin", scope="POPULATION", scope_id="Contractors")
    assert api.call("GET", "").status_code == 200
    assert api.call("GET", "/capabilities").status_code == 200
    api.ping.control.vary(environment_read="Environment Admin")
    assert api.call("GET", "").status_code == 403
    assert api.call("GET", "/capabilities").status_code == 403


def test_who_reads_roles_has_variants(api):
    api.ping.control.roles("Identity Data Admin")
    paths = (f"/applications/{api.ping.client_id}/roleAssignments", "/roles")
    assert [api.call("GET", path).status_code for path in paths] == [403, 403]
    assert api.call("GET", "/roles", root=True).status_code == 403
    api.ping.control.vary(own_roles="any role")
    assert [api.call("GET", path).status_code for path in paths] == [200, 200]
    assert api.call("GET", "/roles", root=True).status_code == 200


def test_the_status_of_a_missing_role_has_variants(api):
    api.ping.control.roles()
    api.ping.control.vary(insufficient="401")
    answer = api.call("GET", "/users")
    assert problem(answer)[:3] == (401, "ACCESS_FAILED", "INSUFFICIENT_PERMISSIONS")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/users"),
        ("DELETE", "/users/{user}"),
        ("PUT", "/users/{user}/enabled"),
        ("PUT", "/users/{user}/mfaEnabled"),
        ("POST", "/users/{user}/devices"),
    ],
)
def test_people_and_devices_are_written_by_identity_data_admin_only(api, method, path):
    path = path.format(user=api.ping.control.user("kiosk.one")["id"])
    api.ping.control.roles("Environment Admin", "Identity Data Read Only")
    assert api.call(method, path, json={}).status_code == 403


@pytest.mark.parametrize("path", ["/fido2Policies", "/fidoDevicesMetadata"])
def test_policies_are_written_by_environment_admin_only(api, path):
    api.ping.control.roles("Identity Data Admin", "Configuration Read Only")
    assert api.call("POST", path, json={}).status_code == 403


@pytest.mark.parametrize(("way", "status"), [("403", 403), ("400", 400), ("401", 401)])
def test_an_unknown_environment_answers_404_only_for_itself(api, way, status):
    api.ping.control.vary(unknown_environment=way)
    unknown = "/environments/3f02de71-0000-4000-8000-000000000000"
    assert api.call("GET", unknown, root=True).status_code == 404
    for path in ("/users", "/fido2Policies"):
        assert api.call("GET", unknown + path, root=True).status_code == status


def test_roles_have_ids_and_the_names_of_the_api(api):
    roles = api.get("/roles", root=True)["_embedded"]["roles"]
    names = {role["name"]: role for role in roles}
    assert {"Environment Admin", "Identity Data Admin", "Configuration Read Only"} <= names.keys()
    one = names["Environment Admin"]
    assert api.get(f"/roles/{one['id']}", root=True) == one
    held = api.get(f"/applications/{api.ping.client_id}/roleAssignments")["_embedded"]
    assert one["id"] in {entry["role"]["id"] for entry in held["roleAssignments"]}
    assert {entry["scope"]["type"] for entry in held["roleAssignments"]} == {"ENVIRONMENT"}
    assert api.call("GET", "/roles/nothing", root=True).status_code == 404
