"""`INSERT … ON CONFLICT` for the database in use: both speak it, each through its own dialect."""

from __future__ import annotations

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models import Base


def insert(session: Session, model: type[Base]) -> postgresql.Insert:
    """An insert into the model's table that knows `on_conflict_do_update`.

    The two dialects' statements share their methods, so the type of one stands for both.
    """
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(model)  # type: ignore[return-value]
    return postgresql.insert(model)
