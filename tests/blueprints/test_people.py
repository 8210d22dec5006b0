"""Administration of people: finding, adding, inviting, and reading a passkey's story."""

from __future__ import annotations

import re
import uuid

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from models import AuditEvent, EnrolmentLink, Passkey, Person, RoleGrant
from services import people
from services.roles import ADMINISTRATOR, NAMES, ROLES, Privilege
from services.sealing import Sealer
from tests.blueprints.conftest import said
from tests.visitor import Visitor

LINK = re.compile(r"http://localhost:5000(/links/[\w-]+)")
RADIA = {
    "given_name": "Radia",
    "middle_name": "Joy",
    "family_name": "Perlman",
    "display_name": "Radia Perlman",
    "email": "Radia@Example.com",
}


def person(portal, email: str) -> Person:
    with portal.database.read() as session:
        return people.by_email(session, email)


@pytest.fixture
def radia(administrator, portal) -> Person:
    assert administrator.send("/admin/people/new", RADIA).status_code == 303
    return person(portal, "radia@example.com")


def make_link(visitor, whom, lifetime="24"):
    return visitor.send(f"/admin/people/{whom.uuid}/links", {"lifetime": lifetime})


def test_a_person_is_added_and_shown(administrator, radia):
    page = administrator.get(f"/admin/people/{radia.uuid}")
    text = said(page)
    assert "Radia Perlman is added" in text
    for fact in ("radia@example.com", "Joy", "Perlman", "has no passkey yet"):
        assert fact in text


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("email", "ADA@example.com", "There is a person with the address ada@example.com already"),
        ("email", "ada@", "Enter an e-mail address"),
        ("email", "", "Enter the e-mail address."),
        ("given_name", "", "Enter the given name."),
        ("display_name", " \t ", "Enter the display name."),
        ("middle_name", "x" * 129, "longer than 128"),
    ],
)
def test_what_is_wrong_is_named_and_the_rest_is_kept(administrator, portal, field, value, sentence):
    answer = administrator.send("/admin/people/new", {**RADIA, field: value})
    assert answer.status_code == 422
    assert sentence in said(answer)
    assert 'value="Perlman"' in answer.text
    assert person(portal, "radia@example.com") is None


def test_the_list_is_searched_by_every_word(administrator, radia):
    assert "Radia Perlman" in said(administrator.get("/admin/people?q=perl+RADIA"))
    assert "Ada King" not in said(administrator.get("/admin/people?q=perl+RADIA"))
    assert "Nobody found" in said(administrator.get("/admin/people?q=perl+ada"))
    assert "Nobody found" in said(administrator.get("/admin/people?q=%25"))
    assert "Ada King" in said(administrator.get("/admin/people?q=%00"))


def test_the_list_pages_both_ways(administrator, portal):
    with portal.database.write() as session:
        for number in range(120):
            names = people.Names("P", str(number), f"Person {number}", f"p{number}@example.com")
            people.add(session, names, actor=None, now=portal.now())
    seen, path = [], "/admin/people?q=Person"
    while path:
        page = administrator.get(path).text
        seen.append(re.findall(r">Person (\d+)</a>", page))
        found = re.search(r'rel="next" href="([^"]+)"', page)
        path = found and found.group(1).replace("&amp;", "&")
    assert [len(numbers) for numbers in seen] == [50, 50, 20]
    assert [int(one) for numbers in seen for one in numbers] == list(range(119, -1, -1))
    back = re.search(r'rel="prev" href="([^"]+)"', page).group(1).replace("&amp;", "&")
    assert re.findall(r">Person (\d+)</a>", administrator.get(back).text) == seen[1]


@pytest.mark.parametrize("query", ["older=nonsense", "newer=" + str(uuid.UUID(int=7)), "older=%00"])
def test_a_cursor_that_leads_nowhere_gives_the_first_page(administrator, query):
    assert "Ada King" in said(administrator.get(f"/admin/people?{query}"))


def test_a_link_is_shown_once_and_works(app, world, administrator, portal, radia):
    answer = make_link(administrator, radia)
    assert answer.status_code == 303
    page = administrator.get(f"/admin/people/{radia.uuid}").text
    path = LINK.search(page).group(1)
    assert 'data-copy="http://localhost:5000/links/' in page
    assert not LINK.search(administrator.get(f"/admin/people/{radia.uuid}").text)
    visitor = Visitor(app, world.key())
    assert "for Radia Perlman" in said(visitor.get(path))
    visitor.open_link(path)
    assert visitor.enrol().location == "/enrol/done"
    page = said(administrator.get(f"/admin/people/{radia.uuid}"))
    assert "HID Crescendo Key" in page
    assert "used" in page


def test_a_link_whose_key_was_taken_out_of_the_settings_is_not_shown(
    administrator, portal, radia, monkeypatch
):
    make_link(administrator, radia)
    monkeypatch.setattr(portal, "sealer", Sealer([Fernet.generate_key().decode()]))
    page = administrator.get(f"/admin/people/{radia.uuid}")
    assert page.status_code == 200
    assert not LINK.search(page.text)


def test_the_cookie_that_carries_it_does_not_show_it(app, administrator, radia):
    make_link(administrator, radia)
    kept = administrator.client.get_cookie("latchkey").value
    session = app.session_interface.get_signing_serializer(app).loads(kept)
    path = LINK.search(administrator.get(f"/admin/people/{radia.uuid}").text).group(1)
    assert path.rpartition("/")[2] not in str(session)


