"""`POST /ceremonies/<purpose>/options` and `…/cancel`: begin a ceremony for whoever asks, and say
that nobody goes on with it.
"""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from blueprints import visitor
from blueprints.ceremonies import registering
from blueprints.context import held_privileges, portal
from blueprints.errors import answer, json_endpoint
from services import ceremonies
from services.ceremonies import Begun, DirectoryTrouble, Purpose, begin_authentication
from services.refusal import Refusal
from services.roles import Privilege

blueprint = Blueprint("ceremonies", __name__)


@blueprint.post("/ceremonies/<purpose>/options")
@json_endpoint
def options(purpose: str) -> dict[str, Any] | ResponseReturnValue:
    """The ceremony's id and its options, as JSON for the browser's WebAuthn functions.

    `origin` is there where the browser has to claim another origin than this page's.
    """
    match purpose:
        case Purpose.SIGN_IN:
            begun = begin_authentication(
                portal(), purpose=Purpose.SIGN_IN, session_hash=visitor.browser_hash()
            )
        case Purpose.CONFIRM:
            registering.demand_sign_in()
            begun = begin_authentication(
                portal(),
                purpose=Purpose.CONFIRM,
                session_hash=current_user.session_hash,
                person_id=current_user.person.id,
                subject=_subject(),
            )
        case Purpose.ENROL | Purpose.ADD | Purpose.DESK:
            try:
                begun = registering.begin(Purpose(purpose), request.form.get("subject", ""))
            except DirectoryTrouble as trouble:
                subject = request.form.get("subject", "")
                return _trouble(trouble, alone=registering.alone(Purpose(purpose), subject))
        case _:
            abort(404)
    return _told(begun)


@blueprint.post("/ceremonies/<purpose>/cancel")
@json_endpoint
def cancel(purpose: str) -> dict[str, Any]:
    """Nobody goes on with a registration: what a directory began for it is taken back."""
    if purpose not in (Purpose.ENROL, Purpose.ADD, Purpose.DESK):
        abort(404)
    subject = request.form.get("subject", "")
    asker = registering.asker(Purpose(purpose), subject)
    ceremonies.cancel(
        portal(),
        purpose=Purpose(purpose),
        ceremony=request.form.get("ceremony", ""),
        session_hash=asker.session_hash,
        person_id=asker.person_id,
        subject=subject,
    )
    return {}


def _told(begun: Begun) -> dict[str, Any]:
    told = {"ceremony": str(begun.ceremony), "options": begun.options}
    origin = begun.origin or _other_page(begun)
    return {**told, "origin": origin} if origin else told


def _other_page(begun: Begun) -> str:
    """The page of ours to claim to be, where this one cannot run the ceremony and another can: not
    every one of several origins is under each relying party ID. Empty where this page is right.
    """
    here = request.headers.get("Origin")
    ours = here in portal().settings.origins
    return begun.pages[0] if begun.pages and ours and here not in begun.pages else ""


def _trouble(trouble: DirectoryTrouble, *, alone: bool) -> ResponseReturnValue:
    """What a directory would not do: a plain sentence; the whole of it only for operators.

    Args:
        alone: whether the page now offers to go on without it.
    """
    sentence = trouble.for_the_person
    if alone:
        sentence += f" Load this page again to enrol a key without {trouble.name}."
    detail = ""
    if Privilege.VIEW_DELIVERIES in held_privileges():
        said = f"{trouble.name} said: “{trouble.said}”" if trouble.said else ""
        asked = f"Request id {trouble.request_id}" if trouble.request_id else ""
        found = [f"{one.sentence} {one.remedy}".strip() for one in trouble.findings]
        detail = "\n".join(line for line in (trouble.reason, said, asked, *found) if line)
    return answer(trouble.status, trouble.code, "", sentence, detail=detail)


def _subject() -> str:
    """What is confirmed: an act on something, as `remove:` and its UUID."""
    act, _, address = request.form.get("subject", "").rpartition(":")
    try:
        if not re.fullmatch(r"[a-z]{1,20}", act):
            raise ValueError(act)
        return f"{act}:{UUID(address)}"
    except ValueError:
        raise Refusal("subject_wrong", "Open the page again, then repeat what you did.") from None
