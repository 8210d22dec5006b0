"""`latchkey-agent keys`, and looking for keys."""

from __future__ import annotations

import builtins
import sys
from types import ModuleType

import pytest
from fido2.hid.base import HidDescriptor

from latchkey_agent import cli, readers
from latchkey_agent.stop import Exit
from tests.agent.conftest import PIN, plugged
from tests.agent.device import VirtualKey
from tests.agent.fake_portal import LINK, FakePortal
from tests.agent.terminal import Terminal


def keys(*there, arguments=(), portal=None):
    talk = Terminal()
    answering = portal or FakePortal()
    code = cli.main(
        ["keys", *arguments], find=plugged(*there), talk=talk, connect=answering.connect
    )
    return code, talk.results[-1]


def test_what_is_plugged_in_is_listed():
    key = VirtualKey(pin=PIN, remaining=7)
    key.pin_tries = 5
    code, told = keys(key)
    assert code == Exit.DONE
    (row,) = told["keys"]
    assert row["aaguid"] == str(key.maker.aaguid)
    assert (row["pin"], row["pin_tries"], row["room_for"]) == ("set", 5, 7)
    assert row["problem"] is None
    assert "allowed" not in row


def test_a_link_tells_which_are_allowed():
    good, other = VirtualKey(pin=PIN), VirtualKey()
    good.maker.aaguid = type(good.maker.aaguid)(int=7)
    portal = FakePortal(models={str(good.maker.aaguid): "Good Key"})
    _, told = keys(good, other, arguments=[LINK], portal=portal)
    assert [(row["allowed"], row["model"]) for row in told["keys"]] == [
        (True, "Good Key"),
        (False, None),
    ]
    assert portal.questions() == ["look"]


def test_what_keeps_a_key_from_use_is_told():
    _, told = keys(VirtualKey(pin=PIN, remaining=0), VirtualKey(keeps=False))
    assert [row["problem"] for row in told["keys"]] == ["key_full", "key_keeps_none"]


def test_no_key_has_an_exit_code_of_its_own():
    code, told = keys()
    assert (code, told["keys"]) == (Exit.NO_KEY, [])


def test_listing_is_readable_without_json(capsys):
    talk = Terminal()
    talk.as_json = False
    talk.result = type(talk).__mro__[1].result.__get__(talk)
    cli.main(["keys", LINK], find=plugged(VirtualKey()), talk=talk, connect=FakePortal().connect)
    out = capsys.readouterr().out
    assert "no PIN yet" in out
    assert "allowed" in out


def test_a_reader_that_cannot_be_looked_at_is_told_and_usb_still_found():
    def none():
        raise readers.NoReaders("The smart card service does not run.")

    found = readers.find(
        [(readers.READER, none), (readers.USB, lambda: [("Key", VirtualKey)])],
        unopened=lambda: 2,
    )
    assert [key.name for key in found.keys] == ["Key"]
    assert found.notes[0] == "The smart card service does not run."
    assert "2 USB devices" in found.notes[1]


def test_a_device_that_fails_is_told_and_the_others_found():
    def busy():
        raise OSError(16, "Device or resource busy")

    there = [("One", VirtualKey), ("Busy", busy), ("Three", VirtualKey)]
    found = readers.find([(readers.USB, lambda: there)], unopened=lambda: 0)
    assert [key.name for key in found.keys] == ["One", "Three"]
    assert found.notes == ("Busy did not answer (OSError).",)


def test_a_connection_that_cannot_be_listed_is_told():
    def failing():
        raise PermissionError(13, "Permission denied")

    found = readers.find([(readers.USB, failing)], unopened=lambda: 0)
    assert found == readers.Found((), ("Keys on usb could not be listed (PermissionError).",))


def test_usb_is_looked_at_through_its_descriptors(monkeypatch):
    one = HidDescriptor("/dev/hidraw0", 1, 1, 64, 64, None, None)
    monkeypatch.setattr(readers, "list_descriptors", lambda: [one])
    monkeypatch.setattr(readers, "open_connection", lambda found: found)
    monkeypatch.setattr(readers, "CtapHidDevice", lambda found, connection: VirtualKey())
    found = readers.find([(readers.USB, readers.usb)], unopened=lambda: 0)
    assert [(key.name, key.transport) for key in found.keys] == [("USB security key", readers.USB)]


def test_missing_reader_support_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def without(name, *more, **rest):
        if name.startswith(("smartcard", "fido2.pcsc")):
            raise ImportError(name)
        return real(name, *more, **rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(readers.NoReaders, match="pcsc"):
        list(readers.readers())


@pytest.fixture
def smartcard(monkeypatch):
    """The reader library's modules, without a reader: what `fido2.pcsc` lists is in `cards`."""
    pcsc = ModuleType("fido2.pcsc")
    pcsc.cards, pcsc.exceptions = [], {}

    class CtapPcscDevice:
        @classmethod
        def list_devices(cls):
            for card in pcsc.cards:
                if isinstance(card, Exception):
                    raise card
                yield card

    pcsc.CtapPcscDevice = CtapPcscDevice
    names = {
        "smartcard.Exceptions": "SmartcardException",
        "smartcard.pcsc.PCSCExceptions": "BaseSCardException",
    }
    for module in ("smartcard", "smartcard.pcsc", *names):
        made = ModuleType(module)
        if name := names.get(module):
            pcsc.exceptions[name] = type(name, (Exception,), {"__module__": module})
            setattr(made, name, pcsc.exceptions[name])
        monkeypatch.setitem(sys.modules, module, made)
    monkeypatch.setitem(sys.modules, "fido2.pcsc", pcsc)
    return pcsc


def test_a_card_that_is_taken_off_its_reader_is_told(smartcard):
    gone = type("CardConnectionException", (smartcard.exceptions["SmartcardException"],), {})
    gone.__module__ = "smartcard.Exceptions"

    class Card(VirtualKey):
        def __repr__(self):
            return "CtapPcscDevice(OMNIKEY)"

        def call(self, *_args, **_more):
            raise gone

    smartcard.cards.append(Card())
    found = readers.find([(readers.READER, readers.readers)], unopened=lambda: 0)
    assert found.notes == ("OMNIKEY did not answer (CardConnectionException).",)


def test_cards_are_called_by_their_reader(smartcard):
    class Card(VirtualKey):
        def __repr__(self):
            return "CtapPcscDevice(OMNIKEY 5022 00 00)"

    smartcard.cards.append(Card(pin=PIN))
    found = readers.find([(readers.READER, readers.readers)], unopened=lambda: 0)
    assert [(key.name, key.transport) for key in found.keys] == [
        ("OMNIKEY 5022 00 00", readers.READER)
    ]


@pytest.mark.parametrize("name", ["SmartcardException", "BaseSCardException"])
def test_a_smart_card_service_that_does_not_run_is_told(smartcard, name):
    smartcard.cards.append(smartcard.exceptions[name]())
    with pytest.raises(readers.NoReaders, match="service does not run"):
        list(readers.readers())
