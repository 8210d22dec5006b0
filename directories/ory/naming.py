"""Display names made to a format of First, Middle and Last."""

from __future__ import annotations

import re

from directories.base import PersonRecord

DEFAULT_FORMAT = "{First} {Middle} {Last}"
LONGEST_FORMAT = 200

_TOKEN = re.compile(r"\{([^{}]*)\}")
_TOKENS = ("First", "Middle", "Last")


def format_name(display_format: str, *, first: str, middle: str, last: str) -> str:
    """A display name, as pages preview it and directories get it.

    Blanks that a missing name leaves are collapsed, and so is a comma that then has nothing on
    one of its sides.
    """
    names = dict(zip(_TOKENS, (first, middle, last), strict=True))
    text = _TOKEN.sub(lambda token: names.get(token[1], token[0]), display_format)
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r" ,", ",", text)
    return re.sub(r",(?: ?,)+", ",", text).strip(" ,")


def format_problem(display_format: str) -> str:
    """What is wrong with a format, as a sentence; empty when nothing is."""
    if not display_format:
        return ""
    if len(display_format) > LONGEST_FORMAT:
        return f"A format has at most {LONGEST_FORMAT} characters."
    if not display_format.isprintable():
        return "A format has no control characters."
    known = "{First}, {Middle} and {Last}"
    used = _TOKEN.findall(display_format)
    for token in used:
        if token not in _TOKENS:
            return f"{{{token}}} is not known. Use {known}."
    if not used:
        return f"Use at least one of {known}."
    if any(brace in _TOKEN.sub("", display_format) for brace in "{}"):
        return "There is a brace without its other half."
    return ""


def display_name(person: PersonRecord, display_format: str) -> str:
    """The display name a person gets: made to the format, or their own when there is none."""
    if not display_format:
        return person.display_name
    return format_name(
        display_format,
        first=person.given_name,
        middle=person.middle_name,
        last=person.family_name,
    )
