"""Suspending people and letting them back in.

Suspending ends what lets somebody in, at once and in one transaction: their sessions, the links and
mails on their way to them, and enrolments that run. What they may do when they come back stays.
Directories that can disable an account are owed that.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from models import Person
from services import audit, links, mails, passkeys, role_changes, sessions
from services.deliveries import outbox
from services.refusal import Refusal
from services.roles import holds_more


def obstacle(person: Person, *, actor: Person) -> Refusal | None:
    """Why the actor may not decide whether the person gets in; None when they may."""
    if person.id == actor.id:
        return Refusal(
            "person_self", "Nobody decides that about themselves. Ask somebody else.", status=409
        )
    if holds_more(person, actor):
        return Refusal(
            "person_holds_more",
            "This person may do more than you, so you cannot decide whether they get in.",
            status=403,
        )
    return None


def demand(person: Person, *, actor: Person) -> None:
    """Refuse where `obstacle` finds something."""
    refused = obstacle(person, actor=actor)
    if refused is not None:
        raise refused


def suspend(session: Session, person: Person, *, actor: Person, now: datetime) -> Person:
    """Keep the person out until somebody lets them back in. Wake the workers after it.

    Raises:
        Refusal: as `obstacle`; `person_left` or `person_suspended_already`; `last_administrator`.
    """
    demand(person, actor=actor)
    role_changes.keep_an_administrator(session, person)  # takes rows in their order, so first
    person = hold(session, person, actor=actor)
    if person.suspended_at is not None:
        raise Refusal("person_suspended_already", "This person is suspended already.", status=409)
    if person.ended_at is not None:
        raise Refusal("person_left", "This person has left already.", status=409)
    person.suspended_at = now
    ended = lock_out(session, person, actor=actor, now=now)
    audit.record(session, audit.Tag.PERSON_SUSPENDED, now=now, actor=actor, person=person, **ended)
    outbox.owe_account(session, person, cause=audit.Tag.PERSON_SUSPENDED.value, now=now)
    return person


def let_in(session: Session, person: Person, *, actor: Person, now: datetime) -> Person:
    """Let a suspended person in again, with the roles and keys that they had.

    Wake the workers after it.

    Raises:
        Refusal: as `obstacle`; `person_not_suspended`.
    """
    person = hold(session, person, actor=actor)
    if person.suspended_at is None or person.ended_at is not None:
        raise Refusal("person_not_suspended", "This person is not suspended.", status=409)
    person.suspended_at = None
    audit.record(session, audit.Tag.PERSON_LET_IN, now=now, actor=actor, person=person)
    cause = audit.Tag.PERSON_LET_IN.value
    outbox.owe_account(session, person, cause=cause, now=now)
    for passkey in passkeys.of_person(session, person.id):  # what was not delivered meanwhile
        outbox.owe(session, passkey, cause=cause, now=now, actor=actor)
    return person


def hold(session: Session, person: Person, *, actor: Person) -> Person:
    """The person as they are now, held until the transaction ends.

    Raises:
        Refusal: as `obstacle`.
    """
    held = session.get_one(
        Person,
        person.id,
        populate_existing=True,
        with_for_update={"key_share": True, "of": Person},
    )
    demand(held, actor=actor)
    return held


def lock_out(session: Session, person: Person, *, actor: Person, now: datetime) -> dict[str, Any]:
    """End the person's sessions, links and mails; how many there were, for the trail."""
    return {
        "sessions_ended": sessions.end_all(session, person, actor=actor, now=now),
        "links_revoked": links.revoke_open(session, person, actor=actor, now=now),
        "mails_stopped": mails.stop_waiting(session, person, actor=actor, now=now),
    }
