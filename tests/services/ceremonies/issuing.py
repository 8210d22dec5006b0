"""Directories that begin registrations: what the fake begins, and the rows that lead to it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from directories.base import CreationOptions, RemoteIdentity
from models import DirectoryType, Identity, Person, Serves
from services import ceremonies
from services.ceremonies import Begun, Purpose
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
