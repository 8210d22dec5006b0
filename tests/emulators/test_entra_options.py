"""Creation options (entra.md 0, 2.1, 2.2, 2.7)."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta

import pytest

from tests.emulators.graph import error

PATH = "/creationOptions"
TIMEOUT = "challengeTimeoutInMinutes"


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_options_are_as_a_real_answer_has_them(graph):
    found = graph.options()
    asked = found["publicKey"]
    assert asked["rp"] == {"id": "login.microsoft.com", "name": "Microsoft"}
    assert asked["user"]["name"] == graph.person["userPrincipalName"]
    assert decode(asked["user"]["id"])[:3] == b"OF:"
    assert len(decode(asked["user"]["id"])) == 51
    assert [one["alg"] for one in asked["pubKeyCredParams"]] == [-7, -257]
    assert asked["authenticatorSelection"] == {
        "authenticatorAttachment": "cross-platform",
        "requireResidentKey": True,
        "userVerification": "required",
    }
    assert asked["attestation"] == "direct"
    assert asked["extensions"]["hmacCreateSecret"] is True


def test_a_challenge_is_long_new_and_has_the_form_of_a_jwe(graph):
    first, second = (graph.options()["publicKey"]["challenge"] for _ in range(2))
    assert first != second
    assert 6800 < len(first) < 7000
    parts = decode(first).decode().split(".")
    assert len(parts) == 5
    assert json.loads(decode(parts[0]))["alg"] == "RSA-OAEP-256"


def test_a_challenge_lasts_five_minutes_in_v1(graph):
    ends = datetime.fromisoformat(graph.options()["challengeTimeoutDateTime"])
    assert abs(ends - graph.entra.entra.now() - timedelta(minutes=5)) < timedelta(seconds=30)


def test_v1_takes_no_timeout(graph):
    user_id = graph.person["id"]
    query = graph.methods(user_id, f"{PATH}?{TIMEOUT}=60")
    assert error(graph.get(query)) == (400, "BadRequest")
    assert error(graph.get(graph.methods(user_id, f"{PATH}({TIMEOUT}=60)"))) == (400, "BadRequest")
    graph.entra.control.vary(v1_timeout="ignored")
    ends = datetime.fromisoformat(graph.get(query).json()["challengeTimeoutDateTime"])
    assert ends - graph.entra.entra.now() < timedelta(minutes=6)


@pytest.mark.parametrize("form", [f"({TIMEOUT}={{}})", f"?{TIMEOUT}={{}}"])
def test_beta_takes_a_timeout_in_both_forms(graph, form):
    def ask(minutes):
        path = graph.methods(graph.person["id"], PATH + form.format(minutes))
        return graph.get(f"/beta{path}")

    ends = datetime.fromisoformat(ask(43200).json()["challengeTimeoutDateTime"])
    assert ends - graph.entra.entra.now() > timedelta(days=29)
    for minutes in ("4", "43201", "x", "-5"):
        assert error(ask(minutes)) == (400, "BadRequest")


def test_empty_parentheses_are_the_same_function(graph):
    assert graph.get(graph.methods(graph.person["id"], f"{PATH}()")).status_code == 200


def test_options_may_be_wrapped(graph):
    graph.entra.control.vary(wrapped_options="in value")
    assert set(graph.options()) == {"value"}
    assert "publicKey" in graph.options()["value"]


def test_options_may_be_annotated_and_name_a_timeout(graph):
    graph.entra.control.vary(annotations="present", client_timeout="60000")
    asked = graph.options()["publicKey"]
    assert asked["timeout"] == 60000
    assert asked["@odata.type"].startswith("#microsoft.graph.")
    assert asked["extensions"]["@odata.type"].startswith("#microsoft.graph.")


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("token", "-_8BAQEBAQEBAQEBAQEBAQEBAQE1"),
        ("base64url", "-_8BAQEBAQEBAQEBAQEBAQEBAQE"),
        ("base64", "+/8BAQEBAQEBAQEBAQEBAQEBAQE="),
    ],
)
def test_excluded_ids_come_in_each_encoding(graph, encoding, written):
    user_id = graph.person["id"]
    credential = b"\xfb\xff" + b"\x01" * 18
    graph.entra.control.add_passkey(user_id, credential_id=credential)
    graph.entra.control.vary(credential_ids=encoding)
    excluded = graph.options(user_id)["publicKey"]["excludeCredentials"]
    assert excluded == [{"id": written, "type": "public-key", "transports": []}]


def test_excluded_ids_are_mixed_unless_it_is_told_otherwise(graph):
    user_id = graph.person["id"]
    for first in range(3):
        graph.entra.control.add_passkey(user_id, credential_id=bytes([first]) + b"\xff" * 31)
    written = [one["id"] for one in graph.options(user_id)["publicKey"]["excludeCredentials"]]
    # A token ends with the number of padding signs, base64 with the signs, base64url with neither.
    assert sorted((len(text), text[-1]) for text in written) == [(43, "8"), (44, "1"), (44, "=")]


def test_reading_methods_opens_no_options(graph):
    other = graph.as_only("UserAuthMethod-Passkey.Read.All", "User.Read.All")
    answer = other.get(graph.methods(graph.person["id"], PATH))
    assert error(answer) == (403, "Authorization_RequestDenied")


@pytest.mark.parametrize(
    "role", ["UserAuthMethod-Passkey.ReadWrite.All", "UserAuthenticationMethod.ReadWrite.All"]
)
def test_each_writing_role_opens_them(graph, role):
    assert graph.as_only(role).options()


def refusal(graph, user_id: str = "") -> tuple[int, str]:
    return error(graph.get(graph.methods(user_id or graph.person["id"], PATH)))


def test_a_disabled_method_gives_no_options(graph):
    graph.entra.control.policy(state="disabled")
    assert refusal(graph) == (400, "badRequest")


@pytest.mark.parametrize("status", ["400", "403", "405"])
def test_without_self_service_there_is_no_provisioning(graph, status):
    graph.entra.control.policy(isSelfServiceRegistrationAllowed=False)
    graph.entra.control.vary(self_service_off=status)
    assert refusal(graph)[0] == int(status)


@pytest.mark.parametrize("status", ["400", "403"])
def test_guests_are_refused(graph, status):
    guest = next(u for u in graph.entra.control.users() if u["userType"] == "Guest")
    graph.entra.control.vary(guest=status)
    assert refusal(graph, guest["id"])[0] == int(status)


def test_a_user_outside_every_target_is_refused(graph):
    pilots = graph.entra.control.group("Key pilots")["id"]
    target = {"targetType": "group", "id": pilots, "isRegistrationRequired": False}
    graph.entra.control.policy(includeTargets=[target])
    member = graph.entra.control.group("Key pilots abroad")["members"][0]["id"]
    assert graph.options(member)
    assert refusal(graph, graph.person["id"]) == (400, "badRequest")
    graph.entra.control.vary(not_targeted="at registration")
    assert graph.options()


def test_an_excluded_user_is_refused(graph):
    pilots = graph.entra.control.group("Key pilots")
    graph.entra.control.policy(excludeTargets=[{"targetType": "group", "id": pilots["id"]}])
    assert refusal(graph, pilots["members"][0]["id"]) == (400, "badRequest")
    outside = graph.entra.control.group("Project Alder")["members"][0]["id"]
    assert graph.options(outside)


def test_options_may_be_answered_with_405(graph):
    graph.entra.control.vary(creation_options="not allowed")
    assert refusal(graph) == (405, "methodNotAllowed")


@pytest.mark.parametrize("cloud", ["us government", "china"])
def test_only_the_global_cloud_provisions(graph, cloud):
    graph.entra.control.vary(cloud=cloud)
    assert refusal(graph) == (405, "methodNotAllowed")


def test_an_unknown_user_is_not_found(graph):
    unknown = "6e7b768e-07e2-4810-8459-485f84f8f204"
    assert refusal(graph, unknown) == (404, "Request_ResourceNotFound")


def test_beta_may_take_a_timeout_in_one_form_only(graph):
    options = graph.methods(graph.person["id"], "/creationOptions")
    inside, behind = (
        f"/beta{options}(challengeTimeoutInMinutes=60)",
        f"/beta{options}?challengeTimeoutInMinutes=60",
    )
    graph.entra.control.vary(beta_timeout="in parentheses")
    assert graph.get(inside).status_code == 200
    assert error(graph.get(behind)) == (400, "BadRequest")
    graph.entra.control.vary(beta_timeout="as a query")
    assert error(graph.get(inside)) == (400, "BadRequest")
    assert graph.get(behind).status_code == 200
