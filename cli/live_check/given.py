"""What a live check is told: by the environment, or by whoever runs it."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

PREFIX = "LIVE_CHECK_"

ASKED: Mapping[str, tuple[str, ...]] = {
    "ory": ("endpoint",),
    "entra": ("tenant_id", "client_id"),
    "pingone": ("environment_id", "region", "client_id"),
}
"""What each kind cannot do without, asked for where the environment does not say."""

MORE: Mapping[str, tuple[str, ...]] = {
    "ory": (
        "flavour",
        "admin_endpoint",
        "auth",
        "header_name",
        "schema_id",
        "email_trait",
        "client_id",
        "token_url",
    ),
    "entra": ("credential", "certificate_file", "private_key_file", "login_url", "graph_url"),
    "pingone": (
        "auth_method",
        "token_environment_id",
        "custom_domain",
        "mfa_policy_id",
        "sign_on_application",
        "auth_url",
        "api_url",
    ),
}
"""What else the environment may say of each."""


class Given:
    """What the environment says, and what is asked for.

    Args:
        environ: the environment.
        ask: asks for something that may be seen.
        ask_secret: asks for something that may not.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        ask: Callable[[str], str] = input,
        ask_secret: Callable[[str], str] = getpass.getpass,
    ) -> None:
        self._environ = environ
        self._ask = ask
        self._ask_secret = ask_secret

    def told(self, name: str) -> str:
        """What the environment says; empty where it does not."""
        return self._environ.get(f"{PREFIX}{name.upper()}", "").strip()

    def asked(self, name: str) -> str:
        """What the environment says, or what is answered."""
        return self.told(name) or self._ask(f"{name.replace('_', ' ')}: ").strip()

    def secret(self, name: str = "secret") -> str:
        """The same for a secret, which is not shown while it is typed."""
        return self.told(name) or self._ask_secret(f"{name.replace('_', ' ')}: ").strip()

    def connection(self, kind: str) -> tuple[dict[str, Any], str | None, str | None]:
        """The settings in the connector's shape, its secret, and that of an OAuth2 client."""
        settings: dict[str, Any] = {name: self.asked(name) for name in ASKED[kind]}
        settings |= {name: told for name in MORE[kind] if (told := self.told(name))}
        client_secret = None
        if kind == "ory":
            settings.setdefault("flavour", "network")
            trait = settings.pop("email_trait", "email")
            settings.setdefault("schema_id", "default")
            settings["mapping"] = {"email": trait}
            if settings.get("client_id"):
                client_secret = self.secret("client_secret")
            if settings.get("auth") in ("none", "oauth2"):
                return settings, None, client_secret
        if certificate := settings.pop("certificate_file", ""):
            settings |= {"credential": "certificate", "certificate": Path(certificate).read_text()}
            return settings, Path(settings.pop("private_key_file")).read_text(), None
        return settings, self.secret(), client_secret
