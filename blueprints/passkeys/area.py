"""The blueprint, and how its views load a passkey."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort
from flask_login import current_user
from sqlalchemy.orm import Session

from models import Passkey
from services import passkeys

blueprint = Blueprint("passkeys", __name__, url_prefix="/passkeys")


def own(session: Session, address: UUID) -> Passkey:
    """The signed-in person's passkey at that address; somebody else's does not exist for them."""
    found = passkeys.by_uuid(session, address)
    if found is None or found.person_id != current_user.person.id:
        abort(404)
    return found
