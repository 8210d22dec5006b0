"""What is configured for one Entra ID connection, apart from its secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from directories.base import InvalidSettings
from directories.entra.credentials import GUID, certificate_problem

LOGIN = "https://login.microsoftonline.com"
GRAPH = "https://graph.microsoft.com"
"""The global cloud, the only one with the provisioning API (Entra contract section 0)."""

_DOMAIN = re.compile(
    r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
)


class Credential(StrEnum):
    """How the application proves who it is."""

    SECRET = "secret"  # noqa: S105 - the word for it, not one
    CERTIFICATE = "certificate"


SHORTEST_CHALLENGE = 5
LONGEST_CHALLENGE = 43200
"""Minutes for which a challenge may be asked to be good; 30 days (section 0)."""


class OptionsForm(StrEnum):
    """How the minutes are named in the address: what works has changed before (section 2.1)."""

    PARENTHESES = "parentheses"
    """`creationOptions(challengeTimeoutInMinutes=N)`, as Microsoft documents it."""
    QUERY = "query"
    """`creationOptions?challengeTimeoutInMinutes=N`, as some tools send it."""


@dataclass(frozen=True)
class EntraSettings:
    """One application registration in one tenant."""

    tenant_id: str
    """The Directory (tenant) ID, or a verified domain of the tenant."""
    client_id: str
    """The Application (client) ID."""
    credential: Credential = Credential.SECRET
    certificate: str = ""
    """The certificate as PEM, without its key; where `credential` is certificate."""
    secret_expires_on: str = ""
    """The day on which the secret expires, as YYYY-MM-DD; empty where nobody said."""
    login_url: str = LOGIN
    graph_url: str = GRAPH
    challenge_minutes: int = SHORTEST_CHALLENGE
    """For how long a challenge is asked to be good. Graph v1.0 knows five minutes only; for more
    the beta version is asked."""
    options_form: OptionsForm = OptionsForm.PARENTHESES
    """How beta is asked for more than five minutes."""

    @property
    def token_url(self) -> str:
        """Where tokens come from, and whom an assertion is for (Entra contract section 1)."""
        return f"{self.login_url}/{self.tenant_id}/oauth2/v2.0/token"

    @property
    def scope(self) -> str:
        """Everything that was consented to, at this cloud's Graph."""
        return f"{self.graph_url}/.default"

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> EntraSettings:
        """Read stored or typed settings. Addresses are judged elsewhere (`registry.problems`).

        Raises:
            InvalidSettings: with a sentence for each field.
        """
        texts, problems = _texts(values)
        word = texts["credential"] or Credential.SECRET.value
        if word not in list(Credential):
            problems.setdefault("credential", f"Choose one of: {', '.join(Credential)}.")
            word = Credential.SECRET.value
        form = texts["options_form"] or OptionsForm.PARENTHESES.value
        if form not in list(OptionsForm):
            problems.setdefault("options_form", f"Choose one of: {', '.join(OptionsForm)}.")
            form = OptionsForm.PARENTHESES.value
        minutes = _minutes(texts["challenge_minutes"])
        if minutes is None:
            problems.setdefault(
                "challenge_minutes",
                f"Give whole minutes from {SHORTEST_CHALLENGE} to {LONGEST_CHALLENGE}.",
            )
        settings = cls(
            tenant_id=texts["tenant_id"].lower(),
            client_id=texts["client_id"].lower(),
            credential=Credential(word),
            certificate=texts["certificate"],
            secret_expires_on=texts["secret_expires_on"],
            login_url=texts["login_url"].rstrip("/") or LOGIN,
            graph_url=texts["graph_url"].rstrip("/") or GRAPH,
            challenge_minutes=minutes or SHORTEST_CHALLENGE,
            options_form=OptionsForm(form),
        )
        problems = settings._problems() | problems
        if problems:
            raise InvalidSettings(problems)
        return settings

    def to_mapping(self) -> dict[str, Any]:
        """The settings as plain JSON values; `from_mapping` reads them back."""
        return {
            "tenant_id": self.tenant_id,
            "client_id": self.client_id,
            "credential": self.credential.value,
            "certificate": self.certificate,
            "secret_expires_on": self.secret_expires_on,
            "login_url": self.login_url,
            "graph_url": self.graph_url,
            "challenge_minutes": self.challenge_minutes,
            "options_form": self.options_form.value,
        }

    def _problems(self) -> dict[str, str]:
        found: dict[str, str] = {}
        if not (GUID.fullmatch(self.tenant_id) or _DOMAIN.fullmatch(self.tenant_id)):
            found["tenant_id"] = (
                "Give the Directory (tenant) ID, such as 8f2c1e4b-0d7a-4c35-9e61-2b90a7d4c813, or "
                "a domain of the tenant."
            )
        if not GUID.fullmatch(self.client_id):
            found["client_id"] = (
                "Give the Application (client) ID, such as 5b1d9a60-7c2e-4f18-8a43-d6e0f2b7c951."
            )
        elif self.client_id == self.tenant_id:
            found["client_id"] = (
                "This is the Directory (tenant) ID. The Application (client) ID stands beside it."
            )
        if self.credential is Credential.CERTIFICATE:
            if problem := certificate_problem(self.certificate):
                found["certificate"] = problem
        elif self.certificate:
            found["certificate"] = "Leave the certificate empty where a secret is used."
        if problem := self._day_problem():
            found["secret_expires_on"] = problem
        for name in ("login_url", "graph_url"):
            if "?" in getattr(self, name):
                found[name] = "Leave the part after ? out of the address."
        return found

    def _day_problem(self) -> str:
        if not self.secret_expires_on:
            return ""
        if self.credential is Credential.CERTIFICATE:
            return "Leave this empty: the certificate says it."
        try:
            exact = date.fromisoformat(self.secret_expires_on).isoformat() == self.secret_expires_on
        except ValueError:
            exact = False
        return "" if exact else "Give the day as YYYY-MM-DD, such as 2027-05-31."


def _texts(values: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Every field as text, and which of them were none."""
    texts: dict[str, str] = {}
    problems: dict[str, str] = {}
    for name in EntraSettings.__dataclass_fields__:
        value = values.get(name)
        if name == "challenge_minutes" and isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if value is not None and not isinstance(value, str):
            problems[name] = "This must be text."
        texts[name] = value.strip() if isinstance(value, str) else ""
    return texts, problems


def _minutes(text: str) -> int | None:
    """Minutes of a challenge; None where they are none that Graph takes. Nothing means the least.

    At most as many digits are read as the longest has.
    """
    if not text:
        return SHORTEST_CHALLENGE
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(LONGEST_CHALLENGE)):
        return None
    minutes = int(text)
    return minutes if SHORTEST_CHALLENGE <= minutes <= LONGEST_CHALLENGE else None
