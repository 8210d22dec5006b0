"""The forms that every type of directory shares; each type has its own beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    Field,
    RadioField,
    SelectChoice,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length
from wtforms.widgets import TextArea

from blueprints.forms import tidied
from models import Serves

NAME_LENGTH = 128
ADDRESS_LENGTH = 300
SECRET_LENGTH = 4096
PEM_LENGTH = 32 * 1024


class _WriteOnly(TextArea):
    """A text area without what an input has, and that never shows what was typed."""

    def __call__(self, field: Field, **attributes: Any) -> Any:
        for name in ("type", "value"):
            attributes.pop(name, None)
        return super().__call__(field, **attributes)


class SecretAreaField(TextAreaField):
    """A secret of several lines: read, and never written into a page."""

    widget = _WriteOnly()

    def _value(self) -> str:
        return ""


def show_problems(form: FlaskForm, problems: Mapping[str, str]) -> None:
    """Put sentences at the fields that they name; what has no field stands at the form's head."""
    for name, sentence in problems.items():
        field = form._fields.get(name)
        if field is None:
            form.form_errors = [*form.form_errors, sentence]
        else:
            field.errors = [*field.errors, sentence]


class TypeForm(FlaskForm):
    """Which kind of directory. Only kinds that can be connected are offered."""

    type = RadioField("Directory type")

    def offer(self, types: Iterable[tuple[str, str]]) -> None:
        """Offer the types that there are, as value and name; the first is chosen already."""
        self.type.choices = [SelectChoice(*one) for one in types]
        if self.type.data is None:
            self.type.data = self.type.choices[0].value


class NamedForm(FlaskForm):
    """A connection by its name, and what is typed of it.

    A type's form says in `settings` and `key` what its fields come to; a field has the name of
    the connector's own setting, so that `refuse` finds it.
    """

    name = StringField(
        "Configuration name",
        [DataRequired("Enter a configuration name."), Length(max=NAME_LENGTH)],
        filters=[tidied],
    )

    def settings(self) -> dict[str, Any]:
        """What was typed, in the connector's own shape."""
        raise NotImplementedError

    def key(self) -> str | None:
        """The secret as typed; None where the connection takes none, or to keep what is stored."""
        raise NotImplementedError

    def client_key(self) -> str | None:
        """The secret of its OAuth2 client, likewise; most types have no such client."""
        return None

    def refuse(self, problems: Mapping[str, str]) -> None:
        """Show what is wrong at each field."""
        show_problems(self, problems)


class ConnectForm(NamedForm):
    """Where a directory is, and its secret."""

    use_emulated = SubmitField("Use the emulated directory")

    TRIAL_ONLY: tuple[str, ...] = ()
    """Fields that say where an emulated directory is; elsewhere the vendor's own are used."""

    def outside_trial(self) -> None:
        """Take the fields away that only a trial with an emulated directory has."""
        for name in self.TRIAL_ONLY:
            del self[name]

    def trial_settings(self) -> dict[str, Any]:
        """What was typed into those fields, where there are any."""
        return {name: self[name].data or "" for name in self.TRIAL_ONLY if name in self}


class EditForm(NamedForm):
    """What can be edited: never where the directory is. A blank secret keeps the stored one."""

    def prepare(self, settings: Mapping[str, Any], *, kept: bool) -> None:
        """Fit the form to the connection.

        Args:
            settings: what is stored.
            kept: whether a secret is stored that can be kept.
        """


class ServesForm(FlaskForm):
    """Whom a directory serves."""

    serves = RadioField(
        "This directory serves",
        choices=[
            SelectChoice(Serves.EVERYONE.value, "Everyone"),
            SelectChoice(Serves.CHOSEN.value, "Chosen people and groups"),
        ],
    )


class TestForm(FlaskForm):
    """A connection test."""

    probe = BooleanField("Also try a sign-in flow (leaves a short-lived flow there)")
