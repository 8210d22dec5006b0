"""The policy of FIDO2 keys, and the other authentication methods of users (entra.md 4, 5)."""

from __future__ import annotations

import pytest

from tests.emulators.graph import FIDO2, error

FIELDS = {
    "id", "state", "isSelfServiceRegistrationAllowed", "isAttestationEnforced", "keyRestrictions",
    "includeTargets", "excludeTargets", "defaultPasskeyProfile", "passkeyProfiles",
}  # fmt: skip
PASSES = "/authentication/temporaryAccessPassMethods"


def test_the_policy_has_every_field_of_the_contract(graph):
    found = graph.get(FIDO2).json()
    assert {name for name in found if not name.startswith("@")} == FIELDS
    assert found["@odata.type"] == "#microsoft.graph.fido2AuthenticationMethodConfiguration"
    assert found["id"] == "Fido2"


def test_passkey_profiles_may_need_to_be_expanded(graph):
    graph.entra.control.vary(passkey_profiles="only with $expand")
    assert "passkeyProfiles" not in graph.get(FIDO2).json()
    assert graph.get(f"{FIDO2}?$expand=passkeyProfiles").json()["passkeyProfiles"]
    assert error(graph.get(f"{FIDO2}?$expand=nonsense")) == (400, "BadRequest")
    assert error(graph.get(f"{FIDO2}?$top=1")) == (400, "BadRequest")


def test_passkey_profiles_may_not_be_known(graph):
    graph.entra.control.vary(passkey_profiles="not known")
    found = graph.get(f"{FIDO2}?$expand=passkeyProfiles").json()
    assert not {"passkeyProfiles", "defaultPasskeyProfile"} & set(found)
    assert "allowedPasskeyProfiles" not in found["includeTargets"][0]


def test_the_deprecated_fields_stop_returning_data(graph):
    graph.entra.control.vary(deprecated_restrictions="gone")
    found = graph.get(FIDO2).json()
    assert (found["isAttestationEnforced"], found["keyRestrictions"]) == (None, None)


def test_the_policy_can_be_changed(graph):
    graph.entra.control.policy(state="disabled", isSelfServiceRegistrationAllowed=False)
    graph.entra.control.restrict("allow", "2a55aee6-27cb-42c0-bc6e-04efe999e88a")
    graph.entra.control.enforce_attestation()
    found = graph.get(FIDO2).json()
    profile = found["passkeyProfiles"][0]
    assert (found["state"], found["isSelfServiceRegistrationAllowed"]) == ("disabled", False)
    assert profile["keyRestrictions"] == found["keyRestrictions"]
    assert profile["attestationEnforcement"] == "registrationOnly"
    assert found["isAttestationEnforced"] is True
    with pytest.raises(ValueError, match="colour"):
        graph.entra.control.policy(colour="red")


@pytest.mark.parametrize("role", ["Policy.Read.AuthenticationMethod", "Policy.Read.All"])
def test_a_role_for_policies_opens_it(graph, role):
    assert graph.as_only(role).get(FIDO2).status_code == 200


def test_without_a_role_for_policies_it_stays_closed(graph):
    other = graph.as_only("User.Read.All", "UserAuthenticationMethod.ReadWrite.All")
    assert error(other.get(FIDO2)) == (403, "Authorization_RequestDenied")
    assert error(other.get("/policies/authenticationMethodsPolicy"))[0] == 403


def test_the_policy_of_all_methods_holds_that_of_keys(graph):
    found = graph.get("/policies/authenticationMethodsPolicy").json()
    assert [one["id"] for one in found["authenticationMethodConfigurations"]] == ["Fido2"]
    unknown = FIDO2.replace("fido2", "carrierPigeon")
    assert error(graph.get(unknown)) == (404, "resourceNotFound")


def test_the_policy_is_not_there_in_china(graph):
    graph.entra.control.vary(cloud="china")
    assert error(graph.get(FIDO2)) == (400, "BadRequest")
    graph.entra.control.vary(cloud="us government")
    assert graph.get(FIDO2).status_code == 200


