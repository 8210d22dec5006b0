"""How often somebody did something lately, counted for all web processes together."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class LimitCounter(Base):
    """One counter of one limit. Only the SHA-256 of its key is kept: keys hold addresses."""

    __tablename__ = "limit_counters"

    key_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    count: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    """When the window ends; what is counted after it begins at zero."""
