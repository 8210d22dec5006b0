"""What records sign in with in their directory: looked at, taken out, signed out, given a pass."""

from __future__ import annotations

import logging
import re
import uuid
from html import unescape

import pytest
from sqlalchemy import select

from directories import registry
from directories.base import (
    CheckState,
    Finding,
    Misconfigured,
    PasskeyRecord,
    Refused,
    RemoteMethod,
    Transient,
)
from models import AuditEvent, Directory, DirectoryType, Identity, Passkey
from services import people, role_changes
from services.roles import Action, Privilege, of_any_type
from tests.blueprints.conftest import said
from tests.blueprints.test_removal import live, touched
from tests.fake_directory import FakeDirectory
from tests.records import Records
from tests.visitor import Visitor

DOWN = Transient("No answer came.", code="fake.down", said="upstream gone", request_id="req-7")
ALL = (
    *of_any_type(Action.VIEW),
    Privilege.VIEW_PEOPLE,
    Privilege.VIEW_PASSKEYS,
    Privilege.END_PASSKEYS,
    Privilege.END_SESSIONS,
    Privilege.LINK_IDENTITIES,
    Privilege.MAKE_LINKS,
)


@pytest.fixture
def fake(monkeypatch) -> FakeDirectory:
    directory = FakeDirectory()
    directory.revokes_sessions = directory.makes_passes = True
    monkeypatch.setattr(registry, "build", lambda *_, **__: directory)
    return directory


class Staff:
    """An Entra with Grace's record, and whoever looks at it."""

    def __init__(self, portal, visitor: Visitor, clock, fake: FakeDirectory) -> None:
        self.portal, self.visitor, self.clock, self.fake = portal, visitor, clock, fake
        self.record = fake.add("grace@corp.example", name="Grace H.")
        with portal.database.write() as session:
            rows = Records(session, clock)
            made = rows.directory("Staff", type=DirectoryType.ENTRA)
            grace = people.by_email(session, "grace@example.com")
            rows.identity(made, grace, self.record.remote_id)
            self.directory = made.uuid
        self.page = f"/admin/directories/{self.directory}/people"

    def open(self, path: str = "/methods", **query):
        return self.visitor.get(
            self.page + path, query_string={"identity": self.record.remote_id, **query}
        )

    def key(self, credential_id: bytes = b"k" * 16, nickname: str = "Old key") -> None:
        """Give the record a passkey that was not made here."""
        self.record.passkeys[credential_id] = PasskeyRecord(
            credential_id=credential_id,
            public_key=b"",
            rp_id="login.example.com",
            user_handle=b"somebody",
            aaguid=uuid.UUID(int=1),
            sign_count=0,
            transports=("usb",),
            user_verified=True,
            backup_eligible=False,
            backup_state=False,
            nickname=nickname,
            created_at=self.clock(),
        )

    def confirmed(self, page) -> dict[str, str]:
        """The answer of the visitor's own touch to the form of a page."""
        subject = re.search(r'data-subject="([^"]+)"', page.text).group(1)
        begun = self.visitor.options("confirm", subject=subject)
        assert begun.status_code == 200, begun.text
        return touched(self.visitor, begun.json)

    def send(self, path: str, page, **fields):
        hidden = {
            name: unescape(value)
            for name, value in re.findall(
                r'<input type="hidden" name="(identity|key)" value="([^"]*)"', page.text
            )
        }
        return self.visitor.send(self.page + path, hidden | fields)

    def events(self, tag: str) -> list[AuditEvent]:
        with self.portal.database.read() as session:
            return list(session.scalars(select(AuditEvent).where(AuditEvent.tag == tag)))


@pytest.fixture
def staff(portal, administrator, somebody, clock, fake) -> Staff:
    return Staff(portal, administrator, clock, fake)


@pytest.fixture
def deputy(app, world, invite, portal):
    """Somebody who holds few privileges; which, the test says."""

    def made(*held: Privilege) -> Visitor:
        visitor = Visitor(app, world.key())
        visitor.open_link(invite("Dan Deputy"))
        visitor.enrol()
        with portal.database.write() as session:
            dan = people.by_email(session, "dan@example.com")
            role = role_changes.create(
                session, name="Deputy", description="", privileges={*held}, actor=None,
                now=portal.now(),
            )  # fmt: skip
            role_changes.grant(session, dan, role.key, now=portal.now())
        visitor.sign_in()
        return visitor

    return made


