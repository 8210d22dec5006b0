"""How many deliveries there are in each state."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Delivery, DeliveryState, Directory


def by_state(session: Session, directory: Directory | None = None) -> Counter[DeliveryState]:
    """Deliveries by state, of one directory or of all."""
    statement = select(Delivery.state, func.count()).group_by(Delivery.state)
    if directory is not None:
        statement = statement.where(Delivery.directory_id == directory.id)
    return Counter(dict(session.execute(statement).all()))
