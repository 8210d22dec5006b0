"""What is configured for one PingOne connection, apart from its secret."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import quote

from directories.base import InvalidSettings

Choice = TypeVar("Choice", bound=StrEnum)

LONGEST = 255

_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})+")
"""A host name of RFC 1123 section 2.1 in lower case, with a dot in it."""

_PRINTABLE = re.compile(r"[\x21-\x7e]{1,255}")
_HOSTED = re.compile(r"([a-z0-9-]+\.)*pingone\.(com|ca|eu|com\.au|sg|asia)")


class Region(StrEnum):
    """Where the environment lives (PingOne contract section 1.1). Values are PingOne's codes."""

    NA = "NA"
    CA = "CA"
    EU = "EU"
    AU = "AU"
    SG = "SG"
    AP = "AP"

    @property
    def label(self) -> str:
        """What PingOne's own pages call it."""
        return _LABELS[self]

    @property
    def tld(self) -> str:
        """What its hosts end in: `api.pingone.{tld}`."""
        return _TLDS[self]

    @property
    def domain(self) -> str:
        """PingOne's own domain there, which is also its default relying party ID."""
        return f"pingone.{self.tld}"


_LABELS = {
    Region.NA: "North America (without Canada)",
    Region.CA: "Canada",
    Region.EU: "European Union",
    Region.AU: "Australia",
    Region.SG: "Singapore",
    Region.AP: "Asia-Pacific",
}
_TLDS = {
    Region.NA: "com",
    Region.CA: "ca",
    Region.EU: "eu",
    Region.AU: "com.au",
    Region.SG: "sg",
    Region.AP: "asia",
}


class AuthMethod(StrEnum):
    """How the worker proves itself at the token endpoint (section 1.2)."""

    POST = "post"
    BASIC = "basic"

    @property
    def label(self) -> str:
        """What PingOne's own pages call it."""
        return "Client Secret Post" if self is AuthMethod.POST else "Client Secret Basic"


