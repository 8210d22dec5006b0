"""Keyset paging: a page is found by the row it starts after, so it stays right as rows arrive.

Rows are ordered by their integer key, newest first or in the order in which they came. A cursor is
a row's UUID, so that no integer key shows in an address.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

T = TypeVar("T")

SIZE = 50


@dataclass(frozen=True)
class Slice(Generic[T]):
    """One page of rows, and the cursors of its neighbours (None where there is none)."""

    items: tuple[T, ...]
    newer: uuid.UUID | None
    """Ask for what is newer than this row."""
    older: uuid.UUID | None
    """Ask for what is older than this row."""


def newest_first(
    session: Session,
    statement: Select[T],
    entity: Any,
    *,
    older: uuid.UUID | None = None,
    newer: uuid.UUID | None = None,
    size: int = SIZE,
) -> Slice[T]:
    """One page of `statement`, newest first.

    Args:
        statement: selects `entity` rows, unordered.
        entity: a mapped class with `id` and `uuid`.
        older: the page after this row; `newer`: the page before it. At most one counts, and a
            cursor that names no row gives the first page.
        size: rows a page.
    """
    rows, earlier, further = _rows(
        session, statement, entity, on=older, back=newer, newest=True, size=size
    )
    return Slice(
        tuple(rows),
        newer=rows[0].uuid if earlier else None,
        older=rows[-1].uuid if further else None,
    )


def in_order(
    session: Session,
    statement: Select[T],
    entity: Any,
    *,
    after: uuid.UUID | None = None,
    before: uuid.UUID | None = None,
    size: int = SIZE,
) -> Slice[T]:
    """One page of `statement`, oldest first; otherwise as `newest_first`.

    Args:
        after: the page after this row, which is newer; `before`: the page before it.
    """
    rows, earlier, further = _rows(
        session, statement, entity, on=after, back=before, newest=False, size=size
    )
    return Slice(
        tuple(rows),
        newer=rows[-1].uuid if further else None,
        older=rows[0].uuid if earlier else None,
    )


def _rows(
    session: Session,
    statement: Select[T],
    entity: Any,
    *,
    on: uuid.UUID | None,
    back: uuid.UUID | None,
    newest: bool,
    size: int,
) -> tuple[list[Any], bool, bool]:
    """The rows of one page in their order, and whether there are others before and behind them."""
    start = _key(session, entity, on or back)
    backwards = on is None and back is not None and start is not None
    upwards = newest == backwards
    if start is not None:
        statement = statement.where(entity.id > start if upwards else entity.id < start)
    order = entity.id.asc() if upwards else entity.id.desc()
    found = list(session.scalars(statement.order_by(order).limit(size + 1)))
    more = len(found) > size
    rows: list[Any] = found[:size]
    if backwards:
        rows.reverse()
    if not rows:
        return rows, False, False
    return rows, more if backwards else start is not None, backwards or more


def _key(session: Session, entity: Any, cursor: uuid.UUID | None) -> int | None:
    if cursor is None:
        return None
    return session.scalar(select(entity.id).where(entity.uuid == cursor))
