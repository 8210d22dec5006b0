"""The settings as they are in force. They are changed in the environment, never here."""

from __future__ import annotations

from typing import Any, NamedTuple

from flask import Blueprint, render_template
from pydantic import SecretStr

from blueprints.context import portal
from config import Settings
from config.settings import PREFIX

blueprint = Blueprint("settings", __name__, url_prefix="/admin/settings")


class Row(NamedTuple):
    """One setting."""

    name: str
    value: str
    """As text; empty where nothing is set."""
    is_secret: bool
    purpose: list[str]
    """Its description: text and code in turn."""


@blueprint.get("")
def index() -> str:
    """Every setting; of a secret, only whether it is set."""
    return render_template("settings/index.html", rows=rows(portal().settings))


def rows(settings: Settings) -> list[Row]:
    """Every setting of a deployment, in the order of the documentation."""
    return [
        Row(
            field.validation_alias
            if isinstance(field.validation_alias, str)
            else f"{PREFIX}{name.upper()}",
            *_in_words(getattr(settings, name), secret="Secret" in str(field.annotation)),
            (field.description or "").split("`"),
        )
        for name, field in Settings.model_fields.items()
    ]


def _in_words(value: Any, *, secret: bool) -> tuple[str, bool]:
    """The value as text, or how many secrets are set, and which of the two it is."""
    if secret:
        held = value if isinstance(value, tuple) else (value,)
        count = sum(1 for one in held if isinstance(one, SecretStr) and one.get_secret_value())
        return (f"set ({count})" if count > 1 else "set" if count else ""), True
    if isinstance(value, tuple):
        return ", ".join(value), False
    return ("" if value is None else str(value)), False