@dataclass(frozen=True)
class PingOneSettings:
    """One PingOne connection. While it is being set up, no MFA policy may be chosen yet."""

    environment_id: str
    """The environment whose people get keys."""
    region: Region
    client_id: str
    """Of the worker application."""
    auth_method: AuthMethod = AuthMethod.POST
    token_environment_id: str = ""
    """The worker's own environment, where that is another: roles may reach across."""
    custom_domain: str = ""
    """The custom domain of the worker's environment, where tokens come from there."""
    mfa_policy_id: str = ""
    """The MFA policy (`deviceAuthenticationPolicies`, not `fido2Policies`) that pairs keys."""
    mfa_policy_name: str = ""
    """Its name when it was chosen, for pages."""
    relying_party_id: str = ""
    """What the FIDO policy must say, where an operator has pinned it; empty takes what it says."""
    sign_on_application: str = ""
    """Id or name of an application that people sign on to, to check what it asks them for."""
    auth_url: str = ""
    """Instead of the region's token host; an emulator's."""
    api_url: str = ""
    """Instead of the region's API host; an emulator's."""

    @property
    def token_environment(self) -> str:
        """The environment that the worker lives in."""
        return self.token_environment_id or self.environment_id

    @property
    def token_url(self) -> str:
        """The token endpoint. At a custom domain its path has no environment (section 1.2)."""
        if self.custom_domain:
            return f"{self.auth_url or f'https://{self.custom_domain}'}/as/token"
        host = self.auth_url or f"https://auth.{self.region.domain}"
        return f"{host}/{quote(self.token_environment, safe='')}/as/token"

    @property
    def api(self) -> str:
        """Base address of the API."""
        return f"{self.api_url or f'https://api.{self.region.domain}'}/v1"

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> PingOneSettings:
        """Read stored or typed settings. Addresses are judged elsewhere (`registry.problems`).

        Raises:
            InvalidSettings: with a sentence for each field.
        """
        reader = _Reader(values)
        settings = cls(
            environment_id=reader.guid("environment_id"),
            region=reader.choice("region", Region),
            client_id=reader.text("client_id"),
            auth_method=reader.choice("auth_method", AuthMethod)
            if values.get("auth_method")
            else AuthMethod.POST,
            token_environment_id=reader.guid("token_environment_id"),
            custom_domain=reader.host("custom_domain"),
            mfa_policy_id=reader.guid("mfa_policy_id"),
            mfa_policy_name=reader.text("mfa_policy_name"),
            relying_party_id=reader.host("relying_party_id", "localhost"),
            sign_on_application=reader.text("sign_on_application"),
            auth_url=reader.text("auth_url").rstrip("/"),
            api_url=reader.text("api_url").rstrip("/"),
        )
        problems = settings._problems() | reader.problems
        if problems:
            raise InvalidSettings(problems)
        return settings

    def to_mapping(self) -> dict[str, Any]:
        """The settings as plain JSON values; `from_mapping` reads them back."""
        return {
            "environment_id": self.environment_id,
            "region": self.region.value,
            "client_id": self.client_id,
            "auth_method": self.auth_method.value,
            "token_environment_id": self.token_environment_id,
            "custom_domain": self.custom_domain,
            "mfa_policy_id": self.mfa_policy_id,
            "mfa_policy_name": self.mfa_policy_name,
            "relying_party_id": self.relying_party_id,
            "sign_on_application": self.sign_on_application,
            "auth_url": self.auth_url,
            "api_url": self.api_url,
        }

    def _problems(self) -> dict[str, str]:
        found: dict[str, str] = {}
        if not self.environment_id:
            found["environment_id"] = "Give the Environment ID."
        if not self.client_id:
            found["client_id"] = "Give the worker application's Client ID."
        elif not _PRINTABLE.fullmatch(self.client_id):
            found["client_id"] = "A Client ID has no spaces or special characters: copy it again."
        if _HOSTED.fullmatch(self.custom_domain):
            found["custom_domain"] = (
                "This is PingOne's own domain. Leave the field empty unless the environment has "
                "a custom domain of yours."
            )
        for name in ("auth_url", "api_url"):
            if "?" in getattr(self, name):
                found[name] = "Leave the part after ? out of the address."
        return found


def secret_problem(settings: PingOneSettings, secret: str | None) -> str:
    """What is wrong with a client secret, as a sentence; empty when nothing is. Never shows it."""
    if not secret:
        return "Give the worker application's client secret."
    if secret == settings.client_id:
        return "That is the Client ID. The client secret stands below it in PingOne."
    if not all(0x21 <= ord(character) <= 0x7E for character in secret):
        return "A client secret has no spaces or special characters: copy it again."
    return ""


class _Reader:
    """Reads untyped values and collects what is wrong with them, by field."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self.problems: dict[str, str] = {}

    def text(self, name: str) -> str:
        value = self._values.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.problems[name] = "This must be text."
        elif len(value.strip()) > LONGEST:
            self.problems[name] = f"This is longer than {LONGEST} characters."
        else:
            return value.strip()
        return ""

    def guid(self, name: str) -> str:
        value = self.text(name)
        if not value:
            return ""
        try:
            found = str(uuid.UUID(value))
        except ValueError:
            found = ""
        if found != value.lower():
            self.problems[name] = (
                "This is not an ID of PingOne's: it has 32 digits and letters a to f, as in "
                "6f1d9c2e-0f0a-4a53-9a5c-6d9d9f2b7c11."
            )
        return found

    def host(self, name: str, *others: str) -> str:
        value = self.text(name).lower()
        if value and value not in others and not _HOST.fullmatch(value):
            self.problems[name] = "Give a domain only, such as auth.example.com."
        return value

    def choice(self, name: str, kind: type[Choice]) -> Choice:
        try:
            return kind(str(self._values.get(name, "")))
        except ValueError:
            self.problems[name] = f"Choose one of: {', '.join(kind)}."
            return next(iter(kind))
