"""The pages of a directory's people, as an administrator and as somebody hostile sends them."""

from __future__ import annotations

import re
import uuid
from html import unescape
from urllib.parse import parse_qs

import pytest
from sqlalchemy import select

from blueprints import limits
from blueprints.directory_people.area import remedy
from blueprints.limits import Rate
from directories import registry
from directories.base import Group, Misconfigured, NotFound, Refused, Transient
from models import Delivery, DirectoryType, EnrolmentLink, Identity, Mail, Person
from services import people, role_changes, roles
from services.directories import browsing
from services.roles import Privilege
from tests.blueprints.conftest import said
from tests.fake_directory import FakeDirectory
from tests.records import Records

DOWN = Transient("No answer came.", code="fake.down", said="upstream gone", request_id="req-7")


@pytest.fixture
def fake(monkeypatch) -> FakeDirectory:
    directory = FakeDirectory()
    directory.takes_identities = False
    directory.lists_groups = directory.lists_assigned = True
    monkeypatch.setattr(registry, "build", lambda *_, **__: directory)
    return directory


class Staff:
    """A directory's pages, and what stands behind them."""

    def __init__(self, portal, visitor, clock) -> None:
        self.portal, self.visitor, self.clock = portal, visitor, clock
        with portal.database.write() as session:
            made = Records(session, clock).directory("Staff", type=DirectoryType.ENTRA)
            self.page = f"/admin/directories/{made.uuid}/people"

    def open(self, path="", **query):
        return self.visitor.get(self.page + path, query_string=query)

    def send(self, path, **fields):
        return self.visitor.send(self.page + path, fields)

    def person(self, name, **more) -> Person:
        with self.portal.database.write() as session:
            return Records(session, self.clock).person(name, **more)

    def links(self) -> dict[str, str]:
        with self.portal.database.read() as session:
            rows = session.scalars(select(Identity)).all()
            return {one.remote_id: one.person.display_name for one in rows}

    def rows(self, kind):
        with self.portal.database.read() as session:
            return list(session.scalars(select(kind)))


@pytest.fixture
def staff(portal, administrator, clock, fake) -> Staff:
    return Staff(portal, administrator, clock)


@pytest.fixture
def linker(portal, somebody, monkeypatch):
    """Grace, who may link but does not hold all that an administrator does."""
    held = (
        *roles.of_any_type(roles.Action.VIEW),
        Privilege.VIEW_PEOPLE,
        Privilege.LINK_IDENTITIES,
        Privilege.ADD_PEOPLE,
        Privilege.MAKE_LINKS,
    )
    monkeypatch.setitem(roles.ROLES, "linker", frozenset(held))
    with portal.database.write() as session:
        grace = people.by_email(session, "grace@example.com")
        role_changes.grant(session, grace, "linker", now=portal.now())
    return somebody


def href(page, words: str) -> str:
    """Where a link leads."""
    found = re.search(rf'<a [^>]*href="([^"]+)"[^>]*>\s*{words}', page.text)
    assert found, words
    return unescape(found.group(1))


def values(page, name: str) -> list[str]:
    return [unescape(one) for one in re.findall(rf'name="{name}" value="([^"]*)"', page.text)]


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


# Linking


def test_a_record_is_linked_to_a_person_who_was_searched_for(staff, fake):
    record = fake.add("g.hopper@corp.example", name="Grace H.")
    grace = staff.person("grace")
    page = staff.open("/link", identity=record.remote_id)
    assert "Nobody here has the address" in said(page)
    page = staff.open("/link", identity=record.remote_id, who="grace", q="hopper")
    page = staff.visitor.get(href(page, "Choose"))
    assert "Link to Grace Example" in said(page)
    assert staff.links() == {}
    fields = {name: values(page, name)[0] for name in ("identity", "person", "q")}
    answer = staff.send("/link", **fields)
    assert (answer.status_code, answer.location) == (303, f"{staff.page}?q=hopper")
    assert staff.links() == {record.remote_id: "Grace Example"}
    assert "linked to Grace Example" in said(staff.open())
    assert grace.uuid.hex not in staff.links()


def test_whoever_has_the_same_address_is_suggested_and_not_linked(staff, fake):
    record = fake.add("GRACE@example.com")
    staff.person("grace")
    page = staff.open("/link", identity=record.remote_id)
    assert "Suggested, because the address is the same" in said(page)
    assert staff.links() == {}


