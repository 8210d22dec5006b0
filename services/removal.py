"""Ending passkeys: their owner removes one, or an operator ends one that was reported lost.

A passkey is ended, never deleted. With it end the sessions it opened, and every directory that
was meant to hold it is owed its removal.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from models import Passkey, Person
from services import passkeys, roles, sessions
from services.audit import Tag, record
from services.deliveries import outbox
from services.ending import Because as Because
from services.refusal import Refusal


def subject(passkey: Passkey) -> str:
    """What a ceremony that confirms the removal is about (`models.Challenge.subject`)."""
    return f"remove:{passkey.uuid}"


def is_last(session: Session, passkey: Passkey, *, rp_id: str) -> bool:
    """Whether its owner could not sign in here any more without it."""
    usable = passkeys.own_of_person(session, passkey.person_id, rp_id=rp_id)
    return [one.id for one in usable] == [passkey.id]


def obstacle(session: Session, passkey: Passkey, *, actor: Person, rp_id: str) -> Refusal | None:
    """Why the actor cannot end the passkey as things stand; None when they can.

    Args:
        rp_id: our own relying party, so that what signs in here is told from what does not.
    """
    if actor.id != passkey.person_id and roles.holds_more(passkey.person, actor):
        return Refusal(
            "person_holds_more",
            "This person may do more than you, so you cannot end their keys.",
            status=403,
        )
    if passkey.ended_at is not None:
        return Refusal("passkey_ended", "This passkey was removed already.", status=409)
    if roles.is_administrator(passkey.person) and is_last(session, passkey, rp_id=rp_id):
        return Refusal(
            "passkey_last",
            "This is the last passkey of an administrator, so it cannot be removed. "
            "Another one must be registered first.",
            status=409,
        )
    return None


def end(
    session: Session,
    passkey: Passkey,
    *,
    because: Because,
    actor: Person,
    rp_id: str,
    now: datetime,
) -> Passkey:
    """End a passkey, the sessions it opened, and what directories hold of it.

    Everything goes into the caller's transaction. Wake the workers after it.

    Args:
        actor: who confirmed it by a fresh ceremony.
        rp_id: our own relying party.

    Raises:
        Refusal: `person_holds_more`, `passkey_ended` or `passkey_last`.

    Returns:
        The passkey as it is now.
    """
    # Whoever ends a passkey takes its owner's row first, so that of two who end the last two
    # passkeys in the same moment the second one sees that only one is left.
    session.get_one(
        Person,
        passkey.person_id,
        populate_existing=True,
        with_for_update={"key_share": True, "of": Person},
    )
    ended = session.get_one(
        Passkey, passkey.id, populate_existing=True, with_for_update={"of": Passkey}
    )
    refused = obstacle(session, ended, actor=actor, rp_id=rp_id)
    if refused is not None:
        raise refused
    ended.ended_at, ended.ended_because = now, because.value
    signed_out = sessions.end_opened_by(session, ended, now=now)
    record(
        session,
        Tag.PASSKEY_ENDED,
        now=now,
        actor=actor,
        person=ended.person,
        passkey=ended,
        nickname=ended.nickname,
        because=because.value,
        sessions_ended=signed_out,
    )
    outbox.owe(session, ended, cause=Tag.PASSKEY_ENDED.value, now=now, actor=actor)
    return ended