def make_pass(graph, body=None):
    return graph.call("POST", f"/users/{graph.person['id']}{PASSES}", json=body)


def test_an_access_pass_is_shown_once_and_replaces_the_one_before(graph):
    first = make_pass(graph)
    second = make_pass(graph, {"lifetimeInMinutes": 480, "isUsableOnce": True})
    assert (first.status_code, second.status_code) == (201, 201)
    assert len(second.json()["temporaryAccessPass"]) >= 8
    kept = graph.get(f"/users/{graph.person['id']}{PASSES}").json()["value"]
    assert [one["id"] for one in kept] == [second.json()["id"]]
    assert (kept[0]["temporaryAccessPass"], kept[0]["isUsable"]) == (None, True)
    graph.entra.control.forward(481 * 60)
    graph.renew()
    kept = graph.get(f"/users/{graph.person['id']}{PASSES}").json()["value"]
    assert (kept[0]["isUsable"], kept[0]["methodUsabilityReason"]) == (False, "Expired")


def test_an_access_pass_may_begin_later(graph):
    start = "2099-01-01T00:00:00Z"
    found = make_pass(graph, {"startDateTime": start}).json()
    assert (found["startDateTime"], found["methodUsabilityReason"]) == (start, "NotYetValid")


@pytest.mark.parametrize(
    "body",
    [
        {"lifetimeInMinutes": 9}, {"lifetimeInMinutes": 43201}, {"lifetimeInMinutes": "60"},
        {"isUsableOnce": "yes"}, {"startDateTime": "soon"}, {"colour": "red"}, [1],
    ],
)  # fmt: skip
def test_an_access_pass_that_does_not_fit_is_refused(graph, body):
    assert error(make_pass(graph, body)) == (400, "BadRequest")


def test_access_passes_need_their_policy_and_the_wide_role(graph):
    graph.entra.control.allow_passes(False)
    assert error(make_pass(graph)) == (400, "badRequest")
    graph.entra.control.allow_passes()
    other = graph.as_only("UserAuthMethod-Passkey.ReadWrite.All", "User.Read.All")
    assert error(make_pass(other)) == (403, "Authorization_RequestDenied")


def test_sessions_are_ended_with_a_role_and_not_for_guests(graph):
    path = f"/users/{graph.person['id']}/revokeSignInSessions"
    assert error(graph.call("POST", path)) == (403, "Authorization_RequestDenied")
    other = graph.as_only("User.RevokeSessions.All")
    answer = other.call("POST", path)
    assert (answer.status_code, answer.json()["value"]) == (200, True)
    guest = next(u for u in graph.entra.control.users() if u["userType"] == "Guest")
    refused = other.call("POST", f"/users/{guest['id']}/revokeSignInSessions")
    assert error(refused)[0] == 400
    graph.entra.control.vary(guest="403")
    refused = other.call("POST", f"/users/{guest['id']}/revokeSignInSessions")
    assert error(refused)[0] == 403


@pytest.mark.parametrize("status", ["400", "403", "404"])
def test_what_a_pass_is_refused_with_is_not_known(graph, status):
    graph.entra.control.vary(passes_off=status)
    graph.entra.control.allow_passes(False)
    assert error(make_pass(graph)) == (int(status), "badRequest")


def test_the_newer_role_may_not_end_sessions(graph):
    graph.entra.control.vary(end_sessions="User.ReadWrite.All")
    path = f"/users/{graph.person['id']}/revokeSignInSessions"
    newer = graph.as_only("User.RevokeSessions.All")
    assert error(newer.call("POST", path)) == (403, "Authorization_RequestDenied")
    assert graph.as_only("User.ReadWrite.All").call("POST", path).status_code == 200


def test_a_pass_is_a_method_of_its_user_without_its_value(graph):
    made = make_pass(graph).json()
    found = graph.get(f"/users/{graph.person['id']}/authentication/methods").json()["value"]
    kept = next(one for one in found if "temporaryAccessPass" in one["@odata.type"])
    assert (kept["id"], kept["temporaryAccessPass"]) == (made["id"], None)
