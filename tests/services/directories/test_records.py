"""The records of connections: secrets, edits, drafts, and what a trial offers."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

import config
from directories import registry
from directories.base import Misconfigured
from models import (
    AuditEvent,
    Directory,
    DirectoryType,
)
from services import directories
from services.directories.records import SEALED_CLIENT_FOR, SEALED_FOR
from services.refusal import Refusal
from services.sealing import SealBroken
from tests.services.directories.conftest import (
    CLIENT_SECRET,
    FAILS,
    KEY,
    PASSES,
    SETTINGS,
)


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
