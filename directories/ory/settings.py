"""What is configured for one Ory connection, apart from its secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from directories.base import InvalidSettings
from directories.ory.naming import format_problem

Choice = TypeVar("Choice", bound=StrEnum)

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
"""A token of RFC 9110 section 5.6.2, of a length no server refuses."""

_CLIENT_ID = re.compile(r"[\x21-\x7e]{0,255}")
"""RFC 6749 appendix A.1, without spaces; empty where there is no client."""

_RESERVED_HEADERS = frozenset(
    ("host", "content-length", "content-type", "transfer-encoding", "connection", "cookie")
)


class Flavour(StrEnum):
    """Which Ory this is."""

    NETWORK = "network"
    """Ory Network: one host for both APIs, a project API key."""
    SELF_HOSTED = "self_hosted"
    """Ory Kratos by itself: a public and an admin address, a key only behind a proxy."""


class Auth(StrEnum):
    """How calls to the admin API prove themselves."""

    NONE = "none"
    BEARER = "bearer"
    HEADER = "header"
    CLIENT = "oauth2"
    """With the access token of an OAuth2 client, where a gateway stands before a Kratos."""


@dataclass(frozen=True)
class TraitMapping:
    """Which trait each thing we know of a person goes to.

    Paths are dotted, from inside `traits`: `name.first`. An empty path is not written.
    """

    email: str = ""
    given_name: str = ""
    family_name: str = ""
    display_name: str = ""
    display_format: str = ""
    """As `{First} {Middle} {Last}`; empty takes the person's own display name."""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """Values for other traits, by path, the same for everybody."""

    def paths(self) -> dict[str, str]:
        """The mapped trait paths by field name, without empty ones."""
        fields = ("email", "given_name", "family_name", "display_name")
        return {name: getattr(self, name) for name in fields if getattr(self, name)}


