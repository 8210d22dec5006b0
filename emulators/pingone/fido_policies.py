"""FIDO policies: what one must hold (pingone.md 4.1 [C SDK; D POL])."""

from __future__ import annotations

import re
import uuid
from typing import Any

from emulators.pingone import wire
from emulators.pingone.emulator import Document, PingOne
from emulators.pingone.errors import invalid, required
from emulators.pingone.moments import stamp

KIND = "fido2Policy"
LEVELS = ("DISCOURAGED", "PREFERRED", "REQUIRED")
ATTACHMENTS = ("PLATFORM", "CROSS_PLATFORM", "BOTH")
ATTESTATIONS = ("NONE", "DIRECT", "ENTERPRISE")
MDS = ("NONE", "AUDIT_ONLY", "GLOBAL", "CERTIFIED", "SPECIFIC")
HINTS = ("SECURITY_KEY", "CLIENT_DEVICE", "HYBRID")
UNITS = {"SECONDS": 1, "MINUTES": 60}
DOMAIN = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+(?:[a-z]{2,}|xn--[a-z0-9]+)")
READ_ONLY = (
    "id",
    "environment",
    "_links",
    "createdAt",
    "updatedAt",
    "deviceAuthenticationPolicies",
)
FIELDS = frozenset({
    "name", "description", "default", "relyingPartyId", "discoverableCredentials",
    "authenticatorAttachment", "userVerification", "backupEligibility", "attestationRequirements",
    "mdsAuthenticatorsRequirements", "userDisplayNameAttributes", "deviceDisplayName",
    "aggregateDevices", "publicKeyCredentialHints", "userPresenceTimeout",
    "eaUniqueIdentifierAttribute", *READ_ONLY,
})  # fmt: skip


def write(
    ping: PingOne, environment_id: str, given: dict[str, Any], before: Document | None
) -> Document:
    """POST (nothing before) or PUT: the policy whole, in place of what was.

    Raises:
        PingError: 400.
    """
    now = stamp(ping.now())
    policy = {
        "id": before["id"] if before else str(uuid.uuid4()),
        "environment": {"id": environment_id},
        "createdAt": before["createdAt"] if before else now,
        "updatedAt": now,
        **checked(ping, given),
    }
    policy["default"] = bool(policy.get("default")) or bool(before and before["default"])
    with ping.store.transaction():
        if policy["default"]:
            _only_default(ping, policy)
        ping.put(KIND, policy)
    return policy


def remove(ping: PingOne, policy: Document) -> None:
    """DELETE.

    Raises:
        PingError: 400 CONSTRAINT_VIOLATION for the default one (pingone.md 4.1, 6.7 [C TF #845]).
    """
    if policy["default"]:
        raise invalid("default", "cannot delete the default policy", detail="CONSTRAINT_VIOLATION")
    ping.store.delete(KIND, policy["id"])


def default(ping: PingOne, environment_id: str) -> Document | None:
    """The environment's default FIDO policy."""
    return next((one for one in ping.of(environment_id, KIND) if one["default"]), None)


def view(ping: PingOne, policy: Document, *, users: list[str] | None = None) -> Document:
    """As the API shows it; `users` are the MFA policies of `?expand=`."""
    here = f"{ping.api}/environments/{policy['environment']['id']}"
    links = {
        "self": {"href": f"{here}/fido2Policies/{policy['id']}"},
        "environment": {"href": here},
    }
    shown = {"_links": links, **policy}
    return shown if users is None else shown | {"deviceAuthenticationPolicies": users}


def checked(ping: PingOne, given: dict[str, Any]) -> Document:
    """The fields of a policy, each held against its rule (the table of pingone.md 4.1).

    Raises:
        PingError: 400.
    """
    for name in sorted(given.keys() - FIELDS):
        raise invalid(name, f"{name} is not a field of a FIDO2 policy")
    policy = {name: value for name, value in given.items() if name not in READ_ONLY}
    wire.text(policy.get("name"), "name", longest=256)
    wire.text(policy.get("deviceDisplayName"), "deviceDisplayName", longest=100)
    _check_rp_id(ping, policy.get("relyingPartyId"))
    for name, allowed in (
        ("discoverableCredentials", LEVELS),
        ("authenticatorAttachment", ATTACHMENTS),
        ("attestationRequirements", ATTESTATIONS),
    ):
        wire.choice(policy.get(name), name, allowed)
    verification = wire.part(policy.get("userVerification"), "userVerification")
    wire.choice(verification.get("option"), "userVerification.option", LEVELS)
    _enforced(verification, "userVerification")
    backup = wire.part(policy.get("backupEligibility"), "backupEligibility")
    wire.flag(backup.get("allow"), "backupEligibility.allow")
    _enforced(backup, "backupEligibility")
    _check_mds(ping, policy)
    _check_display_name(policy.get("userDisplayNameAttributes"))
    _check_options(policy)
    return policy


