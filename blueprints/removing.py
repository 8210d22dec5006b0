"""The page that asks before a passkey is ended, for its owner and for an operator alike.

With it, they may have the sign-ins in directories ended: what the key opened before goes on there.
"""

from __future__ import annotations

from collections.abc import Iterable

from flask import flash, render_template, request
from flask_login import current_user

from blueprints.context import held_privileges, portal
from blueprints.placements import places
from models import Identity, Passkey
from services import removal
from services.ceremonies import CeremonyRefusal
from services.directories import signed_in_there
from services.directories.signed_in_there import SignedOut
from services.refusal import Refusal
from services.roles import Privilege


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
    sign_outs = _sign_outs(passkey) if obstacle is None else []
    return render_template(
        template,
        passkey=passkey,
        model=portal().metadata.model(passkey.aaguid),
        places=listed,
        last=last,
        subject=removal.subject(passkey),
        obstacle=obstacle,
        refusal=refusal,
        sign_outs=sign_outs,
    )


def sign_out_there(passkey: Passkey) -> list[SignedOut]:
    """End the owner's sign-ins in the directories that the form names, for `tell`.

    Call it once the passkey is ended: before, it could open new ones.
    """
    chosen = request.form.getlist("sign_out")
    if not chosen:
        return []
    return signed_in_there.end_chosen(
        portal(), _sign_outs(passkey), chosen, actor=current_user.person
    )


def tell(outcomes: Iterable[SignedOut]) -> None:
    """Say on the next page what came of the sign-outs."""
    for one in outcomes:
        if not one.problem:
            flash(
                f"Sign-ins at {one.directory.name} are ended. It takes some minutes to be felt "
                "everywhere.",
                "success",
            )
            continue
        kept = f"The passkey is ended, but sign-ins at {one.directory.name} go on. {one.problem}"
        flash(f"{kept} It said: {one.said}" if one.said else kept, "warning")


def _sign_outs(passkey: Passkey) -> list[Identity]:
    """Where sign-ins of the owner can be ended by whoever asks: their own, or by a privilege."""
    own = passkey.person_id == current_user.person.id
    if not own and Privilege.END_SESSIONS not in held_privileges():
        return []
    with portal().database.read() as database:
        return signed_in_there.offered(portal(), database, passkey.person)
