"""What Kratos derives from an identity's traits and credentials, and its rules about them."""

from __future__ import annotations

import uuid
from typing import Any

from emulators.kit.store import Claim
from emulators.ory import errors
from emulators.ory.credentials import credential
from emulators.ory.editions import Edition
from emulators.ory.schemas import flagged

NORMALISED = ("password", "webauthn", "code")
"""ory.md 2.6: identifiers of these are trimmed and lower-cased."""
LOOKED_UP = ("webauthn", "password", "code", "oidc", "saml")
"""ory.md 2.6: where `credentials_identifier` looks. Not passkey."""
FIRST_FACTORS = ("password", "oidc", "saml", "passkey", "code")
BATCH_LIMIT = 1000
BATCH_LIMIT_PLAINTEXT = 200


def normalise(identifier: str) -> str:
    """An identifier as Kratos compares it (ory.md 2.6)."""
    return identifier.strip().lower()


def settle(
    identity: dict[str, Any], schema: dict[str, Any], time: str, *, keep_given: bool
) -> None:
    """Set identifiers and addresses from the flagged traits.

    Args:
        identity: changed in place.
        schema: of the identity.
        time: RFC 3339.
        keep_given: at creation, addresses outside the schema stay until the next update (2.1).
    """
    identifiers: dict[str, list[str]] = {kind: [] for kind in NORMALISED}
    verifiable, recovery = [], []
    for flags, value in flagged(schema, identity["traits"]):
        for kind in NORMALISED:
            if flags.get("credentials", {}).get(kind, {}).get("identifier"):
                identifiers[kind].append(normalise(value))
        if via := flags.get("verification", {}).get("via"):
            verifiable.append((via, normalise(value)))
        if via := flags.get("recovery", {}).get("via"):
            recovery.append((via, normalise(value)))
    held = identity["credentials"]
    for kind, found in identifiers.items():
        # ory.md 2.6: the row exists even without a password.
        if found and kind not in held:
            held[kind] = credential(kind, None, {}, now=time)
        if kind in held:
            held[kind]["identifiers"] = found
    for name, wanted in (("verifiable_addresses", verifiable), ("recovery_addresses", recovery)):
        kept = {(entry["via"], entry["value"]): entry for entry in identity.get(name) or []}
        settled = [kept.get(key) or _address(name, key, time) for key in dict.fromkeys(wanted)]
        if keep_given:
            settled += [entry for key, entry in kept.items() if key not in wanted]
        identity[name] = settled


def given_addresses(identity: dict[str, Any], wanted: dict[str, Any], time: str) -> None:
    """Take over the addresses that a create brings (ory.md 2.1)."""
    for name in ("verifiable_addresses", "recovery_addresses"):
        for given in wanted.get(name, []):
            key = (given.get("via", "email"), normalise(given.get("value", "")))
            entry = _address(name, key, time)
            if name == "verifiable_addresses":
                entry["verified"] = given.get("verified", False)
                entry["status"] = given.get("status") or entry["status"]
            identity[name].append(entry)


def _address(name: str, key: tuple[str, str], time: str) -> dict[str, Any]:
    entry: dict[str, Any] = {"id": str(uuid.uuid4()), "value": key[1], "via": key[0]}
    if name == "verifiable_addresses":
        entry |= {"verified": False, "status": "pending"}
    return {**entry, "created_at": time, "updated_at": time}


def claims(identity: dict[str, Any]) -> set[Claim]:
    """The unique values: identifiers of each type, external_id, addresses (ory.md 3.2, 7)."""
    held: set[Claim] = {
        (kind, identifier)
        for kind, entry in identity["credentials"].items()
        for identifier in entry["identifiers"]
    }
    if identity.get("external_id"):
        held.add(("external_id", identity["external_id"]))
    for name in ("verifiable", "recovery"):
        for entry in identity[f"{name}_addresses"]:
            held.add((f"{name}:{entry['via']}", entry["value"]))
    return held


