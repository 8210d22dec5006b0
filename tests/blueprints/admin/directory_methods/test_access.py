"""Who may act on what a record signs in with, and on whose."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from models import Directory, Identity
from services import people
from services.roles import Privilege
from tests.blueprints.admin.directory_methods.conftest import ALL
from tests.blueprints.conftest import said
from tests.records import Records


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
