"""What to do about a check that failed, and where in the Microsoft Entra admin center."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from directories.base import DirectoryError, Misconfigured, NotFound
from directories.entra import permissions

REGISTRATION: Final = (
    "Microsoft Entra admin center → Entra ID → App registrations → the application"
)

_ADD: Final = (
    f"{REGISTRATION} → API permissions → Add a permission → Microsoft Graph → "
    "Application permissions"
)
_CONSENT: Final = "then press Grant admin consent"

_ASKED: Mapping[tuple[str, ...], str] = {
    permissions.USERS: "User.Read.All",
    permissions.GROUPS: "Group.Read.All",
    permissions.PASSKEYS: "UserAuthenticationMethod.ReadWrite.All (or the narrower "
    "UserAuthMethod-Passkey.ReadWrite.All)",
    permissions.POLICY: permissions.POLICY[0],
    permissions.ORGANIZATION: permissions.ORGANIZATION[0],
    permissions.PASSES: permissions.PASSES[0],
    permissions.SESSIONS: " or the wider ".join(permissions.SESSIONS),
}
"""What to grant for each need: what HID's manual asks for, and the least of what is optional."""

_OPTIONAL = frozenset(
    (permissions.POLICY, permissions.ORGANIZATION, permissions.PASSES, permissions.SESSIONS)
)

_NEEDS: Mapping[str, tuple[str, ...]] = {
    "entra.users": permissions.USERS,
    "entra.groups": permissions.GROUPS,
    "entra.passkeys": permissions.PASSKEYS,
    "entra.policy": permissions.POLICY,
    "entra.organization": permissions.ORGANIZATION,
}


def of(error: DirectoryError, check: str) -> str:
    """What to do about a failed call.

    Args:
        error: how it failed.
        check: the code of the check that made it.
    """
    if error.code == "entra.token":
        return (
            f"See {REGISTRATION}: its Overview has both IDs, its Certificates & secrets the rest."
        )
    if error.code == "entra.permission" and check in _NEEDS:
        return grant(_NEEDS[check])
    if error.code == "http.destination":
        return "Name this host or network in LATCHKEY_PRIVATE_DESTINATIONS, or use https."
    if isinstance(error, Misconfigured | NotFound):
        return "Check the addresses of the sign-in service and of Graph."
    return "Try again; if it stays so, see Microsoft's service health."


def grant(*needs: tuple[str, ...]) -> str:
    """How to grant what meets these needs."""
    more = "It is optional." if set(needs) <= _OPTIONAL else "It can take some minutes to work."
    return f"{_ADD}: add {named(*needs)}, {_CONSENT}. {more}"


def named(*needs: tuple[str, ...]) -> str:
    """What to grant for these needs, by name."""
    return ", ".join(_ASKED[need] for need in needs)
