"""The "Global Authenticators" table: fidoDevicesMetadata (pingone.md 4.4 [C SDK; D META])."""

from __future__ import annotations

import re
import uuid
from typing import Any

from emulators.pingone import wire
from emulators.pingone.emulator import Document, PingOne
from emulators.pingone.errors import invalid, required
from emulators.pingone.moments import stamp

KIND = "fidoDeviceMetadata"
KEY_IDENTIFIER = re.compile(r"[0-9a-f]{40}")


def add(ping: PingOne, environment_id: str, given: dict[str, Any]) -> Document:
    """POST: a custom authenticator, FIDO2 by its AAGUID or U2F by its key identifiers.

    Raises:
        PingError: 400.
    """
    statement = wire.part(given.get("metadataStatement"), "metadataStatement")
    identifiers = given.get("attestationCertificateKeyIdentifiers")
    entry: Document = {
        "id": str(uuid.uuid4()),
        "environment": {"id": environment_id},
        "createdAt": stamp(ping.now()),
        "updatedAt": stamp(ping.now()),
        "description": statement.get("description", ""),
        "custom": True,
        "metadataStatement": statement,
    }
    if identifiers is None:
        aaguid = _aaguid(given.get("aaguid"), "aaguid")
        if _aaguid(statement.get("aaguid"), "metadataStatement.aaguid") != aaguid:
            raise invalid("metadataStatement.aaguid", "must be the aaguid")
        entry["aaguid"] = entry["mdsIdentifier"] = aaguid
        entry["metadataStatement"] = _with_info(statement, aaguid)
    else:
        if not _are_identifiers(identifiers):
            raise invalid("attestationCertificateKeyIdentifiers", "must be 40 hex digits each")
        entry["attestationCertificateKeyIdentifiers"] = identifiers
        entry["mdsIdentifier"] = identifiers[0]
    if not isinstance(statement.get("attestationRootCertificates"), list):
        raise required("metadataStatement.attestationRootCertificates")
    ping.put(KIND, entry)
    return entry


def remove(ping: PingOne, entry: Document) -> None:
    """DELETE, of custom ones only (the contract says how they are added, and no more).

    Raises:
        PingError: 400 CONSTRAINT_VIOLATION.
    """
    if not entry["custom"]:
        raise invalid("id", "only custom authenticators can be deleted",
                      detail="CONSTRAINT_VIOLATION")  # fmt: skip
    ping.store.delete(KIND, entry["id"])


def of_model(ping: PingOne, environment_id: str, aaguid: uuid.UUID) -> Document | None:
    """The entry of a model."""
    return next(
        (one for one in ping.of(environment_id, KIND) if one.get("aaguid") == str(aaguid)), None
    )


def view(ping: PingOne, entry: Document) -> Document:
    """As the API shows it; which field holds the mdsIdentifier is a switch (4.4 [U])."""
    here = f"{ping.api}/environments/{entry['environment']['id']}"
    shown = {
        "_links": {"self": {"href": f"{here}/fidoDevicesMetadata/{entry['id']}"}},
        **{name: value for name, value in entry.items() if name != "custom"},
    }
    if ping.variants["mds_identifier_field"] == "id":
        del shown["mdsIdentifier"]
    return shown


def _with_info(statement: dict[str, Any], aaguid: str) -> dict[str, Any]:
    """The answer repeats the aaguid without dashes in authenticatorGetInfo (4.4)."""
    info = {**(statement.get("authenticatorGetInfo") or {}), "aaguid": aaguid.replace("-", "")}
    return {**statement, "authenticatorGetInfo": info}


def _aaguid(value: Any, target: str) -> str:
    if value is None:
        raise required(target)
    try:
        return str(uuid.UUID(value))
    except (ValueError, AttributeError, TypeError) as error:
        raise invalid(target, f"{target} is not an AAGUID") from error


def _are_identifiers(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(one, str) and KEY_IDENTIFIER.fullmatch(one) for one in value)
    )
