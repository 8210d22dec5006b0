"""The set-up form."""

from __future__ import annotations

from wtforms import RadioField, SelectChoice
from wtforms.validators import InputRequired

from blueprints.forms import NamesForm
from services.policies import POLICIES, Kind


class SetupForm(NamesForm):
    """Who the first administrator is, and which keys are allowed from the start."""

    DEFAULT_KIND = Kind.HID_CRESCENDO.value

    kind = RadioField(
        "Which security keys are allowed",
        [InputRequired("Choose which security keys are allowed.")],
        choices=[SelectChoice(kind.value, kind.label) for kind in POLICIES],
    )
