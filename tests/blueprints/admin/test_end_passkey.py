"""An operator ends a key that was reported lost; recovery by a link with that purpose."""

from __future__ import annotations

import re

import pytest

from models import LinkPurpose
from services import people, role_changes
from services.roles import Privilege
from tests.blueprints.conftest import said
from tests.blueprints.test_removal import confirm, live
from tests.visitor import Visitor

GRACE = "Grace Hopper"


def end(visitor: Visitor, passkey, **answer: str):
    page = f"/admin/passkeys/{passkey.uuid}/end"
    visitor.get(page)
    return visitor.send(page, answer or confirm(visitor, passkey))


@pytest.fixture
def lost(somebody, portal):
    """The passkey of Grace, who is signed in with it."""
    return live(portal, GRACE)[0]


@pytest.fixture
def deputy(app, world, invite, portal) -> Visitor:
    """Dan, who may end keys and look at them, and is no administrator."""
    few = {Privilege.END_PASSKEYS, Privilege.VIEW_PASSKEYS, Privilege.VIEW_PEOPLE}
    visitor = Visitor(app, world.key())
    visitor.open_link(invite("Dan Deputy"))
    visitor.enrol()
    with portal.database.write() as session:
        dan = people.by_email(session, "dan@example.com")
        deputy = role_changes.create(
            session, name="Deputy", description="", privileges=few, actor=None, now=portal.now()
        )
        role_changes.grant(session, dan, deputy.key, now=portal.now())
    visitor.sign_in()
    return visitor


def test_a_lost_key_is_ended_by_the_operators_own_touch(administrator, somebody, lost, portal):
    story = administrator.get(f"/admin/passkeys/{lost.uuid}")
    assert f'href="/admin/passkeys/{lost.uuid}/end"' in story.text
    text = said(administrator.get(f"/admin/passkeys/{lost.uuid}/end"))
    assert "This is the only key of Grace Hopper" in text
    assert "Touch your own key" in text
    answer = end(administrator, lost)
    assert (answer.status_code, answer.location) == (303, f"/admin/passkeys/{lost.uuid}")
    assert live(portal, GRACE) == []
    story = administrator.get(answer.location)
    assert "Reported lost, and ended by an operator." in said(story)
    assert "End this passkey" not in said(story)
    assert somebody.get("/passkeys").location.startswith("/sign-in")
    assert "credential_ended" in said(somebody.sign_in())
    assert end(administrator, lost, ceremony="", response="").status_code == 409


def test_an_operator_without_a_touch_ends_nothing(administrator, lost, portal):
    refused = end(administrator, lost, ceremony="", response="")
    assert refused.status_code == 422
    assert "challenge_unknown" in said(refused)
    [own] = live(portal, "Ada King")
    assert "challenge_other_subject" in said(
        end(administrator, lost, **confirm(administrator, own))
    )
    assert len(live(portal, GRACE)) == 1


def test_the_owners_touch_does_not_confirm_for_the_operator(administrator, somebody, lost, portal):
    answer = confirm(somebody, lost)
    assert "challenge_other_session" in said(end(administrator, lost, **answer))
    assert len(live(portal, GRACE)) == 1


def test_a_deputy_ends_keys_of_people_but_not_of_administrators(
    administrator, deputy, lost, world, portal
):
    administrator.key = world.key()
    administrator.send("/passkeys/new", administrator.answer("add"))
    for passkey in live(portal, "Ada King"):
        page = deputy.get(f"/admin/passkeys/{passkey.uuid}/end")
        assert page.status_code == 403
        assert "data-ceremony" not in page.text
        refused = end(deputy, passkey)
        assert refused.status_code == 403
        assert "person_holds_more" in said(refused)
    assert len(live(portal, "Ada King")) == 2
    assert end(deputy, lost).status_code == 303
    assert live(portal, GRACE) == []


def test_the_last_key_of_an_administrator_stays(administrator, portal):
    [only] = live(portal, "Ada King")
    refused = end(administrator, only)
    assert refused.status_code == 409
    assert "passkey_last" in said(refused)


def test_who_may_not_end_keys_is_offered_nothing(administrator, deputy, lost, monkeypatch):
    few = frozenset({Privilege.VIEW_PASSKEYS, Privilege.VIEW_PEOPLE})
    monkeypatch.setattr("blueprints.visitor.privileges", lambda person: few)
    assert "End this passkey" not in said(deputy.get(f"/admin/passkeys/{lost.uuid}"))
    assert deputy.get(f"/admin/passkeys/{lost.uuid}/end").status_code == 403
    assert deputy.send(f"/admin/passkeys/{lost.uuid}/end").status_code == 403