@dataclass(frozen=True)
class OrySettings:
    """One Ory connection. While it is being set up, schema and mapping may be empty."""

    flavour: Flavour
    endpoint: str
    """Base address of the public API; on Ory Network of both."""
    admin_endpoint: str = ""
    """Base address of the admin API; self-hosted only."""
    auth: Auth = Auth.BEARER
    header_name: str = ""
    """The header that carries the secret, where `auth` is header."""
    schema_id: str = ""
    mapping: TraitMapping = field(default_factory=TraitMapping)
    client_id: str = ""
    """The project's OAuth2 client. On Ory Network only the connection test uses it."""
    token_url: str = ""
    """Where the client gets its tokens; self-hosted only, of Hydra or of the gateway."""

    @property
    def admin(self) -> str:
        """Base address of the admin API."""
        return self.admin_endpoint or self.endpoint

    @property
    def token_address(self) -> str:
        """Where the OAuth2 client gets its tokens (Ory contract section 5)."""
        return self.token_url or f"{self.endpoint}/oauth2/token"

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> OrySettings:
        """Read stored or typed settings. Addresses are judged elsewhere (`registry.problems`).

        Raises:
            InvalidSettings: with a sentence for each field.
        """
        reader = _Reader(values)
        flavour = reader.choice("flavour", Flavour)
        default = Auth.BEARER if flavour is Flavour.NETWORK else Auth.NONE
        settings = cls(
            flavour=flavour,
            endpoint=reader.text("endpoint").rstrip("/"),
            admin_endpoint=reader.text("admin_endpoint").rstrip("/"),
            auth=reader.choice("auth", Auth) if values.get("auth") else default,
            header_name=reader.text("header_name"),
            client_id=reader.text("client_id"),
            token_url=reader.text("token_url"),
            schema_id=reader.text("schema_id"),
            mapping=reader.mapping(),
        )
        reader.problems |= {
            name: sentence
            for name, sentence in settings._problems().items()
            if name not in reader.problems
        }
        if reader.problems:
            raise InvalidSettings(reader.problems)
        return settings

    def to_mapping(self) -> dict[str, Any]:
        """The settings as plain JSON values; `from_mapping` reads them back."""
        return {
            "flavour": self.flavour.value,
            "endpoint": self.endpoint,
            "admin_endpoint": self.admin_endpoint,
            "auth": self.auth.value,
            "header_name": self.header_name,
            "client_id": self.client_id,
            "token_url": self.token_url,
            "schema_id": self.schema_id,
            "mapping": {
                "email": self.mapping.email,
                "given_name": self.mapping.given_name,
                "family_name": self.mapping.family_name,
                "display_name": self.mapping.display_name,
                "display_format": self.mapping.display_format,
                "fixed": dict(self.mapping.fixed),
            },
        }

    def _problems(self) -> dict[str, str]:
        found: dict[str, str] = {}
        if not self.endpoint:
            found["endpoint"] = "Give the API endpoint."
        for name in ("endpoint", "admin_endpoint", "token_url"):
            if "?" in getattr(self, name):
                found[name] = "Leave the part after ? out of the address."
        if self.flavour is Flavour.NETWORK:
            if self.admin_endpoint:
                found["admin_endpoint"] = "Ory Network has one endpoint for both APIs."
            if self.auth is not Auth.BEARER:
                found["auth"] = "Ory Network takes an API key as a bearer token."
        elif not self.admin_endpoint:
            found["admin_endpoint"] = "Give the address of the admin API, usually port 4434."
        if self.auth is Auth.HEADER:
            if not _HEADER_NAME.fullmatch(self.header_name):
                found["header_name"] = "Give the name of the header, such as X-API-Key."
            elif self.header_name.lower() in _RESERVED_HEADERS:
                found["header_name"] = "This header has a meaning of its own; choose another."
        if sentence := format_problem(self.mapping.display_format):
            found["mapping.display_format"] = sentence
        return self._client_problems() | found

    def _client_problems(self) -> dict[str, str]:
        """What is wrong with the OAuth2 client, its secret aside."""
        found: dict[str, str] = {}
        if not _CLIENT_ID.fullmatch(self.client_id):
            found["client_id"] = "A client ID has no spaces or special characters: copy it again."
        if self.flavour is Flavour.NETWORK:
            if self.token_url:
                found["token_url"] = "Ory Network's is below its endpoint: leave this empty."  # noqa: S105
        elif self.auth is Auth.CLIENT:
            if not self.client_id:
                found["client_id"] = "Give the ID of the OAuth2 client."
            if not self.token_url:
                found["token_url"] = "Give the address where the client gets its tokens."  # noqa: S105
        elif self.client_id or self.token_url:
            found["client_id"] = (
                "Nothing would use this client: a self-hosted Kratos is either called with its "
                "tokens, or takes none."
            )
        return found


class _Reader:
    """Reads untyped values and collects what is wrong with them, by field."""

    def __init__(self, values: Mapping[str, Any], prefix: str = "") -> None:
        self._values = values
        self._prefix = prefix
        self.problems: dict[str, str] = {}

    def text(self, name: str) -> str:
        value = self._values.get(name)
        if value is None:
            return ""
        if isinstance(value, str):
            return value.strip()
        self.problems[self._prefix + name] = "This must be text."
        return ""

    def choice(self, name: str, kind: type[Choice]) -> Choice:
        try:
            return kind(str(self._values.get(name, "")))
        except ValueError:
            self.problems[self._prefix + name] = f"Choose one of: {', '.join(kind)}."
            return next(iter(kind))

    def mapping(self) -> TraitMapping:
        value = self._values.get("mapping") or {}
        if not isinstance(value, Mapping):
            self.problems["mapping"] = "This must be a mapping."
            return TraitMapping()
        inner = _Reader(value, "mapping.")
        fixed = value.get("fixed") or {}
        if not isinstance(fixed, Mapping) or not all(isinstance(path, str) for path in fixed):
            inner.problems["mapping.fixed"] = "This must be a mapping of trait paths to values."
            fixed = {}
        found = TraitMapping(
            email=inner.text("email"),
            given_name=inner.text("given_name"),
            family_name=inner.text("family_name"),
            display_name=inner.text("display_name"),
            display_format=inner.text("display_format"),
            fixed=dict(fixed),
        )
        self.problems |= inner.problems
        return found
