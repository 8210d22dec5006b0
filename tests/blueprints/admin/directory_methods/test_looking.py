"""What a record signs in with in its directory, and what of it is ours."""

from __future__ import annotations

import re

import pytest

from directories.base import (
    CheckState,
    Finding,
    Misconfigured,
    RemoteMethod,
)
from services import people
from tests.blueprints.admin.directory_methods.conftest import DOWN
from tests.blueprints.conftest import said
from tests.blueprints.test_removal import live


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
