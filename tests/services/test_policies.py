from __future__ import annotations

import pytest
from sqlalchemy import select

from models import AttestationPolicy, AuditEvent
from services import policies
from services.policies import POLICIES, Kind


def choose(portal, kind):
    with portal.database.write() as session:
        policies.choose(session, kind, actor=None, now=portal.now())


def test_nothing_is_in_force_until_somebody_chooses(portal):
    with portal.database.read() as session:
        assert policies.current(session) is None


@pytest.mark.parametrize("kind", list(POLICIES))
def test_what_was_chosen_is_in_force(portal, kind):
    choose(portal, kind.value)
    with portal.database.read() as session:
        policy = policies.current(session)
    assert policy == POLICIES[kind] and policies.kind_of(policy) is kind
    assert policy.name == kind.label and kind.meaning.endswith(".")


def test_another_choice_ends_the_first_and_the_trail_has_both(portal):
    choose(portal, Kind.ANY)
    choose(portal, Kind.HID_CRESCENDO)
    with portal.database.read() as session:
        assert policies.kind_of(policies.current(session)) is Kind.HID_CRESCENDO
        rows = list(session.scalars(select(AttestationPolicy).order_by(AttestationPolicy.id)))
        event = session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert [row.ended_at is None for row in rows] == [False, True]
    assert event.tag == "policy.chosen"
    assert event.detail["before"]["name"] == Kind.ANY.label
    assert len(event.detail["after"]["allowed_models"]) == 14


def test_there_are_no_other_kinds(portal):
    with portal.database.write() as session, pytest.raises(ValueError, match="none such"):
        policies.choose(session, "none such", actor=None, now=portal.now())
