"""The blueprint, and how its views load a directory."""

from __future__ import annotations

import uuid

from flask import Blueprint, abort
from sqlalchemy.orm import Session

from blueprints.context import held_privileges
from models import Directory, DirectoryType
from services import directories
from services.roles import Action, of_type

blueprint = Blueprint("directories", __name__, url_prefix="/admin/directories")


def to_change(session: Session, directory: uuid.UUID, type: DirectoryType) -> Directory:
    """A directory in a step that its type alone has: a draft, or one that is added.

    Raises:
        Refusal: `directory_unknown`.
        NotFound: for a directory of another type.
        Forbidden: for one that is added, without the privilege to edit it.
    """
    found = directories.by_uuid(session, directory)
    if found.type is not type:
        abort(404)
    if found.added_at is not None and of_type(Action.EDIT, type) not in held_privileges():
        abort(403)
    return found


def added(session: Session, directory: uuid.UUID) -> Directory:
    """A directory that was added; a draft has no page of its own yet.

    Raises:
        Refusal: `directory_unknown`.
        NotFound: for a draft.
    """
    found = directories.by_uuid(session, directory)
    if found.added_at is None:
        abort(404)
    return found
