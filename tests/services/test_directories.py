"""The records of connections: secrets, edits, tests, and whom they serve."""

from __future__ import annotations

import json
import threading
from dataclasses import replace

import pytest
from sqlalchemy import select

import config
from directories import registry
from directories.base import Check, CheckState, ConnectionReport, Misconfigured
from models import (
    AuditEvent,
    Delivery,
    DeliveryState,
    Directory,
    DirectoryType,
    Passkey,
    Person,
    Placement,
    Serves,
)
from services import directories
from services.deliveries import outbox
from services.deliveries.worker import work
from services.directories import testing
from services.directories.records import SEALED_CLIENT_FOR, SEALED_FOR
from services.refusal import Refusal
from services.sealing import SealBroken
from tests.fake_directory import FakeDirectory
from tests.records import Records

KEY = "ory_pat_a-key-that-nobody-may-see"
CLIENT_SECRET = "a-client-secret-that-nobody-may-see"
SETTINGS = {"flavour": "network", "endpoint": "https://slug.projects.oryapis.com", "schema_id": ""}
FAILED = Check(
    code="ory.identities",
    name="Identities can be read",
    state=CheckState.FAILED,
    evidence="401",
    said="The request could not be authorized",
    request_id="req-1",
    remedy="Check the key.",
)
PASSES = ConnectionReport((replace(FAILED, state=CheckState.PASSED),), True, True, "Yes.")
FAILS = ConnectionReport((FAILED,), False, None, "It cannot be told.", patch="[]")


@pytest.fixture
def fake(monkeypatch):
    double = FakeDirectory()
    monkeypatch.setattr(registry, "build", lambda *_, **__: double)
    return double


class House:
    """The portal and short ways to work on its directories."""

    def __init__(self, portal, clock) -> None:
        self.portal, self.clock = portal, clock

    def draft(self, name="Ory", secret=KEY, **more):
        with self.portal.database.write() as session:
            return directories.draft(
                session,
                self.portal.sealer,
                type=DirectoryType.ORY,
                name=name,
                settings=SETTINGS,
                secret=secret,
                actor=None,
                now=self.clock(),
                **more,
            ).uuid

    def edit(self, uuid, **more):
        with self.portal.database.write() as session:
            directories.edit(
                session,
                self.portal.sealer,
                directories.by_uuid(session, uuid),
                actor=None,
                now=self.clock(),
                **more,
            )

    def do(self, action, uuid, *args):
        with self.portal.database.write() as session:
            directory = directories.by_uuid(session, uuid)
            return action(session, directory, *args, actor=None, now=self.clock())

    def get(self, uuid) -> Directory:
        with self.portal.database.read() as session:
            directory = directories.by_uuid(session, uuid)
            session.expunge_all()
            return directory

    def events(self, tag) -> list[dict]:
        with self.portal.database.read() as session:
            return [
                event.detail
                for event in session.scalars(
                    select(AuditEvent).where(AuditEvent.tag == tag).order_by(AuditEvent.id)
                )
            ]


@pytest.fixture
def house(any_portal, clock):
    return House(any_portal, clock)


def test_a_secret_is_stored_sealed(house):
    directory = house.get(house.draft())
    assert KEY.encode() not in directory.sealed_secret
    assert house.portal.sealer.open(SEALED_FOR, directory.sealed_secret) == KEY
    assert directory.secret_set_at == house.clock()


def test_no_event_holds_the_secret(house, fake):
    uuid = house.draft()
    house.edit(uuid, secret=KEY + "2", name="Renamed")
    house.do(directories.add, uuid)
    fake.report = FAILS
    directories.run_test(house.portal, uuid, probe=False, actor=None)
    with house.portal.database.read() as session:
        everything = json.dumps([event.detail for event in session.scalars(select(AuditEvent))])
    assert len(house.events("directory.edited")) == 1
    assert KEY not in everything


def test_two_directories_can_not_share_a_name(house):
    uuid = house.draft()
    with pytest.raises(Refusal, match="directory_name_taken"):
        house.draft()
    other = house.draft("Another")
    with pytest.raises(Refusal, match="directory_name_taken"):
        house.edit(other, name="Ory")
    house.edit(uuid, name="Ory")  # its own name is no conflict
    house.do(directories.discard, uuid)
    house.draft()  # the name is free again


@pytest.mark.parametrize("name", ["", "nonsense", "5f3e6a52-0000-4000-8000-000000000000"])
def test_an_unknown_directory_is_refused(house, name):
    with pytest.raises(Refusal, match="directory_unknown") as refused:
        house.get(name)
    assert refused.value.status == 404


