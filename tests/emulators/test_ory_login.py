"""Signing in by API with an imported passkey (ory.md 3.2, 8b)."""

from __future__ import annotations

import json

import pytest

from emulators.ory.running import running
from tests.emulators.conftest import Api
from tests.emulators.key import BE, BS, UP, UV, Key, b64, b64url

WRONG = "The provided authentication code is invalid, please try again."
NOBODY = "This account does not exist or has no security key set up."


def text(answer) -> str:
    assert answer.status_code == 400, answer.text
    return answer.json()["ui"]["messages"][0]["text"]


def test_an_imported_passkey_signs_in_and_out(api, key, holder):
    flow, challenge = api.begin()
    answer = api.submit(flow, key.sign(challenge))
    assert answer.status_code == 200
    opened = answer.json()
    assert opened["session_token"].startswith("ory_st_")
    assert opened["session"]["identity"]["id"] == holder["id"]
    headers = {"X-Session-Token": opened["session_token"]}
    session = api.call("GET", "/sessions/whoami", public=True, headers=headers).json()
    assert session["active"] is True
    assert session["authenticator_assurance_level"] == "aal1"
    assert [how["method"] for how in session["authentication_methods"]] == ["passkey"]
    assert session["identity"]["traits"] == {"email": "mary@example.com"}
    assert "metadata_admin" not in session["identity"]
    assert "credentials" not in session["identity"]
    for _again in range(2):
        out = api.call(
            "DELETE",
            "/self-service/logout/api",
            public=True,
            headers={},
            json={"session_token": opened["session_token"]},
        )
        assert out.status_code == 204
    assert api.call("GET", "/sessions/whoami", public=True, headers=headers).status_code == 401


def test_an_unknown_session_cannot_log_out(api):
    body = {"session_token": "ory_st_unknown"}
    answer = api.call("DELETE", "/self-service/logout/api", public=True, headers={}, json=body)
    assert answer.status_code == 403


def test_the_project_key_is_no_session(api):
    answer = api.call("GET", "/sessions/whoami", public=True)
    assert answer.status_code == 401


def test_a_flow_offers_a_discoverable_challenge(api):
    flow = api.call("GET", "/self-service/login/api", public=True, headers={}).json()
    nodes = {node["attributes"]["name"]: node for node in flow["ui"]["nodes"]}
    options = json.loads(nodes["passkey_challenge"]["attributes"]["value"])["publicKey"]
    assert (options["rpId"], options["userVerification"]) == ("localhost", "preferred")
    assert "allowCredentials" not in options
    assert nodes["passkey_login"]["attributes"]["type"] == "hidden"
    assert nodes["passkey_login_trigger"]["attributes"]["type"] == "button"


@pytest.mark.parametrize("version", ["v25.4.0", "v26.2.0", "HEAD"])
def test_api_flows_have_passkey_nodes_since_v26_2_0(version):
    with running(flavour="self-hosted", version=version) as ory:
        flow = Api(ory).call("GET", "/self-service/login/api", public=True).json()
        groups = {node["group"] for node in flow["ui"]["nodes"]}
        assert ("passkey" in groups) is (version != "v25.4.0")


def test_a_switched_off_method_offers_and_takes_nothing(api, key, holder):
    flow, challenge = api.begin()
    api.ory.control.vary(passkey_method="disabled")
    assert text(api.submit(flow, key.sign(challenge))).startswith("Could not find any strategy")
    later = api.call("GET", "/self-service/login/api", public=True, headers={}).json()
    assert "passkey" not in {node["group"] for node in later["ui"]["nodes"]}


@pytest.mark.parametrize(
    "how",
    [
        {"kind": "webauthn.create"},
        {"origin": "http://localhost:5001"},
        {"origin": "https://localhost:5000"},
        {"origin": "http://localhost:5000/"},
        {"flags": UV},
        {"flags": UP | UV | BS},
        {"flags": UP | UV | BE},
        {"signature": b64url(b"wrong")},
    ],
)
def test_an_assertion_that_does_not_verify_is_refused(api, key, holder, how):
    assert text(api.sign_in(key, **how)) == WRONG


