"""Passkeys that are taken out of a directory by a touch."""

from __future__ import annotations

import re
from html import unescape

from sqlalchemy import select

from models import Directory, Passkey
from tests.blueprints.admin.directory_methods.conftest import DOWN, remove_link
from tests.blueprints.conftest import said
from tests.blueprints.test_removal import live
from tests.records import Records


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
