"""Which touches a person's keys need, by what is known without asking a directory."""

from __future__ import annotations

import pytest

from directories.base import Way
from models import (
    Delivery,
    DeliveryState,
    Directory,
    DirectoryType,
    Passkey,
    Person,
    PlacementState,
    Serves,
)
from services import touches
from tests.records import Records

PING = {
    "environment_id": "6f1d9c2e-0f0a-4a53-9a5c-6d9d9f2b7c11",
    "region": "EU",
    "client_id": "worker",
}
ORY, ENTRA, PINGONE = DirectoryType.ORY, DirectoryType.ENTRA, DirectoryType.PINGONE
VENDOR = "pingone.eu"


class Scene:
    """A person and the directories that serve them."""

    def __init__(self, portal) -> None:
        self.portal = portal
        with portal.database.write() as session:
            self.person = Records(session, portal.now).person().id

    def directory(self, type, name: str, *, linked: bool = True, rp_id: str = "", **more) -> int:
        settings = {**PING, "relying_party_id": rp_id} if type is PINGONE else {}
        with self.portal.database.write() as session:
            records = Records(session, self.portal.now)
            made = records.directory(name, type=type, settings=settings, **more)
            if linked:
                records.identity(made, session.get_one(Person, self.person), f"record in {name}")
            return made.id

    def passkey(self, **more) -> int:
        with self.portal.database.write() as session:
            records = Records(session, self.portal.now)
            return records.passkey(session.get_one(Person, self.person), **more).id

    def place(self, passkey: int, directory: int, **more) -> None:
        with self.portal.database.write() as session:
            Records(session, self.portal.now).placement(
                session.get_one(Passkey, passkey), session.get_one(Directory, directory), **more
            )

    def planned(self, **more) -> tuple[touches.Touch, ...]:
        with self.portal.database.read() as session:
            return touches.planned(session, self.portal, self.person, **more)

    def plan(self, **more) -> list[tuple]:
        return [(one.way, one.opens) for one in self.planned(**more)]

    def missing(self, **more) -> list[str]:
        with self.portal.database.read() as session:
            return [one.name for one in touches.missing(session, self.person, **more)]


@pytest.fixture
def scene(portal) -> Scene:
    return Scene(portal)


def test_without_directories_there_is_our_own(scene):
    [own] = scene.planned()
    assert (own.directory, own.way, own.rp_id) == (None, Way.IMPORT, "localhost")
    assert own.in_page and not own.origin and not own.opens and not own.done
    assert own.why == "With this key you sign in here."


def test_our_own_opens_what_imports(scene):
    scene.directory(ORY, "Acme", linked=False)
    scene.directory(ORY, "Beta")
    [own] = scene.planned()
    assert own.opens == ("Acme", "Beta")
    assert own.why == "With this key you sign in here, and it opens Acme and Beta."


def test_a_directory_that_shares_our_relying_party_takes_the_place_of_our_own(scene):
    scene.directory(ORY, "Acme")
    ping = scene.directory(PINGONE, "Ping", rp_id="localhost")
    [shared] = scene.planned()
    assert (shared.directory.id, shared.way, shared.rp_id) == (ping, Way.SHARED, "localhost")
    assert shared.in_page and shared.origin == "" and shared.opens == ("Ping", "Acme")
    assert shared.why.endswith("it opens Ping and Acme.")


def test_of_several_that_share_it_the_first_serves_us(scene):
    scene.directory(ORY, "Acme")
    scene.directory(PINGONE, "Two", rp_id="localhost")
    scene.directory(PINGONE, "One", rp_id="localhost")
    assert scene.plan() == [(Way.SHARED, ("One", "Acme")), (Way.SHARED, ("Two",))]


def test_a_relying_party_of_another_needs_a_touch_of_its_own(scene):
    scene.directory(PINGONE, "Ping", rp_id=VENDOR)
    own, foreign = scene.planned()
    assert own.way is Way.IMPORT and own.opens == ()
    assert (foreign.way, foreign.rp_id) == (Way.FOREIGN, VENDOR)
    assert not foreign.in_page and foreign.origin == "https://auth.pingone.eu"
    assert VENDOR in foreign.why and "PingOne's own" in foreign.detail


def test_a_relying_party_that_covers_our_pages_is_run_on_them(scene):
    host = "keys.example.com"
    scene.portal.settings = scene.portal.settings.model_copy(
        update={"origins": (f"https://{host}",), "rp_id": host}
    )
    scene.directory(PINGONE, "Ping", rp_id="example.com")
    foreign = scene.planned()[1]
    assert (foreign.way, foreign.in_page, foreign.origin) == (Way.FOREIGN, True, "")


