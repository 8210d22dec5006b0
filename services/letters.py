"""The words of the mails that Latchkey sends."""

from __future__ import annotations

from datetime import date, datetime
from html import escape

from models import EnrolmentLink, LinkPurpose, Person
from services.mail import Letter

_WHAT = {
    LinkPurpose.ENROL: (
        "Register your security key",
        "This link lets you register a security key, with which you sign in from then on.",
    ),
    LinkPurpose.RECOVER: (
        "Register a new security key",
        "This link lets you register a new security key in place of one that you no longer have.",
    ),
}
_CLOSE = (
    "It works once, in the first browser that begins with it. Do not pass it on: whoever opens it "
    "registers a key in your name. If you did not expect this mail, tell your administrator."
)


def enrolment_link(person: Person, link: EnrolmentLink, address: str, *, portal: str) -> Letter:
    """The mail that brings a link.

    Args:
        address: the link's whole address.
        portal: what this portal is called.
    """
    title, what = _WHAT[link.purpose]
    until = f"It can be opened until {_moment(link.expires_at)}."
    greeting = f"Hello {person.display_name},"
    text = f"{greeting}\n\n{what}\n\n{address}\n\n{until}\n{_CLOSE}\n\n{portal}\n"
    html = (
        f'<!doctype html><html lang="en"><body><p>{escape(greeting)}</p><p>{what}</p>'
        f'<p><a href="{escape(address)}">{title}</a></p><p>{until} {_CLOSE}</p>'
        f"<p>If the link does not open, copy this address: {escape(address)}</p>"
        f"<p>{escape(portal)}</p></body></html>"
    )
    subject, token = f"{portal}: {title.lower()}", address.rpartition("/")[2]
    return Letter(person.display_name, person.email, subject, text, html, secret=token)


def sign_up_code(address: str, code: str, *, until: datetime, portal: str) -> Letter:
    """The mail that brings the code of a sign-up, for somebody of whom only the address is known.

    Args:
        portal: what this portal is called.
    """
    title = "Your code"
    where = (
        f"Enter it in the browser in which you asked for it, until {_moment(until)}. "
        "After five wrong tries it is dead."
    )
    close = (
        f"Nobody from {portal} will ask you for it. If you did not ask for this mail, do nothing: "
        "without the code nothing happens."
    )
    text = f"Hello,\n\n{title}: {code}\n\n{where}\n{close}\n\n{portal}\n"
    html = (
        f'<!doctype html><html lang="en"><body><p>Hello,</p><p>{title}: <strong>{code}</strong></p>'
        f"<p>{where} {escape(close)}</p><p>{escape(portal)}</p></body></html>"
    )
    return Letter("", address, f"{portal}: {title.lower()}", text, html, secret=code)


def account_exists(person: Person, address: str, sign_in: str, *, portal: str) -> Letter:
    """The mail to somebody who signs up and has an account.

    Args:
        address: where the mail goes.
        sign_in: the address of the sign-in page.
        portal: what this portal is called.
    """
    title = "You have an account"
    greeting = f"Hello {person.display_name},"
    what = f"you, or somebody who knows your address, asked to sign up at {portal}."
    known = "You have an account there already. Sign in with your security key:"
    close = (
        "If you have no key yet, or lost it, ask your administrator for a link: one to enrol, or "
        "one to recover. If you did not ask for this mail, do nothing: nothing has changed."
    )
    text = f"{greeting}\n\n{what}\n{known}\n\n{sign_in}\n\n{close}\n\n{portal}\n"
    html = (
        f'<!doctype html><html lang="en"><body><p>{escape(greeting)}</p>'
        f"<p>{escape(what)} {known}</p>"
        f'<p><a href="{escape(sign_in)}">Sign in</a></p><p>{close}</p>'
        f"<p>{escape(portal)}</p></body></html>"
    )
    return Letter(person.display_name, address, f"{portal}: {title.lower()}", text, html)


def secret_expires(
    person: Person, directory: str, word: str, on: date, address: str, *, portal: str
) -> Letter:
    """The mail that warns whoever looks after a directory that its secret is about to expire.

    Args:
        directory: its name.
        word: how near it is, as "expires in 7 days".
        on: the secret's last day.
        address: of the page where it is replaced.
        portal: what this portal is called.
    """
    title = f"The secret of {directory} {word}"
    greeting = f"Hello {person.display_name},"
    day = f"{on.day} {on:%B %Y}"
    what = (
        f"the secret with which {portal} signs in at {directory} {word}: its last day is {day}. "
        f"After that {portal} cannot reach {directory} any more. Make a new secret there, put it "
        "in on this page, and remove the old one there:"
    )
    text = f"{greeting}\n\n{what}\n\n{address}\n\n{portal}\n"
    html = (
        f'<!doctype html><html lang="en"><body><p>{escape(greeting)}</p><p>{escape(what)}</p>'
        f'<p><a href="{escape(address)}">Replace the secret</a></p>'
        f"<p>{escape(portal)}</p></body></html>"
    )
    return Letter(person.display_name, person.email, f"{portal}: {title}", text, html)


def address_changed(person: Person, address: str, *, portal: str) -> Letter:
    """The mail to the address that somebody had until it was changed.

    It does not name the new one: who reads the old mailbox is not known.

    Args:
        address: the old one.
        portal: what this portal is called.
    """
    title = "Your address was changed"
    greeting = f"Hello {person.display_name},"
    what = (
        f"an administrator of {portal} replaced this e-mail address of yours by another one. Links "
        "that were on their way here do not work any more, and no further mail comes here."
    )
    close = "If you did not expect this, tell your administrator at once."
    text = f"{greeting}\n\n{what}\n\n{close}\n\n{portal}\n"
    html = (
        f'<!doctype html><html lang="en"><body><p>{escape(greeting)}</p><p>{escape(what)}</p>'
        f"<p>{close}</p><p>{escape(portal)}</p></body></html>"
    )
    return Letter(person.display_name, address, f"{portal}: {title.lower()}", text, html)


def _moment(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"
