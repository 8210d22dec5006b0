"""Users: create, import, change (pingone.md 2)."""

from __future__ import annotations

import pytest

from tests.emulators.pingone.client import problem

IMPORT = "application/vnd.pingidentity.user.import+json"
MARY = {
    "username": "mary.somerville",
    "email": "mary@example.com",
    "name": {"given": "Mary", "family": "Somerville"},
}


@pytest.fixture
def populations(api) -> dict[str, str]:
    listed = api.get("/populations")["_embedded"]["populations"]
    return {one["name"]: one["id"] for one in listed}


def test_a_user_is_made_in_the_default_population_without_mfa(api, populations):
    answer = api.send("POST", "/users", MARY)
    assert answer.status_code == 201
    user = answer.json()
    assert user["population"]["id"] == populations["Employees"]
    assert (user["enabled"], user["mfaEnabled"]) == (True, False)
    assert api.get(f"/users/{user['id']}") == user


def test_mfa_is_as_sent_or_as_the_settings_say(api):
    assert api.send("POST", "/users", MARY | {"mfaEnabled": True}).json()["mfaEnabled"] is True
    api.ping.control.mfa_settings(users_mfa_enabled=True)
    other = MARY | {"username": "other"}
    assert api.send("POST", "/users", other).json()["mfaEnabled"] is True


def test_an_import_needs_its_population(api, populations):
    assert problem(api.send("POST", "/users", MARY, media=IMPORT)) == (
        400, "INVALID_DATA", "REQUIRED_VALUE", "population",
    )  # fmt: skip
    more = {
        "population": {"id": populations["Partners"]},
        "password": {"value": "correct horse", "forceChange": True},
        "lifecycle": {"status": "VERIFICATION_REQUIRED"},
    }
    user = api.send("POST", "/users", MARY | more, media=IMPORT).json()
    assert user["lifecycle"] == {"status": "VERIFICATION_REQUIRED"}
    assert "password" not in user
    assert "correct horse" not in repr(api.ping.control.requests())


@pytest.mark.parametrize("media", ["text/plain", "application/vnd.pingidentity.other+json"])
def test_other_content_types_are_refused(api, media):
    answer = api.send("POST", "/users", MARY, media=media)
    assert problem(answer)[:2] == (415, "INVALID_REQUEST")


@pytest.mark.parametrize(
    ("changes", "detail", "target"),
    [
        ({"username": None}, "REQUIRED_VALUE", "username"),
        ({"email": None}, "REQUIRED_VALUE", "email"),
        ({"email": "nobody"}, "INVALID_VALUE", "email"),
        ({"username": ""}, "EMPTY_VALUE", "username"),
        ({"username": "x" * 129}, "SIZE_LIMIT_EXCEEDED", "username"),
        ({"username": 7}, "INVALID_VALUE", "username"),
        ({"externalId": "x" * 1025}, "SIZE_LIMIT_EXCEEDED", "externalId"),
        ({"name": "Mary"}, "INVALID_VALUE", "name"),
        ({"name": {"first": "Mary"}}, "INVALID_VALUE", "name.first"),
        ({"mfaEnabled": "yes"}, "INVALID_VALUE", "mfaEnabled"),
        ({"population": {"id": "nothing"}}, "INVALID_VALUE", "population.id"),
        ({"population": {}}, "REQUIRED_VALUE", "population.id"),
        ({"enabled": True}, "INVALID_VALUE", "enabled"),
        ({"password": {"value": "x"}}, "INVALID_VALUE", "password"),
    ],
)
def test_wrong_users_are_refused(api, changes, detail, target):
    answer = api.send("POST", "/users", MARY | changes)
    assert problem(answer) == (400, "INVALID_DATA", detail, target)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"'])
def test_what_is_no_json_object_is_refused(api, body):
    answer = api.call("POST", "/users", data=body, headers={"Content-Type": "application/json"})
    assert problem(answer)[:2] == (400, "INVALID_REQUEST")


def test_unknown_fields_have_variants(api):
    body = MARY | {"favourite": "tea"}
    assert problem(api.send("POST", "/users", body))[3] == "favourite"
    api.ping.control.vary(unknown_user_fields="ignored")
    assert "favourite" not in api.send("POST", "/users", body).json()


def test_a_user_name_is_unique_across_all_populations(api, populations):
    for name in ("Employees", "Partners"):
        body = MARY | {"username": "Desk.Contractors", "population": {"id": populations[name]}}
        answer = api.send("POST", "/users", body)
        assert problem(answer) == (400, "INVALID_DATA", "UNIQUENESS_VIOLATION", "username")


