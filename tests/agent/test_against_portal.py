"""The whole way: the command, a key that is not there, a portal on a real socket with a worker, and
the emulated Ory, Entra ID and PingOne behind it.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta

import pytest
from sqlalchemy import select

from directories import oauth
from directories.entra import ceremony as entra_ceremony
from emulators.entra.running import running as running_entra
from emulators.pingone.running import running as running_pingone
from latchkey_agent import cli
from latchkey_agent.portal import Portal
from latchkey_agent.stop import Exit
from models import Directory, EnrolmentLink, LinkPurpose, Passkey, Person, Session
from services import agent_tickets, links, policies
from services.ceremonies import Purpose
from tests.agent.conftest import PIN, plugged
from tests.agent.device import VirtualKey
from tests.agent.terminal import Terminal
from tests.authenticator.world import World
from tests.browser.conftest import open_site
from tests.records import Records
from tests.services.ceremonies import vendors


@pytest.fixture(scope="session")
def world() -> World:
    return World()


@pytest.fixture
def desk(tmp_path, migrated_sqlite, world, monkeypatch):
    monkeypatch.setattr(entra_ceremony, "PAUSES", (0.0, 0.0))
    monkeypatch.setattr("latchkey_agent.enrol.SETTLE_SECONDS", 0.1)
    monkeypatch.setattr("latchkey_agent.enrol.SETTLE_POLLS", 200)
    oauth.forget_all()
    metadata = world.write(tmp_path / "extra.json")
    with open_site(tmp_path, migrated_sqlite, metadata) as site:
        yield Desk(site, world)
    oauth.forget_all()


class Desk:
    """Grace, with a key in her hand and a link."""

    def __init__(self, site, world) -> None:
        self.site, self.portal = site, site.portal
        self.key = VirtualKey(maker=world.key(), pin=PIN)
        self.world = world
        with self.portal.database.write() as session:
            policies.choose(session, "hid_crescendo", actor=None, now=self.portal.now())
            self.person = Records(session, self.portal.now).person("grace", roles=[])
        self.talk = Terminal(PIN)

    def link(self) -> str:
        """An enrolment link of Grace's."""
        with self.portal.database.write() as session:
            made = links.make(
                session,
                purpose=LinkPurpose.ENROL,
                person=session.get_one(Person, self.person.id),
                actor=None,
                lifetime=timedelta(hours=1),
                now=self.portal.now(),
            )
        return f"{self.site.url}/links/{made.token}"

    def command(self, directory=None, subject: str = "") -> str:
        """What a page of her signed-in browser shows."""
        with self.portal.database.write() as session:
            rows = Records(session, self.portal.now)
            person = session.get_one(Person, self.person.id)
            made = agent_tickets.make(
                session,
                purpose=Purpose.ADD,
                subject=subject,
                person=person,
                directory=directory,
                session_row=rows.browser_session(rows.passkey(person)),
                now=self.portal.now(),
            )
        return agent_tickets.command(self.site.url, made.token).split()[-1]

    def run(self, address: str, *, key=None, talk=None, connect=Portal) -> int:
        """`latchkey-agent enrol`."""
        self.talk = talk or Terminal(PIN)
        return cli.main(
            ["enrol", address], find=plugged(key or self.key), talk=self.talk, connect=connect
        )

    @property
    def told(self):
        """The outcome."""
        return self.talk.results[-1]

    def passkeys(self) -> list[Passkey]:
        """Those that Grace has, as they are stored."""
        with self.portal.database.read() as session:
            own = select(Passkey).where(Passkey.person_id == self.person.id)
            return list(session.scalars(own.order_by(Passkey.id)))


def test_a_link_ends_with_a_passkey_of_our_own(desk):
    code = desk.run(desk.link())
    assert code == Exit.DONE, desk.told
    (passkey,) = desk.passkeys()
    assert passkey.own
    assert passkey.credential_id == desk.key.kept[0].id
    assert passkey.transports == ["usb"]
    assert desk.told["passkeys"][0]["model"] == "HID Crescendo Key"
    with desk.portal.database.read() as session:
        assert session.scalars(select(EnrolmentLink)).one().finished_at is not None


