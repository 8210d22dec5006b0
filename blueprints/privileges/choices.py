"""The roles of a person's page: which are held, and which may be given or taken by who asks."""

from __future__ import annotations

from typing import NamedTuple

from flask_login import current_user
from sqlalchemy.orm import Session

from models import Person
from services import role_changes, role_lists
from services.privilege_words import in_words
from services.refusal import Refusal
from services.role_lists import RoleView


class Choice(NamedTuple):
    """One role, beside one person."""

    role: RoleView
    words: list[str]
    obstacle: Refusal | None
    """Why whoever asks cannot take it, or give it."""


class Choices(NamedTuple):
    """What a person holds, and what they do not."""

    held: list[Choice]
    others: list[Choice]

    @property
    def some_to_give(self) -> bool:
        """Whether there is a role that whoever asks could give."""
        return any(one.obstacle is None for one in self.others)


def of(session: Session, person: Person) -> Choices:
    """The roles of one person's page."""
    actor = current_user.person
    own = {grant.role for grant in person.roles}
    found = Choices([], [])
    for role in role_lists.known(session):
        words = in_words(role.privileges)
        if role.key in own:
            obstacle = role_changes.obstacle_to_take(session, role, person, actor)
            found.held.append(Choice(role, words, obstacle))
        else:
            obstacle = role_changes.obstacle_to_give(role, person, actor)
            found.others.append(Choice(role, words, obstacle))
    found.others.sort(key=lambda one: one.obstacle is not None)
    return found
