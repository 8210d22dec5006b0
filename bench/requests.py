"""What taking 5,000 people into a provisioning request costs, against writing their rows alone.

Run `python -m bench.requests`. The floor is one insert of as many rows of the same shape into the
same database: nobody judged, nobody counted, in a single transaction. Leafing through what came of
it stands beside it: one page and the tally, with 5,000 people and with fifty.
"""

from __future__ import annotations

import tempfile
import timeit
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

import config
from models import (
    Driver,
    Group,
    GroupMember,
    Person,
    ProvisioningRequest,
    RequestPerson,
    RequestState,
    RoleGrant,
)
from models.db import Database
from models.migrate import upgrade
from services.portal import Portal, open_portal
from services.provisioning import drafts, records, rounds, settlement, sources
from services.roles import ADMINISTRATOR

MANY = 5000
FEW = 50
RUNS = 3


def seconds(work: Callable[[], object]) -> float:
    """The best of a few runs: the one that was disturbed least."""
    return min(timeit.repeat(work, number=1, repeat=RUNS))


def staged(portal: Portal, many: int) -> ProvisioningRequest:
    """A confirmed request for a group of so many people."""
    now = portal.now()
    with portal.database.write() as session:
        ada = session.scalar(select(Person).where(Person.email == "ada@example.com"))
        if ada is None:
            ada = _person("ada", now)
            ada.roles.append(RoleGrant(role=ADMINISTRATOR, granted_at=now))
            session.add(ada)
        group = Group(name=f"Group of {many}", created_at=now)
        found = [_person(f"p{many}-{number}", now) for number in range(many)]
        session.add_all([group, *found])
        session.flush()
        session.add_all(
            GroupMember(group_id=group.id, person_id=one.id, added_at=now) for one in found
        )
        chosen = drafts.Choices(
            f"Request for {many}", Driver.LINK, (now + timedelta(days=9)).date()
        )
        request = drafts.begin(session, chosen, actor=ada, now=now)
        sources.add_group(session, request, group, actor=ada)
        drafts.confirm(session, request, actor=ada, now=now)
    return request


def gather(portal: Portal, request: ProvisioningRequest) -> None:
    """Take everybody in, from the beginning."""
    with portal.database.write() as session:
        _empty(session, request)
    rounds.work(portal, worker="bench")


def write(portal: Portal, request: ProvisioningRequest, many: int) -> None:
    """Write as many rows and nothing else."""
    now = portal.now()
    with portal.database.write() as session:
        _empty(session, request)
        keys = session.scalars(select(Person.id).limit(many)).all()
        rows = [
            {
                "uuid": uuid.uuid4(),
                "request_id": request.id,
                "position": position,
                "person_id": key,
                "name": "",
                "email": "",
                "state": RequestState.PENDING,
                "added_at": now,
                "fence": 0,
            }
            for position, key in enumerate(keys, 1)
        ]
        session.execute(insert(RequestPerson), rows)


def look(portal: Portal, request: ProvisioningRequest) -> None:
    """One page of its people, and how far they are."""
    with portal.database.read() as session:
        settlement.tally(session, request)
        records.people_of(session, request)


def _empty(session: Session, request: ProvisioningRequest) -> None:
    session.execute(delete(RequestPerson).where(RequestPerson.request_id == request.id))
    for one in sources.of(session, request):
        one.done_at, one.cursor, one.seen = None, None, 0
    session.execute(
        update(ProvisioningRequest)
        .where(ProvisioningRequest.id == request.id)
        .values(people_count=0, gathered_at=None, due_at=request.confirmed_at)
    )


def _person(name: str, now: datetime) -> Person:
    return Person(
        email=f"{name}@example.com",
        display_name=name,
        user_handle=uuid.uuid4().bytes,
        created_at=now,
        roles=[],
    )


def main() -> None:
    """Print each as a ratio to its floor."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        database = Database(url)
        upgrade(database)
        database.close()
        portal = open_portal(config.load({}, data_dir=Path(folder), database_url=url))
        large, small = staged(portal, MANY), staged(portal, FEW)
        rounds.work(portal, worker="bench")
        floor = seconds(lambda: write(portal, large, MANY))
        taken = seconds(lambda: gather(portal, large))
        page = seconds(lambda: look(portal, large)) / seconds(lambda: look(portal, small))
        portal.close()
    print(f"taking {MANY} people in: {taken / floor:.1f} times their rows alone")
    print(f"a page and the tally: {page:.1f} times that of a request for {FEW}")


if __name__ == "__main__":
    main()
