"""A running emulated PingOne, and a client that has a token."""

from __future__ import annotations

import pytest

from emulators.pingone.running import running
from tests.authenticator.key import SoftwareKey
from tests.emulators.pingone.client import Client


@pytest.fixture
def ping():
    with running(people=30) as started:
        yield started


@pytest.fixture
def api(ping) -> Client:
    client = Client(ping)
    assert client.authorise().status_code == 200
    return client


@pytest.fixture
def key() -> SoftwareKey:
    return SoftwareKey()


@pytest.fixture
def person(api) -> str:
    """The id of somebody enabled and without devices."""
    return api.ping.control.user("kiosk.one")["id"]
