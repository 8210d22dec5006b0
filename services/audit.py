"""The audit trail: the act and its record are written in one transaction."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from models import AuditEvent, Directory, Passkey, Person


class Tag(StrEnum):
    """What can happen. `noun.verb`, in the past."""

    PORTAL_SET_UP = "portal.set_up"
    PERSON_ADDED = "person.added"
    PERSON_EDITED = "person.edited"
    PERSON_SUSPENDED = "person.suspended"
    PERSON_LET_IN = "person.let_in"
    PERSON_ENDED = "person.ended"
    PERSON_BROUGHT_BACK = "person.brought_back"
    PEOPLE_DOWNLOADED = "people.downloaded"
    ROLE_MADE = "role.made"
    ROLE_EDITED = "role.edited"
    ROLE_ENDED = "role.ended"
    ROLE_GRANTED = "role.granted"
    ROLE_REVOKED = "role.revoked"
    GROUP_MADE = "group.made"
    GROUP_EDITED = "group.edited"
    GROUP_ENDED = "group.ended"
    GROUP_JOINED = "group.joined"
    GROUP_LEFT = "group.left"
    GROUP_RANKED = "group.ranked"
    GROUP_TAKEN = "group.taken"
    GROUP_LET_GO = "group.let_go"
    LINK_MADE = "link.made"
    LINK_EXCHANGED = "link.exchanged"
    LINK_FINISHED = "link.finished"
    STEP_ALONE = "link.step_alone"
    LINK_REVOKED = "link.revoked"
    MAIL_ASKED_FOR = "mail.asked_for"
    MAIL_SENT = "mail.sent"
    MAIL_FAILED = "mail.failed"
    MAIL_STOPPED = "mail.stopped"
    ADDRESS_MAILED = "address.mailed"
    ADDRESS_MAIL_FAILED = "address.mail_failed"
    SIGN_UP_MAILED = "sign_up.mailed"
    SIGN_UP_MAIL_FAILED = "sign_up.mail_failed"
    DIRECTORY_EXPIRY_MAILED = "directory.expiry_mailed"
    DIRECTORY_EXPIRY_MAIL_FAILED = "directory.expiry_mail_failed"
    SIGN_UP_CODE_DEAD = "sign_up.code_dead"
    SIGN_UP_BEGUN = "sign_up.begun"
    SESSION_OPENED = "session.opened"
    SESSION_ENDED = "session.ended"
    SIGN_IN_REFUSED = "sign_in.refused"
    PASSKEY_REGISTERED = "passkey.registered"
    PASSKEY_REFUSED = "passkey.refused"
    REGISTRATION_LEFT = "registration.left"
    PASSKEY_RENAMED = "passkey.renamed"
    PASSKEY_ENDED = "passkey.ended"
    PASSKEY_COUNTER_REFUSED = "passkey.counter_refused"
    PASSKEY_COUNTER_ALLOWED = "passkey.counter_allowed"
    POLICY_CHOSEN = "policy.chosen"
    POLICY_TAKEN_AWAY = "policy.taken_away"
    DIRECTORY_BEGUN = "directory.begun"
    DIRECTORY_EDITED = "directory.edited"
    DIRECTORY_DISCARDED = "directory.discarded"
    DIRECTORY_ADDED = "directory.added"
    DIRECTORY_DELETED = "directory.deleted"
    DIRECTORY_TESTED = "directory.tested"
    DIRECTORY_SERVES_CHANGED = "directory.serves_changed"
    IDENTITY_LINKED = "identity.linked"
    IDENTITY_UNLINKED = "identity.unlinked"
    IDENTITY_KEY_REMOVED = "identity.key_removed"
    IDENTITY_SIGNED_OUT = "identity.signed_out"
    IDENTITY_PASS_MADE = "identity.pass_made"  # noqa: S105 - an event, not a password
    DELIVERY_OWED = "delivery.owed"
    DELIVERY_DONE = "delivery.done"
    DELIVERY_HELD = "delivery.held"
    DELIVERY_RETRIED = "delivery.retried"
    DELIVERY_KEPT = "delivery.kept"
    DELIVERY_REPLACING = "delivery.replacing"
    REQUEST_CREATED = "request.created"
    REQUEST_EDITED = "request.edited"
    REQUEST_GATHERED = "request.gathered"
    REQUEST_PROVISIONED = "request.provisioned"
    REQUEST_REMINDED = "request.reminded"
    REQUEST_COMPLETED = "request.completed"
    REQUEST_CANCELLED = "request.cancelled"
    REQUEST_EXPIRED = "request.expired"
    REQUEST_DELETED = "request.deleted"
    REQUEST_DOWNLOADED = "request.downloaded"
    REQUEST_LETTERS_MADE = "request.letters_made"
    REQUEST_PERSON_COMPLETED = "request.person_completed"
    REQUEST_PERSON_FAILED = "request.person_failed"
    REQUEST_PERSON_CANCELLED = "request.person_cancelled"
    REQUEST_PERSON_TRIED_AGAIN = "request.person_tried_again"
    SIGN_IN_PROVED = "sign_in.proved"
    AGENT_BEGUN = "agent.begun"


def record(
    session: Session,
    tag: Tag,
    *,
    now: datetime,
    actor: Person | None = None,
    person: Person | None = None,
    passkey: Passkey | None = None,
    directory: Directory | None = None,
    **detail: Any,
) -> AuditEvent:
    """Add one event to the trail.

    Args:
        actor: who did it; None for the system, or for somebody who is not signed in.
        person: whom it concerns.
        detail: JSON values that explain it. Never a secret, a token or a challenge.
    """
    event = AuditEvent(
        at=now,
        tag=tag.value,
        actor_id=actor.id if actor else None,
        person_id=person.id if person else None,
        passkey_id=passkey.id if passkey else None,
        directory_id=directory.id if directory else None,
        detail=detail,
    )
    session.add(event)
    return event
