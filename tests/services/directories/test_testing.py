"""Testing a connection: what verifies it, and what a report is kept for."""

from __future__ import annotations

import threading

import pytest

from directories import registry
from directories.base import Misconfigured
from models import (
    Passkey,
)
from services import directories
from services.deliveries.worker import work
from services.directories import testing
from services.refusal import Refusal
from tests.services.directories.conftest import (
    FAILS,
    PASSES,
    SETTINGS,
    enrolled,
    states,
)


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