@pytest.mark.parametrize("key", ["endpoint", "admin_endpoint"])
def test_a_stored_secret_is_never_kept_for_a_new_destination(house, key):
    uuid = house.draft()
    moved = {**SETTINGS, key: "https://elsewhere.example.com"}
    with pytest.raises(Refusal, match="directory_secret_needed"):
        house.edit(uuid, settings=moved)
    assert house.get(uuid).settings == SETTINGS
    house.edit(uuid, settings=moved, secret="another")
    assert house.get(uuid).settings == moved


def test_other_settings_change_under_a_kept_secret(house):
    uuid = house.draft()
    before = house.get(uuid).sealed_secret
    house.edit(uuid, settings={**SETTINGS, "schema_id": "person"})
    assert house.get(uuid).sealed_secret == before
    assert house.events("directory.edited") == [{"changed": {"settings": ["schema_id"]}}]


def test_a_destination_without_a_secret_moves_freely(house):
    uuid = house.draft(secret=None)
    house.edit(uuid, settings={**SETTINGS, "endpoint": "https://elsewhere.example.com"})
    assert house.get(uuid).settings["endpoint"] == "https://elsewhere.example.com"


def test_a_secret_can_be_taken_away(house):
    uuid = house.draft()
    house.edit(uuid, secret=None)
    assert house.get(uuid).sealed_secret is house.get(uuid).secret_set_at is None


@pytest.mark.parametrize(
    ("change", "still"),
    [
        ({"name": "Renamed"}, True),
        ({"settings": SETTINGS}, True),
        ({"settings": {**SETTINGS, "schema_id": "person"}}, False),
        ({"secret": "another"}, False),
    ],
)
def test_what_was_changed_has_to_be_tested_again(house, fake, change, still):
    uuid = house.draft()
    directories.run_test(house.portal, uuid, probe=False, actor=None)
    house.edit(uuid, **change)
    directory = house.get(uuid)
    assert (directory.verified_at is not None) is still
    assert (directory.test_report is not None) is still


def test_a_test_that_passes_verifies_once(house, fake):
    uuid = house.draft()
    woken = []
    house.portal.wake = lambda: woken.append(True)
    first = directories.run_test(house.portal, uuid, probe=False, actor=None)
    assert (first.newly_verified, len(woken)) == (True, 1)
    moment = house.clock()
    house.clock.forward(hours=1)
    second = directories.run_test(house.portal, uuid, probe=False, actor=None)
    assert (second.newly_verified, len(woken)) == (False, 1)
    assert house.get(uuid).verified_at == moment
    assert house.get(uuid).tested_at == house.clock()


def test_a_test_that_fails_verifies_nothing_and_takes_nothing_back(house, fake):
    uuid = house.draft()
    fake.report = FAILS
    assert not directories.run_test(house.portal, uuid, probe=False, actor=None).newly_verified
    assert house.get(uuid).verified_at is None
    assert house.events("directory.tested") == [
        {"verified": False, "signs_in": None, "failed": ["ory.identities"]}
    ]
    fake.report = PASSES
    directories.run_test(house.portal, uuid, probe=False, actor=None)
    fake.report = FAILS
    directories.run_test(house.portal, uuid, probe=False, actor=None)
    assert house.get(uuid).verified_at is not None


@pytest.mark.parametrize("report", [PASSES, FAILS])
def test_a_report_is_read_back_as_it_was(house, fake, report):
    uuid = house.draft()
    assert directories.report_of(house.get(uuid)) is None
    fake.report = report
    directories.run_test(house.portal, uuid, probe=True, actor=None)
    assert directories.report_of(house.get(uuid)) == report


def test_a_report_on_settings_that_changed_meanwhile_is_thrown_away(house, fake):
    uuid = house.draft()
    fake.before["test"].append(lambda: house.edit(uuid, settings={**SETTINGS, "schema_id": "x"}))
    with pytest.raises(Refusal, match="directory_changed"):
        directories.run_test(house.portal, uuid, probe=False, actor=None)
    assert house.get(uuid).verified_at is None


