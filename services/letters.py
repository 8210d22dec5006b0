"""The words of the mails that Latchkey sends."""

from __future__ import annotations

from datetime import datetime
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
    return Letter(person.display_name, person.email, f"{portal}: {title.lower()}", text, html)


def _moment(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"