def refuse_too_many(entries: list[dict[str, Any]]) -> None:
    """ory.md 2.4 [D]: 1000 identities, 200 with plaintext passwords.

    Raises:
        OryError: 400.
    """
    plain = sum(
        1
        for entry in entries
        if entry.get("create", {})
        .get("credentials", {})
        .get("password", {})
        .get("config", {})
        .get("password")
    )
    limit = BATCH_LIMIT_PLAINTEXT if plain else BATCH_LIMIT
    if len(entries) > limit:
        raise errors.bad_request(f"The maximum number of identities per request is {limit}.")


def organization(value: Any) -> str | None:
    """A patched organization id.

    Raises:
        OryError: 400 when it is no UUID.
    """
    if value in (None, ""):
        return None
    try:
        return str(uuid.UUID(value))
    except (ValueError, TypeError, AttributeError) as error:
        raise errors.bad_request("organization_id is not a UUID") from error


def text(value: Any, name: str) -> str:
    """A patched value that must be text.

    Raises:
        OryError: 400 when it is not.
    """
    if not isinstance(value, str):
        raise errors.bad_request(f"{name} is not a string")
    return value


def check_credentials(
    after: dict[str, Any], before: dict[str, Any], edition: Edition, time: str
) -> None:
    """Hold patched credentials against their keys (ory.md 3.4 [K]) and complete them.

    Raises:
        OryError: 400 or, on older versions, 500.
    """
    for kind, entry in after["credentials"].items():
        if entry == before["credentials"].get(kind):
            continue
        given = entry.get("type", "") if isinstance(entry, dict) else ""
        if given != kind:
            if edition.type_mismatch_status == 400:
                raise errors.bad_request(
                    f'credentials.{kind}.type must equal "{kind}", got "{given}"'
                )
            raise errors.database_failed()
        identifiers = entry.get("identifiers") or []
        config = entry.get("config") or {}
        if not (
            isinstance(identifiers, list)
            and all(isinstance(item, str) for item in identifiers)
            and isinstance(config, dict)
        ):
            raise errors.bad_request(f"credentials.{kind} could not be decoded")
        created = before["credentials"].get(kind, {}).get("created_at", time)
        entry |= {
            "identifiers": identifiers,
            "config": config,
            "version": entry.get("version") or 0,
            "created_at": created,
            "updated_at": time,
        }


def remove_credential(identity: dict[str, Any], kind: str, identifier: str) -> None:
    """Remove one credential as DELETE does (ory.md 2.5 [K]).

    Raises:
        OryError: 400, 404.
    """
    held = identity["credentials"]
    if kind in ("passkey", "code"):
        raise errors.bad_request(f"Credentials type {kind} cannot be deleted.")
    if kind not in ("totp", "lookup_secret", "webauthn", "password", "oidc", "saml", "deviceauthn"):
        raise errors.bad_request(f"Unknown credentials type {kind}.")
    if kind not in held:
        raise errors.not_found(f"You tried to remove a {kind} but this user has none set up.")
    if kind == "webauthn":  # only the entries that are not passwordless
        config = held[kind]["config"]
        config["credentials"] = [
            entry for entry in config.get("credentials", []) if entry.get("is_passwordless")
        ]
        return
    if kind in ("password", "oidc", "saml"):
        if sum(_is_set_up(held, factor) for factor in FIRST_FACTORS) < 2:
            raise errors.bad_request("You cannot remove the last first factor credential.")
        if kind != "password":
            _remove_provider(held, kind, identifier)
            return
        held[kind]["config"] = {}
        return
    del held[kind]


def _is_set_up(held: dict[str, Any], kind: str) -> bool:
    if kind not in held:
        return False
    return bool(held[kind]["identifiers"]) and (kind == "code" or bool(held[kind]["config"]))


def _remove_provider(held: dict[str, Any], kind: str, identifier: str) -> None:
    if not identifier:
        raise errors.bad_request("You must provide an identifier to delete this credential.")
    entry = held[kind]
    if identifier not in entry["identifiers"]:
        raise errors.not_found("The identifier was not found.")
    entry["identifiers"].remove(identifier)
    entry["config"]["providers"] = [
        provider
        for provider in entry["config"].get("providers", [])
        if f"{provider.get('provider', '')}:{provider.get('subject', '')}" != identifier
    ]
