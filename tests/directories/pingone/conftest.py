"""A connector on a running emulated PingOne; every request is held against the description."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

import pytest

from directories import oauth
from directories.base import CheckState
from directories.pingone import PingOneConnector, PingOneSettings
from emulators.pingone.running import Running, running
from tests.directories.conftest import HERE, QUICK
from tests.directories.pingone import description

OURS = ("http://localhost:5000",)
ALL = {
    "pingone.token": "passed",
    "pingone.environment": "passed",
    "pingone.users": "passed",
    "pingone.populations": "passed",
    "pingone.worker": "passed",
    "pingone.auth_method": "passed",
    "pingone.role_identity": "passed",
    "pingone.role_configuration": "passed",
    "pingone.mfa_policy": "passed",
    "pingone.fido_policy": "passed",
    "pingone.discoverable": "passed",
    "pingone.attachment": "passed",
    "pingone.custom_domain": "passed",
    "pingone.enrols_here": "passed",
    "pingone.sign_on_step": "passed",
    "pingone.sign_on_assigned": "passed",
    "pingone.licence": "passed",
    "pingone.device_limit": "passed",
    "pingone.devices": "unknown",
}


@pytest.fixture(autouse=True)
def described(sent):
    """Hold every request of a test against PingOne's description, and start without tokens."""
    oauth.forget_all()
    yield
    if description.PRESENT:
        said = [
            problem
            for one in sent.requests
            for problem in description.problems(
                one.method, one.url, one.headers.get("Content-Type", ""), one.body
            )
        ]
        assert not said, said


@pytest.fixture
def start():
    """Run emulated PingOnes until the test ends."""
    with ExitStack() as stack:
        yield lambda **how: stack.enter_context(running(**{"people": 60, **how}))


@pytest.fixture
def ping(start) -> Running:
    return start()


def settings_for(ping: Running, **changes) -> PingOneSettings:
    stored = {name: value for name, value in ping.connection().items() if name != "secret"}
    return replace(PingOneSettings.from_mapping(stored), **changes)


def connect(ping: Running, *, secret: str | None = None, limits=QUICK, **changes):
    key = ping.client_secret if secret is None else secret
    return PingOneConnector(settings_for(ping, **changes), key, HERE, limits=limits)


@pytest.fixture
def connector(ping) -> PingOneConnector:
    return connect(ping)


def user(connector, query: str):
    """The one person that a query finds."""
    (found,) = connector.people(query, None).items
    return found


def report(connector, origins=OURS):
    return connector.test(rp_id="localhost", origins=origins, probe=True)


def states(found) -> dict[str, str]:
    return {check.code: check.state.value for check in found.checks}


def check(found, code: str):
    return next(one for one in found.checks if one.code == code)


def not_met(found) -> set[str]:
    return {one.code for one in found.checks if one.state is CheckState.FAILED}
