"""A user's MFA devices: begin a FIDO2 one, list, name, order, remove (pingone.md 3.1, 3.3)."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from emulators.pingone import fido_policies, options, settings, wire
from emulators.pingone.emulator import Document, PingOne
from emulators.pingone.errors import PingError, invalid, required
from emulators.pingone.moments import stamp

KIND = "device"
ACTIVE, PENDING = "ACTIVE", "ACTIVATION_REQUIRED"
# pingone.md 3.1: rp and policy; nickname, block and lock are optional. CM: status, name are not.
FIELDS = frozenset({"type", "rp", "policy", "nickname", "block", "lock"})
TYPES = ("FIDO2", "EMAIL", "SMS", "VOICE", "TOTP", "MOBILE", "PLATFORM", "SECURITY_KEY")
HIDDEN = ("credential", "ceremony", "order")
NICKNAME = 100
"""pingone.md 3.3 [D TF]."""


def begin(ping: PingOne, user: Document, given: dict[str, Any]) -> tuple[Document, str]:
    """POST: a FIDO2 device that waits for activation, and its creation options.

    Raises:
        PingError: 400 for a wrong body, policy or user; 429 REQUEST_LIMITED / LIMIT_EXCEEDED
            without Retry-After when the user has as many devices as may be (pingone.md 1.4).
    """
    _check_fields(ping, given)
    environment = user["environment"]["id"]
    policy, fido_policy = _policies(ping, environment, given.get("policy"))
    rp = _relying_party(ping, given.get("rp"), fido_policy)
    _check_user(ping, user)
    _check_cap(ping, user)
    now = ping.now()
    device: Document = {
        "id": str(uuid.uuid4()),
        "environment": {"id": environment},
        "user": {"id": user["id"]},
        "type": "FIDO2",
        "status": PENDING,
        "policy": {"id": policy["id"]},
        "rp": rp,
        "displayName": fido_policy["deviceDisplayName"],
        "block": {"status": "UNBLOCKED"},
        "lock": {"status": "UNLOCKED"},
        "createdAt": stamp(now),
        "updatedAt": stamp(now),
        "order": 0,
        "ceremony": {
            "challenge": options.challenge(),
            "fidoPolicy": fido_policy["id"],
            "until": stamp(now + timedelta(seconds=fido_policies.timeout(fido_policy))),
        },
    }
    if given.get("nickname") is not None:
        device["nickname"] = wire.text(given["nickname"], "nickname", longest=NICKNAME)
    ping.put(KIND, device)
    held = [one["credential"]["id"] for one in of_user(ping, user) if "credential" in one]
    named = ping.variants["options_rp_name"] == "present"
    return device, options.encoded(device, user, fido_policy, held=held, named=named)


def of_user(ping: PingOne, user: Document) -> list[Document]:
    """A user's devices, in their order (pingone.md 3.3)."""
    held = [
        one for one in ping.of(user["environment"]["id"], KIND) if one["user"]["id"] == user["id"]
    ]
    return sorted(held, key=lambda one: (int(one["order"]), str(one["createdAt"])))


def reorder(ping: PingOne, user: Document, given: dict[str, Any]) -> list[Document]:
    """devices.reorder (pingone.md 3.3 [C SDK]).

    Raises:
        PingError: 400 for what is no list of the user's devices.
    """
    order = given.get("order")
    if order is None:
        raise required("order")
    held = {one["id"]: one for one in of_user(ping, user)}
    named = [one.get("id") if isinstance(one, dict) else None for one in order]
    if len(set(named)) != len(named) or not set(named) <= held.keys():
        raise invalid("order", "must name each of the user's devices once")
    rest = [device for device in held if device not in named]
    with ping.store.transaction():
        for place, device in enumerate([*map(str, named), *rest]):
            ping.put(KIND, held[device] | {"order": place})
    return of_user(ping, user)


def forget_order(ping: PingOne, user: Document) -> None:
    """devices.order.remove (pingone.md 3.3 [C SDK])."""
    with ping.store.transaction():
        for device in of_user(ping, user):
            ping.put(KIND, device | {"order": 0})


def name(ping: PingOne, device: Document, given: dict[str, Any]) -> Document:
    """PUT …/nickname (pingone.md 3.3).

    Raises:
        PingError: 400.
    """
    nickname = wire.text(given.get("nickname"), "nickname", longest=NICKNAME)
    changed = device | {"nickname": nickname, "updatedAt": stamp(ping.now())}
    ping.put(KIND, changed)
    return changed


