"""The people who are assigned to the application, members of assigned groups included."""

from __future__ import annotations

import pytest

from directories.base import Misconfigured
from directories.entra import assigned
from tests.directories.entra.conftest import every


def people_in(tenant, *groups: str) -> set[str]:
    return {
        one["id"]
        for group in groups
        for one in tenant.control.group(group)["members"]
        if one["type"] == "user"
    }


def assign(tenant, kind: str, principal_id: str) -> None:
    directory = tenant.entra.directory
    directory.assign(
        kind, principal_id, "Somebody", directory.service_principal(app_id=tenant.client_id)
    )


def directly(tenant) -> set[str]:
    directory = tenant.entra.directory
    application = directory.service_principal(app_id=tenant.client_id)
    found = directory.assignments(application["id"])
    return {one["principalId"] for one in found if one["principalType"] == "User"}


def ids(connector, query: str = "") -> list[str]:
    found = every(lambda cursor: connector.people(query, cursor, assigned=True))
    return [one.remote_id for one in found]


def test_people_and_the_people_of_groups_are_assigned_and_applications_are_not(tenant, connector):
    expected = directly(tenant) | people_in(tenant, "Key pilots", "Key pilots abroad")
    found = ids(connector)
    assert len(found) == len(expected)
    assert set(found) == expected


def test_who_is_assigned_in_several_ways_is_shown_once(tenant, connector):
    assign(tenant, "Group", tenant.control.group("Key pilots abroad")["id"])
    assign(tenant, "Group", tenant.control.group("Key pilots")["id"])
    assign(tenant, "User", next(iter(people_in(tenant, "Key pilots abroad"))))
    expected = directly(tenant) | people_in(tenant, "Key pilots", "Key pilots abroad")
    found = ids(connector)
    assert len(found) == len(expected)
    assert set(found) == expected


def test_a_large_group_is_walked_page_by_page_and_nobody_comes_twice(tenant, connector, sent):
    assign(tenant, "Group", tenant.control.group("All staff")["id"])
    assign(tenant, "Group", tenant.control.group("Research")["id"])
    members = {user["id"] for user in tenant.control.users() if user["userType"] == "Member"}
    first = connector.people("", None, assigned=True)
    before = len(sent.requests)
    assert first.cursor is not None
    assert before < 6  # a token, the assignments, and one look at people: not everybody
    found = ids(connector)
    assert len(found) == len(set(found))
    assert set(found) == members


def test_many_single_assignments_are_walked_page_by_page(tenant, connector, monkeypatch):
    monkeypatch.setattr(assigned, "ASSIGNMENTS", 30)
    expected = directly(tenant) | people_in(tenant, "Key pilots", "Key pilots abroad")
    for user in tenant.control.users()[:75]:
        if user["id"] not in expected:
            assign(tenant, "User", user["id"])
            expected.add(user["id"])
    found = ids(connector)
    assert set(found) == expected


def test_only_those_who_fit_a_query_are_shown(tenant, connector):
    [some] = list(directly(tenant))[:1]
    user = tenant.control.user(some)
    found = ids(connector, user["displayName"])
    assert some in found
    assert set(found) <= set(ids(connector))
    assert len(found) < len(ids(connector))


def test_who_was_deleted_since_is_left_out(tenant, connector):
    assign(tenant, "User", "3c1f0a52-64fb-4a0e-9d5e-0a7a3a1f9b11")
    found = ids(connector)
    assert "3c1f0a52-64fb-4a0e-9d5e-0a7a3a1f9b11" not in found
    assert set(found) >= directly(tenant) - {"3c1f0a52-64fb-4a0e-9d5e-0a7a3a1f9b11"}


def test_where_graph_does_not_tell_memberships_twice_is_better_than_never(tenant, connector):
    assign(tenant, "Group", tenant.control.group("Key pilots abroad")["id"])
    tenant.control.fail(status=429, path="checkMemberGroups", times=100)
    expected = directly(tenant) | people_in(tenant, "Key pilots", "Key pilots abroad")
    assert set(ids(connector)) == expected


def test_without_the_optional_permission_the_permission_is_named(tenant, connector):
    tenant.control.revoke("Application.Read.All")
    with pytest.raises(Misconfigured) as error:
        connector.people("", None, assigned=True)
    assert error.value.code == "entra.permission"
    assert "Application.Read.All" in error.value.reason