def test_an_edit_while_a_report_is_written_down_is_never_verified_by_it(house, fake, monkeypatch):
    uuid = house.draft()
    moved = {**SETTINGS, "endpoint": "https://elsewhere.example.com"}
    edit = threading.Thread(
        target=house.edit, args=(uuid,), kwargs={"settings": moved, "secret": "x"}
    )
    write_down = testing.record_test

    def edited_meanwhile(*args, **more):
        edit.start()
        edit.join(timeout=2)  # it has to wait here until the report is written
        return write_down(*args, **more)

    monkeypatch.setattr(testing, "record_test", edited_meanwhile)
    directories.run_test(house.portal, uuid, probe=False, actor=None)
    edit.join(timeout=30)
    directory = house.get(uuid)
    assert (directory.settings, directory.verified_at) == (moved, None)


def test_an_edit_judges_the_connection_as_it_is_when_its_turn_comes(house, fake):
    uuid = house.draft()
    moved = {**SETTINGS, "endpoint": "https://elsewhere.example.com"}
    with house.portal.database.read() as session:
        stale = directories.by_uuid(session, uuid)
    house.edit(uuid, settings=moved, secret="theirs")
    with house.portal.database.write() as session:
        late = session.merge(stale, load=False)
        # Its settings are those that it read, and its key is what must not go elsewhere.
        with pytest.raises(Refusal, match="directory_secret_needed"):
            directories.edit(
                session, house.portal.sealer, late, settings=SETTINGS, actor=None, now=house.clock()
            )
    assert house.get(uuid).settings == moved


def test_a_connection_that_can_not_be_built_is_reported_as_such(house, monkeypatch):
    uuid = house.draft()

    def broken(*_, **__):
        raise Misconfigured("Give the API endpoint.", code="settings")

    monkeypatch.setattr(registry, "build", broken)
    report = directories.run_test(house.portal, uuid, probe=False, actor=None).report
    assert not report.verified
    assert "Give the API endpoint." in report.sentence


def test_a_connector_gets_the_opened_secret_and_the_allowed_destinations(house, monkeypatch):
    uuid = house.draft(client_secret=CLIENT_SECRET)
    given = []
    monkeypatch.setattr(registry, "build", lambda *args, **more: given.append((args, more)))
    directories.connector(house.portal, house.get(uuid))
    [(args, more)] = given
    assert args == ("ory", SETTINGS, KEY)
    assert more == {
        "client_secret": CLIENT_SECRET,
        "private_destinations": house.portal.settings.private_destinations,
    }


def test_a_clients_secret_is_sealed_on_its_own(house):
    directory = house.get(house.draft(client_secret=CLIENT_SECRET))
    sealed = directory.sealed_client_secret
    assert house.portal.sealer.open(SEALED_CLIENT_FOR, sealed) == CLIENT_SECRET
    with pytest.raises(SealBroken):
        house.portal.sealer.open(SEALED_FOR, sealed)
    assert directory.client_secret_set_at == house.clock()


def test_a_clients_secret_is_kept_replaced_and_forgotten(house, fake):
    uuid = house.draft(client_secret=CLIENT_SECRET)
    first = house.get(uuid).sealed_client_secret
    house.edit(uuid, secret=KEY + "2")
    assert house.get(uuid).sealed_client_secret == first
    for changed in (CLIENT_SECRET + "2", None):
        house.do(directories.record_test, uuid, PASSES)
        house.edit(uuid, client_secret=changed)
        directory = house.get(uuid)
        assert directory.verified_at is None
        opened = directory.sealed_client_secret and house.portal.sealer.open(
            SEALED_CLIENT_FOR, directory.sealed_client_secret
        )
        assert opened == changed
        assert (directory.client_secret_set_at is None) is (changed is None)
    house.do(directories.record_test, uuid, PASSES)
    house.edit(uuid, client_secret=None)  # there is none to forget any more
    assert house.get(uuid).verified_at is not None
    assert CLIENT_SECRET not in json.dumps(house.events("directory.edited"))


@pytest.mark.parametrize("place", ["endpoint", "admin_endpoint", "token_url"])
def test_no_place_of_an_ory_moves_under_a_kept_client_secret(house, place):
    uuid = house.draft(secret=None, client_secret=CLIENT_SECRET)
    moved = {**SETTINGS, place: "https://elsewhere.example"}
    with pytest.raises(Refusal, match="directory_secret_needed"):
        house.edit(uuid, settings=moved)
    house.edit(uuid, settings=moved, client_secret=CLIENT_SECRET)
    assert house.get(uuid).settings == moved


def test_settings_from_before_there_were_clients_are_at_the_same_place(house):
    uuid = house.draft()
    house.edit(uuid, settings={**SETTINGS, "admin_endpoint": "", "token_url": ""})
    assert house.get(uuid).settings["token_url"] == ""