def test_a_name_clashes_with_a_user_that_the_worker_cannot_see(api):
    api.ping.control.roles("Identity Data Admin", scope="POPULATION", scope_id="Contractors")
    contractors = api.get("/populations")["_embedded"]["populations"][0]["id"]
    body = MARY | {"username": "kiosk.one", "population": {"id": contractors}}
    assert problem(api.send("POST", "/users", body))[2] == "UNIQUENESS_VIOLATION"
    elsewhere = MARY | {"username": "new"}
    assert problem(api.send("POST", "/users", elsewhere))[3] == "population.id"


def test_e_mail_addresses_are_not_unique(api):
    body = MARY | {"email": "desk@example.com"}
    assert api.send("POST", "/users", body).status_code == 201


def test_users_are_enabled_and_disabled(api, person):
    assert api.get(f"/users/{person}/enabled")["enabled"] is True
    assert api.send("PUT", f"/users/{person}/enabled", {"enabled": False}).status_code == 200
    assert api.get(f"/users/{person}")["enabled"] is False
    wrong = api.send("PUT", f"/users/{person}/enabled", {"enabled": "no"})
    assert problem(wrong)[3] == "enabled"


def test_mfa_is_changed_by_its_own_path(api, person):
    path = f"/users/{person}/mfaEnabled"
    assert api.get(path)["mfaEnabled"] is True
    assert api.send("PUT", path, {"mfaEnabled": False}).json()["mfaEnabled"] is False
    assert api.get(f"/users/{person}")["mfaEnabled"] is False
    assert problem(api.send("PUT", path, {}))[2] == "REQUIRED_VALUE"


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_mfa_is_not_changed_by_changing_the_user(api, person, method):
    body = MARY | {"mfaEnabled": False}
    assert problem(api.send(method, f"/users/{person}", body))[3] == "mfaEnabled"
    api.ping.control.vary(mfa_enabled_in_update="ignored")
    assert api.send(method, f"/users/{person}", body).json()["mfaEnabled"] is True


def test_put_clears_what_it_does_not_name_and_patch_keeps_it(api):
    user = api.send("POST", "/users", MARY | {"nickname": "M"}).json()["id"]
    patched = api.send("PATCH", f"/users/{user}", {"email": "new@example.com"}).json()
    assert (patched["email"], patched["nickname"]) == ("new@example.com", "M")
    put = api.send("PUT", f"/users/{user}", {"username": "mary", "email": "m@example.com"}).json()
    assert put["username"] == "mary"
    assert not {"nickname", "name"} & put.keys()
    assert api.send("POST", "/users", MARY).status_code == 201  # the old name is free again


def test_accounts_are_locked_by_content_type(api, person):
    lock = "application/vnd.pingidentity.account.{}+json"
    locked = api.send("POST", f"/users/{person}", {}, media=lock.format("lock")).json()
    assert locked["account"]["status"] == "LOCKED"
    unlocked = api.send("POST", f"/users/{person}", {}, media=lock.format("unlock")).json()
    assert unlocked["account"] == {"canAuthenticate": True, "status": "OK"}
    assert api.send("POST", f"/users/{person}", {}).status_code == 415


def test_a_deleted_user_is_gone_with_devices_and_name(api, key):
    user = api.send("POST", "/users", MARY).json()["id"]
    device = api.enrol(user, key).json()["id"]
    assert api.call("DELETE", f"/users/{user}").status_code == 204
    assert api.call("GET", f"/users/{user}").status_code == 404
    assert api.call("GET", f"/users/{user}/devices/{device}").status_code == 404
    assert api.send("POST", "/users", MARY).status_code == 201


def test_groups_of_a_user_are_included_on_request(api):
    listed = api.users(filter='username eq "ada.byron.000"')[0]
    assert not {"memberOfGroupIDs", "memberOfGroups"} & listed.keys()
    shown = api.get(f"/users/{listed['id']}?include=memberOfGroupIDs,memberOfGroupNames")
    assert set(shown["memberOfGroupNames"]) == {"Engineering", "Key holders"}
    assert len(shown["memberOfGroupIDs"]) == 2


def test_unknown_paths_and_methods_answer_in_pings_shape(api):
    assert problem(api.call("GET", "/nothing"))[:2] == (404, "NOT_FOUND")
    assert problem(api.call("GET", "/users/nothing"))[:2] == (404, "NOT_FOUND")
    assert problem(api.call("DELETE", "/fido2Policies"))[:2] == (405, "INVALID_REQUEST")
