"""Groups, their members, who is assigned, and the organization (entra.md 3)."""

from __future__ import annotations

import pytest

from tests.emulators.graph import error

USERS = "/microsoft.graph.user?$count=true&$select=id,displayName"


def path_of(graph, name: str, rest: str = "") -> str:
    return f"/groups/{graph.entra.control.group(name)['id']}{rest}"


def test_groups_are_listed_searched_and_filtered(graph):
    assert "Key pilots" in graph.names("/groups")
    assert graph.names("/groups?$filter=displayName eq 'key pilots'") == ["Key pilots"]
    assert len(graph.names("/groups?$filter=startswith(displayName,'Key')")) == 2
    path = '/groups?$search="displayName:pilots abroad"&$count=true'
    assert graph.names(path, eventual=True) == ["Key pilots abroad"]
    assert error(graph.get(path))[0] == 400


def test_groups_come_in_pages(graph):
    page = graph.get("/groups?$top=3&$select=displayName").json()
    assert len(page["value"]) == 3
    following = graph.get(page["@odata.nextLink"]).json()["value"]
    assert following
    assert not [group for group in following if group in page["value"]]


def test_a_group_tells_what_kind_it_is(graph):
    found = graph.get(path_of(graph, "Project Alder")).json()
    assert (found["groupTypes"], found["securityEnabled"]) == (["Unified"], False)
    assert "members" not in found


def test_an_unknown_group_is_not_found(graph):
    for rest in ("", "/members", f"/transitiveMembers{USERS}"):
        answer = graph.get(f"/groups/6e7b768e-07e2-4810-8459-485f84f8f204{rest}", eventual=True)
        assert error(answer) == (404, "Request_ResourceNotFound")


def test_nested_members_are_users_once_each(graph):
    names = graph.names(path_of(graph, "Key pilots", f"/transitiveMembers{USERS}"), eventual=True)
    assert len(names) == len(set(names)) == 4
    direct = graph.names(path_of(graph, "Key pilots", f"/members{USERS}"), eventual=True)
    assert len(direct) == 2
    assert set(direct) < set(names)


def test_groups_nest_deeply(graph):
    path = path_of(graph, "All staff", f"/transitiveMembers{USERS}&$top=999")
    answer = graph.get(path, eventual=True)
    members = [user for user in graph.entra.control.users() if user["userType"] == "Member"]
    assert answer.json()["@odata.count"] == len(answer.json()["value"]) == len(members)


@pytest.mark.parametrize("name", ["members", "transitiveMembers"])
def test_a_cast_is_an_advanced_query(graph, name):
    path = path_of(graph, "Key pilots", f"/{name}/microsoft.graph.user")
    assert error(graph.get(f"{path}?$count=true")) == (400, "Request_UnsupportedQuery")
    assert error(graph.get(path, eventual=True)) == (400, "Request_UnsupportedQuery")
    assert graph.get(f"{path}?$count=true", eventual=True).status_code == 200


def test_without_the_cast_other_objects_come_too(graph):
    value = graph.get(path_of(graph, "Key pilots", "/transitiveMembers")).json()["value"]
    kinds = sorted({found["@odata.type"] for found in value})
    assert kinds == [
        "#microsoft.graph.group", "#microsoft.graph.servicePrincipal", "#microsoft.graph.user",
    ]  # fmt: skip


def test_groups_that_contain_each_other_end(graph):
    first, second = (graph.entra.control.group(name) for name in ("Nobody yet", "Partners"))
    directory = graph.entra.entra.directory
    directory.write_group(first | {"members": [{"type": "group", "id": second["id"]}]})
    more = [*second["members"], {"type": "group", "id": first["id"]}]
    directory.write_group(second | {"members": more})
    path = path_of(graph, "Nobody yet", f"/transitiveMembers{USERS}")
    assert len(graph.names(path, eventual=True)) == 2


def test_members_come_in_pages(graph):
    path = path_of(graph, "Project Alder", f"/transitiveMembers{USERS}&$top=5")
    page = graph.get(path, eventual=True).json()
    assert (len(page["value"]), page["@odata.count"]) == (5, 12)
    assert error(graph.get(page["@odata.nextLink"]))[0] == 400
    assert len(graph.get(page["@odata.nextLink"], eventual=True).json()["value"]) == 5


def test_without_a_role_for_users_members_are_ids_only(graph):
    other = graph.as_only("GroupMember.Read.All")
    path = path_of(graph, "Key pilots", f"/transitiveMembers{USERS}")
    value = other.get(path, eventual=True).json()["value"]
    assert len(value) == 4
    assert all(user["id"] and user["displayName"] is None for user in value)


def test_hidden_members_need_a_role_of_their_own(graph):
    path = path_of(graph, "Works council", f"/transitiveMembers{USERS}")
    assert graph.names(path, eventual=True) == []
    graph.entra.control.vary(hidden_membership="refused")
    assert error(graph.get(path, eventual=True)) == (403, "Authorization_RequestDenied")
    graph.entra.control.grant("Member.Read.Hidden")
    graph.renew()
    assert len(graph.names(path, eventual=True)) == 3


@pytest.mark.parametrize("path", ["/groups", "/groups/x", "/groups/x/members"])
def test_without_a_role_for_groups_they_stay_closed(graph, path):
    other = graph.as_only("User.Read.All")
    assert error(other.get(path)) == (403, "Authorization_RequestDenied")


def test_the_assigned_are_users_groups_and_others(graph):
    path = f"/servicePrincipals(appId='{graph.entra.client_id}')/appRoleAssignedTo"
    value = graph.get(path).json()["value"]
    kinds = sorted(found["principalType"] for found in value)
    assert kinds == ["Group", "ServicePrincipal", "User", "User"]
    group = next(found for found in value if found["principalType"] == "Group")
    assert group["principalId"] == graph.entra.control.group("Key pilots")["id"]
    assert {found["resourceDisplayName"] for found in value} == {"Latchkey"}
    page = graph.get(f"{path}?$top=3").json()
    assert len(graph.get(page["@odata.nextLink"]).json()["value"]) == 1


def test_a_service_principal_is_found_by_its_application(graph):
    found = graph.get(f"/servicePrincipals(appId='{graph.entra.client_id}')").json()
    same = graph.get(f"/servicePrincipals/{found['id']}/appRoleAssignedTo").json()
    assert len(same["value"]) == 4
    unknown = "/servicePrincipals(appId='6e7b768e-07e2-4810-8459-485f84f8f204')"
    assert error(graph.get(unknown)) == (404, "Request_ResourceNotFound")
    assert error(graph.get(f"{unknown}/appRoleAssignedTo")) == (404, "Request_ResourceNotFound")


def test_assignments_need_a_role(graph):
    other = graph.as_only("User.Read.All", "Group.Read.All")
    path = f"/servicePrincipals(appId='{graph.entra.client_id}')/appRoleAssignedTo"
    assert error(other.get(path)) == (403, "Authorization_RequestDenied")


def test_the_organization_tells_its_name_and_domains(graph):
    value = graph.get("/organization?$select=id,displayName,verifiedDomains").json()["value"]
    assert value[0]["id"] == graph.entra.tenant_id
    assert graph.entra.domain in [domain["name"] for domain in value[0]["verifiedDomains"]]
    other = graph.as_only("User.Read.All")
    assert error(other.get("/organization")) == (403, "Authorization_RequestDenied")


def test_what_graph_does_not_have_is_refused_in_its_shape(graph):
    assert error(graph.get("/nonsense")) == (400, "BadRequest")
    assert error(graph.call("DELETE", "/users")) == (405, "methodNotAllowed")
