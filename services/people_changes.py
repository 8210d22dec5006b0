"""Editing people. An address is a way in: another one takes back what is on its way to it."""

from __future__ import annotations

from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import Person
from services import address_mail, audit, links, mails, people
from services.people import Names
from services.portal import Portal
from services.refusal import Refusal
from services.roles import holds_more


def obstacle(person: Person, *, actor: Person) -> Refusal | None:
    """Why the actor may not edit the person; None when they may."""
    if holds_more(person, actor):
        return Refusal(
            "person_holds_more",
            "This person may do more than you, so you cannot change their name or address.",
            status=403,
        )
    if person.ended_at is not None:
        return Refusal("person_left", "This person has left already.", status=409)
    return None


def edit(
    portal: Portal, session: Session, person: Person, names: Names, *, actor: Person
) -> Person:
    """Change a person's names and address. Wake the workers after it.

    With another address every link and mail on its way stops working, and the old address is told,
    where mail is configured. What directories hold of names and addresses is theirs and stays.

    Raises:
        Refusal: as `obstacle`; `person_name_missing`, `person_email_wrong` or `person_exists`.
    """
    now = portal.now()
    held = session.get_one(
        Person,
        person.id,
        populate_existing=True,
        with_for_update={"key_share": True, "of": Person},
    )
    refused = obstacle(held, actor=actor)
    if refused is not None:
        raise refused
    people.check(session, names, allowed=held)
    before = _record(held)
    held.given_name, held.middle_name = names.given_name, names.middle_name
    held.family_name, held.display_name = names.family_name, names.display_name
    held.email = names.email
    after = _record(held)
    changed = {name for name in after if after[name] != before[name]}
    if not changed:
        return held
    try:
        session.flush()
    except IntegrityError:  # somebody else took the address in this very moment
        raise people.taken(names.email) from None
    more: dict[str, Any] = {}
    if "email" in changed:
        more = {
            "links_revoked": links.revoke_open(session, held, actor=actor, now=now),
            "mails_stopped": mails.stop_waiting(session, held, actor=actor, now=now),
        }
        address_mail.owe(portal, session, held, before["email"])
    audit.record(
        session,
        audit.Tag.PERSON_EDITED,
        now=now,
        actor=actor,
        person=held,
        before={name: before[name] for name in sorted(changed)},
        after={name: after[name] for name in sorted(changed)},
        **more,
    )
    return held


def _record(person: Person) -> dict[str, str]:
    return {
        "email": person.email,
        "given_name": person.given_name,
        "middle_name": person.middle_name,
        "family_name": person.family_name,
        "display_name": person.display_name,
    }
