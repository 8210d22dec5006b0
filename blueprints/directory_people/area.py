"""The blueprint, who may open it, and what all its pages read from their addresses."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, abort, render_template, request, url_for

from blueprints.context import portal
from directories.base import Capabilities, DirectoryError, Group, Misconfigured, Refused, Transient
from models import Directory, DirectoryType, Person
from services import directories, people
from services.directories import browsing
from services.directories.browsing import Search

blueprint = Blueprint(
    "directory_people", __name__, url_prefix="/admin/directories/<uuid:directory>/people"
)

MAX_QUERY = 100
KEPT = ("q", "in", "assigned", "at", "for")
"""What an address says of the search: text, group, assigned only, cursor, and for whom."""
FINDS: dict[DirectoryType, str] = {
    DirectoryType.ORY: "Ory finds an identifier, such as an e-mail address, or one like it.",
    DirectoryType.ENTRA: "Entra ID finds words of a name, and the beginning of an address.",
    DirectoryType.PINGONE: "PingOne finds the beginning of a name, user name or address.",
}
"""How each type of directory searches, by its own means."""


@dataclass(frozen=True)
class Place:
    """The directory of an address, and what can be looked for in it."""

    directory: Directory
    able: Capabilities

    @property
    def search(self) -> Search:
        """The search of the address, without what the directory cannot do."""
        asked = Search(text=words("q"), assigned=bool(request.values.get("assigned")))
        group = browsing.opened(portal(), self.directory, "group", request.values.get("in", ""))
        if group is not None and self.able.lists_groups:
            asked = replace(asked, group=Group(*group))
        return asked if self.able.lists_assigned else replace(asked, assigned=False)

    def cursor(self, key: list[Any]) -> str | None:
        """The directory's own cursor, where the address carries one that we gave out for this."""
        found = browsing.opened(portal(), self.directory, "cursor", request.values.get("at", ""))
        return found[1] if found is not None and found[0] == key else None

    def sealed(self, key: list[Any], cursor: str | None) -> str | None:
        """A cursor as the next page's address carries it; None at the end."""
        if cursor is None:
            return None
        return browsing.seal(portal(), self.directory, "cursor", [key, cursor])

    def here(self, endpoint: str = "index", **more: object) -> str:
        """An address of this directory's people, with the search kept."""
        return url_for(f".{endpoint}", directory=self.directory.uuid, **(kept() | more))


def words(name: str) -> str:
    """A search text of the address."""
    return people.tidy(request.values.get(name, ""))[:MAX_QUERY]


def kept() -> dict[str, Any]:
    """The search of this address, to be carried along."""
    return {name: value for name in KEPT if (value := request.values.get(name))}


def place(directory: uuid.UUID) -> Place:
    """The directory of an address, ready to be looked into.

    Raises:
        Refusal: `directory_unknown`.
        NotFound: for a draft, and for one that lists nobody.
        DirectoryError: when it cannot even be asked.
    """
    with portal().database.read() as session:
        found = added(directories.by_uuid(session, directory))
    able = browsing.capabilities(portal(), found)
    if not able.lists_people:
        abort(404)
    return Place(found, able)


def added(directory: Directory) -> Directory:
    """The directory, unless it is only a draft.

    Raises:
        NotFound: for a draft.
    """
    if directory.added_at is None:
        abort(404)
    return directory


def person_of(text: str) -> Person | None:
    """The person whose UUID a text is; None where it is none."""
    try:
        name = uuid.UUID(text)
    except ValueError:
        return None
    with portal().database.read() as session:
        return people.get(session, name)


def remedy(error: DirectoryError) -> str:
    """What to do about a directory that did not answer as it should."""
    match error:
        case Transient(retry_after=seconds) if seconds:
            return f"Nothing is lost. Wait {round(seconds) or 1} seconds, then try again."
        case Transient():
            return "Nothing is lost. Try again in a moment."
        case Misconfigured():
            return "Test the connection: it names the permission that is missing, or what is wrong."
        case Refused():
            return "The directory does not take this. Change the search, or begin with everyone."
        case _:
            return "What was asked for may be gone there. Begin with everyone."


@blueprint.context_processor
def _shared() -> dict[str, Any]:
    return {"remedy": remedy}


@blueprint.errorhandler(DirectoryError)
def trouble(error: DirectoryError) -> tuple[str, int]:
    """The page for a directory that did not answer as it should."""
    name = (request.view_args or {})["directory"]
    with portal().database.read() as session:
        found = directories.by_uuid(session, name)
    page = render_template(
        "directory_people/trouble.html", directory=found, error=error, kept=kept()
    )
    return page, 502
