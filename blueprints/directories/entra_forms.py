"""The forms of connecting an Entra ID tenant and of editing the connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wtforms import (
    IntegerField,
    PasswordField,
    RadioField,
    SelectChoice,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length, NumberRange, Optional

from blueprints.directories.forms import (
    ADDRESS_LENGTH,
    PEM_LENGTH,
    SECRET_LENGTH,
    ConnectForm,
    EditForm,
    NamedForm,
    SecretAreaField,
)
from blueprints.forms import stripped
from directories.entra.settings import (
    LONGEST_CHALLENGE,
    SHORTEST_CHALLENGE,
    Credential,
    OptionsForm,
)

ID_LENGTH = 64


class CertificateField(TextAreaField):
    """A public certificate, shown again as typed; a private key that strayed into it is not."""

    def _value(self) -> str:
        text = str(super()._value())
        return "" if "PRIVATE KEY" in text else text


class _Application(NamedForm):
    """The application, and what proves it: a secret, or a certificate with its key."""

    client_id = StringField(
        "Application (client) ID",
        [DataRequired("Enter the Application (client) ID."), Length(max=ID_LENGTH)],
        filters=[stripped],
    )
    credential = RadioField(
        "How the application proves itself",
        choices=[
            SelectChoice(Credential.SECRET.value, "With a client secret"),
            SelectChoice(Credential.CERTIFICATE.value, "With a certificate"),
        ],
        default=Credential.SECRET.value,
    )
    secret = PasswordField(
        "Secret (Value)", [Optional(), Length(max=SECRET_LENGTH)], filters=[stripped]
    )
    secret_expires_on = StringField(
        "The secret expires on", [Optional(), Length(max=ID_LENGTH)], filters=[stripped]
    )
    certificate = CertificateField(
        "Certificate (PEM)", [Optional(), Length(max=PEM_LENGTH)], filters=[stripped]
    )
    private_key = SecretAreaField(
        "Private key (PEM)", [Optional(), Length(max=PEM_LENGTH)], filters=[stripped]
    )
    challenge_minutes = IntegerField(
        "Challenge lifetime, minutes",
        [
            Optional(),
            NumberRange(
                SHORTEST_CHALLENGE,
                LONGEST_CHALLENGE,
                f"Give whole minutes from {SHORTEST_CHALLENGE} to {LONGEST_CHALLENGE}.",
            ),
        ],
        default=SHORTEST_CHALLENGE,
    )
    options_form = RadioField(
        "How more than 5 minutes are asked for",
        choices=[
            SelectChoice(OptionsForm.PARENTHESES.value, "In parentheses"),
            SelectChoice(OptionsForm.QUERY.value, "As a query"),
        ],
        default=OptionsForm.PARENTHESES.value,
    )

    def settings(self) -> dict[str, Any]:
        """What was typed. What the chosen credential does not use is left."""
        by_certificate = self.by_certificate
        return {
            "client_id": self.client_id.data,
            "credential": self.credential.data,
            "certificate": (self.certificate.data or "") if by_certificate else "",
            "secret_expires_on": "" if by_certificate else (self.secret_expires_on.data or ""),
            "challenge_minutes": self.challenge_minutes.data or SHORTEST_CHALLENGE,
            "options_form": self.options_form.data,
        }

    def key(self) -> str | None:
        """The secret's value, or the private key."""
        return (self._secret_field.data or None) if self._secret_field else None

    def refuse(self, problems: Mapping[str, str]) -> None:
        """Show what is wrong with the one stored secret at the field that it was typed in."""
        moved = dict(problems)
        if "secret" in moved and self.by_certificate:
            moved["private_key"] = moved.pop("secret")
        super().refuse(moved)

    @property
    def by_certificate(self) -> bool:
        """Whether a certificate is chosen."""
        return bool(self.credential.data == Credential.CERTIFICATE.value)

    @property
    def _secret_field(self) -> StringField:
        return self.private_key if self.by_certificate else self.secret

    def _need(self) -> None:
        """Mark what is needed where it is shown; the connector's own check says so."""
        for field in (self.secret, self.certificate, self.private_key):
            field.flags.required = True


class EntraForm(_Application, ConnectForm):
    """A tenant, and an application in it."""

    TRIAL_ONLY = ("login_url", "graph_url")

    tenant_id = StringField(
        "Directory (tenant) ID",
        [DataRequired("Enter the Directory (tenant) ID."), Length(max=ADDRESS_LENGTH)],
        filters=[stripped],
    )
    login_url = StringField(
        "Sign-in service", [Optional(), Length(max=ADDRESS_LENGTH)], filters=[stripped]
    )
    graph_url = StringField("Graph", [Optional(), Length(max=ADDRESS_LENGTH)], filters=[stripped])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._need()

    def settings(self) -> dict[str, Any]:
        """What was typed, in the connector's shape."""
        place = {"tenant_id": self.tenant_id.data, **self.trial_settings()}
        return place | super().settings()


class EntraEditForm(_Application, EditForm):
    """The same application, or another one of the same tenant."""

    def prepare(self, settings: Mapping[str, Any], *, kept: bool) -> None:
        """Say what is needed; what is stored is kept while the kind of credential stays."""
        self._need()
        self._before = settings["credential"]
        self._kept = kept
        if kept:
            stored = self.private_key if self._before == Credential.CERTIFICATE else self.secret
            stored.flags.required = False

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        """Ask for the secret where none is kept: there is none, or it is of the other kind."""
        valid = bool(super().validate(*args, **kwargs))
        changed = self.credential.data != self._before
        if self.key() is None and (changed or not self._kept):
            what = "private key" if self.by_certificate else "secret's Value"
            self.refuse({"secret": f"Enter the {what}: none is stored."})
            return False
        return valid
