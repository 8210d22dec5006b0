"""A fresh ceremony inside a confirming form: proof that the signed-in person is here, now."""

from __future__ import annotations

from flask_login import current_user

from blueprints.context import portal
from blueprints.forms import CeremonyForm
from services import ceremonies
from services.ceremonies import Purpose


def demand(form: CeremonyForm, subject: str) -> None:
    """Go on only when the form holds the person's touch for this very thing.

    Args:
        subject: what is confirmed, as the page's form named it when it asked for the options.

    Raises:
        CeremonyRefusal: with what was wrong.
    """
    ceremonies.finish_authentication(
        portal(),
        purpose=Purpose.CONFIRM,
        session_hash=current_user.session_hash,
        person_id=current_user.person.id,
        subject=subject,
        **form.answer,
    )