def test_a_directory_that_ends_forgets_its_clients_secret(house):
    draft, added = house.draft(client_secret=CLIENT_SECRET), house.draft("Two", client_secret="x")
    house.do(directories.add, added)
    house.do(directories.discard, draft)
    with house.portal.database.write() as session:
        directories.delete(session, added, actor=None, now=house.clock())
    with house.portal.database.read() as session:
        for directory in session.scalars(select(Directory)):
            assert directory.sealed_client_secret is directory.client_secret_set_at is None


def test_a_secret_of_other_keys_is_a_misconfiguration(house):
    directory = house.get(house.draft())
    directory.sealed_secret = b"sealed elsewhere"
    with pytest.raises(Misconfigured) as error:
        directories.connector(house.portal, directory)
    assert error.value.code == "directory.secret_sealed"
    directory.sealed_secret, directory.sealed_client_secret = None, b"sealed elsewhere"
    with pytest.raises(Misconfigured) as error:
        directories.connector(house.portal, directory)
    assert error.value.code == "directory.secret_sealed"


def test_a_draft_can_be_discarded_and_an_added_directory_can_not(house):
    uuid = house.draft()
    added = house.draft("Added")
    house.do(directories.add, added)
    house.do(directories.add, added)  # a double click adds once
    assert len(house.events("directory.added")) == 1
    with house.portal.database.write() as session:
        draft = directories.by_uuid(session, uuid)
        directories.discard(session, draft, actor=None, now=house.clock())
        assert draft.sealed_secret is None
    with pytest.raises(Refusal, match="directory_unknown"):
        house.get(uuid)
    with pytest.raises(Refusal, match="directory_added"):
        house.do(directories.discard, added)


def enrolled(house, *names):
    """People with a passkey each; their ids and the passkeys'."""
    with house.portal.database.write() as session:
        records = Records(session, house.clock)
        people = [records.person(name) for name in names]
        keys = [records.passkey(person) for person in people]
        for key in keys:
            outbox.owe(session, key, cause="passkey.registered", now=house.clock())
        return people, keys


def test_verifying_an_added_directory_offers_the_passkeys_that_exist(house, fake):
    enrolled(house, "ada", "grace")
    uuid = house.draft()
    assert directories.run_test(house.portal, uuid, probe=False, actor=None).unplaced == 0
    house.do(directories.add, uuid)
    assert directories.run_test(house.portal, uuid, probe=False, actor=None).unplaced == 2


def test_a_test_that_passes_tries_again_what_was_held(house, fake):
    uuid = house.draft()
    house.do(directories.add, uuid)
    directories.run_test(house.portal, uuid, probe=False, actor=None)
    _, [ada, grace] = enrolled(house, "ada", "grace")
    woken = []
    house.portal.wake = lambda: woken.append(True)
    fake.before["find_identity"].extend([Misconfigured("No.", code="http.key")] * 2)
    work(house.portal, worker="worker")
    assert states(house) == {ada.id: ["held"], grace.id: ["held"]}
    fake.report = FAILS
    directories.run_test(house.portal, uuid, probe=False, actor=None)
    assert states(house) == {ada.id: ["held"], grace.id: ["held"]}
    assert not woken
    with house.portal.database.write() as session:
        session.get_one(Passkey, grace.id).ended_at = house.clock()
    fake.report = PASSES
    for _ in range(2):
        directories.run_test(house.portal, uuid, probe=False, actor=None)
    assert woken == [True]
    again = ["dropped", "waiting"]
    assert states(house) == {ada.id: again, grace.id: again}
    assert [one.get("count") for one in house.events("delivery.owed")][-1] == 2
    work(house.portal, worker="worker")
    assert states(house) == {ada.id: ["dropped", "done"], grace.id: ["dropped", "done"]}
    assert [one.credential_id for one in fake.passkeys()] == [ada.credential_id]


def states(house) -> dict[int, list[str]]:
    """How each passkey's deliveries stand, oldest first."""
    found: dict[int, list[str]] = {}
    with house.portal.database.read() as session:
        for row in session.scalars(select(Delivery).order_by(Delivery.id)):
            found.setdefault(row.passkey_id, []).append(row.state.value)
    return found


