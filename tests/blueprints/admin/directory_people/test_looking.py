"""A directory's people are searched, leafed through and counted."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs

import pytest

from blueprints import limits
from blueprints.directory_people.area import remedy
from blueprints.limits import Rate
from directories.base import Group, Misconfigured, NotFound, Refused, Transient
from models import DirectoryType
from services.directories import browsing
from tests.blueprints.admin.directory_people.conftest import DOWN, Staff, href, values
from tests.blueprints.conftest import said
from tests.records import Records


def test_people_are_listed_with_what_is_known_here_and_there(staff, fake):
    record = fake.add("grace@corp.example", name="Grace H.", enabled=False, note="guest")
    fake.add("alan@corp.example", enabled=True)
    grace = staff.person("grace")
    staff.send("/link", identity=record.remote_id, person=str(grace.uuid))
    page = staff.open()
    assert page.status_code == 200
    text = said(page)
    assert "Grace H. grace@corp.example disabled guest Grace Example 0" in text
    assert "alan@corp.example enabled not linked" in text
    assert f"/admin/people/{grace.uuid}" in page.text


def test_pages_follow_the_directorys_own_cursor(staff, fake):
    fake.page_size = 2
    for number in range(5):
        fake.add(f"p{number}@example.com")
    page = staff.open(q="example", assigned="")
    seen = [said(page)]
    while "Next" in seen[-1]:
        page = staff.visitor.get(href(page, "Next"))
        seen.append(said(page))
    assert fake.cursors == [None, "after 2", "after 4"]
    assert [re.findall(r"p\d@", text)[0] for text in seen] == ["p0@", "p2@", "p4@"]
    assert "after" not in href(staff.open(q="example"), "Next")
    assert "First page" in seen[-1]


def test_a_cursor_of_another_search_directory_or_pen_begins_at_the_first_page(
    staff, fake, portal, administrator, clock
):
    fake.page_size = 1
    fake.add("p0@example.com")
    fake.add("p1@example.com")
    (at,) = parse_qs(href(staff.open(q="p"), "Next").partition("?")[2])["at"]
    other = Staff.__new__(Staff)
    with portal.database.write() as session:
        made = Records(session, clock).directory("Other", type=DirectoryType.ENTRA)
        other.__dict__.update(staff.__dict__, page=f"/admin/directories/{made.uuid}/people")
    fake.cursors.clear()
    staff.open(q="p", at=at)
    staff.open(q="other", at=at)
    staff.open(q="p", at=at, assigned="1")
    other.open(q="p", at=at)
    for forged in ("https://evil.example/next", "after 1", at[:-2], "é", ""):
        staff.open(q="p", at=forged)
    assert fake.cursors == ["after 1", *([None] * 8)]


def test_people_are_narrowed_to_a_group_that_is_searched_for(staff, fake):
    record = fake.add("grace@example.com")
    fake.add("alan@example.com")
    fake.members = {Group("g/1 ?", "Sales & <Co>"): {record.remote_id}, Group("g2", "Crew"): set()}
    page = staff.open("/groups", name="sales")
    assert "Sales & <Co> g/1 ?" in said(page)
    members = staff.visitor.get(href(page, "Sales &amp; &lt;Co&gt;"))
    assert "In Sales & <Co>" in said(members)
    assert "grace@example.com" in members.text
    assert "alan@example.com" not in members.text
    hidden = {"in": values(members, "in")[0]}
    assert "Nobody found" in said(staff.open(q="alan", **hidden))
    empty = staff.visitor.get(href(staff.open("/groups"), "Crew"))
    assert "Nobody found" in said(empty)
    assert "No group found" in said(staff.open("/groups", name="nothing"))


def test_a_group_that_somebody_wrote_into_the_address_narrows_nothing(staff, fake):
    fake.add("grace@example.com")
    page = staff.open(**{"in": "g2"})
    assert "grace@example.com" in page.text
    assert 'aria-current="page">Everyone' in page.text


def test_people_are_narrowed_to_those_assigned(staff, fake):
    fake.assigned = {fake.add("grace@example.com").remote_id}
    fake.add("alan@example.com")
    page = staff.visitor.get(href(staff.open(), "Assigned to the application"))
    assert "grace@example.com" in page.text
    assert "alan@example.com" not in page.text


def test_a_directory_without_groups_or_assignments_offers_none(staff, fake):
    fake.lists_groups = fake.lists_assigned = False
    fake.add("grace@example.com")
    page = staff.open(assigned="1")
    assert "grace@example.com" in page.text
    assert "Members of a group" not in page.text
    assert "Assigned" not in said(page)
    assert "There are no groups" in said(staff.open("/groups"))


def test_passkeys_there_are_counted_after_the_page_and_only_of_its_own_records(staff, fake):
    record = fake.add("grace@example.com")
    record.passkeys = {b"1": None, b"2": None}
    fake.uncounted = {fake.add("alan@example.com").remote_id}
    page = staff.open()
    assert fake.calls == ["people"]
    address = unescape(re.search(r'data-counts="([^"]+)"', page.text).group(1))
    fragment = staff.visitor.get(address)
    assert re.findall(r"<li[^>]*>(.*?)</li>", fragment.text) == [
        "2",
        '<span class="muted">cannot be told</span>',
    ]
    fake.calls.clear()
    forged = staff.open("/counts", of=record.remote_id)
    assert "<li" not in forged.text
    fake.before["passkey_counts"].append(DOWN)
    assert staff.visitor.get(address).status_code == 502
    assert "cannot be told" in said(staff.open(count="1")), "without script"


def test_a_next_page_whose_name_is_too_long_for_an_address_is_told(staff, fake, monkeypatch):
    monkeypatch.setattr(browsing, "LONGEST_HANDLE", 100)
    fake.page_size = 1
    fake.add("grace@example.com")
    fake.add("alan@example.com")
    page = staff.open()
    assert "in too long a text. Narrow the search." in said(page)
    assert "Next" not in said(page)
    counted = staff.visitor.get(href(page, "Count"))
    assert "not linked – 0" in said(counted)


@pytest.mark.parametrize(
    ("path", "method"),
    [("", "people"), ("/groups", "groups"), ("/pairs", "people"), ("/link", "find_identity")],
)
def test_a_directory_that_is_down_says_so_in_its_own_words(staff, fake, path, method):
    record = fake.add("grace@example.com")
    fake.before[method].append(DOWN)
    page = staff.open(path, q="gra", identity=record.remote_id)
    assert page.status_code == 502
    text = said(page)
    for part in ("No answer came.", "upstream gone", "req-7", "fake.down", "Try again"):
        assert part in text
    again = staff.visitor.get(href(page, "Try again"))
    assert again.status_code == 200
    if path == "":
        assert values(page, "q") == ["gra"], "nothing of the search is lost"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Transient("x", code="x", retry_after=7.6), "Wait 8 seconds"),
        (Transient("x", code="x", retry_after=0.2), "Wait 1 seconds"),
        (Transient("x", code="x"), "Try again in a moment"),
        (Misconfigured("x", code="x"), "Test the connection"),
        (Refused("x", code="x"), "Change the search"),
        (NotFound("x", code="x"), "may be gone"),
    ],
)
def test_each_kind_of_trouble_says_what_to_do(error, words):
    assert words in remedy(error)


def test_a_directory_that_is_not_verified_is_not_asked(staff, fake, portal, clock):
    with portal.database.write() as session:
        made = Records(session, clock).directory("New", added_at=clock(), verified_at=None)
        draft = Records(session, clock).directory("Begun", in_service=False)
    page = staff.visitor.get(f"/admin/directories/{made.uuid}/people")
    assert "not verified" in said(page)
    assert fake.calls == []
    assert staff.visitor.get(f"/admin/directories/{draft.uuid}/people").status_code == 404


def test_a_directory_that_knows_nobody_teaches(staff, fake):
    assert "knows nobody yet" in said(staff.open())
    assert "Nobody found" in said(staff.open(q="x"))


def test_searches_have_a_limit_of_their_own(staff, fake, monkeypatch):
    monkeypatch.setitem(limits.LIMITS, "directory_people.index", Rate("9/minute", "2/minute"))
    fake.add("grace@example.com")
    assert [staff.open().status_code for _ in range(3)] == [200, 200, 429]
