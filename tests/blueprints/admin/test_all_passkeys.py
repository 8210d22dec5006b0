"""The list of everybody's passkeys, and what every long list of administration keeps to."""

from __future__ import annotations

import re
import uuid

import pytest
from sqlalchemy import event

from models import Delivery, DeliveryState, Evidence, Passkey
from services.attestation.hid import HID_CRESCENDO
from tests.blueprints.conftest import said
from tests.records import Records

LIST = "/admin/passkeys"
KNOWN = {"Grace's desk key", "Grace's lost key", "Radia's 100% key"}
CRESCENDO_4000 = uuid.UUID("0b8b05a4-ebd4-4b0b-8f5f-33d7b6e606ab")


@pytest.fixture
def stocked(administrator, portal, clock):
    """Grace has a live and an ended key, Radia an unattested one of a model nobody knows."""
    with portal.database.write() as session:
        records = Records(session, clock)
        grace = records.person("grace")
        records.passkey(grace, nickname="Grace's desk key", aaguid=CRESCENDO_4000)
        records.passkey(
            grace,
            nickname="Grace's lost key",
            aaguid=CRESCENDO_4000,
            ended_at=clock(),
            ended_because="lost",
        )
        radia = records.person("radia")
        records.passkey(radia, nickname="Radia's 100% key", aaguid=uuid.UUID(int=0xABCDEF))
        session.query(Evidence).filter(
            Evidence.passkey.has(Passkey.nickname == "Radia's 100% key")
        ).update({"trust": "none"}, synchronize_session=False)
    return administrator


def listed(page) -> list[str]:
    """The names of the passkeys that the page lists."""
    found = re.findall(r'<th scope="row"><a [^>]+>([^<]+)</a>', page.text)
    return [name.replace("&#39;", "'") for name in found]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("grace", ["Grace's lost key", "Grace's desk key"]),
        ("GRACE desk", ["Grace's desk key"]),
        ("radia@example.com", ["Radia's 100% key"]),
        ("100%", ["Radia's 100% key"]),
        ("100_", []),
        ("crescendo 4000", ["Grace's lost key", "Grace's desk key"]),
        (str(CRESCENDO_4000), ["Grace's lost key", "Grace's desk key"]),
        ("0b8b05a4ebd4", ["Grace's lost key", "Grace's desk key"]),
        ("0B8B05A4-EBD4", ["Grace's lost key", "Grace's desk key"]),
        ("00abcdef", ["Radia's 100% key"]),
        ("crescendo radia", []),
    ],
)
def test_passkeys_are_found_by_person_name_model_and_aaguid(stocked, query, names):
    assert listed(stocked.get(LIST, query_string={"q": query})) == names


@pytest.mark.parametrize(
    ("shown", "names"),
    [
        ("all", {"Grace's desk key", "Grace's lost key", "Radia's 100% key"}),
        ("live", {"Grace's desk key", "Radia's 100% key"}),
        ("attested", {"Grace's desk key"}),
        ("unattested", {"Radia's 100% key"}),
        ("ended", {"Grace's lost key"}),
        ("made-up", {"Grace's desk key", "Grace's lost key", "Radia's 100% key"}),
    ],
)
def test_a_view_shows_only_its_own(stocked, shown, names):
    page = stocked.get(f"{LIST}?q=example.com+key&show={shown}")
    assert {name for name in listed(page) if name in KNOWN} == names


def test_each_view_says_how_many_it_has_of_what_was_searched(stocked):
    page = said(stocked.get(f"{LIST}?q=grace"))
    assert "All 2 Live 1 Attested 1 Unattested 0 Ended 1" in page


def test_a_passkey_leads_to_its_story_and_to_its_person(administrator, portal):
    page = administrator.get(LIST)
    with portal.database.read() as session:
        key = session.query(Passkey).one()
    story, person = f"/admin/passkeys/{key.uuid}", f"/admin/people/{key.person.uuid}"
    assert f'href="{story}"' in page.text and f'href="{person}"' in page.text
    assert key.nickname in said(administrator.get(story))
    assert key.nickname in said(administrator.get(person))


def test_a_search_that_finds_nothing_offers_all(stocked):
    page = stocked.get(LIST, query_string={"q": "<b>nothing"})
    assert "No passkey found" in said(page) and "<b>nothing" not in page.text


def test_the_list_is_closed_to_people_without_the_privilege(somebody, client):
    assert somebody.get(LIST).status_code == 403
    away = client.get(LIST, base_url=somebody.origin)
    assert away.status_code == 302 and away.location.startswith("/sign-in")


def test_it_stands_in_the_navigation_after_people_and_groups(administrator):
    page = administrator.get(LIST).text
    side = page.partition('id="side-list"')[2]
    navigation = re.findall(r'<li><a href="(/admin/[a-z]*)"', side)
    assert navigation[:4] == ["/admin/", "/admin/people", "/admin/groups", LIST]
    assert re.search(rf'href="{LIST}" aria-current="page"', page)


@pytest.fixture
def long_lists(administrator, portal, clock):
    """120 people by a name of their own, each with a key and a delivery that is done."""
    with portal.database.write() as session:
        records = Records(session, clock)
        directory = records.directory()
        for number in range(120):
            key = records.passkey(
                records.person(f"long{number}"),
                nickname=f"Long {number}",
                aaguid=sorted(HID_CRESCENDO)[number % 14],
            )
            session.add(
                Delivery(
                    directory=directory,
                    person=key.person,
                    passkey=key,
                    state=DeliveryState.DONE,
                    cause="passkey.registered",
                    created_at=clock(),
                    due_at=clock(),
                )
            )
    return {
        "passkeys": f"{LIST}?q=long&show=live",
        "people": "/admin/people?q=long",
        "deliveries": f"/admin/deliveries?show=done&directory={directory.uuid}",
    }


@pytest.mark.parametrize("name", ["passkeys", "people", "deliveries"])
def test_three_pages_of_120_rows_keep_their_filters_and_lead_back(administrator, long_lists, name):
    path, filters, seen, pages = long_lists[name], long_lists[name].partition("?")[2], [], []
    while path:
        page = administrator.get(path)
        pages.append(path)
        rows = re.findall(r'<th scope="row"><a href="([^"]+)"', page.text)
        seen.append(rows)
        path = neighbour(page, "next")
        for part in filters.split("&"):
            assert path is None or part in path
    assert [len(rows) for rows in seen] == [50, 50, 20]
    assert len(set().union(*seen)) == 120
    back = neighbour(administrator.get(pages[2]), "prev")
    assert all(part in back for part in filters.split("&"))
    assert re.findall(r'<th scope="row"><a href="([^"]+)"', administrator.get(back).text) == seen[1]


@pytest.mark.parametrize("name", ["passkeys", "people", "deliveries"])
def test_a_page_of_50_asks_the_database_no_more_than_a_page_of_20(
    administrator, long_lists, portal, name
):
    asked = []
    event.listen(
        portal.database.engine, "before_cursor_execute", lambda *call: asked.append(call[2])
    )
    administrator.get(long_lists[name])
    first, path = len(asked), long_lists[name]
    for _ in range(2):
        path = neighbour(administrator.get(path), "next")
    asked.clear()
    administrator.get(path)
    # The last page looks its cursor up, and the first has none.
    assert first <= len(asked)


def neighbour(page, rel: str) -> str | None:
    found = page.text.partition(f'<a rel="{rel}" href="')[2].partition('"')[0]
    return found.replace("&amp;", "&") or None
