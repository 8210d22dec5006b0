"""A connector on a running emulated Ory; every request it makes is held against the description."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from directories.base import PasskeyRecord, PersonRecord
from directories.destinations import Destinations
from directories.http import DirectorySession, Limits
from directories.ory import Auth, Flavour, OryConnector, OrySettings, TraitMapping
from emulators.ory.running import Running, running
from tests.directories import description
from tests.emulators.key import Key

HERE = Destinations.of(["127.0.0.0/8", "localhost"])
QUICK = Limits(connect=5.0, read=10.0, total=20.0)
MAPPING = TraitMapping(email="email", given_name="name.first", family_name="name.last")


@dataclass
class Sent:
    """What the connectors of a test sent."""

    requests: list = field(default_factory=list)

    def of(self, method: str, path: str = "") -> list:
        return [one for one in self.requests if one.method == method and path in one.url]


@pytest.fixture(autouse=True)
def sent(monkeypatch, request):
    """Record every request, and hold each against Kratos' description afterwards."""
    record = Sent()
    send = DirectorySession.send

    def recorded(self, prepared, **kwargs):
        record.requests.append(prepared)
        return send(self, prepared, **kwargs)

    monkeypatch.setattr(DirectorySession, "send", recorded)
    yield record
    if description.PRESENT and request.module.__name__.rpartition(".")[2].startswith("test_ory"):
        said = [
            problem
            for one in record.requests
            for problem in description.problems(one.method, one.url, one.body)
        ]
        assert not said, said


@pytest.fixture
def start():
    """Run emulated Orys until the test ends."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield lambda **how: stack.enter_context(running(**how))


@pytest.fixture
def ory(start) -> Running:
    return start()


@pytest.fixture
def old(start) -> Running:
    """The newest open-source release, which takes no passkeys."""
    return start(flavour="self-hosted", version="v26.2.0")


def settings_for(ory: Running, **changes) -> OrySettings:
    network = ory.ory.edition.network
    settings = OrySettings(
        flavour=Flavour.NETWORK if network else Flavour.SELF_HOSTED,
        endpoint=ory.url,
        admin_endpoint="" if network else ory.admin_url,
        auth=Auth.BEARER if network else Auth.NONE,
        schema_id="default",
        mapping=MAPPING,
    )
    return replace(settings, **changes)


def connect(
    ory: Running,
    *,
    key: str | None = None,
    client_secret: str | None = None,
    limits: Limits = QUICK,
    **changes,
):
    secret = ory.api_key if key is None else key
    settings = settings_for(ory, **changes)
    return OryConnector(settings, secret or None, HERE, client_secret=client_secret, limits=limits)


def connect_client(ory: Running, *, client_secret: str | None = None, **changes):
    """With the project's OAuth2 client: beside the key, or through the gateway."""
    client = ory.ory.client
    how = {"client_id": client["client_id"]}
    if not ory.ory.edition.network:
        how |= {"auth": Auth.CLIENT, "token_url": ory.token_url}
    return connect(ory, client_secret=client_secret or client["client_secret"], **how | changes)


@pytest.fixture
def connector(ory) -> OryConnector:
    return connect(ory)


@pytest.fixture
def person() -> PersonRecord:
    return PersonRecord(
        uuid=uuid.uuid4(),
        email="Mary.Somerville@example.com",
        given_name="Mary",
        middle_name="Fairfax",
        family_name="Somerville",
        display_name="Mary Somerville",
    )


@pytest.fixture
def key() -> Key:
    return Key()


def passkey_of(key: Key, **changes) -> PasskeyRecord:
    record = PasskeyRecord(
        credential_id=key.credential_id,
        public_key=key.public_key,
        rp_id=key.rp_id,
        user_handle=key.handle,
        aaguid=uuid.UUID("692db549-7ae5-44d5-a1e5-dd20a493b723"),
        sign_count=0,
        transports=("usb", "nfc"),
        user_verified=True,
        backup_eligible=False,
        backup_state=False,
        nickname="Blue key",
        created_at=datetime(2026, 11, 22, 12, 0, tzinfo=UTC),
    )
    return replace(record, **changes)


@pytest.fixture
def passkey(key) -> PasskeyRecord:
    return passkey_of(key)


def stored(ory: Running, remote_id: str) -> dict:
    """An identity as the emulator has it."""
    return next(one for one in ory.control.identities() if one["id"] == remote_id)


def entries(ory: Running, remote_id: str) -> list[dict]:
    """Its passkeys."""
    credentials = stored(ory, remote_id)["credentials"]
    return credentials.get("passkey", {}).get("config", {}).get("credentials", [])


def write(ory, remote_id: str, **changes) -> None:
    """Change an identity behind the connector's back."""
    steps = [{"op": "replace", "path": f"/{name}", "value": new} for name, new in changes.items()]
    ory.ory.identities.patch(remote_id, steps, now=ory.ory.now())


def make(ory, email: str, **more) -> str:
    body = {"schema_id": "default", "traits": {"email": email}} | more
    return ory.ory.identities.create(body, now=ory.ory.now())["id"]
