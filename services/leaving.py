"""When somebody leaves, and when they come back.

The record stays. Their passkeys end, and directories lose them by deliveries; their roles are
taken; what lets them in ends as for somebody suspended. An identity is unlinked once no passkey of
theirs is in it any more: at once where none is, else by the worker that removed the last one.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Identity, Person
from services import audit, passkeys, role_changes, role_lists, sessions
from services.deliveries import outbox, unlinking
from services.ending import Because
from services.refusal import Refusal
from services.suspension import demand, hold, lock_out


def subject(person: Person) -> str:
    """What a ceremony that confirms it is about (`models.Challenge.subject`)."""
    return f"leave:{person.uuid}"


def obstacle(person: Person, *, actor: Person) -> Refusal | None:
    """Why the actor cannot end the person's record as things stand; None when they can."""
    try:
        demand(person, actor=actor)
    except Refusal as refused:
        return refused
    if person.ended_at is not None:
        return Refusal("person_left", "This person has left already.", status=409)
    return None


def end(session: Session, person: Person, *, actor: Person, now: datetime) -> Person:
    """End the person's record. Wake the workers after it.

    Raises:
        Refusal: `person_self`, `person_holds_more`, `person_left` or `last_administrator`.
    """
    demand(person, actor=actor)
    role_changes.keep_an_administrator(session, person)  # takes rows in their order, so first
    person = hold(session, person, actor=actor)
    refused = obstacle(person, actor=actor)
    if refused is not None:
        raise refused
    taken = role_lists.names(person)
    for grant in list(person.roles):
        person.roles.remove(grant)
        session.delete(grant)
    person.ended_at = now
    ended = lock_out(session, person, actor=actor, now=now)
    owned = passkeys.of_person(session, person.id)
    audit.record(
        session,
        audit.Tag.PERSON_ENDED,
        now=now,
        actor=actor,
        person=person,
        roles_taken=taken,
        passkeys_ended=len(owned),
        **ended,
    )
    for passkey in owned:
        passkey.ended_at, passkey.ended_because = now, Because.LEFT.value
        sessions.end_opened_by(session, passkey, now=now)
        audit.record(
            session,
            audit.Tag.PASSKEY_ENDED,
            now=now,
            actor=actor,
            person=person,
            passkey=passkey,
            nickname=passkey.nickname,
            because=Because.LEFT.value,
            sessions_ended=0,
        )
        outbox.owe(session, passkey, cause=audit.Tag.PASSKEY_ENDED.value, now=now, actor=actor)
    session.flush()
    for identity in session.scalars(select(Identity).where(Identity.person_id == person.id)).all():
        unlinking.unlink_if_empty(session, identity, actor=actor, now=now)
    return person


def bring_back(session: Session, person: Person, *, actor: Person, now: datetime) -> Person:
    """Take the person in again: the record as it was, with no role, key or identity.

    Raises:
        Refusal: `person_self`, `person_holds_more`; `person_not_left`.
    """
    person = hold(session, person, actor=actor)
    if person.ended_at is None:
        raise Refusal("person_not_left", "This person has not left.", status=409)
    person.ended_at = person.suspended_at = None
    audit.record(session, audit.Tag.PERSON_BROUGHT_BACK, now=now, actor=actor, person=person)
    return person
