"""A page that waits for the desk agent: the agent runs beside the browser, and the page turns."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from directories.entra import ceremony as entra_ceremony
from emulators.entra.running import running as run_entra
from latchkey_agent import cli
from latchkey_agent.stop import Exit
from models import Passkey
from tests.agent.conftest import PIN, plugged
from tests.agent.device import VirtualKey
from tests.agent.terminal import Terminal
from tests.browser import desks, looks, scene, vendors
from tests.browser.conftest import PATIENCE_MS

AGENT = "use the desk agent"
MAKE = "Make a command for the agent"
BEGUN = "Go on at the agent"
REGISTERED = "The key is registered"
PATIENCE = PATIENCE_MS / 1000


class Held(Terminal):
    """A terminal at which nobody presses Enter before the test has seen what the page says."""

    def __init__(self) -> None:
        super().__init__(PIN)
        self.may_go_on = threading.Event()

    def say(self, text: str) -> None:
        super().say(text)
        if text.startswith("Touch"):
            assert self.may_go_on.wait(PATIENCE)


class Run:
    """`latchkey-agent enrol` in a thread of its own."""

    def __init__(self, command: str, key: VirtualKey) -> None:
        self.talk, self.code = Held(), -1
        self._thread = threading.Thread(target=self._run, args=(command, key), daemon=True)
        self._thread.start()

    def _run(self, command: str, key: VirtualKey) -> None:
        address = command.split()[-1]
        self.code = cli.main(["enrol", address], find=plugged(key), talk=self.talk)

    def finish(self) -> None:
        """The key is touched."""
        self.talk.may_go_on.set()

    def ended(self) -> int:
        """What the command exits with."""
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        return self.code


@pytest.fixture
def tenant(monkeypatch) -> Iterator:
    monkeypatch.setattr(entra_ceremony, "PAUSES", (0.0, 0.0))
    with run_entra(people=3) as started:
        started.control.lag(0)
        yield started


@pytest.fixture
def grace(site):
    scene.choose(site)
    return scene.person(site)


def passkeys(site, person) -> list[Passkey]:
    with site.portal.database.read() as session:
        own = select(Passkey).where(Passkey.person_id == person.id).order_by(Passkey.id)
        return list(session.scalars(own))


def hand_over(page, key: VirtualKey) -> Run:
    """Give what the page asks for to the agent, up to the touch; the page tells of it."""
    page.get_by_role("button", name=MAKE).click()
    command = page.get_by_role("main").locator("code").filter(has_text="latchkey-agent enrol")
    run = Run(command.inner_text(), key)
    expect(page.get_by_text(BEGUN)).to_be_visible()
    return run


def test_a_page_that_waits_turns_when_the_agent_is_done(site, visit, world, grace):
    page = scene.begin(visit(), scene.link(site, grace))
    page.get_by_role("button", name=AGENT).click()
    run = hand_over(page, VirtualKey(maker=world.key(), pin=PIN))
    assert passkeys(site, grace) == []

    run.finish()
    expect(page.get_by_role("main")).to_contain_text(REGISTERED)
    expect(page.get_by_role("button", name=MAKE)).to_have_count(0)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your key is enrolled")
    assert run.ended() == Exit.DONE
    assert [one.transports for one in passkeys(site, grace)] == [["usb"]]


def test_the_agent_takes_over_for_microsoft_alone_after_a_touch_in_the_browser(
    site, visit, world, grace, tenant
):
    directory = vendors.entra(site, tenant)
    remote = tenant.control.add_user(displayName="Grace Hopper")["id"]
    vendors.link(site, directory, grace, remote)
    page = scene.enrol(visit(world.key()), scene.link(site, grace))
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Key for Contoso")
    run = hand_over(page, VirtualKey(maker=world.key(), pin=PIN))
    assert "login.microsoft.com" in run.talk.text

    run.finish()
    expect(page.get_by_role("main")).to_contain_text(REGISTERED)
    page.get_by_role("button", name="Go on").click()
    expect(heading).to_have_text("Your keys are enrolled")
    assert run.ended() == Exit.DONE
    assert [one.own for one in passkeys(site, grace)] == [True, False]
    assert len(tenant.control.passkeys(remote)) == 1


def test_whoever_gave_one_step_to_the_agent_goes_on_with_the_next(
    site, visit, world, grace, tenant
):
    directory = vendors.entra(site, tenant)
    remote = tenant.control.add_user(displayName="Grace Hopper")["id"]
    vendors.link(site, directory, grace, remote)
    visitor = visit()
    page = visitor.go(scene.link(site, grace))
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name=AGENT).click()
    run = hand_over(page, VirtualKey(maker=world.key(), pin=PIN))
    run.finish()
    page.get_by_role("button", name="Go on").click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Key for Contoso")
    assert run.ended() == Exit.DONE
    assert [one.own for one in passkeys(site, grace)] == [True]


def test_a_desk_goes_on_when_the_agent_is_done(site, visit, world):
    key = world.key()
    scene.administrator(site, key)
    ada = visit(key, **looks.LOOK)
    scene.sign_in(ada)
    people = desks.people(site, 2)
    request = desks.staged(site, people)
    page = ada.go(desks.address(request))
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("button", name="is inserted").click()
    page.get_by_role("button", name=AGENT).click()
    run = hand_over(page, VirtualKey(maker=world.key(), pin=PIN))
    assert passkeys(site, people[0]) == []

    run.finish()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("main")).to_contain_text("can be handed over")
    assert run.ended() == Exit.DONE
    assert len(passkeys(site, people[0])) == 1
    page.get_by_role("button", name="Next person").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Person 02")