def remove_link(page) -> str:
    return unescape(re.search(r'href="([^"]+/methods/remove[^"]*)"', page.text).group(1))


# -- the page ---------------------------------------------------------------------------------


def test_every_method_is_listed_and_what_is_not_ours_is_flagged(staff, fake):
    staff.key(nickname="From the counter")
    fake.other_methods = (
        RemoteMethod("Password"),
        RemoteMethod("Phone", "p1", "+46 70 000", state="blocked"),
    )
    text = said(staff.open())
    assert "How Grace H. signs in" in text
    assert "From the counter" in text
    assert "not made here" in text
    assert "Phone +46 70 000 blocked" in text
    assert "Grace Hopper" in text


def test_a_passkey_of_ours_is_known_by_its_credential_id_and_ended_here(staff, portal):
    [own] = live(portal, "Grace Hopper")
    staff.key(own.credential_id, "Grey")
    page = staff.open()
    assert f'href="/admin/passkeys/{own.uuid}"' in page.text
    assert f'href="/admin/passkeys/{own.uuid}/end"' in page.text
    assert "not made here" not in said(page)
    assert "/methods/remove" not in page.text


def test_a_passkey_of_somebody_else_here_is_told(staff, portal):
    [other] = live(portal, "Ada King")
    staff.key(other.credential_id, "Grey")
    assert "of Ada King" in said(staff.open())


def test_a_record_that_is_linked_to_nobody_is_only_looked_at(staff, fake):
    staff.record = fake.add("alan@corp.example", name="Alan T.")
    staff.key()
    page = staff.open()
    assert "linked to nobody here" in said(page)
    assert not re.search(r"/methods/remove|people/sign-out|/temporary-pass", page.text)
    for path in ("/sign-out", "/temporary-pass", "/methods/remove"):
        assert staff.open(path).status_code == 404


def test_a_record_that_is_not_there_is_not_found(staff):
    staff.record.remote_id = "remote-none"
    assert staff.open().status_code == 404


def test_a_linked_record_that_is_gone_there_is_told_and_can_be_unlinked(staff, fake):
    fake.identities.clear()
    page = staff.open()
    assert page.status_code == 200
    assert "The record is gone there" in said(page)
    assert f"{staff.page}/unlink?identity={staff.record.remote_id}" in page.text


@pytest.mark.parametrize("call", ["list_passkeys", "methods"])
def test_what_cannot_be_read_is_told_beside_what_can(staff, fake, call):
    fake.before[call].append(
        Misconfigured("It lacks Read.All.", code="fake.permission", said="no", request_id="r-1")
    )
    page = staff.open()
    assert page.status_code == 200
    text = said(page)
    assert "It lacks Read.All." in text
    assert "fake.permission" in text
    assert ("tells of no other method" in text) is (call == "list_passkeys")


def test_a_directory_that_is_down_is_told_with_its_own_words(staff, fake):
    fake.before["find_identity"].append(DOWN)
    page = staff.open()
    assert page.status_code == 502
    assert "upstream gone" in said(page)


def test_what_a_new_key_would_meet_is_looked_at_on_request(staff, fake):
    fake.findings = (
        Finding("fake.on", CheckState.PASSED, "It is on."),
        Finding("fake.models", CheckState.FAILED, "It takes no such model.", "Admit it there."),
    )
    assert "It is on." not in said(staff.open())
    text = said(staff.open(look=1))
    assert "It is on." in text
    assert "Admit it there." in text
    assert fake.intended[0].models


def test_the_people_of_a_directory_and_a_persons_page_lead_to_it(staff, portal):
    with portal.database.read() as session:
        grace = people.by_email(session, "grace@example.com")
    for page in (staff.visitor.get(staff.page), staff.visitor.get(f"/admin/people/{grace.uuid}")):
        assert f"{staff.page}/methods?identity={staff.record.remote_id}" in page.text


# -- removing ---------------------------------------------------------------------------------


