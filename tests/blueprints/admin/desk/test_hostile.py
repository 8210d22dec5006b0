"""Operators who try what they may not."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select

from models import (
    Passkey,
    Person,
    RoleGrant,
)
from services.roles import ADMINISTRATOR
from tests.blueprints.admin.desk.conftest import called, of, refused
from tests.records import Records
from tests.visitor import Visitor


class TestAHostileOperator:
    @pytest.fixture
    def uma(self, at_desk, other):
        return at_desk(other())

    def test_begins_nothing_for_whom_somebody_else_has(self, at_desk, uma, rows):
        ada = at_desk()
        ada.next()
        ada.ready()
        answer = uma.visitor.options("desk", subject=ada.subject)
        assert answer.json["error"]["code"] == "desk_lost"
        uma.next()
        place = of(rows, "bob")
        for subject in (f"desk:{place.uuid}:{place.fence + 1}", f"desk:{place.uuid}"):
            answer = uma.visitor.options("desk", subject=subject)
            assert answer.json["error"]["code"] in ("desk_lost", "step_unknown")

    def test_answers_nothing_with_ids_that_were_swapped(self, at_desk, uma, rows):
        ada = at_desk()
        ada.next()
        ada.ready()
        uma.next()
        uma.ready()
        before = len(rows(Passkey))
        touched = uma.touch()
        refused(uma.send({**touched, "step": ada.subject}), "challenge_other_person")
        theirs = ada.touch()
        refused(uma.send(theirs), "challenge_other_session")
        refused(uma.send({**theirs, "step": uma.subject}), "challenge_other_session")
        assert len(rows(Passkey)) == before

    def test_does_not_put_back_whom_somebody_else_has(self, at_desk, uma, rows):
        ada = at_desk()
        ada.next()
        uma.visitor.get(uma.path)
        uma.visitor.send(f"{uma.path}/next", {"place": ada.place})
        uma.visitor.send(f"{uma.path}/leave")
        assert of(rows, "bob").claimed_by.email == "ada@example.com"

    def test_cancels_nothing_of_somebody_else(self, at_desk, uma):
        ada = at_desk()
        ada.next()
        ada.ready()
        begun = ada.visitor.options("desk", subject=ada.subject).json
        fields = {"ceremony": begun["ceremony"], "subject": ada.subject}
        answer = uma.visitor.send("/ceremonies/desk/cancel", fields)
        assert answer.json["error"]["code"] == "challenge_other_session"
        assert ada.visitor.send("/ceremonies/desk/cancel", fields).json == {}

    def test_enrols_nobody_who_may_do_more(self, portal, uma, rows, clock):
        with portal.database.write() as session:
            person = session.get_one(Person, of(rows, "bob").person_id)
            person.roles.append(RoleGrant(role=ADMINISTRATOR, granted_at=clock()))
        uma.next()
        assert uma.who == called("cy", rows)
        answer = uma.visitor.send(f"{uma.path}/choose", {"place": str(of(rows, "bob").uuid)})
        assert "may do more than you" in uma.open(answer.location).text

    def test_takes_nobody_of_another_request(self, portal, uma, clock, rows):
        with portal.database.write() as session:
            records = Records(session, clock)
            ada = session.scalars(select(Person).where(Person.email == "ada@example.com")).one()
            request = records.request(ada)
            stranger = records.request_person(request, records.person("eve", roles=[]))
        answer = uma.visitor.send(f"{uma.path}/choose", {"place": str(stranger.uuid)})
        assert answer.status_code == 404
        assert uma.visitor.get(f"{uma.path}/placements/{stranger.uuid}").status_code == 404

    def test_whose_right_was_taken_registers_nothing(self, portal, uma, rows):
        uma.next()
        uma.ready()
        touched = uma.touch()
        before = len(rows(Passkey))
        with portal.database.write() as session:
            person = session.scalars(select(Person).where(Person.given_name == "Uma")).one()
            for grant in list(person.roles):
                session.delete(grant)
        assert uma.send(touched).status_code == 403
        answer = uma.visitor.options("desk", subject=touched["step"])
        assert answer.json["error"]["code"] == "request_runner_may_not"
        assert len(rows(Passkey)) == before


def test_nobody_begins_at_a_desk_without_signing_in(app, at_desk):
    desk = at_desk()
    desk.next()
    desk.ready()
    answer = Visitor(app).options("desk", subject=desk.subject)
    assert answer.json["error"]["code"] == "not_signed_in"


@pytest.mark.parametrize("subject", ["", "desk", "desk:x:1", f"desk:{uuid.UUID(int=7)}:1", "add:1"])
def test_a_subject_that_is_none_is_refused(administrator, subject):
    answer = administrator.options("desk", subject=subject)
    assert answer.json["error"]["code"] == "step_unknown"
