"""Plain calls to a running emulated PingOne; every answer is held against the description."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

import requests

from emulators.pingone.running import Running
from tests.authenticator.key import SoftwareKey
from tests.emulators.pingone import description

ACTIVATE = "application/vnd.pingidentity.device.activate+json"
ORIGIN = "http://localhost:5000"


@dataclass
class Client:
    """Calls with the worker's token."""

    ping: Running
    token: str = field(default="", repr=False)

    def authorise(self, **more: Any) -> requests.Response:
        """A token by Client Secret Post."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.ping.client_id,
            "client_secret": self.ping.client_secret,
        } | more.pop("form", {})
        environment = more.pop("environment", self.ping.environment_id)
        answer = requests.post(
            f"{self.ping.url}/{environment}/as/token", data=form, timeout=20, **more
        )
        if answer.ok:
            self.token = answer.json()["access_token"]
        return answer

    def call(self, method: str, path: str, *, root: bool = False, **more: Any) -> requests.Response:
        """A call below the environment, or below `/v1`."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= more.pop("headers", {})
        below = "" if root else f"/environments/{self.ping.environment_id}"
        answer = requests.request(
            method,
            f"{self.ping.url}/v1{below}{path}",
            headers=headers,
            allow_redirects=False,
            timeout=20,
            **more,
        )
        if description.present() and "json" in answer.headers.get("Content-Type", ""):
            bare = f"{below}{path}".partition("?")[0]
            found = description.problems(method, bare, answer.status_code, answer.json())
            assert not found, found
        return answer

    def get(self, path: str, **more: Any) -> Any:
        answer = self.call("GET", path, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def users(self, **query: Any) -> list[dict[str, Any]]:
        return self.get("/users", params=query)["_embedded"]["users"]

    def send(self, method: str, path: str, body: Any, *, media: str = "application/json"):
        return self.call(
            method, path, data=json.dumps(body).encode(), headers={"Content-Type": media}
        )

    # Devices

    def begin(self, user_id: str, **more: Any) -> requests.Response:
        """Begin a FIDO2 device; fields given as None are left out."""
        body = {
            "type": "FIDO2",
            "rp": {"id": "localhost", "name": "Portal"},
            "policy": {"id": self.ping.mfa_policy_id},
        } | more
        given = {name: value for name, value in body.items() if value is not None}
        return self.send("POST", f"/users/{user_id}/devices", given)

    def activate(self, user_id: str, device_id: str, body: Any, *, media: str = ACTIVATE):
        return self.send("POST", f"/users/{user_id}/devices/{device_id}", body, media=media)

    def enrol(self, user_id: str, key: SoftwareKey, *, more: dict | None = None, **twists: Any):
        """The whole ceremony; the answer to the activation.

        Args:
            more: fields of the activation's body, in place of the right ones.
            twists: of the key; `page` is the page's origin.
        """
        device = self.begin(user_id)
        assert device.status_code == 201, device.text
        page = twists.pop("page", ORIGIN)
        answer = key.create(options_of(device), origin=page, **twists)
        body = {"origin": page, "attestation": attestation(answer)} | (more or {})
        return self.activate(user_id, device.json()["id"], body)


def options_of(device: requests.Response) -> dict[str, Any]:
    """Creation options as a browser's parser takes them."""
    options = json.loads(device.json()["publicKeyCredentialCreationOptions"])

    def text(numbers: list[int]) -> str:
        value = bytes(number & 0xFF for number in numbers)
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    options["challenge"] = text(options["challenge"])
    options["user"]["id"] = text(options["user"]["id"])
    for one in options["excludeCredentials"]:
        one["id"] = text(one["id"])
    for one in options["pubKeyCredParams"]:
        one["alg"] = int(one["alg"])
    return options


def attestation(answer: dict[str, Any], **changes: Any) -> str:
    """The JSON string of an activation, as Ping's own widget makes it."""
    response = answer["response"]
    return json.dumps(
        {
            "id": answer["id"],
            "type": "public-key",
            "rawId": padded(answer["rawId"]),
            "response": {
                "clientDataJSON": padded(response["clientDataJSON"]),
                "attestationObject": padded(response["attestationObject"]),
            },
            "clientExtensionResults": {},
        }
        | changes
    )


def padded(text: str) -> str:
    """Base64url as standard base64 with padding."""
    value = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return base64.b64encode(value).decode()


def problem(answer: requests.Response) -> tuple[int, str, str, str]:
    """Status, code, the detail's code and its target."""
    body = answer.json()
    detail = (body.get("details") or [{}])[0]
    return answer.status_code, body["code"], detail.get("code", ""), detail.get("target", "")
