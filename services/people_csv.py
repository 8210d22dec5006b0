"""People as CSV (RFC 4180), safe to open in a spreadsheet.

What a spreadsheet would take for a formula gets an apostrophe in front, which an import takes away
again. Nothing in the file is secret: it is what the list shows.
"""

from __future__ import annotations

import csv
import io
import re
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
_SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"
"""What makes a formula of a cell that begins with it, full-width forms included (OWASP, "CSV
Injection")."""
_ENDS = frozenset(";\t\r\n")
"""Where a cell may end beside a comma: where numbers have commas, spreadsheets split lines at
semicolons, and then see no quotation marks around what stands between commas."""
_BETWEEN = re.compile(r"([\s\";]+)('?)")


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
    begins = cell[:1] in {*_SIGNS, *_ENDS}
    inside = _BETWEEN.sub(lambda match: match[1] + "'" * _computed(match) + match[2], cell)
    return f"'{inside}" if begins else inside


def plain(cell: str) -> str:
    """The cell without what `safe` put in."""
    inside = _BETWEEN.sub(lambda match: match[1] + match[2] * (not _computed(match)), cell)
    return inside[1:] if inside[:1] == "'" and inside[1:2] in {*_SIGNS, *_ENDS} else inside


def _computed(match: re.Match[str]) -> bool:
    """Whether a cell ends there, and a formula follows."""
    follows = match.string[match.end() : match.end() + 1]
    return follows != "" and follows in _SIGNS and not _ENDS.isdisjoint(match[1])


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
