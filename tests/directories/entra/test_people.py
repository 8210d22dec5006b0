"""People and groups, searched and paged by Graph's own means."""

from __future__ import annotations

import json
from urllib.parse import unquote

import pytest

from directories.base import Misconfigured, NotFound, Transient
from directories.entra.api import PAGE_SIZE
from directories.entra.people import begins, search
from tests.directories.entra.conftest import (
    PEOPLE,
    connect,
    connect_by_certificate,
    every,
)


def names(found) -> set[str]:
    return {one.name for one in found}


def people_in(tenant, group: str) -> set[str]:
    members = tenant.control.group(group)["members"]
    return {one["id"] for one in members if one["type"] == "user"}


def test_everybody_is_listed_once_page_by_page(tenant, connector, sent):
    found = every(lambda cursor: connector.people("", cursor))
    assert [one.remote_id for one in found] == [user["id"] for user in tenant.control.users()]
    assert len(sent.of("GET", "/users")) == -(-PEOPLE // PAGE_SIZE)


def test_a_person_is_shown_as_graph_knows_them(tenant, connector):
    user = tenant.control.add_user(
        displayName="Mary O'Neill",
        givenName="Mary",
        surname="O'Neill",
        userPrincipalName="mary@birchwood.example",
        mail="m.oneill@birchwood.example",
        accountEnabled=False,
    )
    found = connector.people("mary", None).items
    one = next(one for one in found if one.remote_id == user["id"])
    assert (one.label, one.email) == ("mary@birchwood.example", "m.oneill@birchwood.example")
    assert (one.name, one.given_name, one.family_name) == ("Mary O'Neill", "Mary", "O'Neill")
    assert one.enabled is False
    assert (one.note, one.guest) == ("", False)


def test_a_guest_is_called_one(tenant, connector):
    guest = next(user for user in tenant.control.users() if user["userType"] == "Guest")
    found = every(lambda cursor: connector.people(guest["mail"], cursor))
    [one] = [one for one in found if one.remote_id == guest["id"]]
    assert (one.note, one.guest) == ("guest", True)


@pytest.mark.parametrize("field", ["displayName", "mail", "userPrincipalName"])
def test_people_are_found_by_what_a_name_or_address_begins_with(tenant, connector, field):
    user = tenant.control.add_user(
        displayName="Zebedee Quill",
        userPrincipalName="zq7@birchwood.example",
        mail="quilly@x.example",
    )
    query = {"displayName": "QUILL", "mail": "quilly", "userPrincipalName": "zq7"}[field]
    assert user["id"] in [one.remote_id for one in connector.people(f"  {query} ", None).items]


@pytest.mark.parametrize(
    "name", ['Anne "Nan" Hill', "Back\\slash", "O'Hara & Sons", "50% +/= Co", "Łukasz Żółć"]
)
def test_signs_in_a_query_search_for_themselves(tenant, connector, name):
    user = tenant.control.add_user(displayName=name)
    assert user["id"] in [one.remote_id for one in connector.people(name, None).items]


def test_clauses_are_quoted_and_literals_doubled():
    assert search(("mail",), 'a"b\\')["$search"] == '"mail:a\\"b\\\\"'
    assert begins(("mail", "displayName"), "O'Hara")["$filter"] == (
        "startswith(mail,'O''Hara') or startswith(displayName,'O''Hara')"
    )


@pytest.mark.parametrize("variant", ["refused", "accepted"])
def test_a_search_is_an_advanced_query(tenant, connector, sent, variant):
    tenant.control.vary(search_without_count=variant)
    assert connector.people("grace", None).items
    request = sent.of("GET", "/users")[-1]
    assert request.headers["ConsistencyLevel"] == "eventual"
    assert "$count=true" in unquote(request.url)


def test_where_searching_is_refused_beginnings_are_listed_instead(tenant, connector, sent):
    body = json.dumps({"error": {"code": "Request_UnsupportedQuery", "message": "No search."}})
    tenant.control.fail(status=400, body=body, method="GET", path="/users", times=1)
    found = connector.people("grace fi", None).items
    assert names(found) == {"Grace Fischer"}
    assert "$filter=startswith" in unquote(sent.requests[-1].url)


def test_a_query_of_signs_only_finds_nobody_and_fails_nothing(connector):
    assert connector.people("!!", None).items == ()


def test_pages_of_a_search_hang_together(tenant, connector):
    for number in range(120):
        tenant.control.add_user(displayName=f"Testperson Number {number:03}")
    found = every(lambda cursor: connector.people("testperson", cursor))
    assert len(found) == len({one.remote_id for one in found}) == 120


def test_pages_of_beginnings_hang_together(tenant, connector):
    for number in range(120):
        tenant.control.add_user(displayName=f"Testperson Number {number:03}")
    body = json.dumps({"error": {"code": "Request_UnsupportedQuery", "message": "No search."}})
    tenant.control.fail(status=400, body=body, method="GET", path="/users", times=1)
    found = every(lambda cursor: connector.people("testperson", cursor))
    assert len(found) == len({one.remote_id for one in found}) == 120


def test_a_group_narrows_to_its_people_nested_ones_included(tenant, connector):
    group = tenant.control.group("Key pilots")
    found = every(lambda cursor: connector.people("", cursor, group=group["id"]))
    expected = people_in(tenant, "Key pilots") | people_in(tenant, "Key pilots abroad")
    assert len(found) == len(expected) == 4
    assert {one.remote_id for one in found} == expected


def test_a_group_can_be_searched(tenant, connector):
    group = tenant.control.group("Key pilots")
    everyone = every(lambda cursor: connector.people("", cursor, group=group["id"]))
    wanted = everyone[0]
    found = connector.people(wanted.given_name, None, group=group["id"]).items
    assert wanted.remote_id in [one.remote_id for one in found]
    assert len(found) < len(everyone)


def test_a_large_group_is_paged(tenant, connector):
    group = tenant.control.group("All staff")
    found = every(lambda cursor: connector.people("", cursor, group=group["id"]))
    members = [user for user in tenant.control.users() if user["userType"] == "Member"]
    assert len(found) == len({one.remote_id for one in found}) == len(members)


@pytest.mark.parametrize("variant", ["empty", "refused"])
def test_hidden_members_stay_hidden(tenant, connector, variant):
    tenant.control.vary(hidden_membership=variant)
    group = tenant.control.group("Works council")
    if variant == "empty":
        assert connector.people("", None, group=group["id"]).items == ()
    else:
        with pytest.raises(Misconfigured) as error:
            connector.people("", None, group=group["id"])
        assert error.value.code == "entra.permission"


def test_a_group_that_is_gone_is_not_found(connector):
    with pytest.raises(NotFound) as error:
        connector.people("", None, group="3c1f0a52-64fb-4a0e-9d5e-0a7a3a1f9b11")
    assert error.value.code == "entra.not_found"
    assert error.value.request_id
    assert error.value.said


def test_without_the_permission_for_people_members_come_with_their_ids_only(tenant, connector):
    tenant.control.revoke("User.Read.All")
    group = tenant.control.group("Key pilots")
    found = connector.people("", None, group=group["id"]).items
    assert found
    assert all(one.label == one.remote_id for one in found)


def test_groups_are_searched_and_listed(tenant, connector):
    assert {one.name for one in every(lambda cursor: connector.groups("", cursor))} == {
        group["displayName"] for group in tenant.control.groups()
    }
    found = connector.groups("pilots", None).items
    assert {one.name for one in found} == {"Key pilots", "Key pilots abroad"}
    assert {one.remote_id for one in found} == {
        tenant.control.group(name)["id"] for name in ("Key pilots", "Key pilots abroad")
    }


def test_a_certificate_opens_the_same_lists(tenant):
    assert connect_by_certificate(tenant).people("", None).items


@pytest.mark.parametrize("variant", ["refused", "accepted"])
def test_each_token_is_asked_for_with_a_statement_of_its_own(tenant, variant):
    tenant.control.vary(assertion_replay=variant)
    connector = connect_by_certificate(tenant)
    assert connector.people("", None).items
    tenant.control.expire_tokens()
    assert connector.people("", None).items


def test_a_domain_names_the_tenant_as_well(tenant):
    assert connect(tenant, tenant_id=tenant.domain).people("", None).items


def test_a_token_that_expired_meanwhile_is_replaced(tenant, connector):
    assert connector.people("", None).items
    tenant.control.expire_tokens()
    assert connector.people("", None).items


@pytest.mark.parametrize(("variant", "after"), [("present", 7.0), ("absent", None)])
def test_a_limit_is_passed_on_with_its_time(tenant, connector, variant, after):
    tenant.control.vary(retry_after=variant)
    tenant.control.limit(0, seconds=7)
    with pytest.raises(Transient) as error:
        connector.people("", None)
    assert (error.value.code, error.value.retry_after) == ("http.rate", after)


def test_a_person_is_found_by_their_object_id_only(tenant, connector, person):
    user = tenant.control.add_user(mail=person.email, displayName=person.display_name)
    assert connector.find_identity(person, None) is None
    assert connector.find_identity(person, user["userPrincipalName"]) is None
    found = connector.find_identity(person, user["id"])
    assert found is not None
    assert (found.remote_id, found.email) == (user["id"], person.email)


def test_a_person_who_was_deleted_there_is_not_found(tenant, connector, person):
    user = tenant.control.add_user()
    tenant.control.remove_user(user["id"])
    assert connector.find_identity(person, user["id"]) is None