def view(ping: PingOne, device: Document) -> Document:
    """A device as the API shows it."""
    here = f"{ping.api}/environments/{device['environment']['id']}"
    user = f"{here}/users/{device['user']['id']}"
    links = {
        "self": {"href": f"{user}/devices/{device['id']}"},
        "environment": {"href": here},
        "user": {"href": user},
    }
    return {"_links": links, **{k: v for k, v in device.items() if k not in HIDDEN}}


def _check_fields(ping: PingOne, given: dict[str, Any]) -> None:
    kind = wire.choice(given.get("type"), "type", TYPES)
    if kind != "FIDO2":
        raise invalid("type", f"{kind} devices can only be seeded in this emulator")
    unknown = sorted(given.keys() - FIELDS)
    if unknown and ping.variants["unknown_device_fields"] == "refused":
        raise invalid(unknown[0], f"{unknown[0]} cannot be set")


def _policies(ping: PingOne, environment: str, given: Any) -> tuple[Document, Document]:
    """The MFA policy named (not a FIDO policy's id: 3.1), and the FIDO policy that it leads to."""
    if given is None and ping.variants["bare_create"] == "accepted":
        every = ping.of(environment, "deviceAuthenticationPolicy")
        policy = next((one for one in every if one["default"]), None)
    else:
        policy_id = wire.part(given, "policy").get("id")
        policy_id = wire.text(policy_id, "policy.id", longest=64)
        policy = ping.one(environment, "deviceAuthenticationPolicy", policy_id)
    if policy is None:
        raise invalid("policy.id", "The device authentication policy was not found")
    fido2 = policy["fido2"]
    if not fido2["enabled"]:  # pingone.md 3.3 [3P CM]
        raise invalid("type", "FIDO2 is disabled in the policy")
    if fido2.get("pairingDisabled"):
        code = ping.variants["pairing_disabled_code"]
        raise invalid("type", "Pairing is disabled in the policy", detail=code)
    fido_policy_id = fido2.get("fido2PolicyId")
    fido_policy = (
        ping.one(environment, fido_policies.KIND, fido_policy_id)
        if fido_policy_id
        else fido_policies.default(ping, environment)  # pingone.md 3.1: null is the default one
    )
    if fido_policy is None:
        raise invalid("policy.id", "The policy has no FIDO2 policy")
    return policy, fido_policy


def _relying_party(ping: PingOne, given: Any, fido_policy: Document) -> Document:
    """rp.id overrides the policy's; without rp the policy's is taken (pingone.md 3.1)."""
    if given is None and ping.variants["bare_create"] == "accepted":
        return {"id": fido_policy["relyingPartyId"], "name": fido_policy["relyingPartyId"]}
    rp = wire.part(given, "rp")
    rp_id = wire.text(rp.get("id"), "rp.id", longest=253)
    named = wire.text(rp.get("name"), "rp.name", longest=256)
    differs = rp_id != fido_policy["relyingPartyId"]
    if differs and ping.variants["rp_override"] == "refused":
        raise invalid("rp.id", "must be the relying party ID of the FIDO2 policy")
    return {"id": rp_id, "name": named}


def _check_user(ping: PingOne, user: Document) -> None:
    if not user["enabled"] and ping.variants["disabled_user_pairing"] == "refused":
        raise invalid("user", "The user is disabled", detail="ACCOUNT_NOT_USABLE")
    if not user["mfaEnabled"] and ping.variants["mfa_disabled_pairing"] == "refused":
        raise invalid("user", "MFA is not enabled for the user")


def _check_cap(ping: PingOne, user: Document) -> None:
    """All MFA devices that are Active or Blocked count (pingone.md 3.3 [D TF])."""
    most = int(settings.current(ping, user["environment"]["id"])["pairing"]["maxAllowedDevices"])
    pending_count = ping.variants["pending_devices"] == "counted"
    counted = [
        one
        for one in of_user(ping, user)
        if one["status"] == ACTIVE
        or one["block"]["status"] == "BLOCKED"
        or (pending_count and one["status"] == PENDING)
    ]
    if len(counted) >= most:
        raise PingError(
            429,
            detail="LIMIT_EXCEEDED",
            target="devices",
            message="The user has reached the maximum number of devices",
            inner={"quotaLimit": most},
        )
