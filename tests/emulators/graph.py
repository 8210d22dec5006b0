"""Calls to the emulated Entra ID with plain requests, and a software key for its RP ID."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field

import requests

from emulators.entra.running import Running
from tests.authenticator import SoftwareKey

VERSIONS = ("/v1.0", "/beta")
ORIGIN = "https://login.microsoft.com"
EVENTUAL = {"ConsistencyLevel": "eventual"}
FIDO2 = "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/fido2"
AAGUID = uuid.UUID("2a55aee6-27cb-42c0-bc6e-04efe999e88a")


def error(answer: requests.Response) -> tuple[int, str]:
    """Status and `error.code`, the envelope checked (entra.md 2.7)."""
    body = answer.json()["error"]
    assert set(body) == {"code", "message", "innerError"}
    assert set(body["innerError"]) == {"date", "request-id", "client-request-id"}
    assert body["innerError"]["request-id"] == answer.headers["request-id"]
    return answer.status_code, body["code"]


@dataclass
class Graph:
    """A client of one emulated tenant."""

    entra: Running
    bearer: str = field(default="", repr=False)

    def ask(self, tenant: str = "", *, auth=None, headers=None, raw=None, **changes):
        """The token endpoint's answer; `changes` replace form fields, None removes them."""
        form = {
            "client_id": self.entra.client_id,
            "client_secret": self.entra.client_secret,
            "scope": "https://graph.microsoft.com/.default",
            "grant_type": "client_credentials",
        } | changes
        form = {name: value for name, value in form.items() if value is not None}
        url = f"{self.entra.url}/{tenant or self.entra.tenant_id}/oauth2/v2.0/token"
        return requests.post(url, data=raw or form, auth=auth, headers=headers, timeout=20)

    def renew(self) -> None:
        """Get a token with the roles as they are now."""
        self.bearer = self.ask().json()["access_token"]

    def call(self, method: str, path: str, *, headers=None, **more) -> requests.Response:
        if not self.bearer:
            self.renew()
        url = path
        if path.startswith("/"):
            url = self.entra.url + (path if path.startswith(VERSIONS) else f"/v1.0{path}")
        sent = {"Authorization": f"Bearer {self.bearer}"} | (headers or {})
        return requests.request(
            method, url, headers=sent, allow_redirects=False, timeout=20, **more
        )

    def get(self, path: str, *, eventual: bool = False, **more) -> requests.Response:
        return self.call("GET", path, headers=EVENTUAL if eventual else None, **more)

    def names(self, path: str, *, eventual: bool = False) -> list[str]:
        answer = self.get(path, eventual=eventual)
        assert answer.status_code == 200, answer.text
        return [found["displayName"] for found in answer.json()["value"]]

    def as_only(self, *roles: str) -> Graph:
        """A client whose token has these roles and no others."""
        kept = self.entra.entra.application.roles
        self.entra.control.consent(*roles)
        other = Graph(self.entra)
        other.renew()
        self.entra.control.consent(*kept)
        return other

    @property
    def person(self) -> dict:
        """A member without passkeys."""
        return next(
            user
            for user in self.entra.control.users()
            if user["userType"] == "Member" and not self.entra.control.passkeys(user["id"])
        )

    def methods(self, user_id: str, rest: str = "") -> str:
        return f"/users/{user_id}/authentication/fido2Methods{rest}"

    def options(self, user_id: str = "") -> dict:
        answer = self.get(self.methods(user_id or self.person["id"], "/creationOptions"))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def made(self, key: SoftwareKey, user_id: str = "", *, options=None, **twists) -> dict:
        """The body of a registration by a key next to a local agent."""
        asked = (options or self.options(user_id))["publicKey"]
        origin = f"https://{asked['rp']['id']}"
        answer = key.create(asked | {"excludeCredentials": []}, origin=origin, **twists)
        return body_of(answer)

    def register(self, body: dict, user_id: str = "") -> requests.Response:
        return self.call("POST", self.methods(user_id or self.person["id"]), json=body)


def body_of(answer: dict, name: str = "Crescendo 4000") -> dict:
    """The whitelist of entra.md 2.3 from what a client library gives."""
    response = answer["response"]
    return {
        "displayName": name,
        "publicKeyCredential": {
            "id": answer["id"],
            "response": {
                "clientDataJSON": response["clientDataJSON"],
                "attestationObject": response["attestationObject"],
            },
            "clientExtensionResults": {"hmacCreateSecret": True},
        },
    }


def refused(graph: Graph, body: dict, user_id: str = "") -> None:
    """Assert that a registration is refused and leaves nothing."""
    answer = graph.register(body, user_id)
    assert error(answer) == (400, "badRequest"), answer.text
    assert not graph.entra.control.passkeys(user_id or graph.person["id"])


def item(key: str, url: str, method: str = "GET", **more) -> dict:
    """One request of a batch."""
    return {"id": key, "method": method, "url": url, **more}


def by_id(answer: requests.Response) -> dict[str, dict]:
    """The answers of a batch."""
    assert answer.status_code == 200, json.dumps(answer.json())
    return {found["id"]: found for found in answer.json()["responses"]}
