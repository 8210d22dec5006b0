"""What the tenant's policy for passkeys means for a connection (Entra contract section 4)."""

from __future__ import annotations

from directories.base import Check
from directories.entra import policy
from directories.outcomes import failed, passed, unknown
from directories.rules import DirectoryRules

_NO_POLICY = "The policy does not tell, or cannot be read: see the check above."


def switched_on(rules: DirectoryRules) -> Check:
    """Whether passkeys are on, and for whom."""
    if rules.enabled is None:
        return unknown("The policy does not say.")
    if not rules.enabled:
        return failed("The policy is disabled.", f"Enable it: {policy.WHERE['enabled']}.")
    who = "; ".join(f"{one.name}: {one.applies_to}" for one in rules.profiles)
    return passed(f"On. {who}"[:300])


def self_service(rules: DirectoryRules | None) -> Check:
    """Whether people may set passkeys up themselves, without which nothing can be provisioned."""
    if rules is None or rules.self_service is None:
        return unknown(_NO_POLICY)
    if rules.self_service:
        return passed("On, as provisioning by the API needs it.")
    return failed(
        "Off. Microsoft's provisioning of passkeys works only where people may set them up "
        "themselves, too.",
        f"Switch it on: {policy.WHERE['self_service']}.",
    )


def security_keys(rules: DirectoryRules | None) -> Check:
    """Whether any security key at all is admitted."""
    if rules is None:
        return unknown(_NO_POLICY)
    if fitting := policy.takes_security_keys(rules):
        return passed(f"By {', '.join(fitting)}. Which models: see the comparison of rules.")
    return failed(
        "No profile that is for anybody admits a security key.",
        f"Admit device-bound passkeys: {policy.WHERE['profiles']}.",
    )