def test_a_conflict_is_shown_and_nothing_is_overwritten(staff, fake):
    first, second = fake.add("a@example.com"), fake.add("b@example.com")
    grace, alan = staff.person("grace"), staff.person("alan")
    staff.send("/link", identity=first.remote_id, person=str(grace.uuid))
    taken = staff.send("/link", identity=first.remote_id, person=str(alan.uuid))
    assert (taken.status_code, "identity_linked" in said(taken)) == (409, True)
    other = staff.send("/link", identity=second.remote_id, person=str(grace.uuid))
    assert (other.status_code, "person_linked" in said(other)) == (409, True)
    assert "person_linked" in said(
        staff.open("/link", identity=second.remote_id, person=str(grace.uuid))
    )
    assert "linked to Grace Example" in said(staff.open("/link", identity=first.remote_id))
    assert "has another record there" in said(
        staff.open("/link", identity=second.remote_id, who="grace")
    )
    assert staff.links() == {first.remote_id: "Grace Example"}


def test_ids_from_the_form_are_looked_up_in_this_very_directory(staff, fake):
    grace = staff.person("grace")
    record = fake.add("grace@example.com")
    for wrong in ("", "remote-77", "..", "../users", "a" * 300):
        answer = staff.send("/link", identity=wrong, person=str(grace.uuid))
        assert (answer.status_code, "identity_unknown" in said(answer)) == (404, True)
        assert staff.open("/invite", identity=wrong).status_code == 404
    for wrong in ("", "x", str(uuid.uuid4())):
        answer = staff.send("/link", identity=record.remote_id, person=wrong)
        assert answer.status_code == 200, "whom to link is asked again"
    assert staff.links() == {}


def test_a_form_without_its_token_links_nobody(staff, fake):
    record, grace = fake.add("grace@example.com"), staff.person("grace")
    fields = {"identity": record.remote_id, "person": str(grace.uuid), "csrf_token": "x"}
    for path in ("/link", "/unlink", "/invite", "/pairs"):
        assert staff.visitor.send(staff.page + path, fields).status_code == 400
    assert staff.links() == {}


def test_somebody_who_may_do_less_cannot_choose_an_administrators_record(staff, fake, linker):
    record = fake.add("ada@example.com")
    page, ada = staff.page, _person(staff, "ada@example.com")
    shown = linker.get(f"{page}/link?identity={record.remote_id}&person={ada.uuid}")
    assert "person_holds_more" in said(shown)
    fields = {"identity": record.remote_id, "person": str(ada.uuid)}
    assert linker.send(f"{page}/link", fields).status_code == 403
    preview = linker.get(f"{page}/pairs")
    assert "may do more than you" in said(preview)
    assert values(preview, "pair") == []
    assert staff.links() == {}
    staff.send("/link", **fields)
    assert linker.send(f"{page}/unlink", fields).status_code == 403
    assert "Unlink" not in said(linker.get(page))
    assert staff.links() == {record.remote_id: "Ada King"}


def test_a_pair_that_an_administrator_was_shown_is_of_no_use_to_somebody_else(staff, fake, linker):
    fake.add("ada@example.com")
    (pair,) = values(staff.open("/pairs"), "pair")
    answer = linker.send(f"{staff.page}/pairs", {"pair": pair})
    assert answer.status_code == 422
    assert "their record is not yours to choose" in said(answer)
    assert staff.links() == {}


@pytest.mark.parametrize("lacking", [{Privilege.VIEW_PEOPLE}, roles.of_any_type(roles.Action.VIEW)])
def test_every_page_needs_both_sides(staff, fake, linker, monkeypatch, lacking):
    record = fake.add("grace@example.com")
    monkeypatch.setitem(roles.ROLES, "linker", roles.ROLES["linker"] - lacking)
    for path in ("", "/groups", "/counts", "/link", "/unlink", "/invite", "/pairs"):
        assert linker.get(f"{staff.page}{path}?identity={record.remote_id}").status_code == 403


@pytest.mark.parametrize("lacking", [Privilege.ADD_PEOPLE, Privilege.MAKE_LINKS])
def test_inviting_needs_the_privileges_of_all_its_parts(staff, fake, linker, monkeypatch, lacking):
    record = fake.add("new@example.com")
    monkeypatch.setitem(roles.ROLES, "linker", roles.ROLES["linker"] - {lacking})
    page = f"{staff.page}/invite?identity={record.remote_id}"
    assert linker.get(page).status_code == 403
    assert linker.send(f"{staff.page}/invite", {"identity": record.remote_id}).status_code == 403
    assert "Invite" not in said(linker.get(staff.page))


