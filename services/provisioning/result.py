"""What came of a request, as CSV (RFC 4180), safe to open in a spreadsheet, without a secret."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import (
    Passkey,
    Person,
    PlacementState,
    ProvisioningRequest,
    RequestPasskey,
    RequestPerson,
    RequestState,
)
from models.directories import Placement
from services import audit
from services.attestation.metadata import MetadataSource
from services.people_csv import BOM, safe
from services.provisioning.settlement import wanted

CHUNK = 500
COLUMNS = (
    "person",
    "email",
    "state",
    "reason",
    "invited",
    "started",
    "finished",
    "passkey",
    "key_model",
    "registered",
)


def download(
    session: Session,
    request: ProvisioningRequest,
    *,
    metadata: MetadataSource,
    state: RequestState | None,
    actor: Person,
    now: datetime,
) -> str:
    """Everybody of the request, or those in a state, a line for each passkey of theirs by it.

    Each directory of the request has a column: what it confirmed, and when.
    """
    directories = wanted(session, request)
    text = io.StringIO(newline="")
    text.write(BOM)
    writer = csv.writer(text)
    writer.writerow([*COLUMNS, *(safe(one.name) for one in directories)])
    count = 0
    for places in _everybody(session, request, state):
        keys = _keys(session, places)
        placed = _placed(session, [key.id for found in keys.values() for key, _ in found])
        for place in places:
            count += 1
            for key, registered in _or_none(keys.get(place.id, [])):
                cells = _cells(place, key, registered, metadata)
                for directory in directories:
                    cells.append(placed.get((key.id, directory.id), "") if key else "")
                writer.writerow([safe(cell) for cell in cells])
    audit.record(
        session,
        audit.Tag.REQUEST_DOWNLOADED,
        now=now,
        actor=actor,
        request=str(request.uuid),
        name=request.name,
        state=state.value if state else "",
        people=count,
    )
    return text.getvalue()


def _everybody(
    session: Session, request: ProvisioningRequest, state: RequestState | None
) -> Iterator[Sequence[RequestPerson]]:
    """They, in their order, some at a time."""
    last = 0
    while True:
        statement = select(RequestPerson).where(
            RequestPerson.request_id == request.id, RequestPerson.id > last
        )
        if state is not None:
            statement = statement.where(RequestPerson.state == state)
        found = session.scalars(statement.order_by(RequestPerson.id).limit(CHUNK)).all()
        if found:
            yield found
        if len(found) < CHUNK:
            return
        last = found[-1].id


def _keys(
    session: Session, places: Sequence[RequestPerson]
) -> dict[int, list[tuple[Passkey, datetime]]]:
    """The passkeys that these people registered for the request."""
    rows = session.execute(
        select(RequestPasskey.request_person_id, Passkey, RequestPasskey.registered_at)
        .join(Passkey, RequestPasskey.passkey_id == Passkey.id)
        .where(RequestPasskey.request_person_id.in_([one.id for one in places]))
        .order_by(RequestPasskey.id)
    )
    found: dict[int, list[tuple[Passkey, datetime]]] = {}
    for key, passkey, registered in rows:
        found.setdefault(key, []).append((passkey, registered))
    return found


def _placed(session: Session, keys: Sequence[int]) -> dict[tuple[int, int], str]:
    """Where these passkeys are, in words: what the directory confirmed."""
    rows: Any = session.execute(
        select(
            Placement.passkey_id,
            Placement.directory_id,
            Placement.actual,
            Placement.confirmed_at,
        ).where(Placement.passkey_id.in_(keys))
    )
    return {
        (passkey, directory): f"confirmed {_moment(at)}"
        if actual is PlacementState.PRESENT
        else "not confirmed"
        for passkey, directory, actual, at in rows
    }


def _cells(
    place: RequestPerson,
    key: Passkey | None,
    registered: datetime | None,
    metadata: MetadataSource,
) -> list[str]:
    person = place.person
    model = metadata.model(key.aaguid) if key else None
    return [
        person.display_name if person else place.name,
        person.email if person else place.email,
        place.state.value,
        place.reason or "",
        _moment(place.invited_at),
        _moment(place.started_at),
        _moment(place.finished_at),
        key.nickname if key else "",
        (model.name if model else "not known") if key else "",
        _moment(registered),
    ]


def _moment(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""


def _or_none(
    found: list[tuple[Passkey, datetime]],
) -> Sequence[tuple[Passkey | None, datetime | None]]:
    """What somebody registered; a line without a key where that is nothing."""
    return found or [(None, None)]
