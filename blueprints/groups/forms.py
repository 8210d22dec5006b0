"""The form of a group."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import DataRequired, Length

from blueprints.forms import tidied
from services.groups.records import DESCRIPTION_LENGTH, NAME_LENGTH
from services.refusal import Refusal


class GroupForm(FlaskForm):
    """What a group is called."""

    name = StringField(
        "Name",
        [DataRequired("Enter a name for the group."), Length(max=NAME_LENGTH)],
        filters=[tidied],
    )
    description = StringField(
        "What it is for",
        [Length(max=DESCRIPTION_LENGTH)],
        filters=[tidied],
        default="",
    )

    def refuse(self, refusal: Refusal) -> None:
        """Show a service's refusal at the name."""
        self.name.errors = [*self.name.errors, refusal.sentence]