def test_a_command_works_once(desk):
    address = desk.command()
    assert desk.run(address) == Exit.DONE
    assert desk.run(address) == Exit.REFUSED
    assert desk.told["error"]["code"] == "agent_token_finished"


def test_a_command_that_is_in_use_says_so(desk):
    address = desk.command()
    late = VirtualKey(maker=desk.world.key(), pin=PIN)
    second = Terminal(PIN)

    def meanwhile(*_):
        code = cli.main(["enrol", address], find=plugged(late), talk=second)
        assert code == Exit.REFUSED

    first = Terminal(PIN)
    first.go_on = meanwhile
    assert desk.run(address, talk=first) == Exit.DONE
    assert second.results[-1]["error"]["code"] == "agent_token_used"
    assert not late.kept


def test_an_answer_that_was_lost_after_it_was_taken_is_had_again(desk):
    class Lossy(Portal):
        """Loses the first answer to each question, after the portal has worked on it."""

        lost: list[str]

        def _once(self, what, data):
            answer = super()._once(what, data)
            if what in self.lost or what == "options":
                return answer
            self.lost.append(what)
            return None

    lossy = []

    def connect(link):
        lossy.append(Lossy(link, sleep=lambda _: None))
        lossy[-1].lost = []
        return lossy[-1]

    assert desk.run(desk.link(), connect=connect) == Exit.DONE
    assert lossy[0].lost == ["look", "exchange", "answer", "state"]
    assert len(desk.passkeys()) == 1


def test_a_touch_that_never_comes_leaves_the_link_as_it_was(desk):
    address = desk.link()
    late = VirtualKey(maker=desk.world.key(), pin=PIN, touches=["late"] * 3)
    assert desk.run(address, key=late) == Exit.TIMEOUT
    assert desk.run(address) == Exit.DONE


def test_a_key_of_another_model_costs_no_link(desk):
    address = desk.link()
    other = VirtualKey(maker=desk.world.other_key(), pin=PIN)
    assert desk.run(address, key=other) == Exit.NOT_ALLOWED
    assert not other.commands(0x01)
    assert desk.run(address) == Exit.DONE


def test_a_forged_key_is_refused_by_the_portal(desk):
    forged = VirtualKey(maker=desk.world.forged_key(), pin=PIN)
    assert desk.run(desk.link(), key=forged) == Exit.REFUSED
    assert desk.told["error"]["code"] == "attestation_untrusted.path"
    assert desk.passkeys() == []


def test_a_key_with_an_entry_already_is_told(desk):
    assert desk.run(desk.link()) == Exit.DONE
    assert desk.run(desk.link()) == Exit.EXCLUDED
    assert len(desk.passkeys()) == 1


def test_a_command_dies_with_its_browser(desk):
    address = desk.command()
    with desk.portal.database.write() as session:
        session.scalars(select(Session)).one().ended_at = desk.portal.now()
    assert desk.run(address) == Exit.REFUSED
    assert desk.told["error"]["code"] == "agent_page_closed"


def test_keys_are_listed_with_the_portals_verdict(desk):
    other = VirtualKey(maker=desk.world.other_key())
    address, talk = desk.link(), Terminal()
    code = cli.main(["keys", address], find=plugged(desk.key, other), talk=talk)
    assert code == Exit.DONE
    assert [row["allowed"] for row in talk.results[-1]["keys"]] == [True, False]
    assert desk.run(address) == Exit.DONE