def test_the_link_is_shown_on_its_own_persons_page_only(administrator, portal, radia):
    make_link(administrator, radia)
    ada = person(portal, "ada@example.com")
    assert not LINK.search(administrator.get(f"/admin/people/{ada.uuid}").text)
    assert LINK.search(administrator.get(f"/admin/people/{radia.uuid}").text)


def test_its_time_is_chosen(administrator, portal, radia, clock):
    make_link(administrator, radia, "72")
    with portal.database.read() as session:
        link = session.scalars(select(EnrolmentLink).order_by(EnrolmentLink.id.desc())).first()
    assert (link.expires_at - clock()).days == 3
    for wrong in ("", "9000", "x"):
        assert make_link(administrator, radia, wrong).status_code == 422


def test_a_link_can_be_revoked(app, administrator, portal, radia):
    make_link(administrator, radia)
    path = LINK.search(administrator.get(f"/admin/people/{radia.uuid}").text).group(1)
    with portal.database.read() as session:
        link = session.scalars(select(EnrolmentLink).order_by(EnrolmentLink.id.desc())).first()
    answer = administrator.send(f"/admin/links/{link.uuid}/revoke")
    assert answer.location == f"/admin/people/{radia.uuid}"
    assert "revoked" in said(administrator.get(answer.location))
    assert Visitor(app).get(path).status_code == 410
    administrator.send(f"/admin/links/{link.uuid}/revoke")
    with portal.database.read() as session:
        events = session.scalars(select(AuditEvent).where(AuditEvent.tag == "link.revoked")).all()
    assert len(events) == 1


def test_a_used_link_cannot_be_revoked(app, world, administrator, portal, radia):
    make_link(administrator, radia)
    path = LINK.search(administrator.get(f"/admin/people/{radia.uuid}").text).group(1)
    visitor = Visitor(app, world.key())
    visitor.open_link(path)
    visitor.enrol()
    with portal.database.read() as session:
        link = session.scalars(select(EnrolmentLink).order_by(EnrolmentLink.id.desc())).first()
    answer = administrator.send(f"/admin/links/{link.uuid}/revoke")
    assert answer.status_code == 422
    assert "used already" in said(answer)
    with portal.database.read() as session:
        assert session.get_one(EnrolmentLink, link.id).revoked_at is None


def test_nobody_makes_links_for_who_may_do_more(somebody, portal, monkeypatch):
    monkeypatch.setitem(ROLES, "helper", frozenset({Privilege.VIEW_PEOPLE, Privilege.MAKE_LINKS}))
    with portal.database.write() as session:
        grace = people.by_email(session, "grace@example.com")
        grace.roles.append(RoleGrant(role="helper", granted_at=portal.now()))
    ada, grace = person(portal, "ada@example.com"), person(portal, "grace@example.com")
    answer = make_link(somebody, ada)
    assert answer.status_code == 403
    assert "person_holds_more" in said(answer)
    assert make_link(somebody, grace).status_code == 303


@pytest.mark.parametrize(
    "path",
    ["/admin/people/{}", "/admin/passkeys/{}", "/admin/people/not-a-uuid", "/admin/passkeys/0"],
)
def test_what_is_not_there_is_not_found(administrator, path):
    assert administrator.get(path.format(uuid.uuid4())).status_code == 404


def test_posting_to_what_is_not_there_is_not_found(administrator):
    for path in ("/admin/people/{}/links", "/admin/links/{}/revoke"):
        sent = administrator.send(path.format(uuid.uuid4()), {"lifetime": "24"})
        assert sent.status_code == 404


def test_a_passkey_tells_its_story(administrator, portal):
    with portal.database.read() as session:
        passkey = session.scalars(select(Passkey)).one()
    page = administrator.get(f"/admin/passkeys/{passkey.uuid}")
    text = said(page)
    for fact in (
        "Made",
        "Judged",
        "trusted",
        "proven by the manufacturer's certificate",
        "The policy listed it.",
        "Delivered",
        "Used",
        "HID Crescendo only",
        "ES256",
        str(passkey.aaguid),
        "SHA-256 fingerprint",
        "Ended" if passkey.ended_at else "Counter",
    ):
        assert fact in text, fact
    assert page.text.count("data-copy=") > 8


def test_the_story_of_an_unattested_and_ended_passkey(app, world, portal, setup_link, clock):
    visitor = Visitor(app, world.phone())
    visitor.set_up(setup_link, kind="any")
    visitor.sign_in()
    with portal.database.write() as session:
        passkey = session.scalars(select(Passkey)).one()
    text = said(visitor.get(f"/admin/passkeys/{passkey.uuid}"))
    assert "nothing: unattested" in text
    assert "any model" in text
    visitor.key = world.key()
    visitor.send("/passkeys/new", visitor.answer("add"))
    with portal.database.write() as session:
        newest = session.scalars(select(Passkey).order_by(Passkey.id.desc())).first()
        newest.ended_at, newest.ended_because = clock(), "lost"
        newest.counter_refused_at = clock()
    text = said(visitor.get(f"/admin/passkeys/{newest.uuid}"))
    assert "Ended" in text
    assert "lost" in text
    assert "counted fewer uses" in text


def test_administrators_are_named_as_such(administrator):
    assert NAMES[ADMINISTRATOR] in said(administrator.get("/admin/people"))


def test_the_overview_says_what_comes_next(administrator):
    text = said(administrator.get("/admin/"))
    for fact in ("Connect a directory", "Add a person", "HID Crescendo only", "FIDO metadata"):
        assert fact in text
