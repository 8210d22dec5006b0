"""The form for the code from the mail."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import DataRequired, Regexp


def _digits(value: str | None) -> str | None:
    """The code as people type it, in groups perhaps, without what stands between the digits."""
    return value and "".join(value.replace("-", " ").split())


class CodeForm(FlaskForm):
    """The six digits."""

    code = StringField(
        "Code",
        [DataRequired("Enter the code."), Regexp(r"[0-9]{6}\Z", message="Enter the six digits.")],
        filters=[_digits],
    )
