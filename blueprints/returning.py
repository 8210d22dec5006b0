"""Where to go after signing in: only to pages of our own."""

from __future__ import annotations

from flask import url_for

from blueprints.access import may_open

MAX_LENGTH = 2000


def own_path(text: str | None) -> str | None:
    """The text when it is a path on this site, else None.

    Browsers take two leading slashes, or a slash and a backslash, for another site, and drop
    control characters before they look, so none of these gets through.
    """
    if (
        not text
        or len(text) > MAX_LENGTH
        or not text.startswith("/")
        or text.startswith("//")
        or "\\" in text
        or any(ord(char) <= 0x20 or ord(char) == 0x7F for char in text)
    ):
        return None
    return text


def landing() -> str:
    """The page that somebody who has just signed in most likely wants."""
    if may_open("overview.index"):
        return url_for("overview.index")
    return url_for("passkeys.index")
