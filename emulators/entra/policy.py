"""The tenant's policy of FIDO2 keys, and what it says of a user and a key (entra.md 4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from emulators.kit.store import Store

DEFAULT_PROFILE = "00000000-0000-0000-0000-000000000001"
PILOT_PROFILE = "7c6f7f0e-5e0b-4f7a-9f26-3a1f0b2f6a11"
DEPRECATED = ("isAttestationEnforced", "keyRestrictions")
OPEN: dict[str, Any] = {"isEnforced": False, "enforcementType": "block", "aaGuids": []}
EVERYBODY = "all_users"

FRESH: dict[str, Any] = {
    "id": "Fido2",
    "state": "enabled",
    "isSelfServiceRegistrationAllowed": True,
    "isAttestationEnforced": False,
    "defaultPasskeyProfile": DEFAULT_PROFILE,
    "keyRestrictions": OPEN,
    "excludeTargets": [],
    "includeTargets": [
        {
            "targetType": "group",
            "id": EVERYBODY,
            "isRegistrationRequired": False,
            "allowedPasskeyProfiles": [DEFAULT_PROFILE],
        }
    ],
    "passkeyProfiles": [
        {
            "id": DEFAULT_PROFILE,
            "name": "Default passkey profile",
            "passkeyTypes": "deviceBound",
            "attestationEnforcement": "disabled",
            "keyRestrictions": OPEN,
        }
    ],
}


@dataclass(frozen=True)
class Key:
    """What the policy judges of a key at registration."""

    aaguid: str
    synced: bool
    attested: bool


class Policy:
    """The policy, and the switch of Temporary Access Passes.

    Args:
        store: where it is kept.
        is_member: whether a user is in a group, at any depth.
    """

    def __init__(self, store: Store, is_member: Callable[[str, str], bool]) -> None:
        self._store = store
        self._is_member = is_member

    def reset(self) -> None:
        """As in a fresh tenant."""
        self._store.put("setting", "fido2", FRESH)
        self._store.put("setting", "passes", {"enabled": True})

    def all(self) -> dict[str, Any]:
        """The fido2 policy, whole."""
        return self._store.get("setting", "fido2") or FRESH

    def change(self, **fields: Any) -> None:
        """Write some fields anew, by Graph's names.

        Raises:
            ValueError: for a field that the policy has not.
        """
        unknown = set(fields) - set(FRESH)
        if unknown:
            raise ValueError(f"the policy has no {sorted(unknown)}")
        self._store.put("setting", "fido2", self.all() | fields)

    @property
    def passes(self) -> bool:
        """Whether Temporary Access Passes are on (entra.md 5)."""
        return bool((self._store.get("setting", "passes") or {}).get("enabled"))

    def allow_passes(self, allowed: bool) -> None:
        """Switch Temporary Access Passes on or off."""
        self._store.put("setting", "passes", {"enabled": allowed})

    @property
    def enabled(self) -> bool:
        """Step 1 of the algorithm (entra.md 4 [I])."""
        return bool(self.all()["state"] == "enabled")

    @property
    def self_service(self) -> bool:
        """Step 2: must be on for the API, too (entra.md 0 [D S6])."""
        return bool(self.all()["isSelfServiceRegistrationAllowed"])

    def targets(self, user_id: str) -> list[dict[str, Any]]:
        """Step 3: the included targets a user is in; none where one excludes them."""
        policy = self.all()
        if any(self._hits(target, user_id) for target in policy["excludeTargets"]):
            return []
        return [target for target in policy["includeTargets"] if self._hits(target, user_id)]

    def _hits(self, target: dict[str, Any], user_id: str) -> bool:
        if target["id"] == EVERYBODY:
            return True
        return self._is_member(user_id, target["id"])

    def refusal(self, user_id: str, key: Key) -> str:
        """Steps 4 to 7: why a key is refused; empty when it is admitted.

        Several profiles add up: one that admits is enough (entra.md 4 [O S35]).
        """
        rules = self._rules(user_id)
        reasons = [_reason(rule, key) for rule in rules]
        return "" if "" in reasons else (reasons or ["The user is not targeted."])[0]

    def _rules(self, user_id: str) -> list[dict[str, Any]]:
        policy = self.all()
        profiles = {profile["id"]: profile for profile in policy["passkeyProfiles"]}
        allowed = [
            name
            for target in self.targets(user_id)
            for name in target.get("allowedPasskeyProfiles") or []
        ]
        chosen = [profiles[name] for name in allowed if name in profiles]
        if chosen:
            return chosen
        # Without profiles the global settings hold (entra.md 4 step 4).
        enforced = policy["isAttestationEnforced"]
        return [
            {
                "passkeyTypes": "deviceBound",
                "attestationEnforcement": "registrationOnly" if enforced else "disabled",
                "keyRestrictions": policy["keyRestrictions"],
            }
        ]


def _reason(rule: dict[str, Any], key: Key) -> str:
    kinds = [kind.strip() for kind in rule["passkeyTypes"].split(",")]
    if ("synced" if key.synced else "deviceBound") not in kinds:
        return "The passkey type is not allowed by policy."
    restrictions = rule["keyRestrictions"] or OPEN
    listed = key.aaguid in [aaguid.lower() for aaguid in restrictions["aaGuids"]]
    if restrictions["isEnforced"] and listed is not (restrictions["enforcementType"] == "allow"):
        return "The authenticator AAGUID is restricted by policy."
    if rule["attestationEnforcement"] == "registrationOnly" and not key.attested:
        return "The attestation cannot be verified, and the policy enforces it."
    return ""
