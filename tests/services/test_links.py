from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from models import AuditEvent, EnrolmentLink, LinkPurpose, Passkey, Person, RoleGrant
from services import links
from services.links import LinkState
from services.refusal import Refusal
from services.roles import ADMINISTRATOR
from services.sessions import digest
from tests.records import Records

HOUR = timedelta(hours=1)


@pytest.fixture
def ada(portal, clock) -> Person:
    with portal.database.write() as session:
        return Records(session, clock).person("ada", roles=[])


def make(portal, person, *, actor=None, lifetime=HOUR):
    with portal.database.write() as session:
        return links.make(
            session,
            purpose=LinkPurpose.ENROL,
            person=session.get_one(Person, person.id),
            actor=actor,
            lifetime=lifetime,
            now=portal.now(),
        )


def exchange(portal, token, browser):
    with portal.database.write() as session:
        return links.exchange(session, token, browser, now=portal.now())


def enrolment(portal, link, browser):
    with portal.database.read() as session:
        return links.enrolment(session, link.uuid, browser, now=portal.now())


def finish(portal, own, person):
    with portal.database.write() as session:
        passkey = Records(session, portal.now).passkey(session.get_one(Person, person.id))
        links.finish(session, own, passkey, now=portal.now())
        return passkey


def refused(call, *arguments) -> str:
    with pytest.raises(Refusal) as caught:
        call(*arguments)
    assert (caught.value.status, caught.value.sentence) == links.REFUSALS[caught.value.code]
    return caught.value.code


def row(portal, link) -> EnrolmentLink:
    with portal.database.read() as session:
        return session.get_one(EnrolmentLink, link.id)


def test_only_the_hash_of_a_token_is_kept(portal, ada):
    made = make(portal, ada)
    assert row(portal, made.link).token_hash == digest(made.token)
    assert len(made.token) >= 43


def test_tokens_are_never_the_same(portal, ada):
    assert make(portal, ada).token != make(portal, ada).token


def test_looking_changes_nothing(portal, ada):
    made = make(portal, ada)
    with portal.database.write() as session:
        links.look(session, made.token, None, now=portal.now())
        assert not session.dirty
    assert links.state(row(portal, made.link), now=portal.now()) is LinkState.OPEN


def test_the_first_browser_owns_it(portal, ada):
    made = make(portal, ada)
    exchange(portal, made.token, "one")
    assert exchange(portal, made.token, "one").id == made.link.id
    assert refused(exchange, portal, made.token, "another") == "link_elsewhere"
    assert enrolment(portal, made.link, "one").person.id == ada.id
    assert refused(enrolment, portal, made.link, "another") == "link_unknown"
    assert links.state(row(portal, made.link), now=portal.now()) is LinkState.BEGUN


def test_of_many_browsers_at_once_one_owns_it(portal, ada):
    made = make(portal, ada)

    def attempt(number: int) -> bool:
        try:
            exchange(portal, made.token, f"browser {number}")
        except Refusal as refusal:
            assert refusal.code == "link_elsewhere"
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(8))) == 1


def test_an_enrolment_is_known_by_both_link_and_browser(portal, ada):
    one, other = make(portal, ada), make(portal, ada)
    hashes = {
        links.session_hash(link, browser)
        for link in (one.link, other.link)
        for browser in ("a", "b")
    }
    assert len(hashes) == 4


def test_it_ends_with_the_passkey(portal, ada):
    made = make(portal, ada)
    exchange(portal, made.token, "one")
    own = enrolment(portal, made.link, "one")
    passkey = finish(portal, own, ada)
    kept = row(portal, made.link)
    assert (kept.finished_at, kept.passkey_id) == (portal.now(), passkey.id)
    assert links.state(kept, now=portal.now()) is LinkState.FINISHED
    assert refused(finish, portal, own, ada) == "link_finished"
    assert refused(exchange, portal, made.token, "another") == "link_finished"


def test_of_many_finishes_at_once_one_stores_its_passkey(portal, ada):
    made = make(portal, ada)
    exchange(portal, made.token, "one")
    own = enrolment(portal, made.link, "one")

    def attempt(_: int) -> bool:
        try:
            finish(portal, own, ada)
        except Refusal as refusal:
            assert refusal.code == "link_finished"
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(4))) == 1
    with portal.database.read() as session:
        [passkey] = session.scalars(select(Passkey.id))
    assert row(portal, made.link).passkey_id == passkey


def test_a_link_that_is_just_being_finished_is_not_revoked(portal, ada):
    made = make(portal, ada)
    exchange(portal, made.token, "one")
    own = enrolment(portal, made.link, "one")
    codes = []

    def revoke() -> None:
        with pytest.raises(Refusal) as caught, portal.database.write() as session:
            link = session.get_one(EnrolmentLink, made.link.id)
            links.revoke(session, link, actor=None, now=portal.now())
        codes.append(caught.value.code)

    late = threading.Thread(target=revoke)
    with portal.database.write() as session:
        passkey = Records(session, portal.now).passkey(session.get_one(Person, ada.id))
        links.finish(session, own, passkey, now=portal.now())
        late.start()
        late.join(0.3)  # it waits for our commit, on either database
        assert codes == []
    late.join(30)
    assert codes == ["link_finished"]
    assert row(portal, made.link).revoked_at is None


def test_what_became_of_it_meanwhile_takes_the_passkey_back(portal, ada, clock):
    expired, revoked = make(portal, ada), make(portal, ada)
    for made in (expired, revoked):
        exchange(portal, made.token, "one")
    owned = [enrolment(portal, made.link, "one") for made in (expired, revoked)]
    with portal.database.write() as session:
        link = session.get_one(EnrolmentLink, revoked.link.id)
        links.revoke(session, link, actor=None, now=portal.now())
    clock.forward(minutes=59)
    assert refused(finish, portal, owned[1], ada) == "link_revoked"
    clock.forward(minutes=1)
    assert refused(finish, portal, owned[0], ada) == "link_expired"
    with portal.database.read() as session:
        assert not session.connection().exec_driver_sql("SELECT id FROM passkeys").all()


def test_it_cannot_be_opened_after_its_time(portal, ada, clock):
    made = make(portal, ada, lifetime=HOUR)
    clock.forward(hours=1)
    assert refused(exchange, portal, made.token, "one") == "link_expired"
    assert links.state(row(portal, made.link), now=portal.now()) is LinkState.EXPIRED


def test_nobody_acts_on_the_links_of_who_holds_more(portal, ada, clock):
    with portal.database.write() as session:
        boss = Records(session, clock).person("grace", roles=[])
        boss.roles.append(RoleGrant(role=ADMINISTRATOR, granted_at=clock()))
    with pytest.raises(Refusal, match="person_holds_more"):
        make(portal, boss, actor=ada)
    made = make(portal, boss, actor=boss)
    with portal.database.write() as session, pytest.raises(Refusal, match="person_holds_more"):
        link = session.get_one(EnrolmentLink, made.link.id)
        links.revoke(session, link, actor=session.get_one(Person, ada.id), now=clock())
    assert make(portal, ada, actor=boss)


def test_a_link_of_nobody_is_unknown(portal):
    assert refused(exchange, portal, "no such token", "one") == "link_unknown"


def test_the_trail_names_the_link_and_not_the_token(portal, ada):
    made = make(portal, ada)
    with portal.database.read() as session:
        event = session.scalars(select(AuditEvent)).one()
    assert event.tag == "link.made"
    assert event.detail == {"link": str(made.link.uuid), "purpose": "enrol"}
