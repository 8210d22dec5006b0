"""My passkeys."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select

from models import DeliveryState, Directory, DirectoryType, Passkey, Placement
from tests.blueprints.conftest import said
from tests.records import Records


def own(portal, name: str) -> Passkey:
    with portal.database.read() as session:
        return next(
            one for one in session.scalars(select(Passkey)) if one.person.display_name == name
        )


@pytest.fixture
def passkey(somebody, portal) -> Passkey:
    return own(portal, "Grace Hopper")


def test_the_list_shows_each_key(somebody, passkey):
    page = somebody.get("/passkeys")
    text = said(page)
    for fact in ("HID Crescendo Key", "Made", "Last used", "Proven to be that model yes"):
        assert fact in text
    assert f'data-poll="/passkeys/placements?passkey={passkey.uuid}"' in page.text


def test_one_key_has_a_page_and_another_name(somebody, passkey, portal):
    assert "HID Crescendo Key" in said(somebody.get(f"/passkeys/{passkey.uuid}"))
    answer = somebody.send(f"/passkeys/{passkey.uuid}/rename", {"nickname": "Desk key"})
    assert answer.location == f"/passkeys/{passkey.uuid}"
    assert "Desk key" in said(somebody.get(answer.location))
    wrong = somebody.send(f"/passkeys/{passkey.uuid}/rename", {"nickname": "x" * 65})
    assert wrong.status_code == 422
    assert f'value="{"x" * 65}"' in wrong.text
    assert own(portal, "Grace Hopper").nickname == "Desk key"


def test_somebody_elses_key_does_not_exist(somebody, portal):
    other = own(portal, "Ada King")
    for answer in (
        somebody.get(f"/passkeys/{other.uuid}"),
        somebody.send(f"/passkeys/{other.uuid}/rename", {"nickname": "Mine"}),
        somebody.get(f"/passkeys/placements?passkey={other.uuid}"),
        somebody.get(f"/passkeys/{uuid.uuid4()}"),
        somebody.get("/passkeys/placements"),
        somebody.get("/passkeys/placements?passkey=%00"),
    ):
        assert answer.status_code == 404
    assert own(portal, "Ada King").nickname == "HID Crescendo Key"


def test_another_key_can_be_added(somebody, world, portal):
    somebody.key = world.key()
    assert "insert the new key" in said(somebody.get("/passkeys/new"))
    answer = somebody.send("/passkeys/new", somebody.answer("add"))
    assert answer.status_code == 303
    assert "HID Crescendo Key 2 is registered" in said(somebody.get(answer.location))
    assert somebody.sign_in().location == "/passkeys"


def test_a_key_that_is_not_allowed_is_refused_with_help(somebody, world):
    somebody.key = world.other_key()
    answer = somebody.send("/passkeys/new", somebody.answer("add"))
    assert answer.status_code == 422
    assert "model_not_allowed" in said(answer)
    assert 'href="/passkeys/new"' in answer.text


def test_options_to_add_or_confirm_need_a_sign_in(client, app):
    from tests.visitor import Visitor

    for purpose in ("add", "confirm"):
        refused = Visitor(app).options(purpose)
        assert refused.status_code == 401
        assert refused.json["error"]["code"] == "not_signed_in"


def test_a_confirmation_is_about_something(somebody):
    for nothing in ("", "everything", "remove:", "remove:everything", str(uuid.uuid4())):
        assert somebody.options("confirm", subject=nothing).status_code == 422
    begun = somebody.options("confirm", subject=f"remove:{uuid.uuid4()}")
    assert begun.status_code == 200
    assert len(begun.json["options"]["allowCredentials"]) == 1


def test_an_ended_key_is_no_longer_listed(somebody, passkey, portal, world, clock):
    somebody.key = world.key()
    somebody.send("/passkeys/new", somebody.answer("add"))
    somebody.send("/sign-out")
    somebody.sign_in()
    with portal.database.write() as session:
        session.get_one(Passkey, passkey.id).ended_at = clock()
    assert str(passkey.uuid) not in somebody.get("/passkeys").text
    assert "This passkey is ended" in said(somebody.get(f"/passkeys/{passkey.uuid}"))


def test_a_counter_that_went_back_is_shown(somebody, passkey):
    somebody.send("/sign-out")
    assert somebody.sign_in(sign_count=0).status_code == 422
    somebody.key.counter += 10
    somebody.sign_in()
    assert "counted fewer uses" in said(somebody.get(f"/passkeys/{passkey.uuid}"))


@pytest.fixture
def touched(somebody, passkey, portal, clock):
    """Has a delivery of the person's key, to a directory that begins registrations, in a state."""

    def make(state: DeliveryState, **more) -> Directory:
        with portal.database.write() as session:
            records = Records(session, clock)
            directory = records.directory("PingOne", type=DirectoryType.PINGONE)
            found = session.get_one(Passkey, passkey.id)
            records.delivery(found, directory, state=state, reason="Over.", **more)
            return directory

    return make


@pytest.mark.parametrize("state", [DeliveryState.NEEDS_TOUCH, DeliveryState.HELD])
def test_a_place_that_wants_a_new_touch_leads_to_it(somebody, passkey, touched, state):
    directory = touched(state)
    page = somebody.get(f"/passkeys/{passkey.uuid}")
    assert "Touch a key for PingOne" in said(page)
    assert f'href="/passkeys/new?for={directory.uuid}"' in page.text


def test_a_place_that_only_an_operator_can_mend_asks_for_no_touch(
    somebody, passkey, portal, touched
):
    touched(DeliveryState.HELD)
    with portal.database.write() as session:
        placement = session.scalars(select(Placement)).one()
        placement.begun, placement.not_after = {"device_id": "d"}, None
    assert "Touch a key for PingOne" not in said(somebody.get(f"/passkeys/{passkey.uuid}"))


@pytest.mark.parametrize(
    ("because", "sentence"),
    [("refused", "did not accept it"), ("unfinished", "was never finished"), ("lost", "lost")],
)
def test_a_key_that_ended_says_why(somebody, passkey, portal, clock, because, sentence):
    with portal.database.write() as session:
        owner = session.get_one(Passkey, passkey.id).person
        more = {"ended_at": clock(), "ended_because": because}
        ended = Records(session, clock).passkey(owner, **more).uuid
    assert sentence in said(somebody.get(f"/passkeys/{ended}"))
