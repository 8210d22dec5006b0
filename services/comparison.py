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


@dataclass(frozen=True)
class _Rule:
    """A rule of ours, to which what the directory says is compared."""

    code: str
    name: str
    here: str

    def agrees(self, there: str) -> Line:
        return Line(self.code, self.name, self.here, there, Agreement.AGREES)

    def unknown(self, there: str = "not told") -> Line:
        return Line(self.code, self.name, self.here, there, Agreement.UNKNOWN)

    def differs(self, there: str, means: str, change: str) -> Line:
        return Line(self.code, self.name, self.here, there, Agreement.DIFFERS, means, change)


def _lines(rules: DirectoryRules, policy: Policy, origins: Sequence[str]) -> Iterable[Line]:
    yield _yes_or_no(
        _Rule("enabled", "Keys are switched on", "always"),
        rules.enabled,
        "No key can be enrolled or used there.",
        _change("Switch it on", rules, "enabled"),
    )
    if rules.self_service is not None or "self_service" in rules.where:
        yield _yes_or_no(
            _Rule(
                "self_service",
                "People may set up keys by themselves",
                "only with a link or when signed in",
            ),
            rules.self_service,
            "Keys cannot be added for people either: the directory ties the two together.",
            _change("Allow it", rules, "self_service"),
        )
    yield _attestation(rules, policy)
    yield _rp_id(rules, origins)
    yield _demand(
        _Rule("discoverable", "The key keeps the passkey itself", "required"),
        rules,
        rules.discoverable,
        fits=(Demand.REQUIRED, Demand.PREFERRED),
        means="Keys made there may work only after a user name was typed.",
    )
    yield _demand(
        _Rule("user_verification", "PIN or fingerprint", "required"),
        rules,
        rules.user_verification,
        fits=(Demand.REQUIRED,),
        means="Somebody who finds a key could sign in there by a touch alone.",
    )
    yield _synced(rules, policy)


def _yes_or_no(rule: _Rule, value: bool | None, means: str, change: str) -> Line:
    if value is None:
        return rule.unknown()
    return rule.agrees("yes") if value else rule.differs("no", means, change)


_WEAKEST = (Attestation.NONE, Attestation.ASKED, Attestation.ENFORCED)
_ATTESTATION_WORDS = {
    Attestation.NONE: "not asked for",
    Attestation.ASKED: "asked for, not enforced",
    Attestation.ENFORCED: "enforced",
}


def _attestation(rules: DirectoryRules, policy: Policy) -> Line:
    """Whether both treat attestation alike. Of several profiles the weakest and strongest count."""
    demanded = policy.demand_attestation
    rule = _Rule(
        "attestation",
        "Proof of the model (attestation)",
        "demanded" if demanded else "not demanded",
    )
    found = [one.attestation for one in rules.profiles]
    known = sorted((one for one in found if one is not None), key=_WEAKEST.index)
    if not known or len(known) < len(found):
        return rule.unknown()
    there = " or ".join(dict.fromkeys(_ATTESTATION_WORDS[one] for one in known))
    if demanded and known[0] is Attestation.NONE:
        return rule.differs(
            there,
            "A key enrolled by the directory’s own ceremony proves nothing, so it is refused here.",
            _change("Ask for attestation", rules, rule.code),
        )
    if demanded and known[0] is Attestation.ASKED:
        return rule.differs(
            there,
            "People who enrol at the directory itself can use keys that prove nothing.",
            _change("Enforce attestation", rules, rule.code),
        )
    if not demanded and known[-1] is Attestation.ENFORCED:
        return rule.differs(
            there,
            "Keys that are accepted here without proof are refused there.",
            "Choose a policy here that demands attestation, or no longer enforce it there.",
        )
    return rule.agrees(there)


def _rp_id(rules: DirectoryRules, origins: Sequence[str]) -> Line:
    hosts = [urlsplit(origin).hostname or "" for origin in origins]
    rule = _Rule("rp_id", "Relying party ID", ", ".join(hosts))
    if rules.rp_id is None:
        return rule.unknown("told with each registration only")
    if all(host == rules.rp_id or host.endswith(f".{rules.rp_id}") for host in hosts):
        return rule.agrees(rules.rp_id)
    return rule.differs(
        rules.rp_id,
        "A browser on this portal’s pages cannot make a key for it.",
        _change("To enrol on these pages, choose a domain that covers this portal", rules, "rp_id"),
    )


def _demand(
    rule: _Rule,
    rules: DirectoryRules,
    value: Demand | None,
    *,
    fits: tuple[Demand, ...],
    means: str,
) -> Line:
    if value is None:
        return rule.unknown()
    if value in fits:
        return rule.agrees(value.value)
    return rule.differs(value.value, means, _change("Set it to required", rules, rule.code))


def _synced(rules: DirectoryRules, policy: Policy) -> Line:
    rule = _Rule(
        "synced",
        "Passkeys that are copied between devices",
        "refused" if policy.demand_device_bound else "accepted",
    )
    found = [one.synced for one in rules.profiles]
    if not found or None in found:
        return rule.unknown()
    there = "accepted" if all(found) else ("refused" if not any(found) else "accepted for some")
    if policy.demand_device_bound and any(found):
        return rule.differs(
            there,
            "People who enrol at the directory itself can use passkeys that leave their device.",
            _change("Take only passkeys that stay on their device", rules, rule.code),
        )
    if not policy.demand_device_bound and not all(found):
        return rule.differs(
            there,
            "Some passkeys that are accepted here are refused there.",
            "Demand here that passkeys stay on the key, or accept copied ones there.",
        )
    return rule.agrees(there)


def _change(what: str, rules: DirectoryRules, code: str) -> str:
    where = rules.where.get(code) or rules.where.get("profiles", "")
    return f"{what}: {where}." if where else f"{what} there."