def test_a_record_is_unlinked_after_saying_what_that_means(staff, fake):
    record, grace = fake.add("grace@example.com"), staff.person("grace")
    staff.send("/link", identity=record.remote_id, person=str(grace.uuid))
    fake.calls.clear()
    page = staff.open("/unlink", identity=record.remote_id)
    assert "nothing is removed" in said(page)
    assert staff.links()
    back = f"/admin/people/{grace.uuid}"
    answer = staff.send("/unlink", identity=record.remote_id, next=back)
    assert (answer.status_code, answer.location) == (303, back)
    assert (staff.links(), fake.calls) == ({}, [])
    again = staff.send("/unlink", identity=record.remote_id)
    assert (again.status_code, "identity_not_linked" in said(again)) == (404, True)


def test_nothing_leads_to_another_site_afterwards(staff, fake):
    record, grace = fake.add("grace@example.com"), staff.person("grace")
    for path in ("/link", "/unlink"):
        answer = staff.send(
            path, identity=record.remote_id, person=str(grace.uuid), next="//evil.example"
        )
        assert answer.location == staff.page


def test_a_record_with_passkeys_in_it_is_not_unlinked(staff, fake, portal, clock):
    record, grace = fake.add("grace@example.com"), staff.person("grace")
    staff.send("/link", identity=record.remote_id, person=str(grace.uuid))
    with portal.database.write() as session:
        records = Records(session, clock)
        identity = session.scalars(select(Identity)).one()
        key = records.passkey(identity.person)
        records.placement(key, identity.directory, actual="present")
    page = staff.send("/unlink", identity=record.remote_id)
    assert (page.status_code, "identity_placed" in said(page)) == (409, True)
    assert staff.links()


# Inviting


def _invitation(record, **more):
    return {
        "identity": record.remote_id,
        "given_name": "Grace",
        "family_name": "Hopper",
        "display_name": "Grace Hopper",
        "email": "hopper@example.com",
        "lifetime": "24",
        **more,
    }


def test_an_invitation_shows_what_the_directory_says_and_keeps_what_was_typed(staff, fake):
    record = fake.add(
        "hopper@example.com", name="Grace Hopper", given_name="Grace", family_name="Hopper"
    )
    page = staff.open("/invite", identity=record.remote_id)
    for name in ("given_name", "family_name", "display_name", "email"):
        assert re.search(rf'name="{name}"[^>]*value="[^"]+"', page.text), name
    answer = staff.send("/invite", **_invitation(record, display_name="Admiral Hopper"))
    assert answer.status_code == 303
    assert staff.links() == {record.remote_id: "Admiral Hopper"}
    shown = staff.visitor.get(answer.location)
    assert re.search(r"/links/[\w-]+", shown.text)
    assert len(staff.rows(EnrolmentLink)) == 2, "hers, and the administrator's set-up"


def test_an_invitation_goes_by_mail_when_asked(staff, fake):
    record = fake.add("hopper@example.com")
    answer = staff.send("/invite", **_invitation(record, mail="1", q="hop"))
    assert answer.location == f"{staff.page}?q=hop"
    (mail,) = staff.rows(Mail)
    assert mail.person.email == "hopper@example.com"


def test_an_address_that_is_taken_is_refused_and_its_person_offered(staff, fake):
    record, grace = fake.add("grace@example.com"), staff.person("grace")
    for page in (
        staff.open("/invite", identity=record.remote_id),
        staff.send("/invite", **_invitation(record, email="GRACE@example.com")),
    ):
        assert "Grace Example is here already" in said(page)
        target = href(page, "Link to Grace Example")
        assert f"person={grace.uuid}" in target
    assert page.status_code == 422
    assert staff.links() == {}
    assert "Link to Grace Example" in said(staff.visitor.get(target))


def test_an_invitation_that_cannot_be_kept_says_why(staff, fake):
    record, grace = fake.add("hopper@example.com"), staff.person("grace")
    empty = staff.send("/invite", identity=record.remote_id)
    assert (empty.status_code, "Enter the given name." in said(empty)) == (422, True)
    staff.send("/link", identity=record.remote_id, person=str(grace.uuid))
    late = staff.send("/invite", **_invitation(record))
    assert (late.status_code, "identity_linked" in said(late)) == (409, True)
    assert _person(staff, "hopper@example.com") is None
    assert "linked to Grace Example" in said(staff.open("/invite", identity=record.remote_id))


