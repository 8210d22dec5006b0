"""People who are signed out of a directory, by themselves or with the end of a passkey."""

from __future__ import annotations

from directories.base import (
    Misconfigured,
    Refused,
)
from models import Passkey
from services.roles import Privilege
from tests.blueprints.admin.directory_methods.conftest import ALL, Staff
from tests.blueprints.conftest import said
from tests.blueprints.test_removal import live, touched


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
