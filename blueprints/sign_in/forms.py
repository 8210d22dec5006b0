"""The sign-in form."""

from __future__ import annotations

from wtforms import HiddenField, StringField

from blueprints.forms import CeremonyForm, tidied


class SignInForm(CeremonyForm):
    """A sign-in ceremony and where to go after it; or an e-mail address, to sign up."""

    next = HiddenField()
    email = StringField("E-mail", filters=[tidied])
