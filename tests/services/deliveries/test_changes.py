"""What changes while, or after, a passkey is delivered."""

from __future__ import annotations

from models import DeliveryState, Passkey

DONE = DeliveryState.DONE


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