# In bulk


def test_pairs_are_shown_before_any_is_linked(staff, fake, portal, clock):
    fake.add("grace@example.com")
    fake.add("alan@example.com", enabled=False)
    fake.add("mary@example.com", label="m1")
    fake.add("mary@example.com", label="m2")
    fake.add("nobody@example.com")
    staff.person("mary")
    grace = staff.person("grace")
    with portal.database.write() as session:
        Records(session, clock).passkey(people.get(session, grace.uuid))
    staff.person("alan")
    page = staff.open("/pairs")
    boxes = re.findall(r'<input type="checkbox" name="pair" value="[^"]+"( checked)?>', page.text)
    assert boxes == [" checked", ""]
    for part in ("The account is disabled there.", "records of this page fit", "Invite"):
        assert part in said(page)
    assert staff.links() == {}
    grace, alan = values(page, "pair")
    answer = staff.send("/pairs", pair=[grace, alan])
    assert answer.status_code == 303
    assert sorted(staff.links().values()) == ["Alan Example", "Grace Example"]
    assert len(staff.rows(Delivery)) == 0, "Entra takes no passkeys that were made elsewhere"
    assert "linked already" in said(staff.visitor.get(answer.location))


def test_what_changed_meanwhile_is_told_and_not_linked(staff, fake):
    record = fake.add("grace@example.com")
    fake.add("alan@example.com")
    staff.person("grace")
    staff.person("alan")
    pairs = values(staff.open("/pairs"), "pair")
    record.email = "else@example.com"
    page = staff.send("/pairs", pair=pairs)
    assert page.status_code == 422
    assert "1 linked, 1 not" in said(page)
    assert "not called grace@example.com any more" in said(page)
    assert list(staff.links().values()) == ["Alan Example"]


def test_a_directory_that_stops_in_the_middle_is_told_with_what_was_done(staff, fake):
    for name in ("grace", "alan", "mary"):
        fake.add(f"{name}@example.com")
        staff.person(name)
    pairs = values(staff.open("/pairs"), "pair")
    fake.before["find_identity"].extend([lambda: None, DOWN])
    page = staff.send("/pairs", pair=pairs)
    assert page.status_code == 502
    for part in ("1 linked, 2 not", "2 pairs were not tried", "No answer came.", "req-7"):
        assert part in said(page)
    assert len(staff.links()) == 1


def test_nobody_chosen_or_made_up_pairs_link_nobody(staff, fake):
    record, grace = fake.add("grace@example.com"), staff.person("grace")
    for pairs in ([], ["x"], [f"{record.remote_id} {grace.uuid}"]):
        answer = staff.send("/pairs", pair=pairs)
        assert answer.status_code == 303
    assert "Nobody was chosen" in said(staff.visitor.get(answer.location))
    assert staff.links() == {}


def test_searches_have_a_limit_of_their_own(staff, fake, monkeypatch):
    monkeypatch.setitem(limits.LIMITS, "directory_people.index", Rate("9/minute", "2/minute"))
    fake.add("grace@example.com")
    assert [staff.open().status_code for _ in range(3)] == [200, 200, 429]


# A person's own page


def test_a_persons_page_shows_their_records_and_where_to_link_one(staff, fake):
    record, grace = fake.add("grace@corp.example"), staff.person("grace")
    page = staff.visitor.get(f"/admin/people/{grace.uuid}")
    finding = href(page, "Link a record")
    listed = staff.visitor.get(finding)
    assert "Find the record of Grace Example" in said(listed)
    assert values(listed, "q") == ["grace@example.com"]
    listed = staff.visitor.get(
        finding.replace("grace%40example.com", "corp").replace("grace@example.com", "corp")
    )
    confirm = staff.visitor.get(href(listed, "Choose"))
    fields = {name: values(confirm, name)[0] for name in ("identity", "person", "next")}
    answer = staff.send("/link", **fields)
    assert answer.location == f"/admin/people/{grace.uuid}#identities"
    page = staff.visitor.get(answer.location)
    assert record.remote_id in said(page)
    assert staff.visitor.get(href(page, "Unlink")).status_code == 200


def _person(staff, email) -> Person | None:
    with staff.portal.database.read() as session:
        return people.by_email(session, email)
