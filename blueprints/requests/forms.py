"""The forms of requests."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    RadioField,
    SelectChoice,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length

from blueprints.forms import tidied
from models import Directory, Driver
from services.attestation.policy import Policy
from services.provisioning.drafts import NAME_LENGTH, Choices
from services.refusal import Refusal

OWN = "own"
DRIVERS = {
    Driver.LINK: "The person, by a link",
    Driver.DESK: "An operator, at a desk",
}
DRIVER_HINTS = {
    Driver.LINK.value: "Everybody gets a link by mail, or on a printed letter, and enrols where "
    "they are.",
    Driver.DESK.value: "Keys are at hand: one person after another, here. Links can still be sent.",
}


class DayForm(FlaskForm):
    """What can still be changed once a request is made."""

    name = StringField(
        "Name of the request",
        [DataRequired("Enter a name."), Length(max=NAME_LENGTH)],
        filters=[tidied],
    )
    last_day = DateField(
        "Last day", [InputRequired("Choose the last day, as 2030-12-31.")], format="%Y-%m-%d"
    )

    def refuse(self, refusal: Refusal) -> None:
        """Show a service's refusal at the field that it is about."""
        field = {
            "request_name_missing": self.name,
            "request_day_wrong": self.last_day,
        }.get(refusal.code)
        if field is None:
            self.form_errors = [*self.form_errors, refusal.sentence]
        else:
            field.errors = [*field.errors, refusal.sentence]


class RequestForm(DayForm):
    """What a request is, beside its people."""

    directories = SelectMultipleField("Places to enrol for")
    driver = RadioField(
        "Who enrols",
        choices=[SelectChoice(one.value, words) for one, words in DRIVERS.items()],
        default=Driver.LINK.value,
    )
    policy = RadioField("Accepted security keys", default=OWN)
    only_missing = BooleanField(
        "Leave out whoever has a key in each of these places already", default=True
    )

    known: dict[str, tuple[str, Policy]]

    def over(
        self, directories: Sequence[Directory], known: dict[str, tuple[str, Policy]]
    ) -> RequestForm:
        """Offer these directories and these policies."""
        self.known = known
        self.directories.choices = [SelectChoice(str(one.uuid), one.name) for one in directories]
        self.policy.choices = [
            SelectChoice(OWN, "Each person’s own"),
            *(SelectChoice(key, words) for key, (words, _) in known.items()),
        ]
        return self

    def choices(self) -> Choices:
        """What was chosen, for `services.provisioning.drafts`."""
        chosen = self.known.get(self.policy.data)
        return Choices(
            name=self.name.data or "",
            driver=Driver(self.driver.data),
            last_day=self.last_day.data,
            directories=[UUID(one) for one in self.directories.data or []],
            policy=chosen[1] if chosen else None,
            only_missing=bool(self.only_missing.data),
        )


class FileForm(FlaskForm):
    """The text of a CSV file."""

    text = TextAreaField(
        "CSV", [DataRequired("Choose a file, or paste what is in it.")], render_kw={"rows": 10}
    )
