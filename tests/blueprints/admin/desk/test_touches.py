"""What is registered at a desk, and what ends a touch in its middle."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from directories import oauth
from directories.entra import ceremony as entra_ceremony
from emulators.entra.running import running as running_entra
from models import (
    AgentTicket,
    EnrolmentLink,
    Passkey,
    Person,
    ProvisioningRequest,
    RequestDirectory,
    RequestPerson,
    RequestState,
)
from services.provisioning import closing, minting
from tests.blueprints.admin.desk.conftest import called, of, refused
from tests.blueprints.conftest import said
from tests.records import Records
from tests.services.ceremonies import vendors


def test_where_something_is_in_the_way_of_everybody_nobody_is_called_done(portal, at_desk):
    with portal.database.write() as session:
        for one in session.scalars(select(RequestPerson)):
            one.state, one.code, one.reason = RequestState.FAILED, "person_unlinked", "Link them."
    page = at_desk().open()
    assert "Something is in the way of" in said(page)
    assert "state=failed" in page.text
    assert "A key is registered for everybody" not in said(page)


def test_a_label_that_is_too_long_costs_no_key(at_desk, rows):
    desk = at_desk()
    desk.next()
    desk.enrol(label="7" * 500)
    assert rows(Passkey)[-1].nickname == "7" * 64


def test_a_claim_that_was_lost_in_the_middle_registers_nothing(at_desk, other, clock, rows):
    ada, uma = at_desk(), at_desk(other())
    ada.next()
    ada.ready()
    touched = ada.touch()
    clock.forward(minutes=4)
    assert ada.send({**touched, "response": "{}"}).status_code == 422  # the claim stays theirs
    touched = ada.touch()
    with ada.portal.database.write() as session:
        place = session.get_one(RequestPerson, of(rows, "bob").id)
        place.claim_until = clock() - timedelta(seconds=1)
    uma.next()
    assert uma.who == called("bob", rows)
    answer = ada.send(touched)
    refused(answer, "desk_lost")
    assert [one.person_id for one in rows(Passkey)].count(of(rows, "bob").person_id) == 0
    uma.enrol()


def test_a_refused_model_leaves_the_person_at_the_desk(at_desk, world, rows):
    desk = at_desk()
    desk.next()
    desk.ready()
    answer = desk.send(desk.touch(world.other_key()))
    refused(answer, "model_not_allowed")
    assert "Try another key" in said(answer) and "HID Crescendo" in said(answer)
    desk.page = answer.text
    assert desk.who == called("bob", rows)
    assert desk.send(desk.touch()).status_code == 303


def test_a_key_that_was_just_enrolled_for_somebody_else_is_excluded(at_desk, rows):
    desk = at_desk()
    desk.next()
    assert "just enrolled" not in desk.page
    desk.enrol()
    desk.next(place=desk.place)
    page = desk.ready()
    assert f"Take it out and insert {called('cy', rows)}’s key." in page.text
    options = desk.visitor.options("desk", subject=desk.subject).json["options"]
    assert len(options["excludeCredentials"]) == 1


def test_somebody_suspended_in_the_middle_is_not_enrolled(portal, at_desk, clock, rows):
    desk = at_desk()
    desk.next()
    desk.ready()
    touched = desk.touch()
    before = len(rows(Passkey))
    with portal.database.write() as session:
        session.get_one(Person, of(rows, "bob").person_id).suspended_at = clock()
    refused(desk.send(touched), "person_suspended")
    assert "is suspended or has left" in said(desk.open())
    answer = desk.visitor.options("desk", subject=touched["step"])
    assert answer.json["error"]["code"] == "person_inactive"
    assert len(rows(Passkey)) == before
    desk.next(place=desk.place)
    assert desk.who == called("cy", rows)


@pytest.mark.parametrize("how", ["cancelled", "expired"])
def test_a_request_that_ends_in_the_middle_ends_the_touch(portal, at_desk, clock, made, rows, how):
    desk = at_desk()
    desk.next()
    desk.ready()
    touched = desk.touch()
    before = len(rows(Passkey))
    with portal.database.write() as session:
        request = session.get_one(ProvisioningRequest, made.id)
        if how == "cancelled":
            closing.cancel(session, request, actor=request.created_by, now=clock())
        else:
            request.ends_at = clock()
            closing.expire(session, request, now=clock())
    answer = desk.send(touched)
    refused(answer, "cancelled")
    assert f"This request is {how}" in said(answer)
    assert len(rows(Passkey)) == before


def test_a_link_is_dead_once_its_person_was_enrolled_at_the_desk(portal, at_desk, clock, rows):
    with portal.database.write() as session:
        ada = session.scalars(select(Person).where(Person.email == "ada@example.com")).one()
        minting.mint(session, of(rows, "bob").id, actor=ada, now=clock())
    desk = at_desk()
    desk.next()
    desk.ready()
    assert rows(EnrolmentLink)[-1].revoked_at is None
    desk.send(desk.touch())
    assert rows(EnrolmentLink)[-1].revoked_at is not None


def test_the_same_answer_sent_twice_ends_the_same(at_desk, rows):
    desk = at_desk()
    desk.next()
    desk.ready()
    touched = desk.touch()
    first, second = desk.send(touched), desk.send(touched)
    assert (first.status_code, first.location) == (second.status_code, second.location)
    assert len(rows(Passkey)) == 2


def test_the_touch_is_handed_to_an_agent_for_this_person_only(at_desk, rows):
    desk = at_desk()
    desk.next()
    desk.ready()
    answer = desk.visitor.send(f"{desk.path}/agent", {"step": desk.subject})
    page = desk.open(answer.location)
    assert "latchkey-agent enrol" in page.text
    place = of(rows, "bob")
    assert rows(AgentTicket)[0].person_id == place.person_id
    assert "not used yet" in desk.visitor.get(f"{desk.path}/agent/{place.uuid}").text
    assert desk.visitor.get(f"{desk.path}/agent/{of(rows, 'cy').uuid}").status_code == 404
    desk.next(place=str(place.uuid), later="1")
    answer = desk.visitor.send(f"{desk.path}/agent", {"step": f"desk:{place.uuid}:{place.fence}"})
    assert "not at your desk any more" in desk.open(answer.location).text


def test_somebody_who_needs_two_touches_stays_until_the_second(
    portal, at_desk, made, clock, rows, monkeypatch
):
    monkeypatch.setattr(entra_ceremony, "PAUSES", (0.0, 0.0))
    oauth.forget_all()
    with running_entra(people=3) as tenant:
        tenant.control.lag(0)
        entra = vendors.connect_entra(portal, tenant)
        remote = tenant.control.add_user(displayName="Bob")["id"]
        vendors.link(portal, entra, of(rows, "bob").person_id, remote)
        with portal.database.write() as session:
            ory = Records(session, clock).directory("Ory of the house")
            for one in (entra, ory.id):
                session.add(RequestDirectory(request_id=made.id, directory_id=one))
        desk = at_desk()
        desk.next()
        page = desk.ready()
        assert "needs 2 touches" in said(page)
        answer = desk.send(desk.touch())
        page = desk.open(answer.location)
        assert desk.who == called("bob", rows)
        assert "insert the key of" not in said(page)  # the same key goes on
        assert re.search(r"Key for .*? done .*? Key for Entra now", said(page))
        assert of(rows, "bob").claimed_by_id is not None

        begun = desk.visitor.options("desk", subject=desk.subject).json
        assert begun["origin"] == "https://login.microsoft.com"
        response = desk.world.key().create(begun["options"], origin=begun["origin"])
        fields = {"ceremony": begun["ceremony"], "response": json.dumps(response)}
        answer = desk.send({**fields, "step": desk.subject})
        page = desk.open(answer.location)
        assert "can be handed over" in said(page)
        assert of(rows, "bob").claimed_by_id is None
        vendors.work(portal)
        assert len(tenant.control.passkeys(remote)) == 1
    oauth.forget_all()