def test_whom_a_directory_serves_is_chosen_person_by_person(house, fake):
    people, _ = enrolled(house, "ada", "grace", "linus")
    uuid = house.draft()
    house.do(directories.serve, uuid, Serves.CHOSEN)
    house.do(directories.choose, uuid, people[:2])
    house.do(directories.choose, uuid, people[:1])  # once is enough
    with house.portal.database.read() as session:
        directory = directories.by_uuid(session, uuid)
        assert [one.display_name for one in directories.chosen(session, directory)] == [
            "Ada Example",
            "Grace Example",
        ]
        after = directories.chosen(session, directory, after=people[0].id)
        assert [one.id for one in after] == [people[1].id]
        [summary] = directories.summaries(session)
        assert summary.people == 2
        assert outbox.unplaced(session, directory) == 2
    house.do(directories.unchoose, uuid, people[0])
    house.do(directories.unchoose, uuid, people[0])
    assert len(house.events("directory.serves_changed")) == 4


def test_what_was_on_its_way_to_somebody_not_served_any_more_is_given_up(house, fake):
    uuid = house.draft()
    house.do(directories.add, uuid)
    directories.run_test(house.portal, uuid, probe=False, actor=None)
    people, keys = enrolled(house, "ada", "grace")
    with house.portal.database.write() as session:
        for placement in session.scalars(
            select(Placement).where(Placement.passkey_id == keys[0].id)
        ):
            placement.actual = "present"
    house.do(directories.serve, uuid, Serves.CHOSEN)
    with house.portal.database.read() as session:
        wanted = dict(session.execute(select(Placement.passkey_id, Placement.wanted)).all())
        states = dict(session.execute(select(Delivery.passkey_id, Delivery.state)).all())
    assert wanted == {keys[0].id: "present", keys[1].id: "absent"}
    assert states == {keys[0].id: DeliveryState.WAITING, keys[1].id: DeliveryState.DROPPED}
    house.do(directories.choose, uuid, [people[1]])
    with house.portal.database.read() as session:
        directory = directories.by_uuid(session, uuid)
        assert outbox.unplaced(session, directory) == 1


@pytest.mark.parametrize("serves", Serves)
def test_who_has_left_is_not_counted_among_the_people(house, fake, serves):
    people, _ = enrolled(house, "ada", "grace")
    uuid = house.draft()
    house.do(directories.choose, uuid, people)
    house.do(directories.serve, uuid, serves)
    with house.portal.database.write() as session:
        session.get_one(Person, people[0].id).ended_at = house.clock()
    with house.portal.database.read() as session:
        [summary] = directories.summaries(session)
    assert summary.people == 1


def test_summaries_count_what_is_placed_waiting_and_held(house, fake):
    with house.portal.database.write() as session:
        records = Records(session, house.clock)
        directory = records.directory("Ory")
        records.directory("Another", serves=Serves.CHOSEN)
        for state in (
            DeliveryState.WAITING,
            DeliveryState.RUNNING,
            DeliveryState.HELD,
            DeliveryState.NEEDS_TOUCH,
            DeliveryState.DONE,
        ):
            records.delivery(records.passkey(records.person()), directory, state=state)
        session.scalars(select(Placement).limit(1)).one().actual = "present"
    with house.portal.database.read() as session:
        another, ory = directories.summaries(session)
        assert (ory.people, ory.placed, ory.waiting, ory.held) == (5, 1, 2, 2)
        assert (another.people, another.placed, another.waiting, another.held) == (0, 0, 0, 0)


def written(settings, text):
    path = settings.data_dir / "emulators" / "ory" / "connection.json"
    path.parent.mkdir(parents=True)
    path.write_text(text)


def test_a_trial_offers_the_emulated_ory(settings):
    assert directories.emulated(settings, DirectoryType.ORY) is None
    written(settings, '{"endpoint": "http://localhost:5001", "api_key": "ory_pat_x"}')
    found = directories.emulated(settings, DirectoryType.ORY)
    assert found.settings["endpoint"] == "http://localhost:5001"
    assert found.secret == "ory_pat_x"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"endpoint": "http://localhost:5001"}'])
def test_an_unreadable_note_of_the_emulator_offers_nothing(settings, text):
    written(settings, text)
    assert directories.emulated(settings, DirectoryType.ORY) is None


def test_production_offers_no_emulated_ory(settings):
    written(settings, '{"endpoint": "http://localhost:5001", "api_key": "ory_pat_x"}')
    production = settings.model_copy(update={"environment": config.Environment.PRODUCTION})
    assert directories.emulated(production, DirectoryType.ORY) is None