def recovery_link(administrator: Visitor, person) -> str:
    fields = {"lifetime": "24", "purpose": "recover"}
    made = administrator.send(f"/admin/people/{person.uuid}/links", fields)
    assert made.status_code == 303
    return re.search(r"/links/[\w-]{40,}", administrator.get(made.location).text).group()


def test_recovery_says_so_and_asks_which_key_was_lost(
    app, administrator, somebody, lost, world, portal
):
    link = recovery_link(administrator, lost.person)
    again = Visitor(app, world.key())
    assert "It was made because a key was lost" in said(again.get(link))
    again.open_link(link)
    assert "Enrol a new key, Grace" in said(again.get("/enrol"))
    assert again.enrol().location == "/enrol/done"
    done = again.get("/enrol/done")
    assert "Which key is lost?" in said(done)
    target = f"/passkeys/{lost.uuid}/remove"
    assert f'href="{target}"' in done.text
    assert again.get(target).location.startswith("/sign-in?next=")
    assert again.sign_in(going_on=target).location == target
    assert "You have no key left" not in said(again.get(target))
    page = administrator.get(f"/admin/people/{lost.person.uuid}")
    assert "Grace Hopper has recovered with a new key" in said(page)
    assert f'href="/admin/passkeys/{lost.uuid}/end"' in page.text
    assert again.send(target, confirm(again, lost)).status_code == 303
    assert [one.nickname for one in live(portal, GRACE)] == ["HID Crescendo Key 2"]
    assert "has recovered" not in said(administrator.get(f"/admin/people/{lost.person.uuid}"))
    assert "Which key is lost?" not in said(again.get("/enrol/done"))


def test_once_a_key_is_ended_after_a_recovery_nobody_is_asked_for_another(
    app, administrator, somebody, lost, world, portal
):
    first, somebody.key = somebody.key, world.key()
    somebody.send("/passkeys/new", somebody.answer("add"))
    somebody.key = first
    again = Visitor(app, world.key())
    again.open_link(recovery_link(administrator, lost.person))
    again.enrol()
    person = f"/admin/people/{lost.person.uuid}"
    ways = re.findall(r'/passkeys/[0-9a-f-]{36}/end"', administrator.get(person).text)
    assert len(ways) == 2
    assert end(administrator, lost).status_code == 303
    assert len(live(portal, GRACE)) == 2
    assert "has recovered" not in said(administrator.get(person))
    assert "Which key is lost?" not in said(again.get("/enrol/done"))


def test_a_plain_link_asks_for_no_lost_key(app, administrator, somebody, lost, invite, world):
    again = Visitor(app, world.key())
    again.open_link(invite(GRACE))
    again.enrol()
    assert "Which key is lost?" not in said(again.get("/enrol/done"))
    assert "has recovered" not in said(administrator.get(f"/admin/people/{lost.person.uuid}"))


def test_a_purpose_that_is_no_ones_is_refused(administrator, lost):
    for purpose in (LinkPurpose.SETUP.value, "anything"):
        fields = {"lifetime": "24", "purpose": purpose}
        answer = administrator.send(f"/admin/people/{lost.person.uuid}/links", fields)
        assert answer.status_code == 422


def test_a_removed_key_leaves_ory_and_the_other_one_stays(
    administrator, wizard, ory, deliver, somebody, world, portal
):
    wizard.add()
    wizard.step("test", {})
    wizard.step("deliver-existing", {})
    first, somebody.key = somebody.key, world.key()
    somebody.send("/passkeys/new", somebody.answer("add"))
    somebody.key = first
    lost, kept = live(portal, GRACE)

    def held() -> list[list[str]]:
        return [
            [one["id"] for one in identity["credentials"]["passkey"]["config"]["credentials"]]
            for identity in ory.control.identities()
            if identity["traits"]["email"] == "grace@example.com"
        ]

    deliver()
    [before] = held()
    assert len(before) == 2
    page = f"/passkeys/{lost.uuid}/remove"
    assert "It is removed from Ory of the house" in said(somebody.get(page))
    assert somebody.send(page, confirm(somebody, lost)).status_code == 303
    text = said(somebody.get("/passkeys/removed"))
    assert "Your key is being removed from Ory of the house" in text
    deliver()
    [after] = held()
    assert len(after) == 1
    assert set(after) < set(before)
    assert "removed" in said(somebody.get("/passkeys/removed"))
    story = said(administrator.get(f"/admin/passkeys/{lost.uuid}"))
    assert "Removed by Grace Hopper." in story
    assert "ready" in said(administrator.get(f"/admin/passkeys/{kept.uuid}"))
