"""Who is asking: the signed-in person, and the random ids in the browser's signed cookie.

The cookie carries three kinds of id, each under a key of its own and none of them guessable:

- the session that Flask-Login loads: a row holds its SHA-256 (`services.sessions`);
- `browser`: an anonymous id that binds a sign-in ceremony to the browser that began it;
- `enrolment`: the enrolment session, which is never mixed with whoever is signed in.
"""

from __future__ import annotations

import secrets
from uuid import UUID

from flask import Flask, g, session
from flask_login import UserMixin, current_user, login_user, logout_user

from blueprints.context import portal
from extensions import login_manager
from models import EnrolmentLink, Person, Session
from services import links, sessions
from services.enrolment import steps
from services.refusal import Refusal
from services.roles import Privilege, privileges

BROWSER = "browser"
ENROLMENT = "enrolment"
ENROLMENT_LINK = "enrolment_link"


class SignedIn(UserMixin):
    """The person who is signed in, as `current_user`.

    Args:
        token: the session's secret id, as the cookie holds it.
        opened: the session's row.
    """

    def __init__(self, token: str, opened: Session) -> None:
        self._token = token
        self.session = opened
        self.person: Person = opened.person
        self.privileges: frozenset[Privilege] = privileges(opened.person)

    def get_id(self) -> str:
        """The session's secret id: what Flask-Login keeps in the cookie."""
        return self._token

    @property
    def session_hash(self) -> bytes:
        """SHA-256 of the session's id: what ceremonies are bound to."""
        return self.session.token_hash

    @property
    def passkey_id(self) -> int:
        """The passkey that opened the session."""
        return self.session.passkey_id

    @property
    def display_name(self) -> str:
        """The person's name."""
        return self.person.display_name

    @property
    def email(self) -> str:
        """The person's e-mail address."""
        return self.person.email


def _load(token: str) -> SignedIn | None:
    found = sessions.look_up(portal(), token)
    return SignedIn(token, found) if found else None


def sign_in(token: str, opened: Session) -> None:
    """Make the browser's session a new one, opened by `services.sessions.open_session`.

    Everything the anonymous browser held goes, the form token and the browser id included, so
    that nothing planted before the sign-in works after it. Only the enrolment session stays: it
    belongs to its link, not to who is signed in.
    """
    _forget()
    g.pop("csrf_token", None)
    login_user(SignedIn(token, opened))


def sign_out() -> None:
    """End the session's row and forget the browser's session; the enrolment session stays."""
    _forget()
    logout_user()


def _forget() -> None:
    """End whatever session the browser has, and empty its cookie but for the enrolment session."""
    if current_user.is_authenticated:
        with portal().database.write() as database:
            sessions.end(database, current_user.get_id(), now=portal().now())
    kept = {key: session[key] for key in (ENROLMENT, ENROLMENT_LINK) if key in session}
    session.clear()
    session.update(kept)


def browser_hash() -> bytes:
    """SHA-256 of this browser's anonymous id, which is made when first asked for."""
    token = session.get(BROWSER)
    if not isinstance(token, str):
        token = session[BROWSER] = secrets.token_urlsafe(32)
    return sessions.digest(token)


def enrolment_token() -> str:
    """This browser's enrolment secret, made when first asked for."""
    token = session.get(ENROLMENT)
    if not isinstance(token, str):
        token = session[ENROLMENT] = secrets.token_urlsafe(32)
    return token


def begin_enrolment(link: EnrolmentLink) -> None:
    """Remember which link this browser's enrolment pages are about."""
    session[ENROLMENT_LINK] = link.uuid.hex


def enrolment() -> links.Enrolment:
    """This browser's enrolment session, finished or not.

    Raises:
        Refusal: when it has none, or none that still works.
    """
    token, link = session.get(ENROLMENT), session.get(ENROLMENT_LINK)
    if not isinstance(token, str) or not isinstance(link, str):
        raise Refusal(
            "enrolment_none",
            "Open the link that you were sent. This page works only after it.",
            status=404,
        )
    with portal().database.read() as database:
        try:
            return links.enrolment(database, UUID(link), token, now=portal().now())
        except Refusal as refusal:
            if refusal.code == "link_expired":
                raise steps.over(database, UUID(link), token) or refusal from None
            raise


def init_app(app: Flask) -> None:
    """Let Flask-Login find people by their sessions."""
    login_manager.session_protection = None  # an address or agent that changes is no theft
    login_manager.user_loader(_load)
    login_manager.init_app(app)
