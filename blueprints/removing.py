"""The page that asks before a passkey is ended, for its owner and for an operator alike."""

from __future__ import annotations

from flask import render_template

from blueprints.context import portal
from blueprints.placements import places
from models import Passkey
from services import removal
from services.ceremonies import CeremonyRefusal
from services.refusal import Refusal


def page(
    template: str,
    passkey: Passkey,
    *,
    obstacle: Refusal | None = None,
    refusal: CeremonyRefusal | None = None,
) -> str:
    """Say what ending the passkey does, and ask for a touch.

    Args:
        template: the owner's or the operator's words for it.
        obstacle: what stands in its way, so that no touch is asked for.
        refusal: why the last touch did not count.
    """
    with portal().database.read() as database:
        last = removal.is_last(database, passkey, rp_id=portal().settings.rp_id)
        listed = places(database, passkey)
    return render_template(
        template,
        passkey=passkey,
        model=portal().metadata.model(passkey.aaguid),
        places=listed,
        last=last,
        subject=removal.subject(passkey),
        obstacle=obstacle,
        refusal=refusal,
    )