def test_the_origin_is_compared_without_case(api, key, holder):
    assert api.sign_in(key, origin="HTTP://LocalHost:5000").status_code == 200


def test_another_rp_id_is_refused(api, key, holder):
    api.ory.control.relying_party("example.com", "http://localhost:5000")
    assert text(api.sign_in(key)) == WRONG


def test_a_challenge_of_another_flow_is_refused(api, key, holder):
    _first, challenge = api.begin()
    second, _challenge = api.begin()
    assert text(api.submit(second, key.sign(challenge))) == WRONG


def test_a_used_flow_takes_no_second_assertion(api, key, holder):
    flow, challenge = api.begin()
    assert api.submit(flow, key.sign(challenge)).status_code == 200
    assert api.submit(flow, key.sign(challenge)).status_code == 500


def test_a_failed_try_leaves_the_flow_usable(api, key, holder):
    flow, challenge = api.begin()
    assert text(api.submit(flow, key.sign(challenge, kind="webauthn.create"))) == WRONG
    assert api.submit(flow, key.sign(challenge)).status_code == 200


@pytest.mark.parametrize(("variant", "status"), [("fails", 500), ("is refused", 400)])
def test_a_second_sign_in_by_one_flow_has_a_variant(api, key, holder, variant, status):
    api.ory.control.vary(used_flow=variant)
    flow, challenge = api.begin()
    api.submit(flow, key.sign(challenge))
    assert api.submit(flow, key.sign(challenge)).status_code == status


def test_a_failed_try_may_spend_the_challenge(api, key, holder):
    api.ory.control.vary(failed_try="spends the challenge", used_flow="is refused")
    flow, challenge = api.begin()
    assert text(api.submit(flow, key.sign(challenge, kind="webauthn.create"))) == WRONG
    assert text(api.submit(flow, key.sign(challenge))) == WRONG


def test_a_removed_identity_is_signed_out(api, key, holder):
    token = api.sign_in(key).json()["session_token"]
    api.call("DELETE", f"/admin/identities/{holder['id']}")
    headers = {"X-Session-Token": token}
    assert api.call("GET", "/sessions/whoami", public=True, headers=headers).status_code == 401


def test_an_expired_flow_is_gone(api, key, holder):
    flow, challenge = api.begin()
    api.ory.control.expire_flows()
    answer = api.submit(flow, key.sign(challenge))
    assert answer.status_code == 410
    assert answer.json()["error"]["id"] == "self_service_flow_expired"


def test_a_flow_expires_with_time(api, key, holder):
    flow, challenge = api.begin()
    api.ory.control.forward(11 * 60)
    assert api.submit(flow, key.sign(challenge)).status_code == 410


def test_an_unknown_flow_is_not_found(api, key):
    assert api.submit("nowhere", key.sign("x")).status_code == 404


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"headers": {"Origin": "http://localhost:5000"}}, '"Origin" key'),
        ({"cookies": {"session": "x"}}, '"Cookie" key'),
    ],
)
def test_what_a_browser_adds_is_refused(api, key, holder, more, named):
    flow, challenge = api.begin()
    assert named in text(api.submit(flow, key.sign(challenge), **more))


def test_cookies_of_cloudflare_are_let_pass(api, key, holder):
    flow, challenge = api.begin()
    answer = api.submit(flow, key.sign(challenge), cookies={"__cf_bm": "x"})
    assert answer.status_code == 200


def test_user_verification_counts_only_where_it_is_required(api, key, holder):
    assert api.sign_in(key, flags=UP).status_code == 200
    api.ory.control.vary(user_verification="required")
    assert text(api.sign_in(key, flags=UP)) == WRONG
    assert api.sign_in(key).status_code == 200


