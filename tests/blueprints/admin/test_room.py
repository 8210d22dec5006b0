"""A key that has no room in a directory: keep what is there, or replace it."""

from __future__ import annotations

import re
import uuid

import pytest
from sqlalchemy import select

from directories import registry
from directories.base import RemotePasskey, Transient
from models import Delivery, DeliveryState
from services import room
from services.deliveries import crowding
from tests.blueprints.conftest import said
from tests.blueprints.test_removal import touched
from tests.fake_directory import FakeDirectory
from tests.records import Records

OLD = RemotePasskey("old", b"old", "Old key")


@pytest.fixture
def there(monkeypatch) -> FakeDirectory:
    """A directory with one key under another handle."""
    fake = FakeDirectory()
    fake.in_the_way = lambda identity, passkey: (OLD,)
    monkeypatch.setattr(registry, "build", lambda *_, **__: fake)
    return fake


@pytest.fixture
def held(administrator, portal, clock, there) -> uuid.UUID:
    """A delivery that is held because there is no room."""
    with portal.database.write() as session:
        records = Records(session, clock)
        passkey = records.passkey(records.person("grace"))
        there.add("grace@example.com")
        more = {"state": DeliveryState.HELD, "code": room.NO_ROOM, "reason": "One handle only."}
        return records.delivery(passkey, records.directory("Ory"), **more).uuid


def rows(portal, name: uuid.UUID) -> list[tuple[DeliveryState, str]]:
    with portal.database.read() as session:
        passkey = session.scalars(select(Delivery.passkey_id).where(Delivery.uuid == name)).one()
        return [
            (one.state, one.cause)
            for one in session.scalars(
                select(Delivery).where(Delivery.passkey_id == passkey).order_by(Delivery.id)
            )
        ]


def shown(visitor, name: uuid.UUID) -> dict[str, str]:
    """What the page remembers of what it showed."""
    text = visitor.get(f"/admin/deliveries/{name}/room").text
    return {"seen": re.search(r'name="seen" value="([0-9a-f]+)"', text)[1]}


def touch(visitor, name: uuid.UUID) -> dict[str, str]:
    return touched(visitor, visitor.options("confirm", subject=f"replace:{name}").json)


def test_the_list_offers_the_choice_instead_of_trying_again(administrator, held):
    page = administrator.get("/admin/deliveries?show=held")
    assert f'href="/admin/deliveries/{held}/room"' in page.text
    assert f"{held}/retry" not in page.text


def test_the_page_says_what_is_there_and_what_goes(administrator, held):
    page = said(administrator.get(f"/admin/deliveries/{held}/room"))
    assert "Old key" in page
    assert "cannot sign in there with it any more" in page
    assert "One handle only." in page


def test_keeping_drops_the_delivery(administrator, held, portal):
    administrator.get(f"/admin/deliveries/{held}/room")
    answer = administrator.send(f"/admin/deliveries/{held}/keep")
    assert answer.status_code == 303
    assert rows(portal, held) == [(DeliveryState.DROPPED, "passkey.registered")]
    assert administrator.send(f"/admin/deliveries/{held}/keep").status_code == 409


def test_replacing_needs_a_touch_and_is_left_to_the_worker(administrator, held, portal):
    page = f"/admin/deliveries/{held}/room"
    administrator.get(page)
    refused = administrator.send(page, {"ceremony": "", "response": ""})
    assert refused.status_code >= 400
    assert [state for state, _ in rows(portal, held)] == [DeliveryState.HELD]
    answer = administrator.send(page, shown(administrator, held) | touch(administrator, held))
    assert answer.status_code == 303
    assert rows(portal, held) == [
        (DeliveryState.DROPPED, "passkey.registered"),
        (DeliveryState.WAITING, crowding.cause([OLD])),
    ]


def test_what_came_there_after_the_page_was_made_is_not_replaced_unseen(
    administrator, held, there, portal
):
    sent = shown(administrator, held)
    second = RemotePasskey("new", b"new", "Phone (second factor)")
    there.in_the_way = lambda identity, passkey: (OLD, second)
    answer = administrator.send(f"/admin/deliveries/{held}/room", sent | touch(administrator, held))
    assert answer.status_code == 409
    assert "room_changed" in answer.text and "Phone (second factor)" in said(answer)
    assert [state for state, _ in rows(portal, held)] == [DeliveryState.HELD]


def test_a_directory_that_is_down_is_said(administrator, held, there):
    there.before["find_identity"].append(Transient("It answered 503.", code="http.503"))
    answer = administrator.get(f"/admin/deliveries/{held}/room")
    assert answer.status_code == 502
    assert "It answered 503." in said(answer)


def test_what_is_held_for_another_reason_has_no_such_page(administrator, portal, clock):
    with portal.database.write() as session:
        records = Records(session, clock)
        passkey = records.passkey(records.person())
        other = records.delivery(passkey, records.directory(), state=DeliveryState.HELD)
    assert administrator.get(f"/admin/deliveries/{other.uuid}/room").status_code == 409
    assert administrator.get(f"/admin/deliveries/{uuid.uuid4()}/room").status_code == 404
