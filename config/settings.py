"""What a deployment decides, read once from the environment and never changed afterwards.

Every setting is an environment variable that begins with ``LATCHKEY_``; ``PORT`` is the one
exception. An unknown name is refused, so that a misspelt setting cannot be silently ignored.
`docs/settings.md` lists them all, and a test holds that page to this class.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from config.domains import plain_domain
from config.keys import generated_keys

PREFIX = "LATCHKEY_"
LOOPBACK = ("localhost", "127.0.0.0/8", "::1/128")
SENDER = re.compile(r'[^<>"@\r\n]*<[!-;=?A-~]+@[a-zA-Z0-9.-]+>|[!-;=?A-~]+@[a-zA-Z0-9.-]+')
"""An address of plain characters, with or without a name before it."""


class ConfigurationError(Exception):
    """The settings do not add up. The message is one sentence for each thing to put right."""


class Environment(StrEnum):
    """Where this is: a trial on one machine, or in production."""

    TRIAL = "trial"
    PRODUCTION = "production"


Listed = Annotated[tuple[str, ...], NoDecode]
SecretList = Annotated[tuple[SecretStr, ...], NoDecode]


class Settings(BaseSettings):
    """The settings of one deployment. Build it with `load()`, which explains what is wrong."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    environment: Environment = Field(
        default=Environment.TRIAL,
        description="`trial` (SQLite, generated keys, emulated directories) or `production`.",
    )
    data_dir: Path = Field(
        default=Path("instance"),
        description="Folder for the trial's database, queue, keys and the emulators' data.",
    )
    port: int = Field(
        default=5000, ge=1, le=65535, validation_alias="PORT", description="Port to listen on."
    )
    origins: Listed = Field(
        default=(),
        description="Origins people open, comma-separated; the first is the base of every link. "
        "A trial uses `http://localhost:PORT`.",
    )
    rp_id: str = Field(
        default="",
        description="WebAuthn relying party ID. Default: the host of the first origin.",
    )
    rp_name: str = Field(
        default="Latchkey", min_length=1, max_length=64, description="Name the browser shows."
    )
    database_url: SecretStr = Field(
        default=SecretStr(""),
        description="SQLAlchemy URL. A trial uses SQLite in the data folder.",
    )
    queue_url: SecretStr = Field(
        default=SecretStr(""),
        description="`redis://…` to wake workers through Redis. Default: SQLite in the data "
        "folder, or PostgreSQL when that is the database.",
    )
    secret_keys: SecretList = Field(
        default=(),
        description="Keys that sign cookies, newest first; older ones still verify.",
    )
    sealing_keys: SecretList = Field(
        default=(),
        description="Fernet keys that encrypt stored secrets, newest first; older ones still open.",
    )
    private_destinations: Listed = Field(
        default=(),
        description="Host names and networks at private addresses that directories may live at. "
        "A trial allows this machine.",
    )
    metadata_file: Path | None = Field(
        default=None,
        description="Trial only: a JSON file with extra authenticator metadata entries.",
    )
    trusted_proxies: int = Field(
        default=0, ge=0, le=8, description="How many reverse proxies in front set X-Forwarded-*."
    )
    emulator_port: int = Field(
        default=5001,
        ge=1,
        le=65533,
        description="Trial only: port of the emulated Ory; those of the emulated Entra ID and "
        "PingOne follow it.",
    )
    smtp_url: SecretStr = Field(
        default=SecretStr(""),
        description="`smtp://user:password@host:587` or `smtps://…` of the mail server. A trial "
        "without one shows mail on the worker's console.",
    )
    mail_from: str = Field(
        default="",
        description="Sender of mail, as `Keys <keys@example.com>`; needed with a mail server.",
    )
    sign_up_domains: Listed = Field(
        default=(),
        description="E-mail domains whose people may sign up by themselves, comma-separated and "
        "without their subdomains. Empty: nobody may. Production needs `LATCHKEY_SMTP_URL` for it.",
    )
    log_level: str = Field(
        default="INFO",
        pattern="^(DEBUG|INFO|WARNING|ERROR)$",
        description="DEBUG, INFO, WARNING or ERROR.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values only from `load()`, which hands over the environment it was given."""
        return (init_settings,)

    @field_validator(
        "origins",
        "private_destinations",
        "secret_keys",
        "sealing_keys",
        "sign_up_domains",
        mode="before",
    )
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if origin != _origin(origin):
                raise ValueError(f"{origin!r} is not an origin such as https://keys.example.com")
        return value

    @field_validator("private_destinations")
    @classmethod
    def _are_destinations(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            if "/" in entry:
                ipaddress.ip_network(entry)
        return value

    @field_validator("sign_up_domains")
    @classmethod
    def _are_domains(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(plain_domain(domain) for domain in value)
        except ValueError:
            raise ValueError("each must be a domain such as example.com") from None

    @field_validator("sealing_keys")
    @classmethod
    def _are_fernet_keys(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for key in value:
            try:
                Fernet(key.get_secret_value())
            except ValueError:
                raise ValueError(
                    "each must be 32 random bytes in url-safe base64 (docs/settings.md)"
                ) from None
        return value

    @field_validator("secret_keys")
    @classmethod
    def _are_long(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(key.get_secret_value()) < 32 for key in value):
            raise ValueError("each must be at least 32 characters long")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _is_mail_server(cls, value: SecretStr) -> SecretStr:
        if text := value.get_secret_value():
            parts = urlsplit(text)
            if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path.strip("/"):
                raise ValueError("it must look like smtp://user:password@mail.example.com:587")
            try:
                _ = parts.port
            except ValueError:
                raise ValueError("its port is not a number") from None
        return value

    @field_validator("mail_from")
    @classmethod
    def _is_sender(cls, value: str) -> str:
        if value and not SENDER.fullmatch(value):
            raise ValueError("it must look like Keys <keys@example.com> or keys@example.com")
        return value

    @model_validator(mode="after")
    def _adds_up(self) -> Settings:
        if not self.rp_id and self.origins:
            object.__setattr__(self, "rp_id", urlsplit(self.origins[0]).hostname)
        problems = list(self._problems())
        if problems:
            raise ValueError(" ".join(problems))
        return self

    def _problems(self) -> list[str]:
        found: list[str] = []
        hosts = [urlsplit(origin).hostname or "" for origin in self.origins]
        for host in hosts:
            if self.rp_id and host != self.rp_id and not host.endswith(f".{self.rp_id}"):
                found.append(
                    f"LATCHKEY_RP_ID is {self.rp_id}, which does not cover the origin host {host}."
                )
        if self.smtp_url.get_secret_value() and not self.mail_from:
            found.append("LATCHKEY_MAIL_FROM must be set when LATCHKEY_SMTP_URL is.")
        if self.environment is Environment.TRIAL:
            return found
        if self.sign_up_domains and not self.smtp_url.get_secret_value():
            found.append("LATCHKEY_SMTP_URL must be set when LATCHKEY_SIGN_UP_DOMAINS is.")
        for name, given in (
            ("LATCHKEY_ORIGINS", self.origins),
            ("LATCHKEY_DATABASE_URL", self.database_url.get_secret_value()),
            ("LATCHKEY_SECRET_KEYS", self.secret_keys),
            ("LATCHKEY_SEALING_KEYS", self.sealing_keys),
        ):
            if not given:
                found.append(f"{name} must be set in production.")
        for origin in self.origins:
            if not origin.startswith("https://"):
                found.append(f"LATCHKEY_ORIGINS must be https in production, not {origin}.")
        if self.metadata_file is not None:
            found.append("LATCHKEY_METADATA_FILE is for trials and is refused in production.")
        return found

    @property
    def production(self) -> bool:
        """Whether this deployment is in production."""
        return self.environment is Environment.PRODUCTION

    @property
    def base_url(self) -> str:
        """The first origin: the base of every link that Latchkey makes."""
        return self.origins[0]

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host names of the origins, for `TRUSTED_HOSTS`."""
        return tuple(urlsplit(origin).hostname or "" for origin in self.origins)

    @property
    def emulated_ory_url(self) -> str | None:
        """Where the emulated Ory answers in a trial; None in production, which has none."""
        return self._emulated(0)

    @property
    def emulated_entra_url(self) -> str | None:
        """Where the emulated Entra ID answers in a trial, tokens and Graph alike."""
        return self._emulated(1)

    @property
    def emulated_pingone_url(self) -> str | None:
        """Where the emulated PingOne answers in a trial, tokens and API alike."""
        return self._emulated(2)

    def _emulated(self, place: int) -> str | None:
        return None if self.production else f"http://localhost:{self.emulator_port + place}"


def load(environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Read the settings.

    Args:
        environ: the environment to read; the process's own when left out.
        overrides: values by field name, which win over the environment (tests use them).

    Raises:
        ConfigurationError: with a sentence for each thing that is wrong.
    """
    environ = os.environ if environ is None else environ
    given: dict[str, Any] = {}
    unknown: list[str] = []
    for name, value in environ.items():
        if not name.startswith(PREFIX):
            continue
        field = name.removeprefix(PREFIX).lower()
        if field in Settings.model_fields and field != "port":
            given[field] = value
        else:
            unknown.append(name)
    if unknown:
        raise ConfigurationError(
            f"Unknown settings: {', '.join(sorted(unknown))}. See docs/settings.md for the names."
        )
    given |= overrides
    if "PORT" not in given:
        given["PORT"] = given.pop("port", None) or environ.get("PORT") or "5000"
    trial = given.get("environment", Environment.TRIAL) == Environment.TRIAL
    if trial:
        given = _trial_defaults(given)
    try:
        settings = Settings(**given)
    except ValidationError as error:
        raise ConfigurationError(_sentences(error)) from None
    return _with_generated_keys(settings) if trial else settings


def _origin(url: str) -> str | None:
    """The origin of a URL as a browser writes it: no user, no path, no default port."""
    parts = urlsplit(url)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    if default is None or not parts.hostname:
        return None
    port = "" if parts.port in (None, default) else f":{parts.port}"
    return f"{parts.scheme}://{parts.hostname}{port}"


def _trial_defaults(given: dict[str, Any]) -> dict[str, Any]:
    """Fill in what a trial may have without being told: its place, database and directories."""
    data_dir = Path(given.get("data_dir") or "instance").resolve()
    return {
        "origins": f"http://localhost:{given['PORT']}",
        "database_url": f"sqlite:///{data_dir / 'latchkey.db'}",
        "private_destinations": LOOPBACK,
        **{name: value for name, value in given.items() if value != ""},
        "data_dir": data_dir,
    }


def _with_generated_keys(settings: Settings) -> Settings:
    if settings.secret_keys and settings.sealing_keys:
        return settings
    keys = generated_keys(settings.data_dir)
    return settings.model_copy(
        update={
            "secret_keys": settings.secret_keys or (SecretStr(keys.signing),),
            "sealing_keys": settings.sealing_keys or (SecretStr(keys.sealing),),
        }
    )


def _sentences(error: ValidationError) -> str:
    """The problems as sentences, without the values (they may be secrets)."""
    sentences = []
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        where = str(problem["loc"][0]) if problem["loc"] else ""
        text = problem["msg"].removeprefix("Value error, ")
        name = "PORT" if where == "PORT" else f"{PREFIX}{where.upper()}"
        sentences.append(f"{name}: {text}." if where else text)
    return " ".join(sentences)
