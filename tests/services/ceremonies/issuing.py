"""Directories that begin registrations: what the fake begins, and the rows that lead to it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from directories.base import CreationOptions, RemoteIdentity
from models import DirectoryType, Identity, Passkey, Person, Serves
from services import ceremonies
from services.ceremonies import Begun, DirectoryTrouble, Purpose
from services.deliveries import discards
from tests.authenticator.key import encoded
from tests.records import Records
from tests.services.ceremonies.conftest import SESSION

VENDOR = "login.example.com"
"""A relying party ID that covers no page of ours."""
OURS = "localhost"


def offer(
    portal, rp_id: str = VENDOR, *, life: timedelta = timedelta(minutes=5), **changes: Any
) -> Callable[[RemoteIdentity], CreationOptions]:
    """What a directory begins; `changes` are fields of `CreationOptions` or of its options."""

    def begin(identity: RemoteIdentity) -> CreationOptions:
        options = {
            "rp": {"id": rp_id, "name": "Vendor"},
            "user": {
                "id": encoded(b"\x00\xffhandle of " + identity.remote_id.encode()),
                "name": "ada",
                "displayName": "Ada",
            },
            "challenge": encoded(secrets.token_bytes(32)),
            "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in (-37, -7, -257)],
            "timeout": 120_000,
            "excludeCredentials": [],
            "authenticatorSelection": {"residentKey": "required", "userVerification": "required"},
            "attestation": "direct",
        }
        fields = {
            "rp_id": rp_id,
            "origins": (f"https://{rp_id}",),
            "not_after": portal.now() + life,
            "remote": {"device": "device-1"},
            "leaves": "device-1",
            "formats": (),
        }
        for name, value in changes.items():
            (fields if name in fields else options)[name] = value
        return CreationOptions(options={**options}, **fields)

    return begin


def connected(
    portal, person_id: int, *, remote_id: str | None = None, served: bool = True, **more: Any
) -> int:
    """A directory in service; the person is linked to a record of it where one is named."""
    with portal.database.write() as session:
        records = Records(session, portal.now)
        directory = records.directory(
            **{
                "type": DirectoryType.ENTRA,
                "name": "Vendor",
                "serves": Serves.EVERYONE if served else Serves.CHOSEN,
                **more,
            }
        )
        if remote_id is not None:
            records.identity(directory, session.get_one(Person, person_id), remote_id)
        return directory.id


def unlink(portal, directory_id: int) -> None:
    """Forget whose the directory's records are."""
    with portal.database.write() as session:
        for row in session.query(Identity).filter_by(directory_id=directory_id):
            session.delete(row)


def begin(bench, person_id: int, directory_id: int, **more: Any) -> Begun:
    """Have the directory begin."""
    return ceremonies.begin_registration(
        bench.portal,
        **{
            "purpose": Purpose.ENROL,
            "person_id": person_id,
            "session_hash": SESSION,
            "directory": directory_id,
            **more,
        },
    )


def touch(bench, key, begun: Begun, **twists: Any) -> dict[str, Any]:
    """What a page of ours, or a client that claims the origin it was told, answers."""
    return key.create(begun.options, origin=begun.origin or bench.origin, **twists)


class Scene:
    """A person, linked to a record of one directory that begins registrations."""

    def __init__(self, bench, fake, world) -> None:
        self.bench, self.fake, self.world = bench, fake, world
        bench.choose("hid_crescendo")
        self.person = bench.person()
        self.remote = fake.add("ada@example.com").remote_id
        self.directory = connected(bench.portal, self.person, remote_id=self.remote)
        self.offers(VENDOR)

    @property
    def portal(self):
        return self.bench.portal

    def offers(self, *arguments, **more) -> None:
        self.fake.begins = offer(self.portal, *arguments, **more)

    def begin(self, **more):
        return begin(self.bench, self.person, self.directory, **more)

    def touched(self, begun, key=None, **twists) -> str:
        return json.dumps(touch(self.bench, key or self.world.key(), begun, **twists))

    def finish(self, begun, answer, **more):
        return self.bench.finish(self.person, begun.ceremony, answer, **more)

    def enrol(self, **twists) -> Passkey:
        begun = self.begin()
        return self.finish(begun, self.touched(begun, **twists))

    def cancel(self, begun, **more) -> None:
        given = {
            "purpose": Purpose.ENROL,
            "ceremony": str(begun.ceremony),
            "session_hash": SESSION,
            "person_id": self.person,
            **more,
        }
        ceremonies.cancel(self.portal, **given)

    def discard(self) -> list:
        discards.work(self.portal, worker="worker")
        return self.fake.discarded

    def rows(self, kind) -> list:
        with self.portal.database.read() as session:
            return list(session.scalars(select(kind).order_by(kind.id)))

    def trouble(self, **more) -> DirectoryTrouble:
        with pytest.raises(DirectoryTrouble) as refused:
            self.begin(**more)
        return refused.value
