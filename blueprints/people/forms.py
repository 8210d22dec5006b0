"""The forms of people's pages."""

from __future__ import annotations

from datetime import timedelta

from flask_wtf import FlaskForm
from wtforms import RadioField, SelectChoice, StringField
from wtforms.validators import InputRequired, Length

from blueprints.forms import NamesForm, tidied
from models import LinkPurpose
from services import people

LIFETIMES = {
    "1": ("1 hour", timedelta(hours=1)),
    "24": ("24 hours", timedelta(hours=24)),
    "72": ("3 days", timedelta(days=3)),
    "168": ("7 days", timedelta(days=7)),
}
"""How long an enrolment link can be opened: the form's value, its words, and the span."""


class PersonForm(NamesForm):
    """A person to add."""

    middle_name = StringField(
        "Middle name", [Length(max=people.NAME_LENGTH)], filters=[tidied], default=""
    )


PURPOSES = {
    LinkPurpose.ENROL: "To enrol a key",
    LinkPurpose.RECOVER: "To recover, because a key was lost",
}
"""What an operator makes a link for, and its words."""


class LifetimeForm(FlaskForm):
    """How long a new enrolment link can be opened."""

    lifetime = RadioField(
        "The link can be opened for",
        [InputRequired("Choose how long the link can be opened.")],
        choices=[SelectChoice(value, words) for value, (words, _) in LIFETIMES.items()],
        default="24",
    )

    @property
    def span(self) -> timedelta:
        """The chosen time."""
        return LIFETIMES[self.lifetime.data][1]


class LinkForm(LifetimeForm):
    """What a new enrolment link is for, and how long it can be opened."""

    purpose = RadioField(
        "The link is",
        choices=[SelectChoice(purpose.value, words) for purpose, words in PURPOSES.items()],
        default=LinkPurpose.ENROL.value,
        filters=[lambda value: value or LinkPurpose.ENROL.value],
    )

    @property
    def link_purpose(self) -> LinkPurpose:
        """The chosen purpose; to enrol where none was sent."""
        return LinkPurpose(self.purpose.data)
