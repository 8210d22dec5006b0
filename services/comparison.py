"""A directory's own rules for keys, side by side with the attestation policy in force here.

`compare` is pure. Nothing is changed anywhere: each difference says what to change, and where. A
directory judges keys by itself, so a key must satisfy both; what only one of them accepts is a
surprise waiting for somebody who enrols.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit
from uuid import UUID

from directories.rules import Attestation, Demand, DirectoryRules, Profile
from services.attestation.metadata import MetadataSource, Model
from services.attestation.policy import Policy


class Agreement(StrEnum):
    """How a rule there relates to ours."""

    AGREES = "agrees"
    DIFFERS = "differs"
    UNKNOWN = "cannot compare"


@dataclass(frozen=True)
class Line:
    """One rule, here and there."""

    code: str
    """Stable, as `self_service`."""
    name: str
    here: str
    there: str
    agreement: Agreement
    means: str = ""
    """What follows from a difference."""
    change: str = ""
    """What to change, and where; empty where nothing needs to."""


class Standing(StrEnum):
    """What the directory does with a model."""

    ADMITTED = "admitted"
    REFUSED = "refused"
    UNKNOWN = "cannot compare"


@dataclass(frozen=True)
class ModelLine:
    """One model, there."""

    aaguid: UUID
    model: Model | None
    """None where FIDO metadata does not know it."""
    standing: Standing
    why: str
    """A sentence for the operator; empty where there is nothing to say."""
    profiles: tuple[str, ...] = ()
    """The profiles that admit it, where not all of them do."""


@dataclass(frozen=True)
class Comparison:
    """Everything that agrees and differs."""

    lines: tuple[Line, ...]
    ours: tuple[ModelLine, ...]
    """The models accepted here, by what the directory does with them: worst first."""
    only_there: tuple[ModelLine, ...]
    """The models admitted there that are not accepted here."""
    any_here: bool
    """Whether the policy here accepts every model."""
    any_there: bool
    """Whether the directory admits every model that it does not block."""
    unmapped: tuple[str, ...]
    """Ids in the directory's lists that name no model."""
    change_models: str
    """Where the directory's list of models is changed."""

    @property
    def refused(self) -> int:
        """How many models are accepted here and refused there."""
        return sum(line.standing is Standing.REFUSED for line in self.ours)

    @property
    def agrees(self) -> bool:
        """Whether nothing differs and nothing is left unknown."""
        return (
            not self.only_there
            and not self.unmapped
            and self.any_here is self.any_there
            and all(line.standing is Standing.ADMITTED and not line.profiles for line in self.ours)
            and all(line.agreement is Agreement.AGREES for line in self.lines)
        )


def compare(
    rules: DirectoryRules,
    policy: Policy,
    metadata: MetadataSource,
    *,
    origins: Sequence[str],
) -> Comparison:
    """Compare a directory's rules with the policy.

    Args:
        origins: ours; the relying party ID there covers them or not.
    """
    listed = _listed(rules.profiles)
    ours = policy.allowed_models
    # A policy for any model has nothing to list but what the directory names.
    mine = _blocked(rules.profiles) if ours is None else ours
    others = frozenset() if ours is None else listed - ours
    lines = (_model_line(aaguid, rules, metadata) for aaguid in mine)
    only_there = (_model_line(aaguid, rules, metadata) for aaguid in others)
    return Comparison(
        lines=tuple(_lines(rules, policy, origins)),
        ours=tuple(sorted(lines, key=_order)),
        only_there=tuple(
            sorted((one for one in only_there if one.standing is Standing.ADMITTED), key=_order)
        ),
        any_here=ours is None,
        any_there=any(
            profile.device_bound and profile.admission.only is None for profile in rules.profiles
        ),
        unmapped=tuple(
            dict.fromkeys(name for profile in rules.profiles for name in profile.admission.unmapped)
        ),
        change_models=rules.where.get("profiles", ""),
    )


# -- models ---------------------------------------------------------------------------------------


def _listed(profiles: Iterable[Profile]) -> frozenset[UUID]:
    return frozenset().union(*(one.admission.only or () for one in profiles))


def _blocked(profiles: Iterable[Profile]) -> frozenset[UUID]:
    return frozenset().union(*(one.admission.blocked for one in profiles))


