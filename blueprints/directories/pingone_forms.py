"""The forms of connecting a PingOne environment, of its MFA policy, and of editing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import PasswordField, RadioField, SelectChoice, SelectField, StringField
from wtforms.validators import DataRequired, Length, Optional, ValidationError

from blueprints.directories.forms import (
    ADDRESS_LENGTH,
    SECRET_LENGTH,
    ConnectForm,
    EditForm,
    NamedForm,
    show_problems,
)
from blueprints.forms import stripped
from directories.pingone import AuthMethod, Region
from services.directories.pingone_steps import Judged

ID_LENGTH = 255


class _Worker(NamedForm):
    """The worker application, and its secret."""

    client_id = StringField(
        "Client ID",
        [DataRequired("Enter the Client ID."), Length(max=ID_LENGTH)],
        filters=[stripped],
    )
    secret = PasswordField(
        "Client Secret", [Optional(), Length(max=SECRET_LENGTH)], filters=[stripped]
    )
    auth_method = RadioField(
        "Token authentication",
        choices=[SelectChoice(one.value, one.label) for one in AuthMethod],
        default=AuthMethod.POST.value,
    )

    def settings(self) -> dict[str, Any]:
        """What was typed."""
        return {"client_id": self.client_id.data, "auth_method": self.auth_method.data}

    def key(self) -> str | None:
        """The secret that was typed."""
        return self.secret.data or None


class PingOneForm(_Worker, ConnectForm):
    """An environment, and the worker that may look after its people."""

    TRIAL_ONLY = ("auth_url", "api_url")

    environment_id = StringField(
        "Environment ID",
        [DataRequired("Enter the Environment ID."), Length(max=ID_LENGTH)],
        filters=[stripped],
    )
    region = SelectField("Region", choices=[SelectChoice(one.value, one.label) for one in Region])
    custom_domain = StringField(
        "Custom domain", [Optional(), Length(max=ADDRESS_LENGTH)], filters=[stripped]
    )
    token_environment_id = StringField(
        "Environment ID of the worker", [Optional(), Length(max=ID_LENGTH)], filters=[stripped]
    )
    auth_url = StringField(
        "Token host", [Optional(), Length(max=ADDRESS_LENGTH)], filters=[stripped]
    )
    api_url = StringField("API host", [Optional(), Length(max=ADDRESS_LENGTH)], filters=[stripped])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A draft's secret is kept; the connector's check says so where there is none.
        for field in (self.region, self.secret):
            field.flags.required = True

    def settings(self) -> dict[str, Any]:
        """What was typed, in the connector's shape."""
        return {
            "environment_id": self.environment_id.data,
            "region": self.region.data,
            "custom_domain": self.custom_domain.data or "",
            "token_environment_id": self.token_environment_id.data or "",
            **self.trial_settings(),
            **super().settings(),
        }


class PingOneEditForm(_Worker, EditForm):
    """The same worker, or another one that reaches the same environment."""

    def prepare(self, settings: Mapping[str, Any], *, kept: bool) -> None:
        """Ask for the secret where none is stored."""
        if not kept:
            self.secret.flags.required = True
            self.secret.validators = [
                DataRequired("Enter the Client Secret: none is stored."),
                Length(max=SECRET_LENGTH),
            ]


class _PolicyForm(FlaskForm):
    """Where people sign on, beside whichever policy is chosen."""

    sign_on_application = StringField(
        "Application that people sign on to",
        [Optional(), Length(max=ID_LENGTH)],
        filters=[stripped],
    )

    def refuse(self, problems: Mapping[str, str]) -> None:
        """Show what is wrong at each field."""
        show_problems(self, problems)


class MfaPolicyForm(_PolicyForm):
    """Which MFA policy pairs keys, of those that there are."""

    mfa_policy_id = RadioField("MFA policy", validate_choice=False)

    def offer(self, policies: Sequence[Judged]) -> None:
        """Offer the policies that there are."""
        self._offered = {one.policy.id: one for one in policies}
        self.mfa_policy_id.choices = [
            SelectChoice(one.policy.id, one.policy.name) for one in policies
        ]

    def validate_mfa_policy_id(self, field: RadioField) -> None:
        """Take only one that is offered."""
        if field.data not in self._offered:
            raise ValidationError("Choose an MFA policy.")

    def chosen(self) -> dict[str, str]:
        """What is to be kept of it."""
        one = self._offered[self.mfa_policy_id.data]
        return {
            "mfa_policy_id": one.policy.id,
            "mfa_policy_name": one.policy.name,
            "relying_party_id": one.relying_party_id,
            "sign_on_application": self.sign_on_application.data or "",
        }


class TypedPolicyForm(_PolicyForm):
    """Which MFA policy pairs keys, where the worker may not read them."""

    mfa_policy_id = StringField(
        "MFA policy ID",
        [DataRequired("Enter the MFA policy ID."), Length(max=ID_LENGTH)],
        filters=[stripped],
    )
    relying_party_id = StringField(
        "Relying party ID", [Optional(), Length(max=ID_LENGTH)], filters=[stripped]
    )

    def chosen(self) -> dict[str, str]:
        """What is to be kept of it."""
        return {
            "mfa_policy_id": self.mfa_policy_id.data or "",
            "mfa_policy_name": "",
            "relying_party_id": self.relying_party_id.data or "",
            "sign_on_application": self.sign_on_application.data or "",
        }