def test_a_passkey_that_is_none_of_ours_is_removed_by_a_touch(staff, fake):
    staff.key(nickname="From the counter")
    page = staff.visitor.get(remove_link(staff.open()))
    assert "Remove From the counter" in said(page)
    assert "signs in nowhere else" in said(page)
    done = staff.send("/methods/remove", page, **staff.confirmed(page))
    assert done.status_code == 303
    assert staff.record.passkeys == {}
    [event] = staff.events("identity.key_removed")
    assert (event.detail["name"], event.detail["outcome"]) == ("From the counter", "done")
    assert "is removed from Staff" in said(staff.visitor.get(done.location))


def test_without_a_touch_nothing_is_removed(staff):
    staff.key()
    page = staff.visitor.get(remove_link(staff.open()))
    refused = staff.send("/methods/remove", page, ceremony="", response="")
    assert refused.status_code == 422
    assert len(staff.record.passkeys) == 1
    assert staff.events("identity.key_removed") == []


def test_a_touch_for_one_passkey_removes_no_other(staff):
    staff.key(b"1" * 16, "One")
    staff.key(b"2" * 16, "Two")
    one, two = (
        staff.visitor.get(unescape(link))
        for link in re.findall(r'href="([^"]+/methods/remove[^"]*)"', staff.open().text)
    )
    refused = staff.send("/methods/remove", two, **staff.confirmed(one))
    assert "challenge_other_subject" in said(refused)
    assert len(staff.record.passkeys) == 2


def test_a_passkey_of_ours_is_not_removed_by_itself(staff, portal, fake):
    staff.key(nickname="Grey")
    link = remove_link(staff.open())
    [own] = live(portal, "Grace Hopper")
    kept = staff.record.passkeys.pop(b"k" * 16)
    with portal.database.write() as session:  # it turns out to be ours while the page is open
        session.get_one(Passkey, own.id).credential_id = b"k" * 16
    staff.record.passkeys[b"k" * 16] = kept
    page = staff.visitor.get(link)
    assert page.status_code == 409
    assert "key_ours" in said(page)
    assert f"/admin/passkeys/{own.uuid}/end" in page.text
    assert "remove_passkey" not in fake.calls


def test_what_is_left_of_a_passkey_that_was_ended_here_can_be_removed(staff, portal):
    [own] = live(portal, "Grace Hopper")
    staff.key(own.credential_id, "Grey")
    with portal.database.write() as session:
        session.get_one(Passkey, own.id).ended_at = portal.now()
    listed = staff.open()
    assert "ended here" in said(listed)
    page = staff.visitor.get(remove_link(listed))
    assert staff.send("/methods/remove", page, **staff.confirmed(page)).status_code == 303
    assert staff.record.passkeys == {}


def test_a_passkey_that_is_gone_or_made_up_is_not_removed(staff, fake):
    staff.key()
    link = remove_link(staff.open())
    assert staff.visitor.get(link + "x").status_code == 404
    staff.record.passkeys.clear()
    assert "key_gone" in said(staff.visitor.get(link))


def test_a_handle_of_another_record_opens_nothing(staff, fake):
    staff.key()
    link = remove_link(staff.open())
    other = fake.add("other@corp.example")
    with staff.portal.database.write() as session:
        rows = Records(session, staff.clock)
        directory = session.scalars(
            select(Directory).where(Directory.uuid == staff.directory)
        ).one()
        rows.identity(directory, rows.person("other"), other.remote_id)
    swapped = link.replace(staff.record.remote_id, other.remote_id)
    assert swapped != link
    assert staff.visitor.get(swapped).status_code == 404


def test_a_removal_whose_answer_was_lost_is_noted_as_such(staff, fake):
    staff.key()
    fake.after["remove_passkey"].append(DOWN)
    page = staff.visitor.get(remove_link(staff.open()))
    failed = staff.send("/methods/remove", page, **staff.confirmed(page))
    assert failed.status_code == 502
    assert "upstream gone" in said(failed)
    [event] = staff.events("identity.key_removed")
    assert (event.detail["outcome"], event.detail["code"]) == ("not known", "fake.down")


# -- signing out ------------------------------------------------------------------------------


