"""Signing up: somebody of an allowed domain proves a mailbox by a code, then enrols a key.

The code is mailed by the worker (`services.sign_up_mail`) and belongs to the browser that asked.
Until a code was right, nothing here reads the people: what a stranger is told, and how long it
takes, is the same whether or not an address has an account.

A code enrols only somebody without an account. An account is any record here, except one that an
earlier sign-up left behind before a key was registered. The person is made when they have said who
they are, not with their passkey, because a registration's options need their handle and the audit
trail needs whom it refused; so that an abandoned sign-up can be begun again, the next right code
goes on with its person and takes the earlier enrolment back.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from config import Settings
from config.domains import plain_domain, shown_domain
from models import (
    EnrolmentLink,
    Identity,
    LinkPurpose,
    MailState,
    Passkey,
    Person,
    SignUpCode,
)
from services import audit, links, people, setup, standing, turns
from services.refusal import Refusal
from services.sealing import Sealer

TRIES = 5
"""How often a code can be entered; then it is dead, even for the right digits."""
TIME_TO_ENTER = timedelta(minutes=10)
"""How long a code can be entered, from when it is sent."""
TIME_TO_GO_ON = timedelta(hours=1)
"""How long a browser is taken back to where it was, from when it asked."""
COUNTED = timedelta(hours=1)
PER_MAILBOX = 12
"""Mails to one mailbox in that time: a bound for what strangers can do to an inbox."""
PER_NETWORK = 4
"""Of them, from one network: so that one stranger cannot use up what is somebody else's."""
KEPT = timedelta(days=1)
USE = "sign-up code"


class Step(StrEnum):
    """What comes next for a browser that asked."""

    CODE = "code"
    NAME = "name"


def is_open(session: Session, settings: Settings) -> bool:
    """Whether anyone may sign up here: domains are named, and the portal is set up."""
    return bool(settings.sign_up_domains) and setup.is_over(session)


def ask(
    session: Session,
    settings: Settings,
    *,
    email: str,
    browser: bytes,
    network: str,
    now: datetime,
) -> SignUpCode:
    """Write down that the address is to get mail. Wake the workers after the transaction.

    Args:
        browser: the hash of the asking browser's id; what it asked for before counts no more.
        network: where it asks from, as rate limits count it.

    Raises:
        Refusal: `sign_up_email_wrong`, `sign_up_domain` or `sign_up_often`.
    """
    email = _address(settings, email)
    row = SignUpCode(
        session_hash=browser,
        network_hash=hashlib.sha256(network.encode()).digest(),
        mailbox_hash=hashlib.sha256(_mailbox(email).encode()).digest(),
        email=email,
        created_at=now,
        due_at=now,
    )
    turns.take(session, f"sign-up {row.mailbox_hash.hex()}")
    asked = select(func.count()).where(
        SignUpCode.mailbox_hash == row.mailbox_hash, SignUpCode.created_at > now - COUNTED
    )
    from_here = asked.where(SignUpCode.network_hash == row.network_hash)
    if (session.scalar(asked) or 0) >= PER_MAILBOX or (
        session.scalar(from_here) or 0
    ) >= PER_NETWORK:
        raise Refusal(
            "sign_up_often",
            "Many codes were asked for this address lately. Use the newest mail, wait an hour, "
            "or ask your administrator for an enrolment link.",
            status=429,
        )
    session.execute(
        update(SignUpCode)
        .where(SignUpCode.session_hash == browser, SignUpCode.state == MailState.WAITING)
        .values(state=MailState.STOPPED, settled_at=now)
    )
    session.add(row)
    session.flush()
    return row


def newest(session: Session, browser: bytes, *, now: datetime) -> SignUpCode | None:
    """What a browser asked for last, as long as it can go on with it."""
    row = session.scalar(
        select(SignUpCode)
        .where(SignUpCode.session_hash == browser)
        .order_by(SignUpCode.id.desc())
        .limit(1)
    )
    return row if row is not None and row.created_at > now - TIME_TO_GO_ON else None


def step(row: SignUpCode) -> Step:
    """Where the browser goes on."""
    return Step.CODE if row.redeemed_at is None else Step.NAME


