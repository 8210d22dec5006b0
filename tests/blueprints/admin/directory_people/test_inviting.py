"""Whom a directory knows is invited, and pairs are linked several at once."""

from __future__ import annotations

import re

from models import Delivery, EnrolmentLink, Mail
from services import people
from tests.blueprints.admin.directory_people.conftest import DOWN, href, known_as, values
from tests.blueprints.conftest import said
from tests.records import Records


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
    assert known_as(staff, "hopper@example.com") is None
    assert "linked to Grace Example" in said(staff.open("/invite", identity=record.remote_id))


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
