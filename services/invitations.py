"""The words that invite somebody to enrol for a provisioning request: by mail, and on paper.

The HTML part is one narrow column whose style stands in its tags, because mail programs drop style
sheets. It loads nothing from anywhere: no picture, no font, nothing that tells who read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from models import Person
from services.mail import Letter

_BODY = (
    "margin:0;padding:24px 12px;background:#f4f6f6;color:#1c2526;"
    "font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
)
_CARD = (
    "max-width:560px;margin:0 auto;padding:24px;background:#ffffff;"
    "border:1px solid #d5dddd;border-radius:6px"
)
_HEADING = "margin:0 0 16px;font-size:20px;line-height:1.3"
_TEXT = "margin:0 0 16px"
_BUTTON = (
    "display:inline-block;padding:12px 20px;background:#0b5a5f;color:#ffffff;"
    "border-radius:4px;font-weight:600;text-decoration:none"
)
_SMALL = "margin:16px 0 0;font-size:14px;color:#4a5758"
_BREAK = "word-break:break-all"

READY = "Have your security key at hand, and open the link on a device that you can plug it into."
CLOSE = (
    "It works once, in the first browser that begins with it. Do not pass it on: whoever opens it "
    "registers a key in your name. If you did not expect this, tell your administrator."
)


@dataclass(frozen=True)
class Words:
    """What an invitation says, on whatever it is written."""

    title: str
    greeting: str
    what: str
    until: str

    @classmethod
    def of(
        cls, person: Person, *, places: Sequence[str], last_day: date, reminder: bool = False
    ) -> Words:
        """The words for one person.

        Args:
            places: what the key will open, by the names of the directories; it may be none.
            reminder: whether they were asked before.
        """
        opens = f" It will open {_listed(places)}." if places else ""
        asked = (
            "You were asked to register your security key, and it is not done yet. "
            "This new link takes the place of the one before."
            if reminder
            else "You are asked to register your security key, with which you sign in from then on."
        )
        return cls(
            title="Reminder: register your security key"
            if reminder
            else "Register your security key",
            greeting=f"Hello {person.display_name},",
            what=asked + opens,
            until=f"The link can be opened until {last_day.day} {last_day:%B %Y} (UTC).",
        )


def letter(person: Person, words: Words, address: str, *, portal: str) -> Letter:
    """The mail that brings a link.

    Args:
        address: the link's whole address.
        portal: what this portal is called.
    """
    text = (
        f"{words.greeting}\n\n{words.what}\n\n{READY}\n\n{address}\n\n{words.until}\n{CLOSE}\n\n"
        f"{portal}\n"
    )
    href = escape(address)
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(words.title)}</title></head>"
        f'<body style="{_BODY}"><div style="{_CARD}">'
        f'<h1 style="{_HEADING}">{escape(words.title)}</h1>'
        f'<p style="{_TEXT}">{escape(words.greeting)}</p>'
        f'<p style="{_TEXT}">{escape(words.what)}</p>'
        f'<p style="{_TEXT}">{READY}</p>'
        f'<p style="{_TEXT}"><a href="{href}" style="{_BUTTON}">Register your key</a></p>'
        f'<p style="{_TEXT}">{escape(words.until)} {CLOSE}</p>'
        f'<p style="{_SMALL}">If the button does not work, copy this address: '
        f'<span style="{_BREAK}">{href}</span></p>'
        f'<p style="{_SMALL}">{escape(portal)}</p></div></body></html>'
    )
    subject = f"{portal}: {words.title[:1].lower()}{words.title[1:]}"
    token = address.rpartition("/")[2]
    return Letter(person.display_name, person.email, subject, text, html, secret=token)


def _listed(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    return f"{', '.join(names[:-1])} and {names[-1]}"
