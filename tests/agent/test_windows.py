"""Windows lets only administrators talk to keys: everybody else goes through its own dialog."""

from __future__ import annotations

import ctypes
import sys
from types import ModuleType, SimpleNamespace

import pytest
from fido2.client import ClientError

from latchkey_agent import ceremony, cli
from latchkey_agent.stop import Exit
from tests.agent.fake_portal import LINK, FakePortal
from tests.agent.terminal import Terminal
from tests.authenticator import SoftwareKey


@pytest.fixture
def windows(monkeypatch):
    """Windows' part of python-fido2, with a dialog that does as `refuses` says."""
    module = ModuleType("fido2.client.windows")
    module.refuses = None
    module.made = []

    class WindowsClient:
        def __init__(self, collector, handle=None, allow_hmac_secret=False):
            self.collector, self.allow_hmac_secret = collector, allow_hmac_secret
            module.made.append(self)

        @staticmethod
        def is_available():
            return True

        def make_credential(self, options):
            if module.refuses is not None:
                raise module.refuses
            data, _ = self.collector.collect_client_data(options)
            return SoftwareKey().create(dict(options), origin=data.origin)

    module.WindowsClient = WindowsClient
    monkeypatch.setitem(sys.modules, "fido2.client.windows", module)
    monkeypatch.setattr(ceremony, "on_windows", lambda: True)
    elevated = SimpleNamespace(IsUserAnAdmin=lambda: module.admin)
    module.admin = False
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(shell32=elevated), raising=False)
    return module


def run(*arguments):
    talk, portal = Terminal(), FakePortal()

    def find():
        raise AssertionError("no key can be looked at")

    code = cli.main([*arguments], find=find, talk=talk, connect=portal.connect)
    return code, talk, portal


def test_windows_own_dialog_makes_the_passkey(windows):
    code, talk, portal = run("enrol", LINK)
    assert code == Exit.DONE
    (client,) = windows.made
    assert client.allow_hmac_secret
    assert "Windows itself will ask" in talk.text
    assert portal.answers[0]["response"]["clientDataJSON"]


def test_a_closed_dialog_is_told_and_cancelled_at_the_portal(windows):
    windows.refuses = ClientError.ERR.OTHER_ERROR(OSError("cancelled"))
    code, talk, portal = run("enrol", LINK)
    assert (code, talk.results[-1]["error"]["code"]) == (Exit.CANCELLED, "windows_refused")
    assert portal.questions()[-1] == "cancel"


def test_rules_for_the_pin_are_left_out_and_told(windows):
    code, talk, _ = run("enrol", LINK, "--force-pin-change")
    assert code == Exit.DONE
    assert talk.results[-1]["pin_rules"] == "unable"


def test_keys_cannot_be_listed(windows):
    code, talk, _ = run("keys")
    assert (code, talk.results[-1]["error"]["code"]) == (Exit.UNSUITABLE, "windows_only")


def test_an_administrator_drives_keys_directly(windows):
    windows.admin = True
    assert not ceremony.needs_windows()
