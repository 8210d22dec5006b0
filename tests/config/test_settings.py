"""Settings: what a trial fills in, what production demands, and what is refused."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import ValidationError

import config
from config import ConfigurationError, Settings

ROOT = Path(__file__).resolve().parents[2]

PRODUCTION = {
    "LATCHKEY_ENVIRONMENT": "production",
    "LATCHKEY_ORIGINS": "https://keys.example.com, https://example.com",
    "LATCHKEY_RP_ID": "example.com",
    "LATCHKEY_DATABASE_URL": "postgresql+psycopg://latchkey@db/latchkey",
    "LATCHKEY_SECRET_KEYS": "a-signing-key-of-more-than-32-characters",
    "LATCHKEY_SEALING_KEYS": Fernet.generate_key().decode(),
}


def trial(tmp_path, **environ) -> Settings:
    return config.load({"LATCHKEY_DATA_DIR": str(tmp_path), **environ})


def test_a_trial_needs_no_settings(tmp_path):
    settings = trial(tmp_path)
    assert settings.base_url == "http://localhost:5000"
    assert settings.rp_id == "localhost"
    assert settings.database_url.get_secret_value() == f"sqlite:///{tmp_path}/latchkey.db"
    assert settings.emulated_ory_url == "http://localhost:5001"
    assert settings.emulated_entra_url == "http://localhost:5002"
    assert settings.emulated_pingone_url == "http://localhost:5003"


def test_the_port_moves_the_origin(tmp_path):
    assert trial(tmp_path, PORT="8123").base_url == "http://localhost:8123"


def test_generated_keys_are_kept_and_belong_to_their_owner(tmp_path):
    first, second = trial(tmp_path), trial(tmp_path)
    assert first.sealing_keys == second.sealing_keys
    assert first.secret_keys == second.secret_keys
    for file in (tmp_path / "keys").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_production_takes_what_it_is_given_and_starts_no_emulator():
    settings = config.load(PRODUCTION)
    assert settings.production
    assert settings.base_url == "https://keys.example.com"
    assert settings.hosts == ("keys.example.com", "example.com")
    assert settings.private_destinations == ()
    assert settings.emulated_ory_url is None
    assert settings.emulated_entra_url is None and settings.emulated_pingone_url is None


def test_the_rp_id_is_the_host_of_the_first_origin_when_left_out():
    environ = {name: value for name, value in PRODUCTION.items() if name != "LATCHKEY_RP_ID"}
    environ["LATCHKEY_ORIGINS"] = "https://keys.example.com"
    assert config.load(environ).rp_id == "keys.example.com"


@pytest.mark.parametrize(
    "name",
    [
        "LATCHKEY_ORIGINS",
        "LATCHKEY_DATABASE_URL",
        "LATCHKEY_SECRET_KEYS",
        "LATCHKEY_SEALING_KEYS",
    ],
)
def test_half_set_production_is_refused_by_name(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    environ = {key: value for key, value in PRODUCTION.items() if key != name}
    with pytest.raises(ConfigurationError, match=f"{name} must be set in production"):
        config.load(environ)
    assert not list(tmp_path.iterdir()), "production makes no keys of its own"


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("LATCHKEY_ORIGNS", "https://a.example", "Unknown settings: LATCHKEY_ORIGNS"),
        ("LATCHKEY_PORT", "1", "Unknown settings: LATCHKEY_PORT"),
        ("LATCHKEY_ENVIRONMENT", "staging", "LATCHKEY_ENVIRONMENT"),
        ("LATCHKEY_ORIGINS", "https://a.example.com/", "is not an origin"),
        ("LATCHKEY_ORIGINS", "https://user@keys.example.com", "is not an origin"),
        ("LATCHKEY_ORIGINS", "https://keys.example.com:443", "is not an origin"),
        ("LATCHKEY_ORIGINS", "http://keys.example.com", "must be https"),
        ("LATCHKEY_ORIGINS", "https://elsewhere.org", "does not cover the origin host"),
        ("LATCHKEY_RP_ID", "ample.com", "does not cover the origin host"),
        ("LATCHKEY_METADATA_FILE", "extra.json", "refused in production"),
        ("LATCHKEY_SECRET_KEYS", "short", "at least 32 characters"),
        ("LATCHKEY_SEALING_KEYS", "not-a-fernet-key", "LATCHKEY_SEALING_KEYS"),
        ("LATCHKEY_PRIVATE_DESTINATIONS", "10.0.0.0/99", "LATCHKEY_PRIVATE_DESTINATIONS"),
        ("LATCHKEY_LOG_LEVEL", "LOUD", "LATCHKEY_LOG_LEVEL"),
        ("PORT", "many", "PORT"),
    ],
)
def test_wrong_settings_are_refused_with_a_sentence(name, value, complaint):
    with pytest.raises(ConfigurationError, match=complaint) as refused:
        config.load({**PRODUCTION, name: value})
    assert PRODUCTION["LATCHKEY_SEALING_KEYS"] not in str(refused.value)
    assert str(refused.value).endswith((".", ")"))


def test_settings_cannot_be_changed(tmp_path):
    with pytest.raises(ValidationError):
        trial(tmp_path).rp_id = "evil.example"


def test_no_secret_is_shown_by_repr():
    shown = repr(config.load(PRODUCTION))
    assert PRODUCTION["LATCHKEY_SECRET_KEYS"] not in shown
    assert PRODUCTION["LATCHKEY_SEALING_KEYS"] not in shown


def test_the_command_says_what_is_wrong_in_one_line():
    done = subprocess.run(
        [sys.executable, "-m", "config", "port"],
        env={"LATCHKEY_ENVIRONMENT": "production"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("Latchkey cannot start. LATCHKEY_ORIGINS must be set")
    assert "Traceback" not in done.stderr


def test_every_setting_is_documented_and_nothing_else():
    page = (ROOT / "docs" / "settings.md").read_text()
    documented = set(re.findall(r"^\| `([A-Z_]+)`", page, re.MULTILINE))
    fields = {
        "PORT" if name == "port" else f"LATCHKEY_{name.upper()}" for name in Settings.model_fields
    }
    assert documented == fields
    for field in Settings.model_fields.values():
        assert field.description in page


def test_nobody_may_sign_up_unless_domains_are_named(tmp_path):
    assert trial(tmp_path).sign_up_domains == ()
    named = trial(tmp_path, LATCHKEY_SIGN_UP_DOMAINS="Example.COM, bücher.example")
    assert named.sign_up_domains == ("example.com", "xn--bcher-kva.example")


@pytest.mark.parametrize("wrong", ["*.example.com", "@example.com", "com", "a..b", "exa mple.com"])
def test_a_sign_up_domain_is_one_domain(tmp_path, wrong):
    with pytest.raises(ConfigurationError, match=r"each must be a domain such as example\.com"):
        trial(tmp_path, LATCHKEY_SIGN_UP_DOMAINS=wrong)


def test_signing_up_in_production_needs_a_mail_server():
    signing_up = {**PRODUCTION, "LATCHKEY_SIGN_UP_DOMAINS": "example.com"}
    with pytest.raises(ConfigurationError, match="LATCHKEY_SMTP_URL must be set when"):
        config.load(signing_up)
    mail = {"LATCHKEY_SMTP_URL": "smtps://mail.example.com", "LATCHKEY_MAIL_FROM": "k@example.com"}
    assert config.load({**signing_up, **mail}).sign_up_domains == ("example.com",)
