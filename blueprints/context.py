"""What every page is given: the portal, and the values that all templates share."""

from __future__ import annotations

from typing import Any, cast

from flask import Flask, current_app
from flask_login import current_user

from models import DirectoryType
from services.deliveries.queue import attach
from services.portal import Portal, open_portal
from services.roles import Action, Privilege, of_any_type, of_type

METADATA_NOTICE = (
    "Security key models from a file are trusted here, beside those that FIDO publishes."
)


def portal() -> Portal:
    """The running portal.

    A server opens it at start (`app.create_app`); a command opens it when it first needs it, so
    that `flask database upgrade` works on an empty database.
    """
    opened = current_app.extensions.get("portal")
    return cast(Portal, opened) if opened is not None else open_now(current_app)


def open_now(app: Flask) -> Portal:
    """Open the portal of `app`, with the queue that wakes the workers.

    Raises:
        SealBroken: when the sealing keys do not fit the database.
        MetadataError: when the extra metadata file cannot be read.
    """
    opened = open_portal(app.config["LATCHKEY"])
    attach(opened)
    app.extensions["portal"] = opened
    return opened


def held_privileges() -> frozenset[Privilege]:
    """What the person who asks may do; nothing when nobody is signed in."""
    if current_user.is_authenticated:
        return cast("frozenset[Privilege]", current_user.privileges)
    return frozenset()


def _shared() -> dict[str, Any]:
    held = held_privileges()

    def may(action: str, type: DirectoryType | None = None) -> bool:
        """Whether this may be done to connections of the type; of any type where none is given."""
        if type is None:
            return not of_any_type(Action(action)).isdisjoint(held)
        return of_type(Action(action), type) in held

    return {
        "privileges": {privilege.value for privilege in held},
        "may": may,
        "settings_name": portal().settings.rp_name,
        "portal_notice": METADATA_NOTICE if portal().metadata.extra else "",
    }


def init_app(app: Flask) -> None:
    """Hand the shared values to every template."""
    app.context_processor(_shared)