@pytest.mark.parametrize("type", [ENTRA, PINGONE])
def test_what_is_only_told_when_asked_is_left_open(scene, type):
    scene.directory(type, "Vendor")
    foreign = scene.planned()[1]
    assert (foreign.rp_id, foreign.origin, foreign.in_page) == ("", "", False)
    assert foreign.why == "Vendor makes its own keys, so it needs another touch."


def test_whoever_is_linked_to_nobody_there_is_told_apart(scene):
    scene.directory(ENTRA, "Entra", linked=False)
    scene.directory(PINGONE, "Ping", linked=False, rp_id="localhost")
    scene.directory(ORY, "Acme", linked=False)
    assert scene.plan() == [(Way.IMPORT, ("Acme",))]
    assert scene.missing() == ["Entra", "Ping"]


def test_only_what_is_in_service_and_serves_the_person_counts(scene):
    scene.directory(ENTRA, "Draft", in_service=False)
    scene.directory(ENTRA, "Others", serves=Serves.CHOSEN, linked=False)
    scene.directory(ORY, "Ended", ended_at=scene.portal.now())
    assert scene.plan() == [(Way.IMPORT, ())] and scene.missing() == []


def test_for_named_directories_our_own_is_there_only_if_one_takes_it(scene):
    entra = scene.directory(ENTRA, "Entra")
    ory = scene.directory(ORY, "Acme")
    ping = scene.directory(PINGONE, "Ping", rp_id="localhost")
    assert scene.plan(directories={entra}) == [(Way.FOREIGN, ("Entra",))]
    assert scene.plan(directories={ory}) == [(Way.IMPORT, ("Acme",))]
    assert scene.plan(directories={ping, entra}) == [
        (Way.SHARED, ("Ping",)),
        (Way.FOREIGN, ("Entra",)),
    ]
    assert scene.plan(directories=()) == []


def test_our_own_is_done_with_the_first_key(scene):
    scene.passkey(rp_id="example.com", maker="a directory")
    scene.passkey(ended_at=scene.portal.now())
    assert not scene.planned()[0].done
    scene.passkey()
    assert scene.planned()[0].done


@pytest.mark.parametrize(
    ("wanted", "actual", "delivery", "done"),
    [
        (PlacementState.PRESENT, PlacementState.PRESENT, None, True),
        (PlacementState.PRESENT, PlacementState.ABSENT, DeliveryState.WAITING, True),
        (PlacementState.PRESENT, PlacementState.ABSENT, DeliveryState.RUNNING, True),
        (PlacementState.PRESENT, PlacementState.ABSENT, DeliveryState.HELD, False),
        (PlacementState.PRESENT, PlacementState.ABSENT, DeliveryState.NEEDS_TOUCH, False),
        (PlacementState.PRESENT, PlacementState.ABSENT, None, False),
        (PlacementState.ABSENT, PlacementState.PRESENT, None, False),
    ],
)
def test_a_directorys_touch_is_done_with_a_key_that_is_there_or_on_its_way(
    scene, wanted, actual, delivery, done
):
    directory = scene.directory(ENTRA, "Entra")
    passkey = scene.passkey(rp_id="login.example.com", maker="Entra")
    scene.place(passkey, directory, wanted=wanted, actual=actual)
    if delivery:
        with scene.portal.database.write() as session:
            session.add(
                Delivery(
                    directory_id=directory,
                    person_id=scene.person,
                    passkey_id=passkey,
                    state=delivery,
                    cause="passkey.registered",
                    created_at=scene.portal.now(),
                    due_at=scene.portal.now(),
                )
            )
    assert scene.planned()[1].done is done


def test_a_key_that_ended_does_nothing_more(scene):
    directory = scene.directory(ENTRA, "Entra")
    passkey = scene.passkey(ended_at=scene.portal.now())
    scene.place(passkey, directory, actual=PlacementState.PRESENT)
    assert not scene.planned()[1].done


def test_keys_with_an_entry_that_the_directory_does_not_know_of_are_named(scene):
    scene.passkey(nickname="Blue key")
    known = scene.passkey(nickname="Known there")
    scene.passkey(nickname="Elsewhere", rp_id="example.com", maker="a directory")
    scene.passkey(nickname="Ended", ended_at=scene.portal.now())
    directory = scene.directory(PINGONE, "Ping", rp_id="localhost")
    scene.place(known, directory, actual=PlacementState.PRESENT)
    [shared] = scene.planned()
    assert shared.entries == ("Blue key",)


def test_our_own_options_exclude_every_key_by_themselves(scene):
    scene.passkey(nickname="Blue key")
    assert scene.planned()[0].entries == ()
