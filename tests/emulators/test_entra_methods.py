"""FIDO2 methods that users hold: listed, read, deleted (entra.md 2.2, 2.4)."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from emulators.entra import ids
from emulators.entra.running import running
from tests.emulators.graph import Graph, error

FIELDS = {
    "id", "displayName", "createdDateTime", "aaGuid", "model", "attestationCertificates",
    "attestationLevel", "passkeyType",
}  # fmt: skip


@pytest.fixture
def holder(graph) -> tuple[str, dict]:
    """A person with a passkey, and that passkey."""
    for user in graph.entra.control.users():
        kept = graph.entra.control.passkeys(user["id"])
        if kept:
            return user["id"], kept[0]
    raise AssertionError("nobody has a passkey")


def test_a_list_shows_what_the_contract_names(graph, holder):
    user_id, kept = holder
    value = graph.get(graph.methods(user_id)).json()["value"]
    assert kept["id"] in [method["id"] for method in value]
    assert {frozenset(method) for method in value} == {frozenset(FIELDS)}
    assert all(method["aaGuid"] == method["aaGuid"].lower() for method in value)


def test_a_person_without_passkeys_has_an_empty_list(graph):
    assert graph.get(graph.methods(graph.person["id"])).json()["value"] == []


def test_methods_are_found_by_principal_name_too(graph, holder):
    user = graph.entra.control.user(holder[0])
    path = graph.methods(quote(user["userPrincipalName"], safe=""))
    assert len(graph.get(path).json()["value"]) >= 1


def test_method_ids_are_opaque_and_of_both_kinds():
    with running() as entra:
        graph = Graph(entra)
        kept = [m for user in entra.control.users() for m in entra.control.passkeys(user["id"])]
        lengths = {len(method["id"]) for method in kept}
        assert len(kept) > 20
        assert 36 in lengths
        assert len(lengths) > 2
        for method in kept:
            assert re.fullmatch(r"[A-Za-z0-9_-]+", method["id"])
            one = graph.get(graph.methods(method["user"], f"/{method['id']}"))
            assert one.json()["displayName"] == method["displayName"]


def test_a_method_is_deleted_once(graph, holder):
    user_id, kept = holder
    path = graph.methods(user_id, f"/{kept['id']}")
    answer = graph.call("DELETE", path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert error(graph.call("DELETE", path)) == (404, "ResourceNotFound")
    assert error(graph.get(path)) == (404, "ResourceNotFound")


def test_a_method_is_its_users_only(graph, holder):
    path = graph.methods(graph.person["id"], f"/{holder[1]['id']}")
    assert error(graph.get(path))[0] == 404
    assert error(graph.call("DELETE", path))[0] == 404
    assert graph.entra.control.passkeys(holder[0])


def test_there_is_no_renaming(graph, holder):
    path = graph.methods(holder[0], f"/{holder[1]['id']}")
    answer = graph.call("PATCH", path, json={"displayName": "New"})
    assert error(answer) == (405, "methodNotAllowed")


@pytest.mark.parametrize(
    "role",
    [
        "UserAuthMethod-Passkey.Read.All",
        "UserAuthMethod-Passkey.ReadWrite.All",
        "UserAuthenticationMethod.Read.All",
        "UserAuthenticationMethod.ReadWrite.All",
    ],
)
def test_each_role_for_methods_reads_and_only_some_delete(graph, holder, role):
    other = graph.as_only(role)
    path = graph.methods(holder[0], f"/{holder[1]['id']}")
    assert other.get(graph.methods(holder[0])).status_code == 200
    deleted = other.call("DELETE", path).status_code
    assert deleted == (204 if "Write" in role else 403)


def test_the_wide_role_may_not_delete(graph, holder):
    graph.entra.control.vary(delete_with_the_wide_role="refused")
    path = graph.methods(holder[0], f"/{holder[1]['id']}")
    assert error(graph.call("DELETE", path)) == (403, "Authorization_RequestDenied")
    narrow = graph.as_only("UserAuthMethod-Passkey.ReadWrite.All")
    assert narrow.call("DELETE", path).status_code == 204


def test_without_a_role_for_methods_they_stay_closed(graph, holder):
    other = graph.as_only("User.Read.All", "Group.Read.All", "Policy.Read.All")
    for path in (graph.methods(holder[0]), graph.methods(holder[0], "/x")):
        assert error(other.get(path)) == (403, "Authorization_RequestDenied")


def test_all_methods_of_a_user_come_together(graph, holder):
    value = graph.get(f"/users/{holder[0]}/authentication/methods").json()["value"]
    kinds = [method["@odata.type"].rpartition(".")[2] for method in value]
    assert kinds[0] == "passwordAuthenticationMethod"
    assert "fido2AuthenticationMethod" in kinds


def test_there_are_no_fido2_methods_in_china(graph, holder):
    graph.entra.control.vary(cloud="china")
    assert error(graph.get(graph.methods(holder[0]))) == (400, "BadRequest")
    graph.entra.control.vary(cloud="us government")
    assert graph.get(graph.methods(holder[0])).status_code == 200


@pytest.mark.parametrize(
    ("text", "hexadecimal"),
    [
        (
            "XDjx9wXDrVWBmE2MbPSkXdeMERfv6gN98uxavJ0ZrSyT8jYUs2BHKjAmh4P_T3Av0",
            "5c38f1f705c3ad5581984d8c6cf4a45dd78c1117efea037df2ec5abc9d19ad2c"
            "93f23614b360472a30268783ff4f702f",
        ),
        ("Oy0dkr_kI6lp0loPvgEWqA2", "3b2d1d92bfe423a969d25a0fbe0116a8"),
    ],
)
def test_tokens_are_the_ones_that_were_seen(text, hexadecimal):
    assert ids.token(bytes.fromhex(hexadecimal)) == text


def test_a_passkey_from_before_can_be_given(graph):
    user_id = graph.person["id"]
    graph.entra.control.add_passkey(user_id, credential_id=b"\x01" * 20, name="Given")
    value = graph.get(graph.methods(user_id)).json()["value"]
    assert [(method["id"], method["displayName"]) for method in value] == [
        ("AQEBAQEBAQEBAQEBAQEBAQEBAQE1", "Given")
    ]
