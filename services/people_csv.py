"""People as CSV (RFC 4180), safe to open in a spreadsheet.

A cell that a spreadsheet would take for a formula gets an apostrophe in front, which an import
takes away again. Nothing in the file is secret: it is what the list shows.
"""

from __future__ import annotations

import csv
import io
from datetime import datetime

from sqlalchemy.orm import Session

from models import Person
from services import audit, people, people_search, role_lists
from services.people_search import Filters

BOM = "\ufeff"
"""So that spreadsheets read the file as UTF-8."""
COLUMNS = (
    "email",
    "given_name",
    "middle_name",
    "family_name",
    "display_name",
    "state",
    "passkeys",
    "roles",
    "added",
    "uuid",
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a cell may not begin with (OWASP, "CSV Injection")."""


def download(session: Session, filters: Filters, *, actor: Person, now: datetime) -> str:
    """The people that the filters leave, newest first, as the text of a file."""
    text = io.StringIO(newline="")
    text.write(BOM)
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    count = 0
    for some in people_search.everyone(session, filters):
        keys = people.passkey_counts(session, some)
        for person in some:
            writer.writerow([safe(cell) for cell in _row(person, keys.get(person.id, 0))])
            count += 1
    audit.record(
        session,
        audit.Tag.PEOPLE_DOWNLOADED,
        now=now,
        actor=actor,
        count=count,
        query=filters.query,
        show=filters.shown.value,
        keys=filters.keys.value,
        role=filters.role,
    )
    return text.getvalue()


def safe(cell: str) -> str:
    """The cell as a spreadsheet shows it, and never computes it."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _row(person: Person, keys: int) -> tuple[str, ...]:
    return (
        person.email,
        person.given_name,
        person.middle_name,
        person.family_name,
        person.display_name,
        people_search.state(person).value,
        str(keys),
        "; ".join(role_lists.names(person)),
        person.created_at.isoformat(timespec="seconds"),
        str(person.uuid),
    )
