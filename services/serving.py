"""Whom a directory serves, as conditions that queries share.

A directory is in service from the moment it was both added and verified until it is ended.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlalchemy.orm import InstrumentedAttribute

from models import Directory, DirectoryGroup, DirectoryPerson, DirectoryType, GroupMember, Serves

IMPORTING = frozenset({DirectoryType.ORY})
"""The types that take a public key made elsewhere (`directories.base.Way.IMPORT`)."""

ISSUING = frozenset({DirectoryType.ENTRA, DirectoryType.PINGONE})
"""The types that begin every registration themselves (`Way.SHARED` or `Way.FOREIGN`)."""

SUSPENDING = frozenset({DirectoryType.ORY, DirectoryType.PINGONE})
"""The types where an account can be disabled (`Capabilities.suspends`)."""

PROVING = frozenset({DirectoryType.ORY})
"""The types where a sign-in can be tried from our page (`Capabilities.proves_sign_in`)."""


LISTING_GROUPS = frozenset({DirectoryType.ENTRA, DirectoryType.PINGONE})
"""The types whose groups can be read (`Capabilities.lists_groups`)."""


def in_service() -> ColumnElement[bool]:
    """Whether the directory of the query may be delivered to."""
    return and_(
        Directory.added_at.is_not(None),
        Directory.verified_at.is_not(None),
        Directory.ended_at.is_(None),
    )


def serves(person_id: int | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Whether the directory of the query serves the person: everyone, this one by choice, or the
    members of a group that they are in.
    """
    return or_(
        Directory.serves == Serves.EVERYONE,
        exists().where(
            DirectoryPerson.directory_id == Directory.id,
            DirectoryPerson.person_id == person_id,
        ),
        exists().where(
            DirectoryGroup.directory_id == Directory.id,
            GroupMember.group_id == DirectoryGroup.group_id,
            GroupMember.person_id == person_id,
        ),
    )
