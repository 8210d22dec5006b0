"""The sign-in form."""

from __future__ import annotations

from wtforms import HiddenField

from blueprints.forms import CeremonyForm


class SignInForm(CeremonyForm):
    """A sign-in ceremony, and where to go after it."""

    next = HiddenField()
