"""Set-up: one administrator, once."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from models import AuditEvent, EnrolmentLink, Passkey, Person, RoleGrant
from services import policies, setup
from tests.blueprints.conftest import said
from tests.visitor import Visitor

ANSWERS = {
    "given_name": "Ada",
    "family_name": "King",
    "display_name": "Ada King",
    "email": "ada@example.com",
    "kind": "hid_crescendo",
}


def reissue(portal) -> str:
    with portal.database.write() as session:
        return f"/links/{setup.make_link(session, now=portal.now()).token}"


def rows(portal, entity) -> list:
    with portal.database.read() as session:
        return list(session.scalars(select(entity)))


def test_the_set_up_link_leads_to_the_form_and_on(app, world, portal, setup_link):
    visitor = Visitor(app, world.key())
    assert "Set up Latchkey" in said(visitor.get(setup_link))
    assert visitor.send(setup_link).location == "/setup"
    page = visitor.get("/setup")
    assert "Any FIDO2 authenticator (evaluation)" in page.text
    assert visitor.send("/setup", ANSWERS).location == "/enrol"
    assert visitor.enrol().location == "/enrol/done"
    assert "you are its administrator" in said(visitor.get("/enrol/done"))
    assert visitor.sign_in().location == "/admin/"
    assert [grant.role for grant in rows(portal, RoleGrant)] == ["administrator"]
    tags = [event.tag for event in rows(portal, AuditEvent)]
    assert {"portal.set_up", "role.granted", "policy.chosen", "passkey.registered"} <= set(tags)


def test_an_abandoned_set_up_leaves_no_administrator(app, portal, setup_link):
    visitor = Visitor(app)
    visitor.open_link(setup_link)
    visitor.send("/setup", ANSWERS)
    assert rows(portal, RoleGrant) == []
    assert rows(portal, Passkey) == []
    assert "Open the set-up link" in said(Visitor(app).get("/"))


def test_a_refused_key_leaves_no_administrator(app, world, portal, setup_link):
    visitor = Visitor(app, world.other_key())
    assert visitor.set_up(setup_link).status_code == 422
    assert rows(portal, RoleGrant) == []
    visitor.key = world.key()
    assert visitor.enrol().location == "/enrol/done"
    assert len(rows(portal, RoleGrant)) == 1


def test_the_answers_can_be_changed_until_the_key_is_registered(app, world, portal, setup_link):
    visitor = Visitor(app, world.other_key())
    visitor.open_link(setup_link)
    visitor.send("/setup", ANSWERS)
    assert 'value="ada@example.com"' in visitor.get("/setup").text
    visitor.send("/setup", {**ANSWERS, "display_name": "Countess", "email": "c@example.com"})
    page = visitor.get("/setup").text
    assert 'value="Countess"' in page
    visitor.send("/setup", {**ANSWERS, "email": "c@example.com", "kind": "any"})
    assert visitor.enrol().location == "/enrol/done"
    assert [(one.display_name, one.email) for one in rows(portal, Person)] == [
        ("Ada King", "c@example.com")
    ]
    with portal.database.read() as session:
        assert policies.kind_of(policies.current(session)) is policies.Kind.ANY


def test_answers_changed_under_a_ceremony_do_not_mix(app, world, portal, setup_link):
    visitor = Visitor(app, world.key())
    visitor.open_link(setup_link)
    visitor.send("/setup", ANSWERS)
    answer = visitor.answer("enrol")
    visitor.send("/setup", {**ANSWERS, "email": "grace@example.com", "display_name": "Grace"})
    assert visitor.send("/enrol", answer).location == "/enrol/done"
    (administrator,) = rows(portal, Person)
    assert administrator.email == "grace@example.com"


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("given_name", "", "Enter the given name."),
        ("family_name", "  ", "Enter the family name."),
        ("display_name", "", "Enter the display name."),
        ("email", "nobody", "Enter an e-mail address"),
        ("email", "a@b", "Enter an e-mail address"),
        ("email", "x" * 250 + "@example.com", "Enter an e-mail address"),
        ("kind", "", "Choose which security keys are allowed."),
        ("kind", "none at all", "Not a valid choice"),
        ("display_name", "x" * 257, "longer than 256"),
    ],
)
def test_a_wrong_answer_is_named_and_the_others_are_kept(app, setup_link, field, value, sentence):
    visitor = Visitor(app)
    visitor.open_link(setup_link)
    answer = visitor.send("/setup", {**ANSWERS, field: value})
    assert answer.status_code == 422
    assert sentence in said(answer)
    kept = "email" if field != "email" else "given_name"
    assert f'value="{ANSWERS[kept]}"' in answer.text


def test_a_new_link_takes_the_old_one_back(app, portal, setup_link):
    newer = reissue(portal)
    assert Visitor(app).get(setup_link).status_code == 410
    assert Visitor(app).get(newer).status_code == 200


def test_a_new_link_goes_on_with_the_same_person(app, world, portal, setup_link):
    abandoned = Visitor(app)
    abandoned.open_link(setup_link)
    abandoned.send("/setup", ANSWERS)
    visitor = Visitor(app, world.key())
    assert visitor.set_up(reissue(portal)).location == "/enrol/done"
    with portal.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 1
    assert abandoned.get("/enrol").status_code == 410


def test_once_set_up_it_never_works_again(app, portal, administrator, setup_link, clock):
    for path in (setup_link, "/setup"):
        assert Visitor(app).get(path).status_code in (404, 410)
    assert administrator.get("/setup").location == "/enrol/done"
    assert administrator.send("/setup", ANSWERS).location == "/enrol/done"
    with portal.database.write() as session:
        passkey = session.scalars(select(Passkey)).one()
        passkey.ended_at = clock()
        session.scalars(select(EnrolmentLink)).one().revoked_at = clock()
        session.delete(session.scalars(select(RoleGrant)).one())
    with pytest.raises(setup.Refusal, match="setup_over"):
        reissue(portal)
    assert "set-up link" not in said(Visitor(app).get("/"))


def test_an_enrolment_session_does_not_open_the_set_up_form(app, invite):
    visitor = Visitor(app)
    visitor.open_link(invite())
    assert visitor.get("/setup").status_code == 404
    assert visitor.send("/setup", ANSWERS).status_code == 404


def test_the_key_cannot_come_before_the_answers(app, setup_link):
    visitor = Visitor(app)
    visitor.open_link(setup_link)
    assert visitor.get("/enrol").location == "/setup"
    refused = visitor.options("enrol")
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "setup_unfinished")
