"""Parts of PingOne's addresses and answers that are never taken as they come."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from directories.answers import Answer
from directories.base import Misconfigured, NotFound

Item = Mapping[str, Any]

SEGMENT = re.compile(r"[A-Za-z0-9_-]{1,128}")
"""An id as a part of a path: nothing in it leads to another address."""

QUERY = re.compile(r"[\x21\x22\x24-\x5b\x5d-\x7e]{1,4096}")
"""The query of a link to the next page: neither spaces nor what ends a query."""


def no_environment(error: NotFound) -> Misconfigured:
    """What it means that an environment's own lists, or itself, are not there."""
    return Misconfigured(
        "PingOne does not know this environment: check the Environment ID and the region.",
        code="pingone.environment",
        said=error.said,
        request_id=error.request_id,
        status=error.status,
    )


def segment(value: str) -> str:
    """An id as a part of an address.

    Raises:
        NotFound: when it is none, so nothing can have it.
    """
    if SEGMENT.fullmatch(value):
        return value
    raise NotFound("This is not an ID of PingOne's.", code="pingone.id")


def next_page(answer: Answer, url: str) -> str | None:
    """The query of the next page (section 2), None on the last one.

    PingOne gives the whole address; only its query is taken, and only from an address at the same
    host, so that no answer can send the token elsewhere.

    Raises:
        Misconfigured: when it leads to another host.
    """
    links = answer.data.get("_links") if isinstance(answer.data, Mapping) else None
    link = links.get("next") if isinstance(links, Mapping) else None
    target = link.get("href") if isinstance(link, Mapping) else None
    if target is None:
        return None
    try:
        parts = urlsplit(target) if isinstance(target, str) else urlsplit("")
        same = parts.hostname == urlsplit(url).hostname
    except ValueError:  # no address at all, such as one with half a bracket
        same = False
    if not same or not QUERY.fullmatch(parts.query):
        raise Misconfigured(
            "The next page is said to be at another address, so this is not PingOne's API.",
            code="pingone.foreign_link",
            request_id=answer.request_id,
        )
    return parts.query


def an_object(answer: Answer) -> Item:
    """The object in an answer.

    Raises:
        Misconfigured: when it holds none.
    """
    if isinstance(answer.data, Mapping):
        return answer.data
    raise Misconfigured(
        "What came back is not what PingOne answers, so this is not its API.",
        code="pingone.not_pingone",
        request_id=answer.request_id,
    )
