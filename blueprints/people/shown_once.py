"""A new enrolment link's address, shown on its person's page the first time that it opens.

The token is nowhere but in this browser's next request, and sealed even there.
"""

from __future__ import annotations

from flask import session, url_for

from blueprints.context import portal
from models import EnrolmentLink
from services import links
from services.sealing import SealBroken

SHOWN_ONCE = "link_shown_once"


def keep(made: links.Made) -> None:
    """Keep a link that was just made for the next page."""
    sealed = portal().sealer.seal(SHOWN_ONCE, made.token)
    session[SHOWN_ONCE] = {"link": made.link.uuid.hex, "token": sealed.decode()}


def address(listed: list[EnrolmentLink]) -> str | None:
    """The address of the link that was just made for this person; only the first time."""
    kept = session.get(SHOWN_ONCE)
    if not kept or kept["link"] not in {link.uuid.hex for link in listed}:
        return None
    del session[SHOWN_ONCE]
    try:
        token = portal().sealer.open(SHOWN_ONCE, kept["token"].encode())
    except SealBroken:  # the key that sealed it was taken out of the settings since
        return None
    return portal().settings.base_url + url_for("links.show", token=token)
