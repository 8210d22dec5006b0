"""`POST /ceremonies/<purpose>/options`: begin a ceremony for whoever asks."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, request
from flask_login import current_user

from blueprints import visitor
from blueprints.context import portal
from blueprints.errors import json_endpoint
from services import links
from services.ceremonies import Begun, Purpose, begin_authentication, begin_registration
from services.refusal import Refusal

blueprint = Blueprint("ceremonies", __name__)


@blueprint.post("/ceremonies/<purpose>/options")
@json_endpoint
def options(purpose: str) -> dict[str, Any]:
    """The ceremony's id and its options, as JSON for the browser's WebAuthn functions."""
    match purpose:
        case Purpose.SIGN_IN:
            begun = begin_authentication(
                portal(), purpose=Purpose.SIGN_IN, session_hash=visitor.browser_hash()
            )
        case Purpose.ENROL:
            begun = _enrol()
        case Purpose.ADD:
            _demand_sign_in()
            begun = begin_registration(
                portal(),
                purpose=Purpose.ADD,
                person_id=current_user.person.id,
                session_hash=current_user.session_hash,
            )
        case Purpose.CONFIRM:
            _demand_sign_in()
            begun = begin_authentication(
                portal(),
                purpose=Purpose.CONFIRM,
                session_hash=current_user.session_hash,
                person_id=current_user.person.id,
                subject=_subject(),
            )
        case _:
            abort(404)
    return {"ceremony": str(begun.ceremony), "options": begun.options}


def _enrol() -> Begun:
    own = visitor.enrolment()
    if own.finished:
        raise links.refusal("link_finished")
    if own.person is None:
        raise Refusal(
            "setup_unfinished", "Enter who you are first, then register your key.", status=409
        )
    return begin_registration(
        portal(),
        purpose=Purpose.ENROL,
        person_id=own.person.id,
        session_hash=own.session_hash,
    )


def _demand_sign_in() -> None:
    if not current_user.is_authenticated:
        raise Refusal("not_signed_in", "You are signed out. Sign in and try again.", status=401)


def _subject() -> str:
    """What is confirmed: an act on something, as `remove:` and its UUID."""
    act, _, address = request.form.get("subject", "").rpartition(":")
    try:
        if not re.fullmatch(r"[a-z]{1,20}", act):
            raise ValueError(act)
        return f"{act}:{UUID(address)}"
    except ValueError:
        raise Refusal("subject_wrong", "Open the page again, then repeat what you did.") from None
