"""A desk over HTTP: whom an operator gets, what is registered, and who tries what they may not."""

from __future__ import annotations

import json
import re
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from directories import oauth
from directories.entra import ceremony as entra_ceremony
from emulators.entra.running import running as running_entra
from models import (
    AgentTicket,
    AuditEvent,
    EnrolmentLink,
    Passkey,
    Person,
    ProvisioningRequest,
    RequestDirectory,
    RequestPerson,
    RequestState,
    RoleGrant,
)
from services import sessions
from services.provisioning import closing, minting
from services.roles import ADMINISTRATOR, USER_ADMINISTRATOR
from tests.blueprints.conftest import said
from tests.records import Records
from tests.services.ceremonies import vendors
from tests.visitor import Visitor

NAMES = ("bob", "cy", "dee")


@pytest.fixture
def made(portal, administrator, clock):
    """A request for Bob, Cy and Dee, driven at a desk."""
    with portal.database.write() as session:
        rows = Records(session, clock)
        ada = session.scalars(select(Person).where(Person.email == "ada@example.com")).one()
        request = rows.request(ada, name="Desk keys")
        for name in NAMES:
            rows.request_person(request, rows.person(name, roles=[]))
        return request


@pytest.fixture
def other(app, portal, world, clock):
    """Uma, another operator, signed in at a browser of her own."""

    def arrive(name: str = "uma", roles=(USER_ADMINISTRATOR,)) -> Visitor:
        token = f"a session of {name}"
        with portal.database.write() as session:
            rows = Records(session, clock)
            person = rows.person(name, roles=[])
            for role in roles:
                person.roles.append(RoleGrant(role=role, granted_at=clock()))
            rows.browser_session(rows.passkey(person)).token_hash = sessions.digest(token)
        visitor = Visitor(app, world.key())
        with visitor.client.session_transaction(base_url=visitor.origin) as cookie:
            cookie["_user_id"] = token
        return visitor

    return arrive


class Desk:
    """One operator at the desk."""

    def __init__(self, visitor: Visitor, request, portal, world) -> None:
        self.visitor, self.portal, self.world = visitor, portal, world
        self.path = f"/admin/requests/{request.uuid}/desk"
        self.page = ""

    def next(self, **fields: str):
        answer = self.visitor.send(f"{self.path}/next", fields)
        assert answer.status_code == 303, said(answer)
        return self.open(answer.location)

    def open(self, address: str = ""):
        answer = self.visitor.get(address or self.path)
        self.page = answer.text
        return answer

    def ready(self):
        """Say that the key is inserted."""
        fence = re.search(r'name="ready" value="(\d+)"', self.page).group(1)
        return self.open(f"{self.path}?ready={fence}")

    @property
    def subject(self) -> str:
        return re.search(r'name="step" value="([^"]+)"', self.page).group(1)

    @property
    def place(self) -> str:
        return re.search(r'name="place" value="([^"]+)"', self.page).group(1)

    @property
    def who(self) -> str:
        return re.search(r"<h1>(.*?)</h1>", self.page).group(1)

    def touch(self, key=None, *, subject: str = "", **fields: str) -> dict[str, str]:
        subject = subject or self.subject
        begun = self.visitor.options("desk", subject=subject)
        assert begun.status_code == 200, begun.text
        key = key or self.world.key()
        response = key.create(begun.json["options"], origin=self.visitor.origin)
        return {
            "ceremony": begun.json["ceremony"],
            "response": json.dumps(response),
            "step": subject,
            **fields,
        }

    def send(self, fields: dict[str, str]):
        return self.visitor.send(self.path, fields)

    def enrol(self, key=None, **fields: str):
        """The whole touch of whoever is at the desk; the page that it ends on."""
        self.ready()
        answer = self.send(self.touch(key, **fields))
        assert answer.status_code == 303, said(answer)
        return self.open(answer.location)


@pytest.fixture
def at_desk(portal, world, made, administrator):
    def sit(visitor: Visitor | None = None) -> Desk:
        return Desk(visitor or administrator, made, portal, world)

    return sit


@pytest.fixture
def rows(portal):
    def read(table):
        with portal.database.read() as session:
            return list(session.scalars(select(table).order_by(table.id)))

    return read


def of(rows, name: str) -> RequestPerson:
    return next(one for one in rows(RequestPerson) if one.person.given_name.casefold() == name)


