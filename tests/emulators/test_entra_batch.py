"""`$batch` (entra.md 3 [D S25])."""

from __future__ import annotations

import pytest

from tests.emulators.graph import by_id, error, item


def batch(graph, *requests, **more):
    return graph.call("POST", "/$batch", json={"requests": list(requests)}, **more)


def test_each_item_gets_its_own_answer_in_any_order(graph):
    users = [user["id"] for user in graph.entra.control.users()[:20]]
    answer = batch(graph, *(item(str(n), graph.methods(u)) for n, u in enumerate(users)))
    found = by_id(answer)
    assert {one["status"] for one in found.values()} == {200}
    for number, user in enumerate(users):
        assert f"'{user}'" in found[str(number)]["body"]["@odata.context"]
    assert [one["id"] for one in answer.json()["responses"]] != [str(n) for n in range(20)]


def test_the_batch_succeeds_where_items_fail(graph):
    found = by_id(batch(graph, item("a", "/users/nobody"), item("b", "users?$top=1")))
    assert (found["a"]["status"], found["b"]["status"]) == (404, 200)
    assert found["a"]["body"]["error"]["code"] == "Request_ResourceNotFound"
    assert found["a"]["headers"]["request-id"] != found["b"]["headers"]["request-id"]


def test_twenty_items_are_the_most(graph):
    items = [item(str(number), "/organization") for number in range(21)]
    assert len(by_id(batch(graph, *items[:20]))) == 20
    assert error(batch(graph, *items)) == (400, "BadRequest")


@pytest.mark.parametrize(
    "items",
    [
        [],
        [item("1", "/users"), item("1", "/groups")],
        [item("", "/users")],
        [{"method": "GET", "url": "/users"}],
        [item("1", "https://graph.microsoft.com/v1.0/users")],
        [{"id": "1", "method": "GET"}],
        [item("1", "/users", "BREW")],
        [item("1", "/$batch", "POST")],
        [item("1", "/users", colour="red")],
        [item("1", "/users", "POST", body={"a": 1})],
        [item("1", "/users", headers={"a": 1})],
        [item("1", "/users", dependsOn=["2"]), item("2", "/users")],
        [item("1", "/users"), item("2", "/users", dependsOn=["1"]), item("3", "/users")],
        ["/users"],
    ],
    ids=[
        "none", "same-id", "empty-id", "no-id", "absolute", "no-url", "method", "nested",
        "unknown-member", "no-content-type", "headers", "later", "mixed", "no-object",
    ],
)  # fmt: skip
def test_a_batch_that_does_not_fit_is_refused_whole(graph, items):
    assert error(batch(graph, *items)) == (400, "BadRequest")


def test_other_members_of_a_batch_are_refused(graph):
    body = {"requests": [item("1", "/users")], "colour": "red"}
    assert error(graph.call("POST", "/$batch", json=body)) == (400, "BadRequest")


def test_items_carry_their_own_headers(graph):
    url = '/users?$search="displayName:grace"&$count=true&$top=1'
    found = by_id(
        batch(graph, item("a", url), item("b", url, headers={"ConsistencyLevel": "eventual"}))
    )
    assert (found["a"]["status"], found["b"]["status"]) == (400, 200)


def test_items_write_too(graph):
    user_id = graph.person["id"]
    graph.entra.control.add_passkey(user_id, credential_id=b"\x01" * 32)
    method = graph.entra.control.passkeys(user_id)[0]["id"]
    made = item(
        "a",
        f"/users/{user_id}/authentication/temporaryAccessPassMethods",
        "POST",
        body={"lifetimeInMinutes": 60},
        headers={"Content-Type": "application/json"},
    )
    found = by_id(batch(graph, made, item("b", graph.methods(user_id, f"/{method}"), "DELETE")))
    assert (found["a"]["status"], found["b"]["status"]) == (201, 204)
    assert "body" not in found["b"]
    assert graph.entra.control.passkeys(user_id) == []


def test_what_depends_on_a_failure_fails(graph):
    found = by_id(
        batch(
            graph,
            item("1", "/users/nobody"),
            item("2", "/organization", dependsOn=["1"]),
            item("3", "/organization", dependsOn=["2"]),
        )
    )
    assert [found[key]["status"] for key in "123"] == [404, 424, 424]


def test_a_sequence_is_answered_in_order(graph):
    answer = batch(graph, item("1", "/users?$top=1"), item("2", "/organization", dependsOn=["1"]))
    assert [one["id"] for one in answer.json()["responses"]] == ["1", "2"]
    assert {one["status"] for one in by_id(answer).values()} == {200}


def test_items_are_throttled_one_by_one(graph):
    graph.entra.control.limit(2, seconds=17, path="fido2Methods")
    path = graph.methods(graph.person["id"])
    answer = batch(graph, *(item(str(number), path) for number in range(4)))
    found = by_id(answer)
    assert [found[key]["status"] for key in "0123"] == [200, 200, 429, 429]
    assert found["3"]["headers"]["Retry-After"] == "17"
    assert found["3"]["body"]["error"]["code"] == "TooManyRequests"


def test_items_fail_on_request(graph):
    graph.entra.control.fail(status=503, path="fido2Methods$")
    graph.entra.control.drop(path="organization")
    found = by_id(
        batch(graph, item("a", graph.methods(graph.person["id"])), item("b", "/organization"))
    )
    assert (found["a"]["status"], found["b"]["status"]) == (503, 504)


def test_items_have_the_roles_of_the_batch(graph):
    other = graph.as_only("Group.Read.All")
    found = by_id(batch(other, item("a", "/users"), item("b", "/groups?$top=1")))
    assert (found["a"]["status"], found["b"]["status"]) == (403, 200)


def test_beta_has_batches_of_its_own(graph):
    path = graph.methods(graph.person["id"], "/creationOptions(challengeTimeoutInMinutes=60)")
    answer = graph.call("POST", "/beta/$batch", json={"requests": [item("1", path)]})
    assert by_id(answer)["1"]["status"] == 200
    assert by_id(batch(graph, item("1", path)))["1"]["status"] == 400


def test_items_are_recorded(graph):
    batch(graph, item("1", "/organization"))
    seen = graph.entra.control.requests(path="organization")
    assert [(one.face, one.status) for one in seen] == [("batch", 200)]


def test_characters_in_addresses_are_decoded_once(graph):
    guest = next(u for u in graph.entra.control.users() if u["userType"] == "Guest")
    name = guest["userPrincipalName"].replace("#", "%23").replace("@", "%40")
    found = by_id(batch(graph, item("1", f"/users/{name}?$select=id")))
    assert found["1"]["body"]["id"] == guest["id"]