def enter(session: Session, sealer: Sealer, browser: bytes, code: str, *, now: datetime) -> bool:
    """Try a code: whether it leads on. Commit the transaction either way, for the try counts.

    The try is counted by one statement before anything is compared, and where no code exists just
    as where one does.
    """
    last = (
        select(func.max(SignUpCode.id)).where(SignUpCode.session_hash == browser).scalar_subquery()
    )
    row = session.scalar(
        update(SignUpCode)
        .where(
            SignUpCode.id == last,
            SignUpCode.redeemed_at.is_(None),
            SignUpCode.open_until > now,
            SignUpCode.tries < TRIES,
        )
        .values(tries=SignUpCode.tries + 1)
        .returning(SignUpCode)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    if row is None:
        return False
    if sealer.agrees(USE, written(row, code), row.code_hash or b""):
        row.redeemed_at = now
        return True
    if row.tries == TRIES:
        audit.record(session, audit.Tag.SIGN_UP_CODE_DEAD, now=now, email=row.email)
    return False


def written(row: SignUpCode, code: str) -> str:
    """What a code's digest is made of: it is worth nothing for another row."""
    return f"{row.session_hash.hex()}:{row.id}:{code}"


def begin(
    session: Session,
    browser: bytes,
    *,
    given_name: str,
    family_name: str,
    enrolment: str,
    now: datetime,
) -> EnrolmentLink:
    """Take down who signed up, and begin their enrolment in this browser.

    Sent again, it goes on with the same enrolment.

    Args:
        enrolment: the browser's enrolment secret, as for `links.exchange`.

    Raises:
        Refusal: `sign_up_over` when no right code was entered in this browser lately;
            `sign_up_known` when somebody has an account with this address by now.
    """
    row = newest(session, browser, now=now)
    if row is None or row.redeemed_at is None:
        raise over()
    session.refresh(row, with_for_update={"of": SignUpCode})
    if row.link is not None:
        return row.link
    display_name = f"{given_name} {family_name}"[: people.DISPLAY_NAME_LENGTH]
    names = people.Names(given_name, family_name, display_name, row.email)
    person = account(session, row.email)
    if person is not None:
        standing.is_active(session, person.id)  # held: their address may be changed just now
        person = account(session, row.email)
    if person is None:
        try:
            person = people.add(session, names, actor=None, now=now)
        except Refusal as refusal:
            if refusal.code == "person_exists":  # another browser was quicker, this very moment
                raise known() from None
            raise
    elif not may_begin_again(session, person):
        raise known()
    else:
        person.given_name, person.family_name = names.given_name, names.family_name
        person.display_name = names.display_name
        for link in _own_links(session, person):
            links.revoke(session, link, actor=None, now=now)
    made = links.make(
        session,
        purpose=LinkPurpose.SIGN_UP,
        person=person,
        actor=None,
        lifetime=links.TIME_TO_FINISH,
        now=now,
    )
    row.link = links.exchange(session, made.token, enrolment, now=now)
    audit.record(session, audit.Tag.SIGN_UP_BEGUN, now=now, person=person, link=str(made.link.uuid))
    return row.link


def finish(session: Session, own: links.Enrolment, passkey: Passkey, *, now: datetime) -> None:
    """End the enrolment with its passkey, unless the person has got an account meanwhile.

    Raises:
        Refusal: `sign_up_known`, or as `links.finish`.
    """
    links.finish(session, own, passkey, now=now)
    if not _is_bare(session, passkey.person, but=passkey):
        raise known()


def account(session: Session, email: str) -> Person | None:
    """Who has a record with the address, whether its domain is written in letters or in ASCII."""
    local, _, domain = email.rpartition("@")
    spelled = f"{local}@{shown_domain(domain)}"
    return people.by_email(session, email) or people.by_email(session, spelled)


def may_begin_again(session: Session, person: Person) -> bool:
    """Whether a record is only what an earlier sign-up left behind, and no account.

    Somebody who was suspended, or has left, does not come back by signing up.
    """
    return person.active and bool(_own_links(session, person)) and _is_bare(session, person)


def known() -> Refusal:
    """The refusal of a right code for an address that has an account by now."""
    return Refusal(
        "sign_up_known",
        "There is an account with your address by now. Sign in with its key, or ask your "
        "administrator for a recovery link.",
        status=409,
    )


def over() -> Refusal:
    """The refusal of a step that needs a right code first."""
    return Refusal(
        "sign_up_over", "Enter your e-mail address first, then the code from the mail.", status=409
    )


def purge(session: Session, *, now: datetime) -> int:
    """Delete what was asked for long ago; how many there were."""
    old = delete(SignUpCode).where(SignUpCode.created_at < now - KEPT).returning(SignUpCode.id)
    return len(session.scalars(old).all())


def _address(settings: Settings, text: str) -> str:
    """The address as mail and people's records have it, its domain in ASCII.

    Raises:
        Refusal: `sign_up_email_wrong` or `sign_up_domain`.
    """
    email = people.tidy_email(text)
    local, _, written = email.rpartition("@")
    try:
        domain = plain_domain(written)
    except ValueError:
        domain = ""
    email = f"{local}@{domain}"
    if not people.looks_like_email(email):
        raise Refusal("sign_up_email_wrong", "Enter an e-mail address such as ada@example.com.")
    if domain not in settings.sign_up_domains:
        allowed = " or ".join(settings.sign_up_domains)
        raise Refusal(
            "sign_up_domain",
            f"Only addresses that end in {allowed} can sign up here. "
            "Ask your administrator for an enrolment link.",
        )
    return email


def _own_links(session: Session, person: Person) -> list[EnrolmentLink]:
    """The enrolments of the person that signing up began."""
    found = links.of_person(session, person)
    return [link for link in found if link.purpose is LinkPurpose.SIGN_UP]


def _is_bare(session: Session, person: Person, *, but: Passkey | None = None) -> bool:
    """Whether the person holds no role, and has or had no identity and no key but that one."""
    keys = select(Passkey.id).where(Passkey.person_id == person.id)
    if but is not None:
        keys = keys.where(Passkey.id != but.id)
    identities = select(Identity.id).where(Identity.person_id == person.id)
    return not person.roles and not any(
        session.scalar(query.limit(1)) for query in (keys, identities)
    )


def _mailbox(email: str) -> str:
    """The mailbox of an address: many servers take what follows a `+` for a mere label."""
    local, _, domain = email.rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"