_ORDER = (Standing.REFUSED, Standing.UNKNOWN, Standing.ADMITTED)


def _order(line: ModelLine) -> tuple[int, int, str, str]:
    name = line.model.name if line.model else "~"
    return _ORDER.index(line.standing), not line.profiles, name.lower(), line.aaguid.hex


def _model_line(aaguid: UUID, rules: DirectoryRules, metadata: MetadataSource) -> ModelLine:
    """What the directory does with a model: profiles add up, a match in any admits."""
    model = metadata.model(aaguid)
    judged = [(profile, *_judge(aaguid, model, profile)) for profile in rules.profiles]
    admitted = [profile.name for profile, standing, _ in judged if standing is Standing.ADMITTED]
    if admitted:
        everywhere = len(admitted) == len(judged)
        why = "" if everywhere else "Only for whom these profiles are: " + ", ".join(admitted) + "."
        names = () if everywhere else tuple(admitted)
        return ModelLine(aaguid, model, Standing.ADMITTED, why, names)
    for standing in (Standing.UNKNOWN, Standing.REFUSED):
        for _, found, why in judged:
            if found is standing:
                return ModelLine(aaguid, model, standing, why)
    return ModelLine(aaguid, model, Standing.REFUSED, "Nobody there may have keys.")


def _judge(aaguid: UUID, model: Model | None, profile: Profile) -> tuple[Standing, str]:
    """What one profile does with a model, and why."""
    if not profile.device_bound:
        return Standing.REFUSED, "Keys that stay on their device are not taken there."
    if aaguid in profile.admission.blocked:
        return Standing.REFUSED, "It is blocked there."
    if not profile.admission.admits(aaguid):
        if profile.admission.unmapped:
            return (
                Standing.UNKNOWN,
                "It may be one of the ids there that no model is known for.",
            )
        return Standing.REFUSED, "It is not on the list there."
    if profile.attestation is Attestation.ENFORCED and not _published(model):
        return (
            Standing.REFUSED,
            "Attestation is enforced there, and FIDO publishes nothing to verify this model with.",
        )
    return Standing.ADMITTED, ""


def _published(model: Model | None) -> bool:
    return model is not None and not model.from_file and bool(model.anchors)


# -- the other rules ------------------------------------------------------------------------------


def _lines(rules: DirectoryRules, policy: Policy, origins: Sequence[str]) -> Iterable[Line]:
    yield _enabled(rules)
    if rules.self_service is not None or "self_service" in rules.where:
        yield _self_service(rules)
    yield _attestation(rules, policy)
    yield _rp_id(rules, origins)
    yield _demand(
        rules,
        "discoverable",
        "The key keeps the passkey itself",
        rules.discoverable,
        fits=(Demand.REQUIRED, Demand.PREFERRED),
        means="Keys made there may work only after a user name was typed.",
    )
    yield _demand(
        rules,
        "user_verification",
        "PIN or fingerprint",
        rules.user_verification,
        fits=(Demand.REQUIRED,),
        means="Somebody who finds a key could sign in there by a touch alone.",
    )
    yield _synced(rules, policy)


def _enabled(rules: DirectoryRules) -> Line:
    return _yes_or_no(
        rules,
        "enabled",
        "Keys are switched on",
        "always",
        rules.enabled,
        means="No key can be enrolled or used there.",
        change="Switch it on",
    )


def _self_service(rules: DirectoryRules) -> Line:
    return _yes_or_no(
        rules,
        "self_service",
        "People may set up keys by themselves",
        "only with a link or when signed in",
        rules.self_service,
        means="Keys cannot be added for people either: the directory ties the two together.",
        change="Allow it",
    )


def _yes_or_no(
    rules: DirectoryRules,
    code: str,
    name: str,
    here: str,
    value: bool | None,
    *,
    means: str,
    change: str,
) -> Line:
    if value is None:
        return Line(code, name, here, "not told", Agreement.UNKNOWN)
    if value:
        return Line(code, name, here, "yes", Agreement.AGREES)
    return Line(code, name, here, "no", Agreement.DIFFERS, means, _change(change, rules, code))


