"""A form with a field of every kind, for the components page."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    PasswordField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import InputRequired


class SampleForm(FlaskForm):
    """Every kind of field that the form macros know."""

    name = StringField("Configuration name", [InputRequired("Give the connection a name.")])
    endpoint = StringField("API endpoint", [InputRequired("Give the API endpoint.")])
    key = PasswordField("API key")
    kept = PasswordField("API key of the other project")
    email = StringField("E-mail")
    display_format = StringField("Display name", default="{First} {Middle} {Last}")
    schema = SelectField(
        "Identity schema",
        [InputRequired()],
        choices=[
            SelectChoice("person", "person.schema.json"),
            SelectChoice("customer", "customer.schema.json"),
        ],
    )
    note = TextAreaField("Note")
    allowed = RadioField(
        "Which security keys are allowed",
        choices=[
            SelectChoice("hid_crescendo", "HID Crescendo"),
            SelectChoice("any", "Any FIDO2 authenticator"),
        ],
        default="hid_crescendo",
    )
    serves = SelectMultipleField(
        "Whom it serves",
        choices=[SelectChoice("staff", "Staff"), SelectChoice("guests", "Guests")],
        default=["staff"],
    )
    agreed = BooleanField("Deliver the passkeys that exist", default=True)

    def validate_endpoint(self, field: Any) -> None:
        """Refuse what is no https address."""
        if not (field.data or "").startswith("https://"):
            raise ValidationError("The endpoint must begin with https://.")
