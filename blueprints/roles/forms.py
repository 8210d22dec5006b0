"""The form of a role."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import SelectMultipleField, StringField
from wtforms.validators import DataRequired, Length

from blueprints.forms import tidied
from services import role_changes, roles
from services.refusal import Refusal
from services.roles import Privilege


class RoleForm(FlaskForm):
    """A role's name, what it is for, and its privileges."""

    name = StringField(
        "Name",
        [DataRequired("Enter a name for the role."), Length(max=role_changes.NAME_LENGTH)],
        filters=[tidied],
    )
    description = StringField(
        "What it is for",
        [Length(max=role_changes.DESCRIPTION_LENGTH)],
        filters=[tidied],
    )
    chosen = SelectMultipleField(
        "Privileges",
        [DataRequired("Choose at least one privilege.")],
        choices=[one.value for one in Privilege],
    )

    @property
    def privileges(self) -> frozenset[Privilege]:
        """The chosen privileges."""
        return roles.named(self.chosen.data or ())

    def refuse(self, refusal: Refusal) -> None:
        """Show a service's refusal at the field that it is about."""
        field = {
            "role_name_missing": self.name,
            "role_name_taken": self.name,
            "role_exceeds": self.chosen,
        }.get(refusal.code)
        if field is None:
            self.form_errors = [*self.form_errors, refusal.sentence]
        else:
            field.errors = [*field.errors, refusal.sentence]