_WEAKEST = (Attestation.NONE, Attestation.ASKED, Attestation.ENFORCED)
_ATTESTATION_WORDS = {
    Attestation.NONE: "not asked for",
    Attestation.ASKED: "asked for, not enforced",
    Attestation.ENFORCED: "enforced",
}


def _attestation(rules: DirectoryRules, policy: Policy) -> Line:
    """Whether both treat attestation alike. Of several profiles the weakest and strongest count."""
    code, name = "attestation", "Proof of the model (attestation)"
    here = "demanded" if policy.demand_attestation else "not demanded"
    found = [one.attestation for one in rules.profiles]
    known = sorted((one for one in found if one is not None), key=_WEAKEST.index)
    if not known or len(known) < len(found):
        return Line(code, name, here, "not told", Agreement.UNKNOWN)
    there = " or ".join(dict.fromkeys(_ATTESTATION_WORDS[one] for one in known))
    if policy.demand_attestation and known[0] is Attestation.NONE:
        return Line(
            code,
            name,
            here,
            there,
            Agreement.DIFFERS,
            "A key enrolled by the directory’s own ceremony proves nothing, so it is refused here.",
            _change("Ask for attestation", rules, code),
        )
    if policy.demand_attestation and known[0] is Attestation.ASKED:
        return Line(
            code,
            name,
            here,
            there,
            Agreement.DIFFERS,
            "People who enrol at the directory itself can use keys that prove nothing.",
            _change("Enforce attestation", rules, code),
        )
    if not policy.demand_attestation and known[-1] is Attestation.ENFORCED:
        return Line(
            code,
            name,
            here,
            there,
            Agreement.DIFFERS,
            "Keys that are accepted here without proof are refused there.",
            "Choose a policy here that demands attestation, or no longer enforce it there.",
        )
    return Line(code, name, here, there, Agreement.AGREES)


def _rp_id(rules: DirectoryRules, origins: Sequence[str]) -> Line:
    code, name = "rp_id", "Relying party ID"
    hosts = [urlsplit(origin).hostname or "" for origin in origins]
    here = ", ".join(hosts)
    if rules.rp_id is None:
        return Line(code, name, here, "told with each registration only", Agreement.UNKNOWN)
    if all(host == rules.rp_id or host.endswith(f".{rules.rp_id}") for host in hosts):
        return Line(code, name, here, rules.rp_id, Agreement.AGREES)
    return Line(
        code,
        name,
        here,
        rules.rp_id,
        Agreement.DIFFERS,
        "A browser on this portal’s pages cannot make a key for it.",
        _change("To enrol on these pages, choose a domain that covers this portal", rules, code),
    )


def _demand(
    rules: DirectoryRules,
    code: str,
    name: str,
    value: Demand | None,
    *,
    fits: tuple[Demand, ...],
    means: str,
) -> Line:
    here = "required"
    if value is None:
        return Line(code, name, here, "not told", Agreement.UNKNOWN)
    if value in fits:
        return Line(code, name, here, value.value, Agreement.AGREES)
    change = _change("Set it to required", rules, code)
    return Line(code, name, here, value.value, Agreement.DIFFERS, means, change)


def _synced(rules: DirectoryRules, policy: Policy) -> Line:
    code, name = "synced", "Passkeys that are copied between devices"
    here = "refused" if policy.demand_device_bound else "accepted"
    found = [one.synced for one in rules.profiles]
    if not found or None in found:
        return Line(code, name, here, "not told", Agreement.UNKNOWN)
    there = "accepted" if all(found) else ("refused" if not any(found) else "accepted for some")
    if policy.demand_device_bound and any(found):
        return Line(
            code,
            name,
            here,
            there,
            Agreement.DIFFERS,
            "People who enrol at the directory itself can use passkeys that leave their device.",
            _change("Take only passkeys that stay on their device", rules, code),
        )
    if not policy.demand_device_bound and not all(found):
        return Line(
            code,
            name,
            here,
            there,
            Agreement.DIFFERS,
            "Some passkeys that are accepted here are refused there.",
            "Demand here that passkeys stay on the key, or accept copied ones there.",
        )
    return Line(code, name, here, there, Agreement.AGREES)


def _change(what: str, rules: DirectoryRules, code: str) -> str:
    where = rules.where.get(code) or rules.where.get("profiles", "")
    return f"{what}: {where}." if where else f"{what} there."