class TestEntra:
    @pytest.fixture
    def tenant(self, desk):
        with running_entra(people=5) as running:
            running.control.lag(0)
            self.remote = running.control.add_user(
                displayName="Grace Hopper", userPrincipalName=f"{'grace.' * 12}@contoso.example"
            )["id"]
            self.directory = vendors.connect_entra(desk.portal, running)
            vendors.link(desk.portal, self.directory, desk.person.id, self.remote)
            yield running

    def test_a_link_makes_a_key_for_us_and_one_for_microsoft(self, desk, tenant):
        code = desk.run(desk.link())
        assert code == Exit.DONE, desk.told
        own, foreign = desk.passkeys()
        assert own.own
        assert (foreign.rp_id, foreign.own) == ("login.microsoft.com", False)
        assert len(tenant.control.passkeys(self.remote)) == 1
        assert desk.told["places"] == [
            {
                "name": "Entra",
                "state": "ready",
                "sentence": "Your key opens Entra.",
            }
        ]

    def test_whose_passkey_and_in_whose_name_is_shown_before_the_touch(self, desk, tenant):
        desk.run(desk.link())
        first, second = desk.talk.waited
        assert "login.microsoft.com" not in first
        assert "A passkey for login.microsoft.com" in second
        assert "in the name of  https://login.microsoft.com" in second
        assert "Entra" in second

    def test_the_key_gets_what_windows_needs(self, desk, tenant):
        desk.run(desk.link())
        made = desk.key.commands(0x01)[-1]
        assert made[6] == {"credProtect": 1, "hmac-secret": True}
        assert len(made[3]["name"].encode()) <= 64

    def test_what_the_tenant_refuses_is_told_without_its_own_words(self, desk, tenant):
        tenant.control.policy(isSelfServiceRegistrationAllowed=False)
        assert desk.run(desk.link()) == Exit.REFUSED
        error = desk.told["error"]
        assert error["code"] == "directory_trouble"
        assert "tell your administrator" in error["message"]
        assert [one.own for one in desk.passkeys()] == [True]

    def test_a_command_adds_a_key_for_it_alone(self, desk, tenant):
        with desk.portal.database.read() as session:
            directory = session.get_one(Directory, self.directory)
        code = desk.run(desk.command(directory, str(directory.uuid)))
        assert code == Exit.DONE, desk.told
        assert "login.microsoft.com" not in desk.talk.text.partition("Using")[0]
        assert desk.passkeys()[-1].rp_id == "login.microsoft.com"
        assert len(tenant.control.passkeys(self.remote)) == 1
        assert "Entra" in desk.talk.text.partition("Using")[0]

    def test_giving_up_leaves_nothing_there_and_the_step_to_do(self, desk, tenant):
        address = desk.link()
        once = VirtualKey(maker=desk.world.key(), pin=PIN)
        once.touches = ["", "late", "late", "late"]
        assert desk.run(address, key=once) == Exit.TIMEOUT
        assert tenant.control.passkeys(self.remote) == []
        assert desk.run(address) == Exit.DONE
        assert len(tenant.control.passkeys(self.remote)) == 1


class TestPingOne:
    @pytest.fixture
    def start(self, desk):
        with ExitStack() as stack:

            def started(rp_id: str):
                ping = stack.enter_context(running_pingone(people=10, rp_id=rp_id))
                self.remote = ping.control.user("kiosk.one")["id"]
                directory = vendors.connect_ping(desk.portal, ping, rp_id)
                vendors.link(desk.portal, directory, desk.person.id, self.remote)
                self.ping = ping
                return ping

            yield started

    def active(self) -> int:
        devices = self.ping.control.devices(self.remote)
        return sum(one["type"] == "FIDO2" and one["status"] == "ACTIVE" for one in devices)

    def test_a_key_for_its_own_relying_party(self, desk, start):
        start("pingone.com")
        assert desk.run(desk.link()) == Exit.DONE, desk.told
        own, foreign = desk.passkeys()
        assert (own.rp_id, foreign.rp_id) == ("localhost", "pingone.com")
        assert self.active() == 1

    def test_one_touch_where_it_shares_ours(self, desk, start):
        start("localhost")
        assert desk.run(desk.link()) == Exit.DONE, desk.told
        (passkey,) = desk.passkeys()
        assert passkey.own
        assert self.active() == 1
        assert len(desk.key.commands(0x01)) == 1


def test_a_portal_that_is_not_there_is_told():
    talk = Terminal(PIN)
    gone = f"http://127.0.0.1:1/agent/{'t' * 43}"
    code = cli.main(
        ["enrol", gone],
        find=plugged(VirtualKey()),
        talk=talk,
        connect=lambda link: Portal(link, sleep=lambda _: None),
    )
    assert code == Exit.UNREACHABLE
    assert talk.results[-1]["error"]["code"] == "portal_unreachable"
