"""Finding identities, and the identity schemas (ory.md 2.6, 4.2, 7)."""

from __future__ import annotations

import uuid

import pytest
import requests


def listed(api, query=""):
    return api.call("GET", f"/admin/identities?{query}")


def follow(api, query):
    path, pages = f"/admin/identities?{query}", []
    while path:
        answer = api.call("GET", path)
        pages.append([identity["id"] for identity in answer.json()])
        links = requests.utils.parse_header_links(answer.headers["Link"])
        path = next((link["url"] for link in links if link["rel"] == "next"), None)
    return pages


def test_pages_follow_the_relative_next_link_to_the_end(api):
    for number in range(4):
        api.create(f"p{number}@example.com")
    pages = follow(api, "page_size=3")
    assert [len(page) for page in pages] == [3, 3, 1]
    everything = [identity_id for page in pages for identity_id in page]
    assert len(set(everything)) == 7


def test_the_next_link_keeps_the_filters(api):
    organization = str(uuid.uuid4())
    for number in range(3):
        api.create(f"p{number}@example.com", organization_id=organization)
    pages = follow(api, f"organization_id={organization}&page_size=2")
    assert [len(page) for page in pages] == [2, 1]


def test_links_may_be_absolute(api):
    api.ory.control.vary(links="absolute")
    assert listed(api, "page_size=1").headers["Link"].startswith(f"<{api.ory.admin_url}/admin/")


def test_a_page_is_never_larger_than_the_cap(api):
    entries = [{"create": {"traits": {"email": f"p{n}@example.com"}}} for n in range(505)]
    assert api.call("PATCH", "/admin/identities", json={"identities": entries}).status_code == 200
    assert len(listed(api, "page_size=1000").json()) == 500
    assert len(listed(api).json()) == 250
    assert listed(api, "page=3&per_page=500").status_code == 400


def test_a_list_shows_credentials_only_on_request(api, key, holder):
    query = "credentials_identifier=mary@example.com"
    assert "credentials" not in listed(api, query).json()[0]
    shown = listed(api, query + "&include_credential=passkey").json()[0]["credentials"]
    assert shown["passkey"]["config"]["credentials"] == [key.entry()]
    assert "config" not in shown["password"]


def test_a_list_that_shows_credentials_anyway_shows_no_config(api, key, holder):
    api.ory.control.vary(list_credentials="present")
    shown = listed(api, "credentials_identifier=mary@example.com").json()[0]["credentials"]
    assert "config" not in shown["passkey"]


def test_an_identity_shows_only_the_configs_that_were_asked_for(api, key, holder):
    assert "config" not in api.get(holder["id"])["credentials"]["passkey"]
    assert "config" in api.get(holder["id"], "passkey")["credentials"]["passkey"]


def test_an_unknown_credential_type_cannot_be_included(api):
    assert listed(api, "include_credential=nonsense").status_code == 400


@pytest.mark.parametrize("asked", ["mary@example.com", "%20MARY@Example.com%20"])
def test_an_identifier_is_found_normalised_even_without_a_password(api, asked):
    identity = api.create().json()
    found = listed(api, f"credentials_identifier={asked}&consistency=strong").json()
    assert [each["id"] for each in found] == [identity["id"]]


def test_an_identifier_is_never_looked_up_among_passkeys(api, key, holder):
    assert listed(api, f"credentials_identifier={key.handle.decode()}").json() == []


@pytest.mark.parametrize(
    "query",
    [
        f"ids={uuid.UUID(int=7)}&organization_id={uuid.UUID(int=7)}",
        "credentials_identifier=a&preview_credentials_identifier_similar=b",
    ],
)
def test_two_filters_are_refused(api, query):
    answer = listed(api, query)
    assert answer.status_code == 400
    assert answer.json()["error"]["reason"] == "You cannot combine multiple filters in this API"


def test_ids_and_similar_filter(api):
    identity = api.create().json()
    assert [each["id"] for each in listed(api, f"ids={identity['id']}").json()] == [identity["id"]]
    similar = listed(api, "preview_credentials_identifier_similar=mary").json()
    assert [each["id"] for each in similar] == [identity["id"]]


def test_an_identity_is_found_by_external_id(api):
    identity = api.create(external_id="a b/c").json()
    found = api.call("GET", "/admin/identities/by/external/a%20b%2Fc", checked=False)
    assert found.json()["id"] == identity["id"]


def test_under_eventual_consistency_a_new_identity_comes_late(api):
    control = api.ory.control
    api.create()
    query = "credentials_identifier=mary@example.com"
    assert len(listed(api, query).json()) == 1
    control.vary(default_consistency="eventual")
    assert listed(api, query).json() == []
    assert len(listed(api, query + "&consistency=strong").json()) == 1
    control.forward(5)
    assert len(listed(api, query).json()) == 1


def test_a_self_hosted_kratos_ignores_consistency(old_api):
    old_api.create()
    query = "credentials_identifier=mary@example.com&consistency=eventual"
    assert len(listed(old_api, query).json()) == 1


def test_schemas_are_listed_without_a_key(api):
    entries = api.call("GET", "/schemas?page_size=250", public=True, headers={}).json()
    assert [entry["id"] for entry in entries] == ["default", "preset://staff"]
    default = entries[0]["schema"]["properties"]["traits"]["properties"]["email"]
    assert default["ory.sh/kratos"]["credentials"]["passkey"] == {"display_name": True}


@pytest.mark.parametrize("schema_id", ["cHJlc2V0Oi8vc3RhZmY", "preset%3A%2F%2Fstaff"])
def test_a_schema_is_served_by_raw_and_encoded_id(api, schema_id):
    answer = api.call("GET", f"/schemas/{schema_id}", public=True, checked=False)
    assert answer.json()["title"] == "Staff"


def test_an_unknown_schema_is_not_found(api):
    answer = api.call("GET", "/schemas/nowhere", public=True)
    assert answer.status_code == 404
    assert answer.json()["error"]["reason"] == "Identity schema `nowhere` could not be found."
