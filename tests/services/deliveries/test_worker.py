"""How a delivery ends, for everything that a directory can answer."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from sqlalchemy import select

from directories import registry
from directories.base import (
    AlreadyThere,
    Misconfigured,
    Refused,
    Transient,
)
from models import (
    AuditEvent,
    Delivery,
    DeliveryState,
    Directory,
    Passkey,
    PlacementState,
    Serves,
)
from services.deliveries import outbox, pauses, worker
from services.deliveries.worker import work
from tests.fake_directory import FakeDirectory

DONE, WAITING, HELD = DeliveryState.DONE, DeliveryState.WAITING, DeliveryState.HELD
DROPPED = DeliveryState.DROPPED


def test_a_person_whom_the_directory_does_not_know_is_created_with_the_passkey(world):
    world.directory()
    [passkey] = world.enrolled("grace")
    assert world.work() == 1
    assert world.states() == [DONE]
    assert world.fake.writes() == ["put_identity"]
    placement = world.placement(passkey)
    assert placement.actual is PlacementState.PRESENT
    assert placement.confirmed_at == world.clock()
    assert placement.remote_id == world.fake.passkeys()[0].credential_id.hex()
    person_id, _, _ = world.person_of(passkey)
    assert world.identities() == {person_id: "remote-1"}


def test_a_person_whom_the_directory_knows_is_linked_and_gets_the_passkey(world):
    world.directory()
    [passkey] = world.enrolled("grace")
    known = world.fake.add("grace@example.com")
    world.work()
    assert world.states() == [DONE]
    assert world.fake.writes() == ["put_passkey"]
    assert list(known.passkeys) == [world.fake.passkeys()[0].credential_id]
    with world.portal.database.read() as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.tag == "identity.linked")).one()
        assert event.detail["after"] == known.remote_id
    assert world.placement(passkey).actual is PlacementState.PRESENT


def test_the_directory_learns_of_a_passkey_what_its_own_row_says(world):
    world.directory()
    [passkey_id] = world.enrolled(
        sign_count=7, transports=["usb", "nfc"], backup_eligible=True, backup_state=True
    )
    world.work()
    [learnt] = world.fake.passkeys()
    with world.portal.database.read() as session:
        passkey = session.get_one(Passkey, passkey_id)
        for name in ("credential_id", "public_key", "rp_id", "user_handle", "aaguid", "nickname"):
            assert getattr(learnt, name) == getattr(passkey, name)
    assert (learnt.sign_count, learnt.transports) == (7, ("usb", "nfc"))
    assert learnt.backup_eligible and learnt.backup_state and learnt.user_verified


def test_a_directory_that_takes_one_thing_at_a_time_gets_both(world):
    world.directory()
    world.enrolled()
    world.fake.one_at_a_time = True
    world.work()
    assert world.states() == [DONE]
    assert world.fake.writes() == ["put_identity", "put_passkey"]


def test_an_identity_that_belongs_to_somebody_else_is_never_written_into(world):
    world.directory()
    with world.portal.database.write() as session:
        records = world.records(session)
        taken = world.fake.add("shared@example.com")
        directory = session.scalars(select(Directory)).one()
        records.identity(directory, records.person("first"), taken.remote_id)
    world.enrolled("second", keys=1)
    taken.email = "second@example.com"
    world.work()
    assert world.states() == [HELD]
    assert world.delivery().code == "identity.linked_to_another"
    assert world.fake.writes() == []
    assert taken.passkeys == {}


def test_nothing_is_removed_from_an_identity_that_belongs_to_somebody_else(world):
    world.directory()
    with world.portal.database.write() as session:
        records = world.records(session)
        taken = world.fake.add("second@example.com")
        directory = session.scalars(select(Directory)).one()
        records.identity(directory, records.person("first"), taken.remote_id)
    [passkey] = world.enrolled("second")
    with world.portal.database.read() as session:
        credential_id = session.get_one(Passkey, passkey).credential_id
    taken.passkeys[credential_id] = "put there by hand"
    world.end(passkey)
    world.work()
    assert (world.delivery().state, world.delivery().code) == (HELD, "identity.linked_to_another")
    assert list(taken.passkeys) == [credential_id]


def test_a_directory_that_takes_no_identities_waits_for_a_human(world):
    world.directory()
    world.enrolled()
    world.fake.takes_identities = False
    world.work()
    assert world.states() == [HELD]
    assert world.delivery().code == "identity.not_found"


def test_an_identity_that_was_deleted_there_is_made_anew_and_linked_anew(world):
    world.directory()
    [passkey] = world.enrolled()
    world.work()
    world.fake.identities.clear()
    world.rename(passkey, "Another name")
    world.work()
    assert world.states() == [DONE, DONE]
    assert list(world.identities().values()) == ["remote-2"]
    assert world.fake.passkeys()[0].nickname == "Another name"


def test_an_identity_that_somebody_made_at_this_moment_is_linked(world):
    world.directory()
    world.enrolled("grace")
    world.fake.before["put_identity"].append(lambda: world.fake.add("grace@example.com"))
    world.work()
    assert world.states() == [DONE]
    assert len(world.fake.identities) == 1


def test_an_identity_that_the_directory_hands_back_is_linked_before_it_is_written(world):
    world.directory()
    world.enrolled("grace")
    world.fake.hands_back = True
    world.fake.before["put_identity"].append(lambda: world.fake.add("grace@example.com"))
    world.work()
    assert world.states() == [DONE]
    assert world.fake.writes() == ["put_identity", "put_passkey"]


def test_an_identity_handed_back_that_is_somebody_elses_gets_nothing(world):
    directory = world.directory()
    world.enrolled("grace")
    world.fake.hands_back = True

    def somebody_elses():
        made = world.fake.add("grace@example.com")
        with world.portal.database.write() as session:
            records = world.records(session)
            row = session.get_one(Directory, directory)
            records.identity(row, records.person("ada"), made.remote_id)

    world.fake.before["put_identity"].append(somebody_elses)
    world.work()
    delivery = world.delivery()
    assert (delivery.state, delivery.code) == (HELD, "identity.linked_to_another")
    assert world.fake.writes() == ["put_identity"]


def test_a_conflict_that_nobody_can_explain_waits_for_a_human(world):
    world.directory()
    world.enrolled()
    world.fake.before["put_identity"].append(
        AlreadyThere("Taken.", code="fake.there", said="conflict", request_id="req-7")
    )
    world.work()
    delivery = world.delivery()
    assert (delivery.state, delivery.code) == (HELD, "fake.there")
    assert (delivery.said, delivery.request_id) == ("conflict", "req-7")


@pytest.mark.parametrize("kind", [Refused, Misconfigured])
def test_a_refusal_waits_for_a_human_with_the_directorys_own_words(world, kind):
    world.directory()
    [passkey] = world.enrolled()
    world.fake.before["find_identity"].append(
        kind("Our sentence.", code="fake.no", said="Their words", request_id="req-9")
    )
    world.work()
    delivery = world.delivery()
    assert (delivery.state, delivery.code, delivery.reason) == (HELD, "fake.no", "Our sentence.")
    assert (delivery.said, delivery.request_id) == ("Their words", "req-9")
    assert delivery.settled_at == world.clock()
    assert world.placement(passkey).actual is PlacementState.ABSENT
    assert world.work() == 0


def test_words_longer_than_their_columns_are_cut_not_lost(world):
    world.directory()
    world.enrolled()
    world.fake.before["find_identity"].append(
        Refused("r" * 2000, code="c" * 99, said="s" * 9000, request_id="i" * 999)
    )
    world.work()
    delivery = world.delivery()
    assert delivery.state is HELD
    lengths = [len(text) for text in (delivery.reason, delivery.code, delivery.said)]
    assert lengths == [1000, 64, 4000]


def test_what_was_not_read_back_is_not_called_placed(world):
    world.directory()
    [passkey] = world.enrolled()
    world.fake.stores_passkeys = False
    world.work()
    delivery = world.delivery()
    assert (delivery.state, delivery.code) == (HELD, "fake.no_import")
    placement = world.placement(passkey)
    assert placement.actual is PlacementState.ABSENT
    assert placement.confirmed_at == world.clock()
    assert len(world.identities()) == 1  # the identity is there, and stays linked


def test_a_warning_beside_a_placed_passkey_is_kept_for_the_operator(world):
    world.directory()
    world.enrolled()
    world.fake.warning = Refused("It signs in by SSO only.", code="fake.organisation")
    world.work()
    delivery = world.delivery()
    assert (delivery.state, delivery.code) == (DONE, "fake.organisation")


def test_a_passing_failure_is_tried_again_and_shows_why(world):
    world.directory()
    [passkey] = world.enrolled()
    world.fake.before["find_identity"].append(
        Transient("It answered 503.", code="fake.503", said="upstream", request_id="req-2")
    )
    world.work()
    delivery = world.delivery()
    assert (delivery.state, delivery.code, delivery.attempts) == (WAITING, "fake.503", 1)
    assert (delivery.reason, delivery.said) == ("It answered 503.", "upstream")
    assert world.clock() < delivery.due_at <= world.clock() + timedelta(seconds=pauses.FIRST)
    assert world.work() == 0  # not before its time
    world.clock.forward(seconds=pauses.FIRST)
    assert world.work() == 1
    delivery = world.delivery()
    assert (delivery.state, delivery.code, delivery.attempts) == (DONE, None, 2)
    assert world.placement(passkey).actual is PlacementState.PRESENT


def test_a_directory_that_keeps_failing_is_never_given_up(world):
    world.directory()
    world.enrolled()
    for _ in range(30):
        world.fake.before["find_identity"].append(Transient("Down.", code="fake.down"))
        assert world.work() == 1
        delivery = world.delivery()
        assert delivery.state is WAITING
        assert delivery.due_at <= world.clock() + timedelta(seconds=pauses.LONGEST)
        world.clock.forward(seconds=pauses.LONGEST)
    assert world.delivery().attempts == 30
    world.work()
    assert world.states() == [DONE]


def test_retry_after_is_honoured(world):
    world.directory()
    world.enrolled()
    world.fake.before["find_identity"].append(
        Transient("Too many requests.", code="fake.429", retry_after=120.0)
    )
    world.work()
    assert world.delivery().due_at >= world.clock() + timedelta(seconds=120)
    world.clock.forward(seconds=119)
    assert world.work() == 0
    world.clock.forward(seconds=30)
    assert world.work() == 1


def test_too_many_requests_alone_put_nobody_off_for_long(world):
    world.directory()
    world.enrolled()
    for _ in range(12):
        world.fake.before["find_identity"].append(
            Transient("Too many requests.", code="http.rate", status=429)
        )
        assert world.work() == 1
        longest = timedelta(seconds=pauses.LONGEST_IN_TURN)
        assert world.delivery().due_at <= world.clock() + longest
        world.clock.forward(seconds=pauses.LONGEST_IN_TURN)
    assert world.work() == 1
    assert world.states() == [DONE]


def test_a_new_name_is_delivered_where_the_passkey_is_and_nowhere_else(world):
    world.directory()
    [passkey] = world.enrolled()
    world.work()
    world.directory(name="Connected later")
    world.rename(passkey, "Renamed")
    world.rename(passkey, "Renamed")
    assert world.work() == 1
    assert [one.cause for one in world.deliveries()] == ["passkey.registered", "passkey.renamed"]
    assert world.fake.passkeys()[0].nickname == "Renamed"


def test_a_passkey_that_has_ended_gets_a_new_name_here_only(world):
    world.directory()
    [passkey] = world.enrolled()
    world.end(passkey)
    world.work()
    world.rename(passkey, "Renamed")
    assert world.work() == 0


def test_something_that_vanished_meanwhile_is_looked_up_again(world):
    world.directory()
    world.enrolled("grace")
    world.fake.add("grace@example.com")
    world.fake.before["put_passkey"].append(world.fake.identities.clear)
    world.work()
    assert world.delivery().code == "fake.gone"
    world.clock.forward(seconds=pauses.FIRST)
    world.work()
    assert world.states() == [DONE]
    assert world.fake.writes() == ["put_passkey", "put_identity"]


def test_a_crash_between_the_write_and_the_settlement_writes_nothing_twice(world):
    world.directory()
    [passkey] = world.enrolled()

    class Crash(BaseException):
        """A process that dies catches nothing."""

    def die():
        raise Crash

    world.fake.after["put_identity"].append(die)
    with pytest.raises(Crash):
        world.work()
    assert world.states() == [DeliveryState.RUNNING]
    assert world.work() == 0  # its lease still runs
    world.clock.forward(minutes=10)
    assert world.work() == 1
    assert world.states() == [DONE]
    assert len(world.fake.identities) == len(world.fake.passkeys()) == 1
    assert world.placement(passkey).actual is PlacementState.PRESENT


def test_an_unforeseen_failure_is_tried_again_without_its_words(world, caplog):
    world.directory()
    world.enrolled()
    world.fake.before["find_identity"].append(RuntimeError("it holds ory_pat_secret"))
    world.work()
    delivery = world.delivery()
    assert (delivery.state, delivery.code) == (WAITING, "delivery.unexpected")
    assert "RuntimeError" in delivery.reason
    assert "ory_pat_secret" not in f"{delivery.reason}{delivery.said}"
    assert [record.levelno for record in caplog.records if record.exc_info] == [logging.ERROR]


def test_a_change_while_it_runs_is_delivered_afterwards(world):
    world.directory()
    [passkey] = world.enrolled()
    world.fake.before["put_identity"].append(lambda: world.rename(passkey, "Renamed meanwhile"))
    assert world.work() == 2
    assert world.states() == [DONE, DONE]
    assert world.fake.passkeys()[0].nickname == "Renamed meanwhile"


def test_a_change_that_nobody_announced_is_noticed_at_the_settlement(world):
    world.directory()
    [passkey] = world.enrolled()

    def rename_in_silence():
        with world.portal.database.write() as session:
            session.get_one(Passkey, passkey).nickname = "Renamed in silence"

    world.fake.before["put_identity"].append(rename_in_silence)
    assert world.work() == 2
    assert world.deliveries()[1].cause == "delivery.changed"
    assert world.fake.passkeys()[0].nickname == "Renamed in silence"


def test_a_sign_in_that_only_counted_on_is_not_delivered_again(world):
    world.directory()
    [passkey] = world.enrolled()

    def sign_in():
        with world.portal.database.write() as session:
            session.get_one(Passkey, passkey).sign_count += 1

    world.fake.before["put_identity"].append(sign_in)
    assert world.work() == 1


def test_a_failure_hands_its_pause_to_a_newer_delivery(world):
    world.directory()
    [passkey] = world.enrolled()

    def rename_and_fail():
        world.rename(passkey, "Renamed meanwhile")
        raise Transient("Wait.", code="fake.429", retry_after=60.0)

    world.fake.before["find_identity"].append(rename_and_fail)
    assert world.work() == 1
    assert world.states() == [DROPPED, WAITING]
    newer = world.delivery()
    assert newer.due_at >= world.clock() + timedelta(seconds=60)
    assert (newer.attempts, newer.code) == (1, "fake.429")


def test_a_refusal_gives_way_to_a_newer_delivery(world):
    world.directory()
    [passkey] = world.enrolled()

    def rename_and_refuse():
        world.rename(passkey, "Renamed meanwhile")
        raise Refused("No.", code="fake.no")

    world.fake.before["find_identity"].append(rename_and_refuse)
    assert world.work() == 2
    assert world.states() == [DROPPED, DONE]


def test_an_ended_passkey_is_removed_and_only_that_one(world):
    world.directory()
    first, second = world.enrolled(keys=2)
    world.work()
    world.end(first)
    world.work()
    assert world.placement(first).actual is PlacementState.ABSENT
    with world.portal.database.read() as session:
        kept = session.get_one(Passkey, second).credential_id
    assert [one.credential_id for one in world.fake.passkeys()] == [kept]


def test_a_passkey_that_ended_before_it_was_delivered_is_not_delivered(world):
    world.directory()
    [passkey] = world.enrolled()
    world.end(passkey)
    world.work()
    assert world.states() == [DONE]
    assert world.fake.writes() == []
    assert world.placement(passkey).actual is PlacementState.ABSENT


def test_a_passkey_that_a_dead_worker_left_behind_is_removed_all_the_same(world):
    world.directory()
    [passkey] = world.enrolled()
    world.work()
    with world.portal.database.write() as session:
        row = outbox.lock(session, world_pair(session, passkey))
        row.actual, row.remote_id = PlacementState.ABSENT, None
    world.end(passkey)
    world.work()
    assert world.fake.passkeys() == []


def world_pair(session, passkey_id):
    delivery = session.scalars(select(Delivery).where(Delivery.passkey_id == passkey_id)).first()
    return outbox.Pair(delivery.directory_id, delivery.passkey_id, delivery.person_id)


def test_a_directory_that_lost_its_verification_is_left_alone_until_it_passes_again(world):
    directory = world.directory()
    world.enrolled()
    verify(world, directory, None)
    assert world.work() == 0
    assert world.states() == [WAITING]
    verify(world, directory, world.clock())
    assert world.work() == 1
    assert world.states() == [DONE]


def verify(world, directory_id, moment):
    with world.portal.database.write() as session:
        session.get_one(Directory, directory_id).verified_at = moment


def test_what_an_ended_directory_was_owed_is_dropped_without_asking_it(world):
    directory = world.directory()
    world.enrolled()
    with world.portal.database.write() as session:
        session.get_one(Directory, directory).ended_at = world.clock()
    world.work()
    assert world.states() == [DROPPED]
    assert world.delivery().code == "directory.ended"
    assert world.fake.calls == []


def test_a_directory_whose_secret_does_not_open_waits_for_a_human(world):
    directory = world.directory()
    world.enrolled()
    with world.portal.database.write() as session:
        session.get_one(Directory, directory).sealed_secret = b"sealed with another key"
    world.work()
    assert world.states() == [HELD]
    assert world.delivery().code == "directory.secret_sealed"


def test_a_touch_that_came_too_late_is_asked_for_again(world):
    world.directory()
    world.enrolled()
    with world.portal.database.write() as session:
        session.scalars(select(Delivery)).one().not_after = world.clock()
    world.clock.forward(seconds=1)
    world.work()
    assert world.states() == [DeliveryState.NEEDS_TOUCH]
    assert world.fake.writes() == []


def test_a_touch_that_came_too_late_takes_what_is_pending_there_away(world):
    world.directory()
    [passkey] = world.enrolled()
    world.work()
    world.rename(passkey, "Renamed")
    with world.portal.database.write() as session:
        row = outbox.lock(session, world_pair(session, passkey))
        row.actual, row.remote_id = PlacementState.ABSENT, None
        outbox.waiting(session, world_pair(session, passkey)).not_after = world.clock()
    world.work()
    assert world.delivery().state is DeliveryState.NEEDS_TOUCH
    assert world.fake.passkeys() == []
    assert world.placement(passkey).actual is PlacementState.ABSENT


def test_a_passkey_that_ended_is_never_delivered_whoever_asked_for_it_last(world):
    world.directory()
    [passkey] = world.enrolled()
    with world.portal.database.write() as session:
        session.get_one(Passkey, passkey).ended_at = world.clock()
    assert world.placement(passkey).wanted is PlacementState.PRESENT
    world.work()
    assert world.states() == [DONE]
    assert world.fake.writes() == []
    placement = world.placement(passkey)
    assert (placement.wanted, placement.actual) == (PlacementState.ABSENT, PlacementState.ABSENT)


def test_whoever_is_served_again_at_the_moment_a_delivery_is_dropped_gets_it(world, monkeypatch):
    directory = world.directory()
    [passkey] = world.enrolled()
    serve(world, directory, Serves.CHOSEN)
    real = worker.moot

    def moot_and_served_again(facts):
        found = real(facts)
        if found is not None:
            monkeypatch.setattr(worker, "moot", real)
            serve(world, directory, Serves.EVERYONE)
            world.rename(passkey, "Asked for anew")
        return found

    monkeypatch.setattr(worker, "moot", moot_and_served_again)
    assert world.work() == 2
    assert world.states() == [DROPPED, DONE]
    assert [one.nickname for one in world.fake.passkeys()] == ["Asked for anew"]
    assert world.placement(passkey).wanted is PlacementState.PRESENT


def serve(world, directory_id, serves):
    with world.portal.database.write() as session:
        session.get_one(Directory, directory_id).serves = serves


def test_one_directory_that_fails_does_not_keep_the_passkey_from_another(world, monkeypatch):
    broken = FakeDirectory()
    broken.before["find_identity"].append(Transient("Down.", code="fake.down"))
    world.directory(name="broken", settings={"endpoint": "https://broken.example.com"})
    world.directory(name="fine")
    monkeypatch.setattr(
        registry,
        "build",
        lambda _type, settings, *_, **__: (
            broken if "broken" in settings["endpoint"] else world.fake
        ),
    )
    world.enrolled()
    world.work()
    assert sorted(world.states()) == [DONE, WAITING]
    assert len(world.fake.passkeys()) == 1


def test_work_stops_between_two_deliveries_when_it_is_told_to(world):
    world.directory()
    world.enrolled(keys=3)
    answers = iter([False, True])
    assert work(world.portal, worker="worker", stopping=lambda: next(answers)) == 1


def test_the_trail_says_what_happened_without_the_directorys_words(world):
    world.directory()
    world.enrolled()
    world.fake.stores_passkeys = False
    world.work()
    with world.portal.database.read() as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.tag == "delivery.held")).one()
    assert event.detail == {
        "cause": "passkey.registered",
        "state": "held",
        "attempts": 1,
        "code": "fake.no_import",
    }


def test_the_twin_finds_an_identity_as_connectors_do(world):
    """By the directory's id, then by our own, then by address (Ory contract section 3.3)."""
    world.directory()
    [passkey] = world.enrolled("grace")
    _, uuid, email = world.person_of(passkey)
    by_address = world.fake.add(email)
    ours = world.fake.add("moved@example.com", uuid)
    world.work()
    assert (len(ours.passkeys), len(by_address.passkeys)) == (1, 0)
