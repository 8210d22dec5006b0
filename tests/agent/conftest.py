from __future__ import annotations

import pytest

from latchkey_agent import cli, readers
from tests.agent.device import VirtualKey
from tests.agent.fake_portal import LINK, FakePortal
from tests.agent.terminal import Terminal

PIN = "493825"
BEFORE = ["look"]
TO_THE_TOUCH = ["look", "exchange", "options"]


def code_of(talk: Terminal) -> str:
    return talk.results[-1]["error"]["code"]


def plugged(*keys: VirtualKey, transport: str = readers.USB, notes: tuple[str, ...] = ()):
    """Finds these keys, as `readers.find` finds what is there."""

    def find() -> readers.Found:
        named = [(f"Key {number}", lambda key=key: key) for number, key in enumerate(keys, 1)]
        found = readers.find([(transport, lambda: named)], unopened=lambda: 0)
        return readers.Found(found.keys, found.notes + notes)

    return find


@pytest.fixture
def enrol():
    """Run `latchkey-agent enrol` with a key; the exit code, the terminal and the portal."""

    def run(*keys: VirtualKey, portal: FakePortal | None = None, options=(), **terminal):
        talk = terminal.pop("talk", None) or Terminal(PIN, **terminal)
        answering = portal or FakePortal()
        code = cli.main(
            ["enrol", LINK, *options], find=plugged(*keys), talk=talk, connect=answering.connect
        )
        return code, talk, answering

    return run