def test_somebody_is_signed_out_there_by_a_touch(staff, fake):
    page = staff.open("/sign-out")
    assert "some minutes" in said(page)
    done = staff.send("/sign-out", page, **staff.confirmed(page))
    assert done.status_code == 303
    assert fake.signed_out == [staff.record.remote_id]
    assert [one.detail["outcome"] for one in staff.events("identity.signed_out")] == ["done"]


def test_without_a_touch_nobody_is_signed_out(staff, fake):
    page = staff.open("/sign-out")
    assert staff.send("/sign-out", page, ceremony="", response="").status_code == 422
    assert fake.signed_out == []


def test_a_permission_that_is_missing_is_told_and_nothing_is_claimed(staff, fake):
    fake.before["revoke_sessions"].append(
        Misconfigured("It needs User.RevokeSessions.All.", code="entra.permission", said="No.")
    )
    page = staff.open("/sign-out")
    failed = staff.send("/sign-out", page, **staff.confirmed(page))
    assert failed.status_code == 502
    assert "User.RevokeSessions.All" in said(failed)
    assert staff.events("identity.signed_out") == []


def test_what_a_directory_cannot_do_is_not_offered(staff, fake):
    fake.revokes_sessions = fake.makes_passes = False
    page = staff.open()
    assert "Sign out there" not in said(page)
    assert "temporary pass" not in said(page)
    assert staff.open("/sign-out").status_code == 404
    assert staff.open("/temporary-pass").status_code == 404


# -- with the end of a passkey ----------------------------------------------------------------


def end(staff: Staff, passkey: Passkey, **fields):
    page = staff.visitor.get(f"/admin/passkeys/{passkey.uuid}/end")
    answer = staff.confirmed(page)
    return page, staff.visitor.send(f"/admin/passkeys/{passkey.uuid}/end", answer | fields)


def test_ending_a_lost_key_can_sign_its_owner_out_there_as_well(staff, portal, fake):
    [lost] = live(portal, "Grace Hopper")
    page, done = end(staff, lost, sign_out=str(staff.directory))
    assert "Also sign them out of Staff" in said(page)
    assert fake.signed_out == [staff.record.remote_id]
    assert "Sign-ins at Staff are ended" in staff.visitor.get(done.location).text


def test_nobody_is_signed_out_there_unless_it_was_asked_for(staff, portal, fake):
    [lost] = live(portal, "Grace Hopper")
    end(staff, lost)
    assert fake.signed_out == []


def test_a_sign_out_that_fails_keeps_the_key_ended_and_says_so(staff, portal, fake):
    [lost] = live(portal, "Grace Hopper")
    fake.before["revoke_sessions"].append(Refused("Not for guests.", code="fake.no", said="Nope."))
    _, done = end(staff, lost, sign_out=str(staff.directory))
    assert live(portal, "Grace Hopper") == []
    text = staff.visitor.get(done.location).text
    assert "sign-ins at Staff go on" in text
    assert "Nope." in text


def test_a_directory_that_is_not_the_owners_signs_nobody_out(staff, portal, fake):
    [lost] = live(portal, "Grace Hopper")
    end(staff, lost, sign_out="00000000-0000-0000-0000-000000000000")
    assert fake.signed_out == []


def test_who_may_not_end_sessions_is_not_offered_it_and_cannot_send_it(staff, portal, fake, deputy):
    staff.visitor = deputy(*(set(ALL) - {Privilege.END_SESSIONS}))
    [lost] = live(portal, "Grace Hopper")
    page, _ = end(staff, lost, sign_out=str(staff.directory))
    assert "sign them out" not in said(page)
    assert live(portal, "Grace Hopper") == []
    assert fake.signed_out == []


def test_whoever_removes_their_own_key_can_sign_themselves_out_there(staff, somebody, portal, fake):
    [own] = live(portal, "Grace Hopper")
    page = somebody.get(f"/passkeys/{own.uuid}/remove")
    assert "Also sign me out of Staff" in said(page)
    begun = somebody.options("confirm", subject=f"remove:{own.uuid}")
    answer = touched(somebody, begun.json) | {"sign_out": str(staff.directory)}
    done = somebody.send(f"/passkeys/{own.uuid}/remove", answer)
    assert fake.signed_out == [staff.record.remote_id]
    assert "Sign-ins at Staff are ended" in somebody.get(done.location).text


