"""The list of deliveries: filters, why one is held, trying again."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select

from models import Delivery, DeliveryState, DirectoryType, Passkey
from tests.blueprints.conftest import said
from tests.records import Records

LIST = "/admin/deliveries"


@pytest.fixture
def rows(administrator, portal, clock):
    """Deliveries to a directory of its own, each in a state of its own."""

    def made(*states: DeliveryState, **more) -> list[uuid.UUID]:
        with portal.database.write() as session:
            records = Records(session, clock)
            directory = records.directory()
            return [
                records.delivery(
                    records.passkey(records.person()), directory, state=state, **more
                ).uuid
                for state in states
            ]

    return made


def state_of(portal, name: uuid.UUID) -> DeliveryState:
    with portal.database.read() as session:
        return session.scalars(select(Delivery).where(Delivery.uuid == name)).one().state


def test_an_empty_list_says_what_fills_it(administrator):
    assert "Nothing has been delivered yet" in said(administrator.get(LIST))


def test_each_state_is_a_word_and_a_view(administrator, rows):
    rows(*DeliveryState)
    page = said(administrator.get(LIST))
    for word in ("waiting", "running", "done", "held", "needs a new touch", "dropped"):
        assert f" {word} " in page
    assert "All 6 Waiting 2 Held 2 Done 1 Dropped 1" in page
    held = said(administrator.get(f"{LIST}?show=held"))
    assert "needs a new touch" in held and " running " not in held


def test_what_only_a_new_touch_mends_is_not_offered_to_be_tried_again(administrator, portal, clock):
    with portal.database.write() as session:
        records = Records(session, clock)
        passkey = records.passkey(records.person())
        directory = records.directory(type=DirectoryType.PINGONE)
        name = records.delivery(passkey, directory, state=DeliveryState.HELD).uuid
    assert f"{name}/retry" not in administrator.get(f"{LIST}?show=held").text
    answer = administrator.send(f"{LIST}/{name}/retry")
    assert answer.status_code == 303
    assert "Ask for a new touch of the key." in said(administrator.get(LIST))


def test_a_held_delivery_says_why_in_the_directorys_own_words(administrator, rows):
    rows(
        DeliveryState.HELD,
        reason="It does not import passkeys.",
        said='json: unknown field "passkey"',
        request_id="req-42",
        code="ory.import_unsupported",
        attempts=3,
    )
    page = said(administrator.get(LIST))
    assert "It does not import passkeys." in page
    assert 'json: unknown field "passkey"' in page
    assert "req-42" in page and "ory.import_unsupported" in page


def test_a_held_delivery_is_tried_again(administrator, rows, portal):
    (held,) = rows(DeliveryState.HELD)
    woken = []
    portal.wake = lambda: woken.append(True)
    answer = administrator.send(f"{LIST}/{held}/retry?show=held")
    assert answer.status_code == 303 and answer.location == f"{LIST}?show=held"
    assert woken and state_of(portal, held) is DeliveryState.WAITING
    assert "is tried again now." in said(administrator.get(LIST))


def test_one_that_is_done_is_not_tried_again(administrator, rows, portal):
    (done,) = rows(DeliveryState.DONE)
    assert "Retry" not in said(administrator.get(LIST))
    assert administrator.send(f"{LIST}/{done}/retry").status_code == 303
    assert state_of(portal, done) is DeliveryState.DONE
    assert "Warning:" in said(administrator.get(LIST))


def test_an_unknown_delivery_is_not_found(administrator):
    assert administrator.send(f"{LIST}/{uuid.uuid4()}/retry").status_code == 404


def test_one_directory_can_be_looked_at_alone(administrator, rows, portal):
    mine = rows(DeliveryState.DONE)
    rows(DeliveryState.DONE)
    with portal.database.read() as session:
        delivery = session.scalars(select(Delivery).where(Delivery.uuid == mine[0])).one()
    page = administrator.get(f"{LIST}?directory={delivery.directory.uuid}")
    assert f"Deliveries to {delivery.directory.name}" in said(page)
    assert said(page).count("Work key") == 1
    assert administrator.get(f"{LIST}?directory={uuid.uuid4()}").status_code == 404


def test_pages_follow_each_other_and_lead_back(administrator, portal, clock):
    with portal.database.write() as session:
        records = Records(session, clock)
        passkey, number = records.passkey(records.person()), 120
        for _ in range(number):
            directory = records.directory()
            session.add(
                Delivery(
                    directory=directory,
                    person=passkey.person,
                    passkey=session.get_one(Passkey, passkey.id),
                    state=DeliveryState.DONE,
                    cause="passkey.registered",
                    created_at=clock(),
                    due_at=clock(),
                )
            )
    seen, path = [], LIST
    for _ in range(3):
        page = administrator.get(path).text
        seen.append(page.count('<th scope="row">'))
        before, path = path, _next(page)
    assert seen == [50, 50, 20] and path is None
    assert _previous(administrator.get(before).text) is not None


def _next(page: str) -> str | None:
    return _link(page, "next")


def _previous(page: str) -> str | None:
    return _link(page, "prev")


def _link(page: str, rel: str) -> str | None:
    found = page.partition(f'<a rel="{rel}" href="')[2].partition('"')[0]
    return found.replace("&amp;", "&") or None
