"""Registrations that were begun and that nobody keeps account of: a portal died in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from emulators.pingone.moments import stamp
from tests.directories.pingone.conftest import user

LONG_AGO = datetime.now(UTC) - timedelta(hours=2)


@pytest.fixture
def ada(connector):
    return user(connector, "kiosk.one")


def left(ping, identity, moment: datetime = LONG_AGO, **fields) -> str:
    device = {"status": "ACTIVATION_REQUIRED", "createdAt": stamp(moment), **fields}
    return ping.control.add_device(identity.remote_id, device.pop("type", "FIDO2"), **device)


def devices(ping, identity) -> list[str]:
    return [one["id"] for one in ping.control.devices(identity.remote_id)]


def test_what_was_left_over_long_ago_is_removed_with_the_next_registration(ping, connector, ada):
    left(ping, ada)
    left(ping, ada)
    begun = connector.creation_options(ada)
    assert devices(ping, ada) == [begun.remote["device_id"]]


def test_nothing_is_removed_that_may_still_be_finished_or_is_no_key_begun(ping, connector, ada):
    kept = [
        left(ping, ada, datetime.now(UTC) - timedelta(minutes=15)),
        left(ping, ada, status="ACTIVE"),
        left(ping, ada, type="SMS"),
        left(ping, ada, createdAt="long ago"),
    ]
    begun = connector.creation_options(ada)
    assert set(devices(ping, ada)) == {*kept, begun.remote["device_id"]}


def test_only_some_are_removed_at_a_time(ping, connector, ada, sent):
    for _ in range(8):
        left(ping, ada)
    connector.creation_options(ada)
    assert len(sent.of("DELETE", "/devices/")) == 5


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_what_cannot_be_removed_now_hinders_nobody(ping, connector, ada, method):
    left(ping, ada)
    ping.control.fail(times=2, status=500, method=method, path="/devices")
    assert connector.creation_options(ada).leaves