def called(name: str, rows) -> str:
    return of(rows, name).person.display_name


def refused(answer, code: str) -> None:
    assert answer.status_code in (403, 409, 422), said(answer)
    assert f'data-code="{code}"' in answer.text, said(answer)


def test_one_person_after_another_each_with_a_key_of_their_own(at_desk, rows):
    desk = at_desk()
    assert "Still without a key" in said(desk.open())
    for number, name in enumerate(NAMES):
        page = desk.next(**({"place": desk.place} if number else {}))
        assert desk.who == called(name, rows)
        expected = "Take out the last one and insert" if number else "Insert the key of"
        assert expected in said(page)
        assert "data-ceremony" not in page.text
        page = desk.enrol(label=f"  No. {number}\t7 ")
        assert "can be handed over" in said(page) and f"No. {number} 7" in said(page)
    page = desk.next(place=desk.place)
    assert "A key is registered for everybody" in said(page)
    assert "Nobody is left here" in page.text
    keys = rows(Passkey)[1:]
    assert [one.person_id for one in keys] == [of(rows, name).person_id for name in NAMES]
    assert [one.nickname for one in keys] == ["No. 0 7", "No. 1 7", "No. 2 7"]
    trail = [one for one in rows(AuditEvent) if one.tag == "passkey.registered"][1:]
    assert {one.actor_id for one in trail} == {rows(Passkey)[0].person_id}


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


def test_a_person_who_is_not_here_comes_again_when_the_list_comes_round(at_desk, rows):
    desk = at_desk()
    desk.next()
    desk.next(place=desk.place, later="1")
    assert desk.who == called("cy", rows)
    desk.enrol()
    desk.next(place=desk.place)
    assert desk.who == called("dee", rows)
    desk.enrol()
    desk.next(place=desk.place)
    assert desk.who == called("bob", rows)
    page = desk.next(place=desk.place, later="1")
    assert f"Nobody else is left here now but {called('bob', rows)}" in page.text
    assert "Still without a key" in said(page)


def test_a_double_click_on_next_skips_nobody(at_desk, rows):
    desk = at_desk()
    desk.next()
    desk.enrol()
    was = desk.place
    desk.next(place=was)
    desk.next(place=was)
    assert desk.who == called("cy", rows)


def test_somebody_is_chosen_by_search_and_the_one_before_is_free_again(at_desk, rows):
    desk = at_desk()
    desk.next()
    page = desk.open(f"{desk.path}?q=dee")
    assert f"Take {called('dee', rows)}" in said(page)
    answer = desk.visitor.send(f"{desk.path}/choose", {"place": str(of(rows, "dee").uuid)})
    desk.open(answer.location)
    assert desk.who == called("dee", rows)
    assert of(rows, "bob").claimed_by_id is None


def test_a_new_browser_finds_the_person_who_was_before_the_operator(
    app, administrator, at_desk, clock, rows
):
    desk = at_desk()
    desk.next()
    desk.ready()
    desk.touch()
    again = Visitor(app, administrator.key)
    clock.forward(hours=2)
    assert again.sign_in().location == "/admin/"
    back = at_desk(again)
    back.open()
    assert back.who == called("bob", rows)
    back.enrol()
    assert of(rows, "bob").state is RequestState.STARTED


def test_two_operators_get_different_people_and_are_told_of_each_other(at_desk, other, rows):
    ada, uma = at_desk(), at_desk(other())
    ada.next()
    uma.next()
    assert (ada.who, uma.who) == (called("bob", rows), called("cy", rows))
    page = uma.open(f"{uma.path}?q=bob")
    assert "has them at their desk just now" in said(page)
    answer = uma.visitor.send(f"{uma.path}/choose", {"place": str(of(rows, "bob").uuid)})
    assert "has this person at their desk just now" in uma.open(answer.location).text
    assert uma.who == called("cy", rows)


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


def test_a_draft_has_no_desk(portal, at_desk, made):
    with portal.database.write() as session:
        session.get_one(ProvisioningRequest, made.id).state = RequestState.DRAFT
    assert at_desk().open().status_code == 404


def test_stopping_puts_the_person_back(at_desk, rows):
    desk = at_desk()
    desk.next()
    assert desk.visitor.send(f"{desk.path}/leave").status_code == 303
    assert of(rows, "bob").claimed_by_id is None


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
