"""The tenant's own rules for passkeys, in words that every directory shares.

Entra contract section 4. Passkey profiles are what counts for whom the tenant has them; the older
key restrictions of the whole policy go away on 2027-10-15 and count only for whom there are none.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from directories.base import DirectoryError, Misconfigured, Refused
from directories.entra import documents, permissions
from directories.entra.api import BATCH_SIZE, EntraApi
from directories.entra.credentials import GUID
from directories.rules import Admission, Attestation, Demand, DirectoryRules, Profile

POLICY_PAGE = (
    "Microsoft Entra admin center → Entra ID → Authentication methods → Policies → Passkey (FIDO2)"
)
WHERE: Mapping[str, str] = {
    "enabled": f"{POLICY_PAGE} → Enable and target",
    "self_service": f"{POLICY_PAGE} → Configure → Allow self-service set up",
    "profiles": f"{POLICY_PAGE} → Configure → the profile's Target specific AAGUIDs",
}

_EVERYONE = "all_users"
_MOST_GROUPS = 100
"""Targets whose names are looked up; the rest are shown by their ids."""


@dataclass(frozen=True)
class _Target:
    """Whom a policy is for: a group, or everyone."""

    id: str
    profiles: tuple[str, ...] = ()


def rules(api: EntraApi) -> DirectoryRules:
    """Read the policy and say it in our words.

    Raises:
        DirectoryError: `Misconfigured` with `entra.permission` where it may not be read.
    """
    policy = read(api)
    included = _targets(policy.get("includeTargets"))
    excluded = _targets(policy.get("excludeTargets"))
    names = _names(api, [one.id for one in (*(included or ()), *(excluded or ()))])
    return DirectoryRules(
        source="Passkey (FIDO2) policy",
        enabled=enabled(policy),
        profiles=tuple(_profiles(policy, included, excluded or (), names)),
        self_service=self_service(policy),
        # What every challenge of Entra asks for (section 2.1).
        discoverable=Demand.REQUIRED,
        user_verification=Demand.REQUIRED,
        where=WHERE,
    )


def read(api: EntraApi) -> Mapping[str, Any]:
    """The policy, with its passkey profiles where the tenant has any."""
    policy = api.fido2_policy(expand=False)
    if isinstance(policy, Mapping) and "passkeyProfiles" not in policy:
        with contextlib.suppress(Refused):  # where Graph knows no profiles, restrictions count
            policy = api.fido2_policy(expand=True)
    if not isinstance(policy, Mapping) or policy.get("state") is None:
        raise Misconfigured(
            "What came back is not a policy for passkeys, so this is not Microsoft Graph.",
            code="entra.not_graph",
        )
    return policy


def takes_security_keys(found: DirectoryRules) -> tuple[str, ...]:
    """The names of the profiles that some security key fits."""
    return tuple(
        one.name
        for one in found.profiles
        if one.device_bound and (one.admission.only is None or one.admission.only)
    )


def enabled(policy: Mapping[str, Any]) -> bool | None:
    """Whether passkeys are switched on; None where it is not told."""
    return {"enabled": True, "disabled": False}.get(str(policy.get("state")))


def self_service(policy: Mapping[str, Any]) -> bool | None:
    """Whether people may set passkeys up themselves; None where it is not told."""
    return _flag(policy, "isSelfServiceRegistrationAllowed")


def memberships(api: EntraApi, policy: Mapping[str, Any], user_id: str) -> frozenset[str]:
    """Which of the groups that the policy names a person is in.

    Raises:
        DirectoryError: when it cannot be read.
    """
    targets = (
        *(_targets(policy.get("includeTargets")) or ()),
        *(_targets(policy.get("excludeTargets")) or ()),
    )
    asked = list(dict.fromkeys(one.id for one in targets if GUID.fullmatch(one.id)))
    found: set[str] = set()
    for first in range(0, len(asked), BATCH_SIZE):
        answer = api.groups_among(user_id, asked[first : first + BATCH_SIZE])
        value = answer.get("value") if isinstance(answer, Mapping) else None
        if not isinstance(value, list):
            raise Misconfigured(
                "What came back is no list of groups, so this is not Microsoft Graph.",
                code="entra.not_graph",
            )
        found.update(one.casefold() for one in value if isinstance(one, str))
    return frozenset(found)


def for_person(
    policy: Mapping[str, Any], groups: Collection[str] | None
) -> tuple[bool | None, tuple[Profile, ...]]:
    """Whether the policy is for a person, and the profiles that may be theirs (section 4).

    Args:
        policy: as `read` reads it.
        groups: those of its groups that they are in, from `memberships`; None where that could
            not be read, so that only what is for everyone is known.
    """
    included = _targets(policy.get("includeTargets"))
    excluded = _targets(policy.get("excludeTargets")) or ()
    if included is None:
        return None, ()

    def hits(target: _Target) -> bool | None:
        if target.id == _EVERYONE:
            return True
        return None if groups is None else target.id.casefold() in groups

    theirs = [one for one in included if hits(one) is not False]
    profiles = tuple(_profiles(policy, theirs, (), {}))
    outside = [hits(one) for one in excluded]
    if True in outside or not theirs:
        return False, profiles
    if None in outside or not any(hits(one) for one in theirs):
        return None, profiles
    return True, profiles


def _profiles(
    policy: Mapping[str, Any],
    included: Sequence[_Target] | None,
    excluded: Sequence[_Target],
    names: Mapping[str, str],
) -> Iterable[Profile]:
    """Each profile that is for somebody, and the older restrictions for whom there is none.

    A target that names no profile is under the older restrictions (section 4, step 4), and under
    the default profile once Graph tells those no more.
    """
    entries = policy.get("passkeyProfiles")
    listed = (
        [one for one in entries if isinstance(one, Mapping)] if isinstance(entries, list) else []
    )
    if not listed:
        yield _older(policy, _whom(included, excluded, names))
        return
    restricted = isinstance(policy.get("keyRestrictions"), Mapping)
    default = () if restricted else (str(policy.get("defaultPasskeyProfile")).casefold(),)
    for one in listed:
        name = documents.object_id(one).casefold()
        for_it = (
            None
            if included is None
            else [target for target in included if name in (target.profiles or default)]
        )
        if for_it == []:
            continue  # it is for nobody, so it binds nobody
        kinds = _kinds(one.get("passkeyTypes"))
        yield Profile(
            name=documents.text(one, "name") or name or "A profile without a name",
            applies_to=_whom(for_it, excluded, names),
            admission=_admission(one.get("keyRestrictions")),
            device_bound=kinds is None or "devicebound" in kinds,
            synced=None if kinds is None else "synced" in kinds,
            attestation=_attestation(
                {"registrationonly": True, "disabled": False}.get(
                    documents.text(one, "attestationEnforcement").casefold()
                )
            ),
        )
    bare = [target for target in included or () if not target.profiles]
    if bare and restricted:
        yield _older(policy, _whom(bare, excluded, names))


def _older(policy: Mapping[str, Any], applies_to: str) -> Profile:
    """The older restrictions of the whole policy, in the words of a profile."""
    return Profile(
        name="Key restrictions",
        applies_to=applies_to,
        admission=_admission(policy.get("keyRestrictions")),
        device_bound=True,
        synced=None,
        attestation=_attestation(_flag(policy, "isAttestationEnforced")),
    )


def _admission(restrictions: Any) -> Admission:
    """Which models are admitted; ids that are no AAGUID are handed on, and nothing is guessed."""
    if not isinstance(restrictions, Mapping) or restrictions.get("isEnforced") is not True:
        return Admission()
    kind = documents.text(restrictions, "enforcementType").casefold()
    listed = restrictions.get("aaGuids")
    models: set[uuid.UUID] = set()
    unmapped: list[str] = []
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, str) and GUID.fullmatch(one.strip()):
            models.add(uuid.UUID(one.strip()))
        else:
            unmapped.append(documents.text({"id": one}, "id") or "(not an AAGUID)")
    if kind == "allow":
        return Admission(only=frozenset(models), unmapped=tuple(unmapped))
    if kind == "block":
        return Admission(blocked=frozenset(models), unmapped=tuple(unmapped))
    return Admission(unmapped=(*map(str, sorted(models)), *unmapped, f"enforcementType {kind}"))


def _attestation(enforced: bool | None) -> Attestation | None:
    if enforced is None:
        return None
    return Attestation.ENFORCED if enforced else Attestation.ASKED


def _kinds(value: Any) -> frozenset[str] | None:
    """Flags, which Graph writes as one text with commas."""
    if not isinstance(value, str):
        return None
    return frozenset(one.strip().casefold() for one in value.split(","))


def _flag(policy: Mapping[str, Any], name: str) -> bool | None:
    value = policy.get(name)
    return value if isinstance(value, bool) else None


def _targets(entries: Any) -> tuple[_Target, ...] | None:
    """Targets; None where the answer does not tell them."""
    if not isinstance(entries, list):
        return None
    found = []
    for one in entries:
        if name := documents.object_id(one):
            profiles = one.get("allowedPasskeyProfiles")
            ids = (
                [id for id in profiles if isinstance(id, str)] if isinstance(profiles, list) else ()
            )
            found.append(_Target(name, tuple(id.casefold() for id in ids)))
    return tuple(found)


def _whom(
    included: Sequence[_Target] | None, excluded: Sequence[_Target], names: Mapping[str, str]
) -> str:
    if included is None:
        return "not told"
    who = "nobody"
    if any(one.id == _EVERYONE for one in included):
        who = "everyone"
    elif included:
        who = ", ".join(names.get(one.id, one.id) for one in included)
    if excluded:
        who += f", except {', '.join(names.get(one.id, one.id) for one in excluded)}"
    return who


def _names(api: EntraApi, ids: Sequence[str]) -> dict[str, str]:
    """The names of groups, as far as they can be read; a policy is worth reading without them."""
    asked = [one for one in dict.fromkeys(ids) if GUID.fullmatch(one)][:_MOST_GROUPS]
    found: dict[str, str] = {}
    for first in range(0, len(asked), BATCH_SIZE):
        some = asked[first : first + BATCH_SIZE]
        requests = [
            {"method": "GET", "url": f"/groups/{one}?$select={documents.GROUP_FIELDS}"}
            for one in some
        ]
        try:
            answers = api.batch(requests, permissions.GROUPS)
        except DirectoryError:
            break
        for one, item in zip(some, answers, strict=True):
            if item.status == 200 and (name := documents.text(item.body, "displayName")):
                found[one] = name
    return found
