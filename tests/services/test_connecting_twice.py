"""One attempt to connect that is sent twice at the same moment."""

from __future__ import annotations

import threading
import uuid

import pytest
from sqlalchemy import select

from emulators.ory.running import running
from models import Directory, DirectoryType
from services.directories import steps
from services.refusal import Refusal

ATTEMPT = uuid.UUID(int=7)


@pytest.fixture
def ory():
    with running() as started:
        yield started


def test_the_later_of_two_joins_the_first_or_is_told(portal, ory):
    outcome = []

    def connect() -> None:
        settings = {"flavour": "network", "endpoint": ory.url, "auth": "bearer"}
        try:
            outcome.append(
                steps.connect(
                    portal,
                    ATTEMPT,
                    type=DirectoryType.ORY,
                    name="Second",
                    settings=settings,
                    secret=ory.api_key,
                    actor=None,
                )
            )
        except Refusal as refusal:
            outcome.append(refusal)

    later = threading.Thread(target=connect)
    with portal.database.write() as session:
        first = Directory(
            uuid=ATTEMPT, type=DirectoryType.ORY, name="First", settings={}, created_at=portal.now()
        )
        session.add(first)
        session.flush()
        later.start()
        later.join(timeout=2)  # it waits here for the row that is not committed yet
        assert outcome == []
    later.join(timeout=30)
    (came,) = outcome
    if isinstance(came, Refusal):  # PostgreSQL: it could not see the first one
        assert (came.code, came.status) == ("directory_changed", 409)
    else:  # SQLite: it had to wait its turn before it looked
        assert came.uuid == ATTEMPT
    with portal.database.read() as session:
        assert list(session.scalars(select(Directory.uuid))) == [ATTEMPT]
