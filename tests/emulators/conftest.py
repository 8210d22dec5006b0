"""A running emulated Ory, and a client that holds every answer against the description."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
import requests

from emulators.entra.running import running as entra_running
from emulators.ory.running import Running, running
from tests.authenticator import SoftwareKey
from tests.emulators import description
from tests.emulators.graph import AAGUID, Graph
from tests.emulators.key import Key

# Not Kratos' own, so not in its description.
ELSEWHERE = ("/oauth2", "/admin/clients", "/.well-known", "/_emulator", "/version", "/health")


@dataclass
class Api:
    """Calls with the project key, never following redirects."""

    ory: Running

    def call(self, method: str, path: str, *, public: bool = False, checked: bool = True, **more):
        headers = more.pop("headers", None)
        if headers is None:
            headers = {"Authorization": f"Bearer {self.ory.api_key}"} if self.ory.api_key else {}
        base = self.ory.url if public else self.ory.admin_url
        answer = requests.request(
            method, base + path, headers=headers, allow_redirects=False, timeout=20, **more
        )
        bare = path.partition("?")[0]
        json_body = "json" in answer.headers.get("Content-Type", "")
        if checked and description.present() and json_body and not bare.startswith(ELSEWHERE):
            found = description.problems(method, bare, answer.status_code, answer.json())
            assert not found, found
        return answer

    def create(self, email: str = "mary@example.com", **more):
        return self.call(
            "POST",
            "/admin/identities",
            json={"schema_id": "default", "traits": {"email": email}} | more,
        )

    def get(self, identity_id: str, *include: str):
        query = "&".join(f"include_credential={kind}" for kind in include)
        return self.call("GET", f"/admin/identities/{identity_id}?{query}").json()

    def patch(self, identity_id: str, *steps: dict):
        return self.call("PATCH", f"/admin/identities/{identity_id}", json=list(steps))

    def begin(self, **more):
        """A login flow: its id and challenge."""
        flow = self.call("GET", "/self-service/login/api", public=True, headers={}, **more).json()
        nodes = {node["attributes"]["name"]: node for node in flow["ui"]["nodes"]}
        options = json.loads(nodes["passkey_challenge"]["attributes"]["value"])
        return flow["id"], options["publicKey"]["challenge"]

    def submit(self, flow: str, response, **more):
        text = response if isinstance(response, str) else json.dumps(response)
        return self.call(
            "POST",
            f"/self-service/login?flow={flow}",
            public=True,
            headers=more.pop("headers", {}),
            json={"method": "passkey", "passkey_login": text},
            **more,
        )

    def sign_in(self, key: Key, **how):
        flow, challenge = self.begin()
        return self.submit(flow, key.sign(challenge, **how))


@pytest.fixture
def ory():
    with running() as started:
        yield started


@pytest.fixture
def api(ory) -> Api:
    return Api(ory)


@pytest.fixture
def old_ory():
    """The newest open-source release, which takes no passkeys."""
    with running(flavour="self-hosted", version="v26.2.0") as started:
        yield started


@pytest.fixture
def old_api(old_ory) -> Api:
    return Api(old_ory)


@pytest.fixture
def key() -> Key:
    return Key()


@pytest.fixture
def holder(api, key) -> dict:
    """An identity that holds the key's passkey."""
    return api.create(credentials={"passkey": key.passkey()}).json()


@pytest.fixture
def graph():
    """A client of a small emulated tenant."""
    with entra_running(people=60) as started:
        yield Graph(started)


@pytest.fixture
def security_key() -> SoftwareKey:
    return SoftwareKey(aaguid=AAGUID)
