"""Deliveries by the real connector to a running emulated Ory, on both databases."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from datetime import timedelta

import pytest

from emulators.ory.running import Running, running
from models import DeliveryState, DirectoryType, Passkey, PlacementState
from services import directories
from services.deliveries import pauses
from tests.services.deliveries.conftest import World

DONE, WAITING, HELD = DeliveryState.DONE, DeliveryState.WAITING, DeliveryState.HELD
MAPPING = {"email": "email", "given_name": "name.first", "family_name": "name.last"}


@pytest.fixture
def start():
    with ExitStack() as stack:
        yield lambda **how: stack.enter_context(running(**how))


@pytest.fixture
def ory(start) -> Running:
    return start()


@pytest.fixture
def house(any_portal, clock) -> World:
    """As `world`, without the fake."""
    return World(any_portal, clock, None)


def connect(house, ory: Running):
    """Connect, test and add, as an administrator does; the directory's UUID."""
    network = ory.ory.edition.network
    with house.portal.database.write() as session:
        directory = directories.draft(
            session,
            house.portal.sealer,
            type=DirectoryType.ORY,
            name=ory.url,
            settings={
                "flavour": "network" if network else "self_hosted",
                "endpoint": ory.url,
                "admin_endpoint": "" if network else ory.admin_url,
                "schema_id": "default",
                "mapping": MAPPING,
            },
            secret=ory.api_key or None,
            actor=None,
            now=house.clock(),
        )
        directories.add(session, directory, actor=None, now=house.clock())
        uuid = directory.uuid
    assert directories.run_test(house.portal, uuid, probe=False, actor=None).newly_verified
    return uuid


def passkey_ids(ory: Running) -> list[list[str]]:
    """The credential ids in each identity that has any."""
    found = []
    for identity in ory.control.identities():
        passkey = identity["credentials"].get("passkey")
        if passkey:
            found.append([one["id"] for one in passkey["config"]["credentials"]])
    return found


def test_a_passkey_is_delivered_renamed_and_removed(house, ory):
    connect(house, ory)
    [passkey] = house.enrolled("grace")
    house.work()
    assert house.states() == [DONE]
    assert house.placement(passkey).actual is PlacementState.PRESENT
    [[stored]] = passkey_ids(ory)
    assert house.placement(passkey).remote_id
    house.rename(passkey, "Renamed")
    house.work()
    assert passkey_ids(ory) == [[stored]]
    house.end(passkey)
    house.work()
    assert house.states() == [DONE] * 3
    assert house.placement(passkey).actual is PlacementState.ABSENT
    assert not any(passkey_ids(ory))


def test_all_keys_of_a_person_go_into_one_identity(house, ory):
    connect(house, ory)
    house.enrolled("grace", keys=3)
    house.work()
    assert house.states() == [DONE] * 3
    assert [len(ids) for ids in passkey_ids(ory)] == [3]


def test_an_old_kratos_holds_the_passkey_and_keeps_the_identity(house, start):
    old = start(flavour="self-hosted", version="v26.2.0")
    connect(house, old)
    [passkey] = house.enrolled("grace")
    house.work()
    delivery = house.delivery()
    assert (delivery.state, delivery.code) == (HELD, "ory.no_import")
    assert 'unknown field "passkey"' in delivery.said
    assert house.placement(passkey).actual is PlacementState.ABSENT
    assert len(house.identities()) == 1
    # The next one meets the identity, and a PUT that is answered 200 and stores nothing.
    house.enrolled("ada")
    house.rename(passkey, "Renamed")
    house.work()
    assert house.deliveries()[-1].code == "ory.no_import"
    assert house.placement(passkey).actual is PlacementState.ABSENT


def test_too_many_requests_are_waited_for_as_long_as_ory_says(house, ory):
    connect(house, ory)
    house.enrolled("grace")
    ory.control.fail(status=429, headers={"Retry-After": "90"})
    house.work()
    delivery = house.delivery()
    assert delivery.state is WAITING
    assert delivery.due_at >= house.clock() + timedelta(seconds=90)
    house.clock.forward(seconds=120)
    house.work()
    assert house.states() == [DONE]


def test_a_server_error_is_tried_again(house, ory):
    connect(house, ory)
    house.enrolled("grace")
    ory.control.fail(status=503)
    house.work()
    assert house.states() == [WAITING]
    house.clock.forward(seconds=pauses.FIRST)
    house.work()
    assert house.states() == [DONE]


def test_an_answer_that_was_lost_writes_nothing_twice(house, ory):
    connect(house, ory)
    house.enrolled("grace")
    ory.control.drop(method="POST", path="identities", after=True)
    house.work()
    house.clock.forward(seconds=pauses.FIRST)
    house.work()
    assert house.states() == [DONE]
    assert [len(ids) for ids in passkey_ids(ory)] == [1]
    emails = [one["traits"].get("email") for one in ory.control.identities()]
    assert emails.count("grace@example.com") == 1


def test_a_key_that_was_withdrawn_waits_for_a_human(house, ory):
    uuid = connect(house, ory)
    house.enrolled("grace")
    with house.portal.database.write() as session:
        directory = directories.by_uuid(session, uuid)
        directory.sealed_secret = house.portal.sealer.seal("directory", "ory_pat_wrong")
    house.work()
    delivery = house.delivery()
    assert delivery.state is HELD
    assert "ory_pat_wrong" not in f"{delivery.reason}{delivery.said}"


def test_a_directory_that_hangs_fails_nobody(house, ory):
    """While a worker waits for Ory, a person enrols another key and reads their page."""
    connect(house, ory)
    house.enrolled("grace")
    ory.control.hold(method="POST")
    worker = threading.Thread(target=house.work)
    worker.start()
    try:
        assert ory.control.wait_until_held()
        [passkey] = house.enrolled("ada")
        assert house.placement(passkey).actual is PlacementState.ABSENT
        with house.portal.database.read() as session:
            assert session.get_one(Passkey, passkey).nickname == "Work key"
    finally:
        ory.control.release()
        worker.join(60)
    assert DONE in house.states()


def test_creates_never_meet_however_many_workers_there_are(house, ory):
    """Ory Network answers a second concurrent create with 429 (Ory contract section 2.7)."""
    connect(house, ory)
    for _ in range(6):
        house.enrolled()
    threads = [threading.Thread(target=house.work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    for _ in range(10):
        house.clock.forward(seconds=5)
        house.work()
    assert house.states() == [DONE] * 6
    assert {delivery.attempts for delivery in house.deliveries()} == {1}
    creates = ory.control.requests(method="POST", path="identities")
    assert [one.status for one in creates] == [201] * 6
