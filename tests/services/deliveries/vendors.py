"""A portal connected to running emulators, and people who touch a key for them."""

from __future__ import annotations

import json
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

from fido2 import cbor
from fido2.webauthn import AttestationObject
from sqlalchemy import select

from directories.base import CreationOptions, RemoteIdentity
from emulators.entra.running import Running as Entra
from emulators.entra.running import running as entra_running
from emulators.ory.running import Running as Ory
from emulators.ory.running import running as ory_running
from emulators.pingone.running import Running as PingOne
from emulators.pingone.running import running as pingone_running
from models import Directory, DirectoryType, Person, Placement
from models.passkeys import OWN
from services import directories
from services.deliveries import outbox
from tests.authenticator.key import SoftwareKey, decoded
from tests.directories import description as ory_description
from tests.directories.entra import description as entra_description
from tests.directories.pingone import description as pingone_description
from tests.services.deliveries.conftest import World

HERE = "http://localhost:5000"
MAPPING = {"email": "email", "given_name": "name.first", "family_name": "name.last"}


class Vendors(World):
    """What a test does to a portal with directories that are emulated, a sentence each."""

    def __init__(self, portal, clock, stack: ExitStack) -> None:
        super().__init__(portal, clock, None)
        self._stack = stack

    def pingone(self) -> tuple[int, PingOne]:
        """A connection to a PingOne whose relying party ID is ours."""
        ping = self._stack.enter_context(pingone_running(people=3))
        settings = ping.connection()
        secret = settings.pop("secret")
        return self._connected(DirectoryType.PINGONE, settings, secret), ping

    def entra(self) -> tuple[int, Entra]:
        tenant = self._stack.enter_context(entra_running(people=3))
        tenant.control.lag(0)
        settings = {
            "tenant_id": tenant.tenant_id,
            "client_id": tenant.client_id,
            "login_url": tenant.url,
            "graph_url": tenant.url,
        }
        return self._connected(DirectoryType.ENTRA, settings, tenant.client_secret), tenant

    def ory(self) -> tuple[int, Ory]:
        ory = self._stack.enter_context(ory_running())
        settings = {
            "flavour": "network",
            "endpoint": ory.url,
            "admin_endpoint": "",
            "schema_id": "default",
            "mapping": MAPPING,
        }
        return self._connected(DirectoryType.ORY, settings, ory.api_key), ory

    def person(self, directory: int, remote_id: str) -> int:
        """Somebody who is linked there; their key."""
        with self.portal.database.write() as session:
            records = self.records(session)
            person = records.person()
            records.identity(session.get_one(Directory, directory), person, remote_id)
            return person.id

    def connector(self, directory: int):
        with self.portal.database.read() as session:
            return directories.connector(self.portal, session.get_one(Directory, directory))

    def begin(self, directory: int, remote_id: str) -> CreationOptions:
        return self.connector(directory).creation_options(RemoteIdentity(remote_id, "Somebody"))

    def touch(
        self,
        person: int,
        directory: int,
        begun: CreationOptions,
        key: SoftwareKey,
        *,
        shared: bool,
        change: dict[str, Any] | None = None,
        **twists,
    ) -> int:
        """Touch a key for what was begun there; the passkey's id.

        Args:
            shared: whether it is a key of our own too, made on our page.
            change: what is kept of the registration differently.
        """
        origin = HERE if shared else begun.origins[0]
        response = json.loads(json.dumps(key.create(dict(begun.options), origin=origin, **twists)))
        attestation = AttestationObject(decoded(response["response"]["attestationObject"]))
        public_key = attestation.auth_data.credential_data.public_key
        now = self.clock()
        with self.portal.database.write() as session:
            row = session.get_one(Directory, directory)
            passkey = self.records(session).passkey(
                session.get_one(Person, person),
                credential_id=decoded(response["id"]),
                rp_id=begun.rp_id,
                origin=origin,
                user_handle=decoded(begun.options["user"]["id"]),
                maker=OWN if shared else str(row.uuid),
                public_key=cbor.encode(dict(public_key)),
                aaguid=key.aaguid,
            )
            evidence = passkey.evidence
            evidence.client_data_json = decoded(response["response"]["clientDataJSON"])
            evidence.attestation_object = bytes(attestation)
            evidence.extensions = {"hmac-secret": True}
            cause = "passkey.registered"
            outbox.owe(session, passkey, cause=cause, now=now)
            outbox.owe_begun(
                session,
                passkey,
                directory,
                begun={**begun.remote, **(change or {})},
                not_after=now + timedelta(minutes=2),
                cause=cause,
                now=now,
            )
            return passkey.id

    def at(self, passkey: int, directory: int) -> Placement:
        with self.portal.database.read() as session:
            placement = session.scalars(
                select(Placement).where(
                    Placement.passkey_id == passkey, Placement.directory_id == directory
                )
            ).one()
            session.expunge_all()
            return placement

    def _connected(self, kind: DirectoryType, settings: dict[str, Any], secret: str) -> int:
        return self.directory(
            type=kind,
            name=kind.value,
            settings=settings,
            sealed_secret=self.portal.sealer.seal("directory", secret),
        )


def departures(request) -> list[str]:
    """How a request departs from its vendor's description, where that is present."""
    path, kind = request.url, request.headers.get("Content-Type", "")
    if "/v1.0/" in path or "/beta/" in path or "/oauth2/v2.0/" in path:
        if not entra_description.PRESENT:
            return []
        return entra_description.problems(
            request.method, request.url, request.headers, request.body
        )
    if "/v1/" in path or "/as/token" in path:
        if not pingone_description.PRESENT:
            return []
        return pingone_description.problems(request.method, request.url, kind, request.body)
    if not ory_description.PRESENT:
        return []
    return ory_description.problems(request.method, request.url, request.body)
