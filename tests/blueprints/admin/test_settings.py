"""The page of settings: what is in force, and no secret."""

from __future__ import annotations

from pydantic import SecretStr

from blueprints.settings.routes import rows
from config import Settings
from tests.blueprints.conftest import said


def secrets_of(settings: Settings) -> list[str]:
    found = []
    for name in Settings.model_fields:
        value = getattr(settings, name)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, SecretStr) and one.get_secret_value():
                found.append(one.get_secret_value())
    return found


def test_every_setting_is_there_as_it_is_in_force(administrator, portal):
    page = said(administrator.get("/admin/settings"))
    for name in Settings.model_fields:
        assert ("PORT" if name == "port" else f"LATCHKEY_{name.upper()}") in page
    assert "LATCHKEY_RP_ID localhost WebAuthn" in page
    assert "LATCHKEY_SECRET_KEYS set Keys that sign cookies" in page
    assert "LATCHKEY_SMTP_URL not set" in page


def test_no_secret_is_shown(administrator, portal):
    page = administrator.get("/admin/settings").text
    found = secrets_of(portal.settings)
    assert len(found) >= 3  # the database's address, and the two keys
    assert not [one for one in found if one in page]


def test_several_secrets_are_counted(portal):
    keys = (SecretStr("a" * 32), SecretStr("b" * 32))
    shown = rows(portal.settings.model_copy(update={"secret_keys": keys}))
    assert next(one.value for one in shown if one.name == "LATCHKEY_SECRET_KEYS") == "set (2)"


def test_every_secret_is_known_as_one(portal):
    assert {
        one.name.removeprefix("LATCHKEY_") for one in rows(portal.settings) if one.is_secret
    } == {
        "DATABASE_URL",
        "QUEUE_URL",
        "SECRET_KEYS",
        "SEALING_KEYS",
        "SMTP_URL",
    }
