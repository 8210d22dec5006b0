"""Reading users: selection, search, filters, pages (entra.md 3)."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from emulators.entra.running import running
from tests.emulators.graph import Graph, error

DEFAULT = {
    "businessPhones", "displayName", "givenName", "id", "jobTitle", "mail", "mobilePhone",
    "officeLocation", "preferredLanguage", "surname", "userPrincipalName",
}  # fmt: skip
SEARCH = '/users?$search="displayName:grace"'


def test_the_default_properties_lack_whether_a_user_is_enabled(graph):
    assert set(graph.get("/users?$top=1").json()["value"][0]) == DEFAULT


def test_selected_properties_come_and_no_others(graph):
    answer = graph.get("/users?$select=id,accountEnabled,userType,employeeType")
    assert {frozenset(user) for user in answer.json()["value"]} == {
        frozenset({"id", "accountEnabled", "userType", "employeeType"})
    }
    assert answer.json()["value"][0]["employeeType"] is None


def test_an_unknown_property_cannot_be_selected(graph):
    assert error(graph.get("/users?$select=id,shoeSize")) == (400, "BadRequest")


def test_links_lead_through_every_page_verbatim(graph):
    seen, path, pages = [], "/users?$top=7&$select=id,displayName", 0
    while path:
        page = graph.get(path).json()
        assert 1 <= len(page["value"]) <= 7
        seen += [user["id"] for user in page["value"]]
        path, pages = page.get("@odata.nextLink", ""), pages + 1
    assert (len(seen), len(set(seen)), pages) == (60, 60, 9)


def test_a_page_link_is_absolute_and_tied_to_its_query(graph):
    link = graph.get("/users?$top=7&$select=id").json()["@odata.nextLink"]
    assert link.startswith(f"{graph.entra.url}/v1.0/users?")
    assert error(graph.get(link.replace("$top=7", "$top=8")))[0] == 400
    assert error(graph.get(link + "A"))[0] == 400
    assert error(graph.get("/users?$skiptoken=%25"))[0] == 400


def test_a_page_has_a_hundred_users_unless_it_is_told_otherwise():
    with running(people=230) as entra:
        graph = Graph(entra)
        assert len(graph.get("/users").json()["value"]) == 100
        assert len(graph.get("/users?$top=999").json()["value"]) == 230


@pytest.mark.parametrize("top", ["0", "1000"])
def test_a_page_has_1_to_999_users(graph, top):
    assert error(graph.get(f"/users?$top={top}"))[0] == 400
    graph.entra.control.vary(top="capped")
    assert graph.get(f"/users?$top={top}").status_code == 200


def test_skipping_is_not_supported(graph):
    answer = graph.get("/users?$skip=5")
    assert error(answer) == (400, "Request_BadRequest")
    assert "$skip" in answer.json()["error"]["message"]


@pytest.mark.parametrize("query", ["$top=x", "$expand=manager", "$nonsense=1"])
def test_other_query_options_are_refused(graph, query):
    assert error(graph.get(f"/users?{query}"))[0] == 400


def test_a_search_needs_the_header_and_the_count(graph):
    assert error(graph.get(f"{SEARCH}&$count=true")) == (400, "Request_UnsupportedQuery")
    assert error(graph.get(SEARCH, eventual=True)) == (400, "Request_UnsupportedQuery")
    answer = graph.get(f"{SEARCH}&$count=true", eventual=True)
    assert answer.json()["@odata.count"] == len(answer.json()["value"]) > 0
    assert all("grace" in user["displayName"].lower() for user in answer.json()["value"])
    graph.entra.control.vary(search_without_count="accepted")
    assert "@odata.count" not in graph.get(SEARCH, eventual=True).json()


def test_the_next_page_of_a_search_needs_the_header_too(graph):
    path = '/users?$search="mail:a" OR "mail:b"&$count=true&$top=2'
    link = graph.get(path, eventual=True).json()["@odata.nextLink"]
    assert error(graph.get(link))[0] == 400
    assert graph.get(link, eventual=True).status_code == 200


def test_a_search_finds_the_beginnings_of_words(graph):
    graph.entra.control.add_user(displayName="Mary-Ann O'Neill Smith", mail="ma.smith@x.example")
    for text in ("smi", "o'neill", "ann smith", "MARY"):
        path = f'/users?$search="displayName:{quote(text)}"&$count=true'
        assert "Mary-Ann O'Neill Smith" in graph.names(path, eventual=True)
    for text in ("mith", "ary"):
        path = f'/users?$search="displayName:{text}"&$count=true'
        assert "Mary-Ann O'Neill Smith" not in graph.names(path, eventual=True)
    path = '/users?$search="mail:ma.sm"&$count=true'
    assert graph.names(path, eventual=True) == ["Mary-Ann O'Neill Smith"]


def test_clauses_of_a_search_are_joined(graph):
    graph.entra.control.add_user(displayName="Zed Quartz", mail="zq@x.example")

    def found(search: str) -> list[str]:
        return graph.names(f"/users?$search={quote(search)}&$count=true", eventual=True)

    assert found('"displayName:zed" AND "mail:zq"') == ["Zed Quartz"]
    assert found('"displayName:zed" AND "mail:other"') == []
    assert found('"displayName:nobody" OR "mail:zq@x"') == ["Zed Quartz"]


@pytest.mark.parametrize(
    "search",
    ["kim", "displayName:kim", '"kim"', '"shoeSize:4"', '"displayName:"', '"mail:a" XOR "mail:b"'],
)
def test_a_malformed_search_is_refused(graph, search):
    answer = graph.get(f"/users?$search={quote(search)}&$count=true", eventual=True)
    assert error(answer)[0] == 400


@pytest.mark.parametrize(
    "condition",
    [
        "startswith(displayName,'gr')",
        "startswith(displayName,'GR') and userType eq 'Member'",
        "(surname eq 'Fischer' or surname eq 'X') and startswith(givenName,'gr')",
        "givenName in ('Grace')",
    ],
)
def test_simple_filters_need_no_header(graph, condition):
    names = graph.names(f"/users?$filter={quote(condition)}")
    assert names
    assert all(name.startswith("Gr") for name in names)


def test_quotes_in_a_literal_are_doubled(graph):
    names = graph.names("/users?$filter=surname eq 'O''Hara'")
    assert names
    assert all(name.endswith("O'Hara") for name in names)
    assert error(graph.get("/users?$filter=surname eq 'O'Hara'"))[0] == 400


@pytest.mark.parametrize(
    "condition", ["endswith(mail,'@partner.example')", "userType ne 'Member'",
                  "not(userType eq 'Member')"],
)  # fmt: skip
def test_advanced_filters_need_the_header_and_the_count(graph, condition):
    path = f"/users?$filter={quote(condition)}"
    assert error(graph.get(path)) == (400, "Request_UnsupportedQuery")
    assert error(graph.get(f"{path}&$count=true")) == (400, "Request_UnsupportedQuery")
    assert error(graph.get(path, eventual=True)) == (400, "Request_UnsupportedQuery")
    assert len(graph.names(f"{path}&$count=true", eventual=True)) == 2


@pytest.mark.parametrize(
    "condition",
    [
        "shoeSize eq '4'", "mobilePhone eq '1'", "displayName gt 'a'", "contains(mail,'a')",
        "accountEnabled eq 'true'", "displayName eq abc", "startswith(accountEnabled,'t')",
        "displayName eq", "displayName 'a'", "(displayName eq 'a'", "displayName eq 'a' mail",
        "", "displayName like 'a'", "id in 'a'",
    ],
)  # fmt: skip
def test_a_filter_that_does_not_fit_is_refused(graph, condition):
    assert error(graph.get(f"/users?$filter={quote(condition)}"))[0] == 400


def test_a_filter_tells_unknown_properties_from_unsupported_ones(graph):
    assert error(graph.get("/users?$filter=shoeSize eq '4'")) == (400, "BadRequest")
    assert error(graph.get("/users?$filter=displayName eq true")) == (400, "BadRequest")
    answer = graph.get("/users?$filter=mobilePhone eq '1'")
    assert error(answer) == (400, "Request_UnsupportedQuery")


def test_sorting_needs_the_header_only_beside_a_filter(graph):
    names = graph.names("/users?$orderby=displayName")
    assert names == sorted(names, key=str.casefold)
    path = "/users?$orderby=displayName desc&$filter=userType eq 'Guest'"
    assert error(graph.get(path)) == (400, "Request_UnsupportedQuery")
    names = graph.names(f"{path}&$count=true", eventual=True)
    assert names == sorted(names, key=str.casefold, reverse=True)
    assert len(names) == 2
    assert error(graph.get("/users?$orderby=jobTitle"))[0] == 400


def test_the_number_of_users_is_plain_text(graph):
    assert error(graph.get("/users/$count"))[0] == 400
    answer = graph.get("/users/$count", eventual=True)
    assert (answer.text, answer.headers["Content-Type"]) == ("60", "text/plain; charset=utf-8")


def test_a_user_is_read_by_id_or_principal_name(graph):
    user = graph.entra.control.users()[0]
    by_id = graph.get(f"/users/{user['id'].upper()}").json()
    by_name = graph.get(f"/users/{quote(user['userPrincipalName'].upper(), safe='')}").json()
    assert by_id == by_name
    assert by_id["displayName"] == user["displayName"]
    assert set(graph.get(f"/users/{user['id']}?$select=mail").json()) == {"@odata.context", "mail"}


@pytest.mark.parametrize("key", ["6e7b768e-07e2-4810-8459-485f84f8f204", "nobody@x.example"])
def test_an_unknown_user_is_not_found(graph, key):
    assert error(graph.get(f"/users/{key}")) == (404, "Request_ResourceNotFound")


def test_the_people_are_as_odd_as_in_life():
    with running() as entra:
        users = entra.control.users()
        mails = [user["mail"] for user in users if user["mail"]]
        assert len(users) == 320
        assert len({user["userPrincipalName"] for user in users}) == 320
        assert len(mails) > len(set(mails))
        assert None in [user["mail"] for user in users]
        assert {user["accountEnabled"] for user in users} == {True, False}
        assert any("'" in user["displayName"] for user in users)
        assert any(len(user["userPrincipalName"]) > 64 for user in users)
        guests = [user for user in users if user["userType"] == "Guest"]
        assert guests
        assert all("#EXT#" in guest["userPrincipalName"] for guest in guests)


def test_a_guest_is_read_by_an_encoded_principal_name(graph):
    guest = next(u for u in graph.entra.control.users() if u["userType"] == "Guest")
    answer = graph.get(f"/users/{quote(guest['userPrincipalName'], safe='')}")
    assert answer.json()["id"] == guest["id"]
    bare = graph.get(f"/users/{guest['userPrincipalName']}")
    assert bare.status_code == 404  # the fragment is cut off before it is sent


def test_the_people_are_the_same_each_time(graph):
    with running(people=60) as other:
        assert other.control.users() == graph.entra.control.users()


def test_people_can_be_added_changed_and_removed(graph):
    added = graph.entra.control.add_user(displayName="New Person")
    graph.entra.control.change_user(added["id"], accountEnabled=False)
    path = f"/users/{added['id']}?$select=accountEnabled,displayName"
    assert graph.get(path).json()["accountEnabled"] is False
    graph.entra.control.remove_user("New Person")
    assert graph.get(path).status_code == 404


@pytest.mark.parametrize("role", ["User.Read.All", "Directory.Read.All", "User.ReadWrite.All"])
def test_a_role_for_users_opens_them(graph, role):
    assert graph.as_only(role).get("/users?$top=1").status_code == 200


@pytest.mark.parametrize("path", ["/users", "/users/x", "/users/$count"])
def test_without_a_role_for_users_they_stay_closed(graph, path):
    other = graph.as_only("Group.Read.All", "UserAuthenticationMethod.ReadWrite.All")
    assert error(other.get(path, eventual=True)) == (403, "Authorization_RequestDenied")


def test_selecting_lowers_the_cost(graph):
    assert graph.get("/users?$top=1").headers["x-ms-resource-unit"] == "2"
    assert graph.get("/users?$top=1&$select=id").headers["x-ms-resource-unit"] == "1"