def test_an_unknown_handle_belongs_to_nobody(api, key, holder):
    assert text(api.sign_in(key, userHandle=b64url(b"somebody"))) == NOBODY
    assert text(api.sign_in(key, userHandle=None)) == NOBODY


def test_a_key_that_the_identity_does_not_hold_is_refused(api, key, holder):
    assert text(api.sign_in(Key(handle=key.handle))) == WRONG


def test_a_credential_that_is_not_passwordless_never_signs_in(api, key):
    api.create(credentials={"passkey": key.passkey(is_passwordless=False)})
    assert text(api.sign_in(key)) == WRONG


def test_flags_left_out_take_the_value_of_the_assertion(api, key):
    api.create(credentials={"passkey": key.passkey(flags=None)})
    assert api.sign_in(key, flags=UP | UV | BE | BS).status_code == 200
    assert api.sign_in(key, flags=UP | UV).status_code == 200


def test_a_counter_that_goes_back_only_warns(api, key, holder):
    def authenticator():
        config = api.get(holder["id"], "passkey")["credentials"]["passkey"]["config"]
        return config["credentials"][0]["authenticator"]

    key.counter = 5
    assert api.sign_in(key).status_code == 200
    assert (authenticator()["sign_count"], authenticator()["clone_warning"]) == (5, False)
    key.counter = 3
    assert api.sign_in(key).status_code == 200
    assert (authenticator()["sign_count"], authenticator()["clone_warning"]) == (5, True)


def test_older_versions_do_not_store_the_counter(old_api, key):
    identity = old_api.create().json()
    value = {"type": "passkey", "identifiers": [key.handle.decode()], "config": {
        "user_handle": b64(key.handle), "credentials": [key.entry()]}}  # fmt: skip
    old_api.patch(identity["id"], {"op": "add", "path": "/credentials/passkey", "value": value})
    key.counter = 5
    assert old_api.sign_in(key).status_code == 200
    config = old_api.get(identity["id"], "passkey")["credentials"]["passkey"]["config"]
    assert config["credentials"][0]["authenticator"]["sign_count"] == 0


@pytest.mark.parametrize(
    "response", ["", "{", "[]", "1", '{"id":"x","rawId":"y","type":"public-key","response":{}}']
)
def test_a_malformed_assertion_is_told(api, response):
    flow, _challenge = api.begin()
    assert text(api.submit(flow, response)) == "Unable to parse WebAuthn response."


def test_an_inactive_identity_does_not_sign_in(api, key, holder):
    api.patch(holder["id"], {"op": "replace", "path": "/state", "value": "inactive"})
    assert api.sign_in(key).status_code == 401


@pytest.mark.parametrize(("variant", "status"), [("allowed", 200), ("refused", 400)])
def test_passkeys_of_organization_members_have_a_variant(api, key, holder, variant, status):
    organization = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
    step = {"op": "add", "path": "/organization_id", "value": organization}
    assert api.patch(holder["id"], step).status_code == 200
    api.ory.control.vary(organization_passkeys=variant)
    assert api.sign_in(key).status_code == status


def test_a_signed_in_session_needs_refresh_for_another_flow(api, key, holder):
    token = api.sign_in(key).json()["session_token"]
    headers = {"X-Session-Token": token}
    path = "/self-service/login/api"
    answer = api.call("GET", path, public=True, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["id"] == "session_already_available"
    refreshed = api.call("GET", path + "?refresh=true", public=True, headers=headers)
    assert refreshed.status_code == 200


def test_an_administrator_sees_and_ends_the_sessions(api, key, holder):
    token = api.sign_in(key).json()["session_token"]
    path = f"/admin/identities/{holder['id']}/sessions"
    assert len(api.call("GET", path).json()) == 1
    assert api.call("DELETE", path).status_code == 204
    headers = {"X-Session-Token": token}
    assert api.call("GET", "/sessions/whoami", public=True, headers=headers).status_code == 401
