"""The MFA settings of an environment (pingone.md 3.3, 4.3)."""

from __future__ import annotations

from typing import Any

from emulators.pingone import wire
from emulators.pingone.emulator import Document, PingOne
from emulators.pingone.errors import invalid, required
from emulators.pingone.moments import stamp

KIND = "mfaSettings"
FORMATS = ("NUMERIC", "ALPHANUMERIC")
DEVICES = (1, 15)
"""pingone.md 3.3 [D TF mfa_settings]: 1..15, default 5."""
USUAL: dict[str, Any] = {
    "pairing": {"maxAllowedDevices": 5, "pairingKeyFormat": "NUMERIC"},
    "lockout": {"failureCount": 5, "durationSeconds": 120},
    "users": {"mfaEnabled": False},
    "phoneExtensions": {"enabled": False},
}


def current(ping: PingOne, environment_id: str) -> Document:
    """The settings in force."""
    return ping.store.get(KIND, environment_id) or USUAL


def write(ping: PingOne, environment_id: str, given: dict[str, Any]) -> None:
    """PUT: the settings whole.

    Raises:
        PingError: 400.
    """
    for name in sorted(given.keys() - USUAL.keys() - {"_links", "environment", "updatedAt"}):
        raise invalid(name, f"{name} is not one of the MFA settings")
    pairing = wire.part(given.get("pairing"), "pairing")
    most = pairing.get("maxAllowedDevices")
    if most is None:
        raise required("pairing.maxAllowedDevices")
    if isinstance(most, bool) or not isinstance(most, int) or not DEVICES[0] <= most <= DEVICES[1]:
        raise invalid(
            "pairing.maxAllowedDevices",
            "must be between 1 and 15",
            detail="OUT_OF_RANGE",
            inner={"rangeMinimumValue": DEVICES[0], "rangeMaximumValue": DEVICES[1]},
        )
    wire.choice(pairing.get("pairingKeyFormat"), "pairing.pairingKeyFormat", FORMATS)
    users = wire.part(given.get("users", USUAL["users"]), "users")
    wire.flag(users.get("mfaEnabled", False), "users.mfaEnabled")
    kept = {name: given.get(name, USUAL[name]) for name in USUAL}
    ping.store.put(KIND, environment_id, kept | {"updatedAt": stamp(ping.now())})


def view(ping: PingOne, environment_id: str) -> Document:
    """As the API shows them."""
    here = f"{ping.api}/environments/{environment_id}"
    links = {"self": {"href": f"{here}/mfaSettings"}, "environment": {"href": here}}
    return {
        "_links": links,
        "environment": {"id": environment_id},
        **current(ping, environment_id),
    }
