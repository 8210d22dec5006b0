"""A directory's page: its test, whom it serves, its key, and what exists already."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select

from models import Delivery, Directory, DirectoryPerson, Serves
from tests.blueprints.admin.conftest import START
from tests.blueprints.conftest import said


def deliveries(portal) -> list[Delivery]:
    with portal.database.read() as session:
        return list(session.scalars(select(Delivery).order_by(Delivery.id)))


def unverify(portal) -> None:
    with portal.database.write() as session:
        session.scalars(select(Directory)).one().verified_at = None


def test_the_page_is_a_checklist_with_a_conclusion(wizard):
    wizard.add()
    page = said(wizard.open())
    assert "The admin API lists identities passed" in page
    assert "Passkeys made here will sign in there: not known" in page
    assert "ory.identities" in page


def test_the_sign_in_flow_is_tried_only_on_request(wizard):
    wizard.add()
    wizard.ory.control.forget_requests()
    wizard.step("test", {})
    assert wizard.ory.control.requests(path="/self-service/login") == []
    wizard.step("test", {"probe": "y"})
    assert len(wizard.ory.control.requests(path="/self-service/login")) == 1
    assert "Passkeys made here will sign in there: yes." in said(wizard.open())


def test_another_relying_party_shows_the_patch_that_sets_ours(wizard):
    wizard.add()
    wizard.ory.control.relying_party("elsewhere.example.com", "https://elsewhere.example.com")
    wizard.step("test", {"probe": "y"})
    opened = wizard.open()
    page = said(opened)
    assert "will sign in there: no, because" in page
    assert '"path": "/services/identity/config/selfservice/methods/passkey/config/rp/id"' in page
    assert opened.text.count('class="copy-block"') == 1
    assert "delivers, but no sign-in" in said(wizard.visitor.get(START))


def test_a_failing_test_says_what_the_directory_said(wizard):
    wizard.add()
    wizard.ory.control.fail(times=50, status=503, path="/admin/identities")
    assert wizard.step("test", {}).status_code == 303
    page = said(wizard.open())
    assert "The test failed: 1 of" in page
    assert "Failed on request" in page
    assert "last test failed" in page


def test_nothing_is_delivered_before_the_connection_is_verified(wizard, portal):
    wizard.add()
    unverify(portal)
    page = said(wizard.open())
    assert "Nothing is delivered yet" in page and "does not have yet" not in page
    wizard.step("deliver-existing", {})
    assert "Test the connection first." in said(wizard.open())
    assert deliveries(portal) == []
    wizard.step("test", {})
    assert "1 passkey exists that Ory of the house does not have yet" in said(wizard.open())


def test_existing_passkeys_are_delivered_on_request(wizard, portal, deliver):
    wizard.add()
    assert "1 passkey exists that Ory of the house does not have yet" in said(wizard.open())
    woken = []
    portal.wake = lambda: woken.append(True)
    wizard.step("deliver-existing", {})
    assert woken and len(deliveries(portal)) == 1
    assert "1 passkey is on the way" in said(wizard.open())
    deliver()
    page = said(wizard.open())
    assert "does not have yet" not in page
    assert "Passkeys there 1" in page


def test_it_serves_chosen_people_only_when_asked_to(wizard, somebody, portal):
    wizard.add()
    wizard.step("serves", {"serves": "chosen"})
    page = said(wizard.open())
    assert "Nobody is chosen yet, so it serves nobody." in page
    assert "does not have yet" not in page
    found = wizard.visitor.get(f"{wizard.page}?who=grace")
    assert "Grace Hopper grace@example.com" in said(found)
    grace = found.text.split('name="choose" value="')[1].split('"')[0]
    answer = wizard.step("serves", {"choose": grace, "who": "grace"})
    assert answer.location == f"{wizard.page}?who=grace#serves"
    page = said(wizard.visitor.get(f"{wizard.page}?who=grace"))
    assert "Nobody who is not chosen already matches “grace”." in page
    assert "1 passkey exists" in page
    wizard.step("serves", {"unchoose": grace})
    assert "Nobody is chosen yet" in said(wizard.open())
    with portal.database.read() as session:
        assert session.scalars(select(DirectoryPerson)).all() == []
        assert session.scalars(select(Directory)).one().serves is Serves.CHOSEN


@pytest.mark.parametrize("fields", [{"choose": "x"}, {"unchoose": str(uuid.uuid4())}])
def test_somebody_who_is_not_there_cannot_be_chosen(wizard, fields):
    wizard.add()
    assert wizard.step("serves", fields).status_code == 404


def test_serving_something_made_up_is_refused(wizard, stored):
    wizard.add()
    assert wizard.step("serves", {"serves": "nobody"}).status_code == 422
    assert stored(wizard.directory).serves is Serves.EVERYONE


def test_the_address_cannot_be_edited(wizard, stored):
    wizard.add()
    page = wizard.open("edit").text
    assert 'name="endpoint"' not in page and wizard.ory.url in page
    forged = {"name": "Ory", "endpoint": "http://127.0.0.1:9"}
    assert wizard.step("edit", forged).status_code == 303
    assert stored(wizard.directory).settings["endpoint"] == wizard.ory.url
    answer = wizard.connect(
        f"{START}/new/ory?attempt={wizard.directory}", endpoint="http://127.0.0.1:9"
    )
    assert answer.status_code == 303
    assert stored(answer.location.split("/")[3]).settings["endpoint"] == wizard.ory.url


def test_a_mapping_is_changed_and_tested_again(wizard, stored):
    wizard.add()
    assert "UPDATE" in said(wizard.open("mapping"))
    assert wizard.map(family_name="").location == wizard.page
    found = stored(wizard.directory)
    assert found.settings["mapping"]["family_name"] == "" and found.verified_at


@pytest.mark.parametrize("verb", ["test", "edit", "serves", "deliver-existing"])
def test_a_draft_has_no_page_of_its_own_to_act_on(wizard, verb):
    wizard.connect()
    assert wizard.step(verb, {"secret": "x", "serves": "chosen"}).status_code == 404


def test_the_list_counts_what_is_there_and_what_is_held(wizard, deliver):
    wizard.add()
    wizard.step("deliver-existing", {})
    assert f'href="/admin/deliveries?directory={wizard.directory}&amp;show=waiting"' in (
        wizard.visitor.get(START).text
    )
    deliver()
    assert "everyone (1) 1 0 on the way 0 held" in said(wizard.visitor.get(START))
