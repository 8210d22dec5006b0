"""The list of events, filtered by what happened."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, render_template, request, url_for

from blueprints.addresses import cursor, pager
from blueprints.context import portal
from services import trail
from services.audit import Tag

blueprint = Blueprint("audit", __name__, url_prefix="/admin/audit")


@blueprint.get("")
def index() -> str:
    """One page of events, newest first."""
    try:
        tag = Tag(request.args.get("tag", ""))
    except ValueError:
        tag = None
    with portal().database.read() as session:
        page = trail.events(session, tag=tag, older=cursor("older"), newer=cursor("newer"))
        directories = trail.directories_of(session, page.items)
        passkeys = trail.passkeys_of(session, page.items)
    return render_template(
        "audit/index.html",
        events=page.items,
        directories=directories,
        passkeys=passkeys,
        tag=tag,
        tags=sorted(Tag),
        words=words,
        pretty=pretty,
        page=pager(page, url_for(".index"), tag=tag),
    )


def pretty(detail: dict[str, Any]) -> str:
    """An event's detail, to read."""
    return json.dumps(detail, indent=2, ensure_ascii=False, sort_keys=True)


def words(tag: str) -> str:
    """A tag as a reader says it: "Directory serves changed" for `directory.serves_changed`."""
    return tag.replace("sign_in", "sign-in").replace(".", " ").replace("_", " ").capitalize()