# -- passes -----------------------------------------------------------------------------------


def test_a_pass_is_shown_once_and_kept_nowhere(staff, fake, portal, caplog):
    caplog.set_level(logging.DEBUG)
    page = staff.open("/temporary-pass")
    assert "One that they have is replaced" in said(page)
    answer = staff.confirmed(page)
    shown = staff.send("/temporary-pass", page, minutes="480", **answer)
    assert shown.status_code == 200
    [value] = fake.passes
    assert value in unescape(shown.text)
    assert "https://sign-in.example.com/security-info" in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    [event] = staff.events("identity.pass_made")
    assert event.detail == {
        "remote_id": staff.record.remote_id,
        "outcome": "done",
        "minutes": 480,
    }
    assert value not in caplog.text
    assert value not in unescape(staff.open().text)
    cookies = "".join(shown.headers.getlist("Set-Cookie"))
    assert value not in cookies
    again = staff.send("/temporary-pass", page, minutes="480", **answer)
    assert again.status_code == 409
    assert "pass_shown" in said(again)
    assert fake.passes == [value]


def test_without_a_touch_no_pass_is_made(staff, fake):
    page = staff.open("/temporary-pass")
    assert staff.send("/temporary-pass", page, minutes="60").status_code == 422
    assert fake.passes == []


@pytest.mark.parametrize("minutes", ["7", "a week", "-60"])
def test_a_time_that_is_not_offered_is_refused(staff, fake, minutes):
    page = staff.open("/temporary-pass")
    assert staff.send("/temporary-pass", page, minutes=minutes).status_code == 422
    assert fake.passes == []


def test_a_tenant_without_passes_says_so_in_its_own_words(staff, fake):
    fake.before["temporary_pass"].append(
        Refused("Passes may be off.", code="entra.no_pass", said="Not enabled.", request_id="r-9")
    )
    page = staff.open("/temporary-pass")
    failed = staff.send("/temporary-pass", page, minutes="60", **staff.confirmed(page))
    assert failed.status_code == 502
    assert "Not enabled." in said(failed)
    assert staff.events("identity.pass_made") == []


# -- who may ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "missing"),
    [
        ("/sign-out", Privilege.END_SESSIONS),
        ("/temporary-pass", Privilege.LINK_IDENTITIES),
        ("/temporary-pass", Privilege.MAKE_LINKS),
        ("/methods/remove", Privilege.END_PASSKEYS),
        ("/methods", Privilege.VIEW_PASSKEYS),
    ],
)
def test_each_act_takes_its_privileges(staff, deputy, path, missing):
    staff.visitor = deputy(*(set(ALL) - {missing}))
    assert staff.open(path).status_code == 403
    if path != "/methods":
        words = {"/sign-out": "Sign out there", "/temporary-pass": "temporary pass"}
        assert words.get(path, "Remove") not in said(staff.open())


@pytest.mark.parametrize("path", ["/sign-out", "/temporary-pass"])
def test_nothing_is_done_for_whoever_may_do_more(staff, portal, fake, deputy, clock, path):
    with portal.database.write() as session:
        rows = Records(session, clock)
        ada = people.by_email(session, "ada@example.com")
        record = fake.add("ada@corp.example")
        directory = session.scalars(
            select(Directory).where(Directory.uuid == staff.directory)
        ).one()
        rows.identity(directory, ada, record.remote_id)
    staff.visitor, staff.record = deputy(*ALL), record
    assert "may do more than you" in said(staff.open())
    refused = staff.open(path)
    assert refused.status_code == 403
    assert fake.signed_out == fake.passes == []


def test_a_record_that_was_unlinked_meanwhile_is_left_alone(staff, portal, fake):
    page = staff.open("/sign-out")
    answer = staff.confirmed(page)
    with portal.database.write() as session:
        session.delete(session.scalars(select(Identity)).one())
    assert staff.send("/sign-out", page, **answer).status_code == 404
    assert fake.signed_out == []
