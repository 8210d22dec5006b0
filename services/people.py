"""People: adding, finding and listing them, and what directories may learn of them."""

from __future__ import annotations

import re
import secrets
import unicodedata
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from directories.base import PersonRecord
from models import Passkey, Person
from services import audit
from services.paging import Slice, newest_first
from services.refusal import Refusal

NAME_LENGTH = 128
DISPLAY_NAME_LENGTH = 256
EMAIL_LENGTH = 254
"""RFC 5321 section 4.5.3.1.3, less the two angle brackets."""
EMAIL = re.compile(r"[^@\s<>\"(),:;\[\]\\]+@[^@\s<>\"(),:;\[\]\\.]+(\.[^@\s<>\"(),:;\[\]\\.]+)+")


@dataclass(frozen=True)
class Names:
    """What a form says of a person. Everything is tidied: no control characters, no outer space."""

    given_name: str
    family_name: str
    display_name: str
    email: str
    middle_name: str = ""

    def __post_init__(self) -> None:
        for field in ("given_name", "family_name", "display_name", "middle_name"):
            object.__setattr__(self, field, tidy(getattr(self, field)))
        object.__setattr__(self, "email", tidy_email(self.email))


def tidy(text: str) -> str:
    """The text in NFC, without control characters, with single spaces."""
    text = unicodedata.normalize("NFC", text)
    kept = "".join(" " if unicodedata.category(char) == "Cc" else char for char in text)
    return " ".join(kept.split())


def tidy_email(text: str) -> str:
    """The address in lower case: directories compare addresses without case, and so do we."""
    return tidy(tidy(text).lower())  # a small letter may compose with an accent after it


def looks_like_email(text: str) -> bool:
    """Whether the text can be an e-mail address. Only mail that arrives would prove it."""
    return len(text) <= EMAIL_LENGTH and EMAIL.fullmatch(tidy_email(text)) is not None


def add(session: Session, names: Names, *, actor: Person | None, now: datetime) -> Person:
    """Add a person, with a fresh WebAuthn user handle.

    Args:
        actor: who adds them; None for the system (set-up, a command).

    Raises:
        Refusal: `person_name_missing`, `person_email_wrong` or `person_exists`;
            `person_was_here` where somebody who has left had the address.
    """
    check(session, names, allowed=None)
    person = Person(
        email=names.email,
        given_name=names.given_name,
        middle_name=names.middle_name,
        family_name=names.family_name,
        display_name=names.display_name,
        # Text rather than raw bytes, because Ory stores the handle as text.
        user_handle=secrets.token_urlsafe(32).encode(),
        created_at=now,
        roles=[],
    )
    session.add(person)
    try:
        session.flush()
    except IntegrityError:  # somebody else added them in this very moment
        raise taken(names.email) from None
    audit.record(session, audit.Tag.PERSON_ADDED, now=now, actor=actor, person=person)
    return person


def check(session: Session, names: Names, *, allowed: Person | None) -> None:
    """Refuse names that cannot be used.

    Args:
        allowed: the one person who may have the e-mail address already.

    Raises:
        Refusal: as `add`.
    """
    if not names.display_name:
        raise Refusal("person_name_missing", "Enter the person's display name.")
    if not looks_like_email(names.email):
        raise Refusal("person_email_wrong", "Enter an e-mail address such as ada@example.com.")
    found = by_email(session, names.email)
    if found is not None and (allowed is None or found.id != allowed.id):
        if found.ended_at is not None:
            raise Refusal(
                "person_was_here",
                f"{found.display_name}, who has left, had the address {names.email}. "
                "Bring them back instead.",
            )
        raise taken(names.email)


def taken(email: str) -> Refusal:
    """The refusal of an address that somebody else has."""
    return Refusal("person_exists", f"There is a person with the address {email} already.")


def get(session: Session, address: uuid.UUID) -> Person | None:
    """The person of an address in a URL."""
    return session.scalar(select(Person).where(Person.uuid == address))


def by_email(session: Session, email: str) -> Person | None:
    """The person with the e-mail address, whatever its case."""
    return session.scalar(select(Person).where(Person.email == tidy_email(email)))


def search(
    session: Session,
    query: str = "",
    *,
    older: uuid.UUID | None = None,
    newer: uuid.UUID | None = None,
) -> Slice[Person]:
    """One page of the people whose names or address hold every word of `query`, newest first.

    Args:
        older: the page after this person; `newer`: the page before.
    """
    statement = select(Person).where(*matching(query))
    return newest_first(session, statement, Person, older=older, newer=newer)


def matching(query: str) -> list[ColumnElement[bool]]:
    """What holds of a person whose names or address hold every word of `query`."""
    return [
        or_(
            Person.display_name.icontains(word, autoescape=True),
            Person.given_name.icontains(word, autoescape=True),
            Person.family_name.icontains(word, autoescape=True),
            Person.email.icontains(word, autoescape=True),
        )
        for word in tidy(query).split()
    ]


def count(session: Session) -> int:
    """How many people there are."""
    return session.scalar(select(func.count()).select_from(Person)) or 0


def passkey_counts(session: Session, people: Collection[Person]) -> dict[int, int]:
    """How many living passkeys each of the people has, by the person's id."""
    statement = (
        select(Passkey.person_id, func.count())
        .where(Passkey.person_id.in_([one.id for one in people]), Passkey.ended_at.is_(None))
        .group_by(Passkey.person_id)
    )
    return dict(session.execute(statement).all())


def to_record(person: Person) -> PersonRecord:
    """What a directory may learn of the person."""
    return PersonRecord(
        uuid=person.uuid,
        email=person.email,
        given_name=person.given_name,
        middle_name=person.middle_name,
        family_name=person.family_name,
        display_name=person.display_name,
    )
