"""What depends on a directory: requests that are not done with it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Directory, ProvisioningRequest, RequestDirectory, RequestSource
from services.provisioning.progress import OPEN

NAMED = 5
"""How many requests a sentence names."""


def standing_against(session: Session, directory: Directory) -> str | None:
    """Why a directory cannot be deleted: requests that are open enrol for it, or take people from
    it; None where none does.
    """
    key = directory.id
    used = select(RequestDirectory.request_id).where(RequestDirectory.directory_id == key)
    sources = select(RequestSource.request_id).where(
        RequestSource.directory_id == key, RequestSource.done_at.is_(None)
    )
    names = session.scalars(
        select(ProvisioningRequest.name)
        .where(
            ProvisioningRequest.ended_at.is_(None),
            ProvisioningRequest.state.in_(OPEN),
            ProvisioningRequest.id.in_(used) | ProvisioningRequest.id.in_(sources),
        )
        .order_by(ProvisioningRequest.id)
        .limit(NAMED + 1)
    ).all()
    if not names:
        return None
    listed = ", ".join(f"“{one}”" for one in names[:NAMED])
    if len(names) > NAMED:
        listed += " and others"
    many = "A provisioning request" if len(names) == 1 else "Provisioning requests"
    return f"{many} with people still to enrol for it: {listed}. Finish or cancel first."
