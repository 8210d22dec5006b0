"""The form of the policy: its kind, its models, and its rules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectChoice,
    SelectMultipleField,
    StringField,
    SubmitField,
)
from wtforms.validators import DataRequired, ValidationError

from blueprints.forms import tidied
from services import policies, policy_changes
from services.attestation.metadata import MetadataSource
from services.attestation.policy import Policy
from services.policies import Kind
from services.refusal import Refusal


class PolicyForm(FlaskForm):
    """Another policy. Models are sent by AAGUID; what was ticked for another kind is kept."""

    kind = RadioField(
        "Accepted security keys",
        [DataRequired("Choose which security keys are accepted.")],
        choices=[SelectChoice(kind.value, kind.label) for kind in Kind],
    )
    approved = SelectMultipleField("HID models", validate_choice=False)
    models = SelectMultipleField("Models", validate_choice=False)
    device_bound = BooleanField("Refuse passkeys that can be copied to other devices")
    counter = BooleanField("Refuse a sign-in when the key’s signature counter does not grow")
    q = StringField("Name or AAGUID", filters=[tidied])
    base = HiddenField()
    search = SubmitField("Search")
    back = SubmitField("Back")

    known: frozenset[UUID] = frozenset()
    hid: frozenset[UUID] = frozenset()

    def over(self, policy: Policy | None, metadata: MetadataSource) -> PolicyForm:
        """Check against the models that there are, and those in force."""
        in_force = (policy.allowed_models if policy else None) or frozenset()
        self.known = frozenset(model.aaguid for model in metadata.models()) | in_force
        self.hid = policy_changes.hid_models(metadata)
        if policy is not None and policies.kind_of(policy) is Kind.HID:
            self.hid |= in_force
        return self

    def policy(self) -> Policy | None:
        """The policy that was sent; None, with sentences at the fields, where it is none."""
        if not self.validate():
            return None
        kind = Kind(self.kind.data)
        field = self.approved if kind is Kind.HID else self.models
        try:
            return policy_changes.policy_of(
                kind,
                aaguids(field.data),
                demand_device_bound=bool(self.device_bound.data),
                refuse_counter_regress=bool(self.counter.data),
            )
        except Refusal as refusal:
            field.errors = [*field.errors, refusal.sentence]
            return None

    def validate_models(self, field: SelectMultipleField) -> None:
        """Take only models that are known, or in force."""
        _among(field, self.known)

    def validate_approved(self, field: SelectMultipleField) -> None:
        """Take only models that are HID's."""
        _among(field, self.hid)

    def base_uuid(self) -> UUID | None:
        """The policy that was in force when this was shown."""
        try:
            return UUID(self.base.data or "")
        except ValueError:
            return None


def data_of(policy: Policy | None, metadata: MetadataSource) -> dict[str, Any]:
    """The form's values for the policy in force."""
    kind = policies.kind_of(policy) if policy else None
    return {
        "kind": kind.value if kind else Kind.CHOSEN.value,
        "approved": _texts(policy_changes.approved(policy, metadata)),
        "models": _texts((policy.allowed_models if policy else None) or ()),
        "device_bound": policy is None or policy.demand_device_bound,
        "counter": policy is None or policy.refuse_counter_regress,
    }


def aaguids(texts: Iterable[str] | None) -> frozenset[UUID]:
    """The AAGUIDs among the texts."""
    found = set()
    for text in texts or ():
        try:
            found.add(UUID(text))
        except ValueError:
            continue
    return frozenset(found)


def _texts(listed: Iterable[UUID]) -> list[str]:
    return sorted(str(aaguid) for aaguid in listed)


def _among(field: SelectMultipleField, offered: frozenset[UUID]) -> None:
    sent = field.data or []
    if len(aaguids(sent)) != len(set(sent)) or not aaguids(sent) <= offered:
        raise ValidationError("One of the models is not known here. Choose among those listed.")
