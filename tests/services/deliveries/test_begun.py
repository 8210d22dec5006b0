"""What a registration that a directory began owes it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from models import AuditEvent, DeliveryState, DirectoryType, PlacementState
from services.deliveries import outbox

BEGUN = {"user_id": "user-1", "device_id": "device-1"}


@pytest.mark.parametrize("first", ["owed to all", "owed as begun"])
def test_the_answer_is_owed_at_once_and_only_until_the_challenge_ends(world, first):
    directory = world.directory(type=DirectoryType.PINGONE)
    until = world.clock() + timedelta(minutes=2)
    with world.portal.database.write() as session:
        records = world.records(session)
        passkey = records.passkey(records.person())
        if first == "owed to all":
            outbox.owe(session, passkey, cause="passkey.registered", now=world.clock())
        outbox.owe_begun(
            session,
            passkey,
            directory,
            begun=BEGUN,
            not_after=until,
            cause="passkey.registered",
            now=world.clock(),
        )
        if first == "owed as begun":
            outbox.owe(session, passkey, cause="passkey.registered", now=world.clock())
    [delivery] = world.deliveries()
    assert (delivery.state, delivery.due_at) == (DeliveryState.WAITING, world.clock())
    assert delivery.not_after == until
    placement = world.placement(delivery.passkey_id)
    assert (placement.wanted, placement.actual) == (PlacementState.PRESENT, PlacementState.ABSENT)
    assert (placement.begun, placement.not_after) == (BEGUN, until)
    with world.portal.database.read() as session:
        tags = session.scalars(select(AuditEvent.tag)).all()
    assert tags.count("delivery.owed") == 1
