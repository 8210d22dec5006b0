"""The forms of connecting an Ory and of editing one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import PasswordField, RadioField, SelectChoice, StringField
from wtforms.validators import DataRequired, Length, Optional, ValidationError

from blueprints.directories.forms import (
    ADDRESS_LENGTH,
    SECRET_LENGTH,
    ConnectForm,
    EditForm,
)
from blueprints.forms import stripped
from directories.ory import Auth, Flavour, IdentitySchema, walk

OWN_NAME, FORMAT = "own", "format"


def _client_id() -> StringField:
    return StringField("Client ID", [Optional(), Length(max=255)], filters=[stripped])


def _client_secret() -> PasswordField:
    return PasswordField(
        "Client secret", [Optional(), Length(max=SECRET_LENGTH)], filters=[stripped]
    )


class OryForm(ConnectForm):
    """Where an Ory is, its key, and its OAuth2 client."""

    flavour = RadioField(
        "Kind of Ory",
        choices=[
            SelectChoice(Flavour.NETWORK.value, "Ory Network"),
            SelectChoice(Flavour.SELF_HOSTED.value, "Self-hosted Ory Kratos"),
        ],
        default=Flavour.NETWORK.value,
    )
    endpoint = StringField(
        "API endpoint",
        [DataRequired("Enter the API endpoint."), Length(max=ADDRESS_LENGTH)],
        filters=[stripped],
    )
    admin_endpoint = StringField(
        "Admin endpoint", [Optional(), Length(max=ADDRESS_LENGTH)], filters=[stripped]
    )
    auth = RadioField(
        "How the admin API is reached",
        choices=[
            SelectChoice(Auth.NONE.value, "Without a key"),
            SelectChoice(Auth.BEARER.value, "With a key as bearer token"),
            SelectChoice(Auth.HEADER.value, "With a key in a header of its own"),
            SelectChoice(Auth.CLIENT.value, "With an OAuth2 client"),
        ],
        default=Auth.NONE.value,
    )
    header_name = StringField("Header name", [Optional(), Length(max=64)], filters=[stripped])
    secret = PasswordField("API key", [Optional(), Length(max=SECRET_LENGTH)], filters=[stripped])
    client_id = _client_id()
    client_secret = _client_secret()
    token_url = StringField(
        "Token address", [Optional(), Length(max=ADDRESS_LENGTH)], filters=[stripped]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Needed where they are shown; the connector's own check says so (`registry.problems`).
        for field in (self.admin_endpoint, self.header_name, self.secret, self.token_url):
            field.flags.required = True

    def settings(self) -> dict[str, Any]:
        """What was typed, in the connector's shape. What the chosen kind does not use is left."""
        if self.flavour.data == Flavour.NETWORK.value:
            return {
                "flavour": Flavour.NETWORK.value,
                "endpoint": self.endpoint.data,
                "admin_endpoint": "",
                "auth": Auth.BEARER.value,
                "header_name": "",
                "client_id": self.client_id.data or "",
                "token_url": "",
            }
        by_client = self.auth.data == Auth.CLIENT.value
        return {
            "flavour": Flavour.SELF_HOSTED.value,
            "endpoint": self.endpoint.data,
            "admin_endpoint": self.admin_endpoint.data or "",
            "auth": self.auth.data,
            "header_name": self.header_name.data if self.auth.data == Auth.HEADER.value else "",
            "client_id": (self.client_id.data or "") if by_client else "",
            "token_url": (self.token_url.data or "") if by_client else "",
        }

    def key(self) -> str | None:
        """The key as typed, where the chosen kind takes one."""
        network = self.flavour.data == Flavour.NETWORK.value
        takes_one = network or self.auth.data in (Auth.BEARER.value, Auth.HEADER.value)
        return (self.secret.data or None) if takes_one else None

    def client_key(self) -> str | None:
        """The client's secret as typed, where the chosen kind takes a client."""
        network = self.flavour.data == Flavour.NETWORK.value
        takes_one = network or self.auth.data == Auth.CLIENT.value
        return (self.client_secret.data or None) if takes_one else None


class OryEditForm(EditForm):
    """Another name, and another key or client for the same address. Blank keeps what is stored."""

    secret = PasswordField("API key", [Optional(), Length(max=SECRET_LENGTH)], filters=[stripped])
    client_id = _client_id()
    client_secret = _client_secret()

    def prepare(self, settings: Mapping[str, Any], *, kept: bool) -> None:
        """Say whether the connection takes a key, and whether one is stored that can be kept."""
        self._takes_key = settings["auth"] in (Auth.BEARER.value, Auth.HEADER.value)
        self._needs_client = settings["auth"] == Auth.CLIENT.value
        self._takes_client = self._needs_client or settings["flavour"] == Flavour.NETWORK.value
        if self._needs_client:
            self.client_id.flags.required = True
        if self._takes_key and not kept:
            self.secret.flags.required = True
            self.secret.validators = [
                DataRequired("Enter the key: none is stored."),
                Length(max=SECRET_LENGTH),
            ]

    def settings(self) -> dict[str, Any]:
        """The client; where the directory is does not change here."""
        return {"client_id": self.client_id.data or ""} if self._takes_client else {}

    def key(self) -> str | None:
        """The key that was typed; None to keep what is stored."""
        return (self.secret.data or None) if self._takes_key else None

    def client_key(self) -> str | None:
        """The client's secret that was typed; None to keep what is stored."""
        return (self.client_secret.data or None) if self._takes_client else None


class SchemaForm(FlaskForm):
    """Which identity schema people get."""

    schema_id = RadioField("Identity schema", validate_choice=False)

    def offer(self, schemas: tuple[IdentitySchema, ...]) -> None:
        """Offer the schemas that there are."""
        self.schema_id.choices = [SelectChoice(one.id, title_of(one)) for one in schemas]

    def validate_schema_id(self, field: RadioField) -> None:
        """Take only one that is offered."""
        if field.data not in {choice.value for choice in field.choices}:
            raise ValidationError("Choose an identity schema.")


def title_of(schema: IdentitySchema) -> str:
    """A schema's title with its id, or its id alone."""
    title = schema.schema.get("title")
    return f"{title} ({schema.id})" if isinstance(title, str) and title else schema.id


def suits(schema: IdentitySchema) -> str:
    """What an administrator wants to know of a schema before choosing it."""
    walked = walk(schema.schema)
    identifiers = [trait.path for trait in walked.traits if trait.identifier]
    required = [trait.path for trait in walked.traits if trait.required]
    said = [
        f"People are found by {', '.join(identifiers)}."
        if identifiers
        else "No trait is an identifier, so Ory finds nobody by an address."
    ]
    named = walked.passkey_display_name
    said.append(
        f"Passkeys are named after {named.path}."
        if named
        else "No trait names passkeys, so people cannot add any in Ory itself."
    )
    said.append(f"Required: {', '.join(required) or 'nothing'}.")
    return " ".join(said)