def _check_rp_id(ping: PingOne, value: Any) -> None:
    """A plain domain in lower case; localhost by its switch (pingone.md 4.2 [U])."""
    rp_id = wire.text(value, "relyingPartyId", longest=253)
    if rp_id == "localhost" and ping.variants["localhost_policy"] == "accepted":
        return
    if not DOMAIN.fullmatch(rp_id):
        raise invalid(
            "relyingPartyId", "must be a valid domain", inner={"allowedPattern": DOMAIN.pattern}
        )


def _enforced(value: dict[str, Any], target: str) -> None:
    wire.flag(value.get("enforceDuringAuthentication"), f"{target}.enforceDuringAuthentication")


def _check_mds(ping: PingOne, policy: Document) -> None:
    target = "mdsAuthenticatorsRequirements"
    mds = wire.part(policy.get(target), target)
    option = wire.choice(mds.get("option"), f"{target}.option", MDS)
    _enforced(mds, target)
    allowed = mds.get("allowedAuthenticators")
    if allowed is not None and not (
        isinstance(allowed, list)
        and all(isinstance(one, dict) and isinstance(one.get("id"), str) for one in allowed)
    ):
        raise invalid(f"{target}.allowedAuthenticators", "must be a list of objects with an id")
    if option == "SPECIFIC" and not allowed:
        raise required(f"{target}.allowedAuthenticators")
    if (
        policy["attestationRequirements"] == "NONE"
        and option != "NONE"
        and ping.variants["mds_without_attestation"] == "refused"
    ):
        raise invalid(f"{target}.option", "must be NONE when attestationRequirements is NONE")


def _check_display_name(value: Any) -> None:
    """1..6 attributes with username; name needs given and family, or formatted."""
    target = "userDisplayNameAttributes"
    attributes = wire.part(value, target).get("attributes")
    if attributes is None:
        raise required(f"{target}.attributes")
    if not isinstance(attributes, list) or not 1 <= len(attributes) <= 6:
        raise invalid(f"{target}.attributes", "must hold 1 to 6 attributes")
    names = {}
    for one in attributes:
        attribute = wire.part(one, f"{target}.attributes")
        name = wire.text(attribute.get("name"), f"{target}.attributes.name", longest=256)
        names[name] = {part.get("name") for part in attribute.get("subAttributes") or []}
    if "username" not in names:
        raise invalid(f"{target}.attributes", "must contain username")
    parts = names.get("name")
    if parts is not None and not (parts >= {"given", "family"} or "formatted" in parts):
        raise invalid(f"{target}.attributes", "name needs given and family, or formatted")


def _check_options(policy: Document) -> None:
    for name in ("default", "aggregateDevices"):
        if policy.get(name) is not None:
            wire.flag(policy[name], name)
    hints = policy.get("publicKeyCredentialHints")
    if hints is not None and not (isinstance(hints, list) and hints and set(hints) <= set(HINTS)):
        raise invalid("publicKeyCredentialHints", "unknown hints", inner={"allowedValues": HINTS})
    if policy.get("userPresenceTimeout") is not None:
        seconds = timeout(policy)
        if not 60 <= seconds <= 600:
            raise invalid("userPresenceTimeout.duration", "1 to 10 minutes", detail="OUT_OF_RANGE")
    unique = policy.get("eaUniqueIdentifierAttribute")
    if unique is not None and policy["attestationRequirements"] != "ENTERPRISE":
        raise invalid("eaUniqueIdentifierAttribute", "is for ENTERPRISE attestation only")


def timeout(policy: Document) -> int:
    """Seconds to touch the key in: 2 minutes unless the policy says (pingone.md 3.1, 4.1).

    Raises:
        PingError: 400 for an unknown unit or a duration that is no number.
    """
    value = policy.get("userPresenceTimeout")
    if value is None:
        return 120
    given = wire.part(value, "userPresenceTimeout")
    unit = wire.choice(given.get("timeUnit"), "userPresenceTimeout.timeUnit", tuple(UNITS))
    duration = given.get("duration")
    if not isinstance(duration, int) or isinstance(duration, bool):
        raise invalid("userPresenceTimeout.duration", "must be a whole number")
    return duration * UNITS[unit]


def _only_default(ping: PingOne, policy: Document) -> None:
    for other in ping.of(policy["environment"]["id"], KIND):
        if other["default"] and other["id"] != policy["id"]:
            ping.put(KIND, other | {"default": False})
