"""People from a CSV file: read, looked at row by row, and added only when somebody confirms.

Rows that cannot be added stand beside those that can, each with what is wrong. Between look and
confirmation the text is sealed for whoever sent it, and read again: what has changed since counts.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Person
from services import people
from services.people import Names
from services.people_csv import BOM, plain
from services.refusal import Refusal

MOST_BYTES = 120_000
"""In UTF-8: so that a form can carry it, escaped or sealed (`app.MAX_REQUEST_BYTES`)."""
MOST_ROWS = 1000
HEADERS = ("email", "given_name", "middle_name", "family_name", "display_name")
"""The columns that are read; `email` must be there, and any other is left alone."""
CHUNK = 500


@dataclass(frozen=True)
class Row:
    """One row of the file."""

    number: int
    """The line of the file that it ends on."""
    names: Names
    problem: str = ""
    """Why it cannot be added; empty when it can."""
    person: Person | None = None
    """Who is here with the address, where that is no problem."""


def look(session: Session, text: str, *, here: bool = False) -> list[Row]:
    """Every row, with what stands in its way. Changes nothing.

    Args:
        here: whether the file may name people who are here already, for whom an address is enough.

    Raises:
        Refusal: `import_empty`, `import_too_long`, `import_not_read` or `import_header`.
    """
    rows = list(_rows(text))
    if not rows:
        raise Refusal("import_empty", "There is nobody in this file: only a header, or nothing.")
    known = _known(session, {row.names.email for row in rows})
    first: dict[str, int] = {}
    judged = []
    for row in rows:
        person = known.get(row.names.email) if here else None
        if person is not None and person.ended_at is None:
            problem = _twice(row.names, first)
        else:
            problem, person = row.problem or _problem(row.names, known, first), None
        if not problem:
            first[row.names.email] = row.number
        judged.append(Row(row.number, row.names, problem, person))
    return judged


def add(session: Session, text: str, *, actor: Person, now: datetime) -> list[Row]:
    """Add everybody whose row has no problem; the rows as they were judged.

    Raises:
        Refusal: as `look`; `person_exists` when somebody was added in this very moment, and then
            nobody is.
    """
    rows = look(session, text)
    for row in rows:
        if not row.problem:
            people.add(session, row.names, actor=actor, now=now)
    return rows


def _rows(text: str) -> Iterator[Row]:
    if len(text.encode(errors="replace")) > MOST_BYTES:
        raise _too_long()
    text = text.removeprefix(BOM)
    if "\ufffd" in text or "\0" in text:
        raise Refusal(
            "import_not_read", "This is not CSV in UTF-8. Save it as such, and try again."
        )
    head = text.partition("\n")[0]
    comma = ";" if head.count(";") > head.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=comma, strict=True)
    try:
        columns = _columns(next(reader, []))
        for count, cells in enumerate(reader):
            if count >= MOST_ROWS:
                raise _too_long()
            if any(cell.strip() for cell in cells):
                yield _row(reader.line_num, cells, columns)
    except csv.Error:
        raise Refusal(
            "import_not_read",
            f"Line {reader.line_num} cannot be read as CSV: look at its quotation marks.",
        ) from None


def _columns(header: list[str]) -> dict[str, int]:
    """Where each column is that is read."""
    names = [people.tidy(cell).lower().replace(" ", "_").replace("-", "_") for cell in header]
    columns = {name: names.index(name) for name in HEADERS if name in names}
    if "email" not in columns or any(names.count(name) > 1 for name in columns):
        raise Refusal(
            "import_header",
            "The first line must name the columns, each once. email is needed; given_name, "
            "middle_name, family_name and display_name are read too.",
        )
    return columns


def _row(number: int, cells: list[str], columns: dict[str, int]) -> Row:
    known = {name: plain(cells[at]) if at < len(cells) else "" for name, at in columns.items()}
    given, family = known.get("given_name", ""), known.get("family_name", "")
    names = Names(
        given_name=given,
        middle_name=known.get("middle_name", ""),
        family_name=family,
        display_name=known.get("display_name", "") or f"{given} {family}",
        email=known["email"],
    )
    short = len(cells) <= max(columns.values())
    return Row(number, names, "This row has too few cells." if short else "")


def _problem(names: Names, known: dict[str, Person], first: dict[str, int]) -> str:
    if not people.looks_like_email(names.email):
        return "The e-mail address is missing, or is none."
    if not names.display_name:
        return "There is neither a display name nor a given or family name."
    longest = max(len(names.given_name), len(names.middle_name), len(names.family_name))
    if longest > people.NAME_LENGTH or len(names.display_name) > people.DISPLAY_NAME_LENGTH:
        return "A name is too long."
    if names.email in first:
        return _twice(names, first)
    person = known.get(names.email)
    if person is not None:
        return "Was here and has left: bring them back." if person.ended_at else "Is here already."
    return ""


def _twice(names: Names, first: dict[str, int]) -> str:
    number = first.get(names.email)
    return f"Line {number} has this address already." if number else ""


def _known(session: Session, addresses: set[str]) -> dict[str, Person]:
    """Who has these addresses."""
    ordered, found = sorted(addresses), {}
    for start in range(0, len(ordered), CHUNK):
        chunk = ordered[start : start + CHUNK]
        for person in session.scalars(select(Person).where(Person.email.in_(chunk))):
            found[person.email] = person
    return found


def _too_long() -> Refusal:
    return Refusal(
        "import_too_long",
        f"At most {MOST_ROWS} people and {MOST_BYTES // 1000} KB at once. Split the file.",
    )
