"""What the forms of several areas share."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField
from wtforms.validators import AnyOf, DataRequired, Length, ValidationError

from services import people
from services.passkeys import MAX_NICKNAME
from services.refusal import Refusal

DELETE_WORDS = "permanently delete"
"""What must be typed before something is deleted for good."""


def stripped(value: Any) -> Any:
    """A WTForms filter: no space around what was pasted."""
    return value.strip() if isinstance(value, str) else value


def tidied(value: Any) -> Any:
    """A WTForms filter: no control characters, no outer space."""
    return people.tidy(value) if isinstance(value, str) else value


def email_address(_form: FlaskForm, field: StringField) -> None:
    """A WTForms validator: the text can be an e-mail address."""
    if not people.looks_like_email(field.data or ""):
        raise ValidationError("Enter an e-mail address such as ada@example.com.")


class CeremonyForm(FlaskForm):
    """The answer to a ceremony, as the page's script filled it in."""

    ceremony = HiddenField()
    response = HiddenField()

    @property
    def answer(self) -> dict[str, str]:
        """The two texts, for `services.ceremonies`; empty where nothing was sent."""
        return {"ceremony": self.ceremony.data or "", "response": self.response.data or ""}


class DeleteForm(CeremonyForm):
    """The words that deleting for good asks for, and the answer of the key."""

    confirmation = StringField(
        "Confirmation",
        [AnyOf([DELETE_WORDS], f"Type {DELETE_WORDS} exactly as it is written.")],
        filters=[stripped],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.confirmation.flags.required = True


class OwnNameForm(FlaskForm):
    """What somebody is called."""

    given_name = StringField(
        "Given name",
        [DataRequired("Enter the given name."), Length(max=people.NAME_LENGTH)],
        filters=[tidied],
    )
    family_name = StringField(
        "Family name",
        [DataRequired("Enter the family name."), Length(max=people.NAME_LENGTH)],
        filters=[tidied],
    )


class NamesForm(OwnNameForm):
    """Who somebody is."""

    display_name = StringField(
        "Display name",
        [DataRequired("Enter the display name."), Length(max=people.DISPLAY_NAME_LENGTH)],
        filters=[tidied],
        description="How pages, keys and directories show the name.",
    )
    email = StringField(
        "E-mail",
        [DataRequired("Enter the e-mail address."), email_address],
        filters=[tidied],
    )

    def refuse(self, refusal: Refusal) -> None:
        """Show a service's refusal at the field that it is about."""
        about_email = refusal.code in ("person_email_wrong", "person_exists", "person_was_here")
        field = self.email if about_email else self.display_name
        field.errors = [*field.errors, refusal.sentence]

    def names(self, middle_name: str = "") -> people.Names:
        """The names, for `services.people`."""
        return people.Names(
            given_name=self.given_name.data or "",
            family_name=self.family_name.data or "",
            display_name=self.display_name.data or "",
            email=self.email.data or "",
            middle_name=middle_name,
        )


class NicknameForm(FlaskForm):
    """Another name for a passkey."""

    nickname = StringField(
        "Name of this key",
        [DataRequired("Enter a name for this key."), Length(max=MAX_NICKNAME)],
        filters=[tidied],
    )
