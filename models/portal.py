"""Facts about the portal as a whole, one row each, as the canary of the sealing keys."""

from __future__ import annotations

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class PortalFact(Base):
    """A named fact."""

    __tablename__ = "portal_facts"

    name: Mapped[str] = mapped_column(String(64), unique=True)
    value: Mapped[bytes] = mapped_column(LargeBinary)
