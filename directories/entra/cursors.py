"""The way from one page of a list to the next, which never leads anywhere else.

Graph's `@odata.nextLink` is followed verbatim (Entra contract section 3), with our token in hand.
So it must lead to the same host and the same collection; the cursor is what is left of it then, and
is judged again when it comes back from a page of ours.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from directories.answers import Answer
from directories.base import Misconfigured, Refused

LONGEST: Final = 8 * 1024
"""Characters. Graph's have a few hundred."""


def following(base: str, path: str, answer: Answer) -> str | None:
    """The cursor of the next page; None on the last one.

    Args:
        base: the address of this version of Graph.
        path: the collection's, below it.
        answer: a page of it.

    Raises:
        Misconfigured: when it leads to another host, or to something else.
    """
    link = answer.data.get("@odata.nextLink")
    if link is None:
        return None
    if isinstance(link, str) and (found := _cursor(base, link)) and _fits(path, found):
        return found
    raise Misconfigured(
        "The next page is said to be at another address, so this is not Microsoft Graph.",
        code="entra.foreign_link",
        request_id=answer.request_id,
    )


def address(base: str, path: str, cursor: str) -> str:
    """The address of the page that a cursor leads to.

    Raises:
        Refused: `entra.cursor` when it is not one of this collection.
    """
    if not _fits(path, cursor):
        raise gone()
    ours = urlsplit(base)
    return f"{ours.scheme}://{ours.netloc}{cursor}"


def gone() -> Refused:
    """What is said of a cursor that cannot be followed."""
    return Refused("This page of the list is not there any more.", code="entra.cursor")


def _cursor(base: str, link: str) -> str:
    """An address without its host, where that is ours; empty where it is not."""
    ours = urlsplit(base)
    try:
        theirs = urlsplit(link)
        place = (theirs.scheme, theirs.hostname, theirs.port, theirs.username)
    except ValueError:  # no address at all, such as one with half a bracket
        return ""
    if place != (ours.scheme, ours.hostname, ours.port, None):
        return ""
    return f"{theirs.path}?{theirs.query}"


def _fits(path: str, cursor: str) -> bool:
    """Whether a cursor leads to the same collection as the first page did."""
    where, _, query = cursor.partition("?")
    plain = all(0x21 <= ord(one) <= 0x7E and one not in '\\#"<>' for one in cursor)
    steps = where.split("/")
    return (
        plain
        and len(cursor) <= LONGEST
        and bool(query)
        and where.startswith("/")
        and not where.startswith("//")
        and not {".", ".."} & set(steps)
        and steps[-1].casefold() == path.rpartition("/")[2].casefold()
    )
