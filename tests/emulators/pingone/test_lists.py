"""Lists: filters, limits, cursors (pingone.md 2)."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.emulators.pingone.client import problem


def names(api, filter: str, path: str = "/users", field: str = "username") -> set[str]:
    listed = api.get(path, params={"filter": filter, "limit": 1000})["_embedded"]
    return {one[field] for one in listed[path.strip("/")]}


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ('username eq "kiosk.one"', {"kiosk.one"}),
        ('username EQ "KIOSK.ONE"', {"kiosk.one"}),
        ('username sw "kiosk."', {"kiosk.one", "kiosk.two"}),
        (
            'email eq "desk@example.com"',
            {"desk.employees", "desk.contractors", "desk.partners"},
        ),
        ('username eq "siobhan.o\'brien"', {"siobhan.o'brien"}),
        ('name.family eq "O\'Brien"', {"siobhan.o'brien"}),
        ('username eq "robert.\\"bob\\".tables"', {'robert."bob".tables'}),
        ('username eq "corp\\\\anne.miller"', {"corp\\anne.miller"}),
        ('name.given eq "Siobhán" and name.family sw "o"', {"siobhan.o'brien"}),
        ('username eq "kiosk.one" or username eq "kiosk.two"', {"kiosk.one", "kiosk.two"}),
        # and binds more than or
        (
            'username eq "kiosk.one" or username sw "desk" and email sw "nobody"',
            {"kiosk.one"},
        ),
        (
            '(username eq "kiosk.one" or username sw "desk") and email sw "desk"',
            {"desk.employees", "desk.contractors", "desk.partners"},
        ),
        ('email eq ""', set()),
        (' ( username  eq "kiosk.one" ) ', {"kiosk.one"}),
    ],
)
def test_users_are_filtered(api, filter, found):
    assert names(api, filter) == found


def test_users_are_filtered_by_group_and_population(api):
    group = api.get("/groups", params={"filter": 'name eq "Key holders"'})["_embedded"]["groups"]
    members = api.users(filter=f'memberOfGroups[id eq "{group[0]["id"]}"]', limit=1000)
    assert len(members) == group[0]["directMemberCounts"]["users"] == 5
    some = f'memberOfGroups[id eq "{group[0]["id"]}"] and name.given sw "A"'
    assert {user["name"]["given"] for user in api.users(filter=some)} == {"Ada"}
    populations = api.get("/populations")["_embedded"]["populations"]
    partners = next(one for one in populations if one["name"] == "Partners")
    listed = api.users(filter=f'population.id eq "{partners["id"]}"', limit=1000)
    assert len(listed) == partners["userCount"] > 0


@pytest.mark.parametrize(
    "filter",
    [
        'username ne "x"', 'username co "x"', 'username ew "x"', "username pr",
        'username gt "x"', 'username ge "x"', 'username lt "x"', 'username le "x"',
        'not (username eq "x")', 'population.id sw "x"', 'id eq "x"', 'name eq "x"',
        "username eq x", "username eq 'x'", 'username eq "x', 'username eq "x" and',
        'username eq "x" username eq "y"', '(username eq "x"', 'username eq "x")', "",
        'memberOfGroups[name eq "x"]', 'memberOfGroups[id sw "x"]', 'memberOfGroups eq "x"',
        'memberOfGroups[id eq "x"', 'memberOfGroups[id] eq "x"', 'username eq "x" xor email eq "y"',
        "(" * 60 + 'username eq "x"' + ")" * 60, 'username eq true', 'username eq ["x"]',
    ],
)  # fmt: skip
def test_other_filters_are_refused(api, filter):
    answer = api.call("GET", "/users", params={"filter": filter})
    assert problem(answer) == (400, "INVALID_DATA", "INVALID_FILTER", "filter")
    inner = answer.json()["details"][0]["innerError"]
    assert "memberOfGroups[id]" in inner["supportedAttributes"]
    assert inner["supportedOperators"] == ["eq", "sw", "and", "or"]


def test_the_newer_page_has_more_operators_for_some_attributes(api):
    api.ping.control.vary(filter_operators="new page")
    assert names(api, 'name.family co "brie"') == {"siobhan.o'brien"}
    assert names(api, 'email ew "tables@example.com"') == {'robert."bob".tables'}
    refused = api.call("GET", "/users", params={"filter": 'username co "x"'})
    assert problem(refused)[2] == "INVALID_FILTER"


def test_the_case_of_filters_has_variants(api):
    assert names(api, 'username eq "Kiosk.One"') == {"kiosk.one"}
    api.ping.control.vary(filter_case="sensitive")
    assert names(api, 'username eq "Kiosk.One"') == set()


def test_groups_and_populations_have_filters_of_their_own(api):
    assert names(api, 'name sw "Key"', "/groups", "name") == {"Key holders"}
    assert names(api, 'name sw "Contr"', "/populations", "name") == {"Contractors"}
    for path, filter in (
        ("/groups", 'id sw "x"'),
        ("/groups", 'username eq "x"'),
        ("/populations", 'description eq "x"'),
        ("/populations", 'id sw "x"'),
    ):
        answer = api.call("GET", path, params={"filter": filter})
        assert problem(answer)[2] == "INVALID_FILTER"


def test_pages_follow_absolute_links_to_the_end(api):
    seen, page = [], api.get("/users", params={"limit": 2, "filter": 'email sw "d"'})
    while True:
        assert page["size"] == len(page["_embedded"]["users"]) <= 2
        seen += [user["id"] for user in page["_embedded"]["users"]]
        following = page["_links"].get("next")
        if following is None:
            break
        assert following["href"].startswith(f"{api.ping.url}/v1/environments/")
        page = requests.get(
            following["href"], headers={"Authorization": f"Bearer {api.token}"}, timeout=20
        ).json()
    assert len(seen) == len(set(seen)) == page["count"] > 4


def test_a_cursor_is_good_for_its_filter_only(api):
    first = api.get("/users", params={"limit": 1, "filter": 'username sw "kiosk"'})
    query = parse_qs(urlsplit(first["_links"]["next"]["href"]).query)
    cursor = query["cursor"][0]
    for params in ({"cursor": cursor}, {"cursor": "nonsense"}, {"cursor": "!"}, {"cursor": ""}):
        answer = api.call("GET", "/users", params=params)
        assert problem(answer)[:3] == (400, "INVALID_DATA", "INVALID_PARAMETER")


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "x", "", "1.5", "٣"])
def test_limits_are_1_to_1000(api, limit):
    for path in ("/users", "/groups", "/populations"):
        answer = api.call("GET", path, params={"limit": limit})
        assert problem(answer) == (400, "INVALID_DATA", "OUT_OF_RANGE", "limit")


def test_a_group_is_read_by_id(api):
    group = api.get("/groups")["_embedded"]["groups"][0]
    assert api.get(f"/groups/{group['id']}") == group
    assert api.call("GET", "/groups/nothing").status_code == 404


def test_other_environments_hold_other_people(api):
    other = f"/environments/{api.ping.administrators_id}"
    api.ping.control.add_role("Identity Data Admin", scope_id=api.ping.administrators_id)
    assert api.get(f"{other}/users", root=True)["count"] == 0
    user = api.ping.control.user("kiosk.one")["id"]
    assert api.call("GET", f"{other}/users/{user}", root=True).status_code == 404
