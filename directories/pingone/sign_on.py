"""Whether people are asked for their keys when they sign on (PingOne contract section 6b, 5-6).

Enrolling never runs a sign-on policy, so nothing here stands in its way.
"""

from __future__ import annotations

from directories.base import Check, NotFound
from directories.outcomes import failed, passed, unknown
from directories.pingone.api import PingOneApi
from directories.pingone.documents import flag, inner, text
from directories.pingone.links import Item
from directories.pingone.settings import PingOneSettings

_STEP = "MULTI_FACTOR_AUTHENTICATION"
_WHERE = "Authentication, Authentication"
MOST_POLICIES = 50
"""Whose steps are read, one call each."""


def hosts(api: PingOneApi, settings: PingOneSettings) -> tuple[str, ...]:
    """Hosts of PingOne's own sign-on pages: its domain, then the custom domains in use."""
    found = [
        text(one, "domainName").lower()
        for one in api.custom_domains()
        if one.get("status") == "ACTIVE"
    ]
    return (f"auth.{settings.region.domain}", *filter(None, found))


def asking(api: PingOneApi, mfa_policy_id: str) -> dict[str, str]:
    """The sign-on policies with a step that uses the MFA policy: their names by id."""
    found: dict[str, str] = {}
    for policy in api.sign_on_policies()[:MOST_POLICIES]:
        policy_id = text(policy, "id")
        if policy_id and any(_uses(one, mfa_policy_id) for one in api.sign_on_actions(policy_id)):
            found[policy_id] = text(policy, "name") or policy_id
    return found


def step(found: dict[str, str]) -> Check:
    """Whether any sign-on policy asks for keys under the MFA policy."""
    if found:
        return passed(f"In {', '.join(found.values())}.")
    return failed(
        "No authentication policy has an MFA step that uses this MFA policy. Keys can be "
        "enrolled, and nobody is asked for them.",
        f"Add a step Multi-factor Authentication with this MFA policy: {_WHERE}.",
    )


def assigned(api: PingOneApi, settings: PingOneSettings, found: dict[str, str]) -> Check:
    """Whether the application that people sign on to uses such a policy."""
    wanted = settings.sign_on_application
    application = _application(api, wanted) if wanted else None
    name = text(application, "name") or wanted if application is not None else ""
    listed = api.sign_on_assignments(text(application, "id")) if application is not None else []
    if listed:
        ids = [text(one, "signOnPolicy", "id") for one in listed]
        return _said(name, [found[one] for one in ids if one in found])
    default = [text(one, "id") for one in api.sign_on_policies() if flag(one, "default") is True]
    names = [found[one] for one in default if one in found]
    if name:
        return _said(f"{name} (by the default policy)", names)
    if names:
        return passed(
            f"By the default policy {names[0]}, for applications without a policy of their own."
        )
    return unknown(
        "No application is named, and the default policy has no such step.",
        "Name the application that people sign on to, to check its own policy.",
    )


def _said(name: str, policies: list[str]) -> Check:
    if policies:
        return passed(f"{name} uses {', '.join(policies)}.")
    return failed(
        f"{name} uses no policy with such a step: keys can be enrolled, and are not asked for.",
        "Assign the policy: Applications, the application, Policies.",
    )


def _application(api: PingOneApi, wanted: str) -> Item:
    for one in api.applications():
        if wanted in (text(one, "id"), text(one, "clientId"), text(one, "name")):
            return one
    raise NotFound(f"There is no application {wanted}.", code="pingone.no_application")


def _uses(action: Item, mfa_policy_id: str) -> bool:
    policy = inner(action, "deviceAuthenticationPolicy", "id")
    return action.get("type") == _STEP and policy == mfa_policy_id
