"""Finding passkeys among everybody's: by words, by whether they live, by what they proved."""

from __future__ import annotations

import re
import uuid
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, String, case, cast, func, or_, select
from sqlalchemy.orm import Session, contains_eager

from models import Evidence, Passkey, Person
from services.attestation.evidence import Trust
from services.attestation.metadata import MetadataSource
from services.paging import Slice, newest_first
from services.people import tidy

PART_OF_AAGUID = re.compile(r"[0-9a-f-]{4,36}")


class Shown(StrEnum):
    """The views of the list."""

    ALL = "all"
    LIVE = "live"
    ATTESTED = "attested"
    """Live, and proven by its manufacturer's certificate."""
    UNATTESTED = "unattested"
    """Live, and not proven."""
    ENDED = "ended"


def search(
    session: Session,
    metadata: MetadataSource,
    query: str = "",
    *,
    shown: Shown = Shown.ALL,
    older: uuid.UUID | None = None,
    newer: uuid.UUID | None = None,
) -> Slice[Passkey]:
    """One page of the passkeys that hold every word of `query`, newest first.

    A word is looked for in the person's name and address, the passkey's name, the model's name
    and the AAGUID. Person and evidence come with each passkey.

    Args:
        older: the page after this passkey; `newer`: the page before.
    """
    statement = _found(metadata, query)
    if shown is not Shown.ALL:
        statement = statement.where(_conditions()[shown])
    statement = statement.options(contains_eager(Passkey.person), contains_eager(Passkey.evidence))
    return newest_first(session, statement, Passkey, older=older, newer=newer)


def counts(session: Session, metadata: MetadataSource, query: str = "") -> dict[Shown, int]:
    """How many of the passkeys that hold every word each view has."""
    tallies = [
        func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
        for condition in _conditions().values()
    ]
    statement = _found(metadata, query).with_only_columns(func.count(), *tallies)
    return dict(zip((Shown.ALL, *_conditions()), session.execute(statement).one(), strict=True))


def _conditions() -> dict[Shown, ColumnElement[bool]]:
    live, trusted = Passkey.ended_at.is_(None), Evidence.trust == Trust.TRUSTED.value
    return {
        Shown.LIVE: live,
        Shown.ATTESTED: live & trusted,
        Shown.UNATTESTED: live & ~trusted,
        Shown.ENDED: ~live,
    }


def _found(metadata: MetadataSource, query: str) -> Select[Passkey]:
    statement = select(Passkey).join(Passkey.person).join(Passkey.evidence)
    for word in tidy(query).split():
        statement = statement.where(_holds(metadata, word))
    return statement


def _holds(metadata: MetadataSource, word: str) -> ColumnElement[bool]:
    """Whether the word is anywhere in what an operator reads of a passkey."""
    models = [model.aaguid for model in metadata.models() if word.lower() in model.name.lower()]
    places = [
        Person.display_name.icontains(word, autoescape=True),
        Person.email.icontains(word, autoescape=True),
        Passkey.nickname.icontains(word, autoescape=True),
        Passkey.aaguid.in_(models),
    ]
    if PART_OF_AAGUID.fullmatch(word.lower()):
        # SQLite keeps a UUID as its digits, PostgreSQL writes it with hyphens.
        digits = func.replace(cast(Passkey.aaguid, String), "-", "")
        places.append(digits.contains(word.lower().replace("-", ""), autoescape=True))
    return or_(*places)
