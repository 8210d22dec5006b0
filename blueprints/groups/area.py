"""The blueprint, and how its views load a group."""

from __future__ import annotations

import uuid

from flask import Blueprint, abort
from sqlalchemy.orm import Session

from models import Group
from services import groups

blueprint = Blueprint("groups", __name__, url_prefix="/admin/groups")


def loaded(session: Session, address: uuid.UUID) -> Group:
    """The group of an address.

    Raises:
        NotFound: when there is none, or it has ended.
    """
    found = groups.get(session, address)
    if found is None:
        abort(404)
    return found
