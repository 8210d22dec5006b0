"""How a check of PingOne ends whose call failed, and what to do about it."""

from __future__ import annotations

from dataclasses import replace

from directories.base import Check, DirectoryError, Misconfigured
from directories.outcomes import failed, unknown
from directories.pingone.settings import PingOneSettings

UNREADABLE = "This cannot be read with this worker."
_ROLE = (
    "Give the worker the role Configuration Read Only (or Environment Admin) for this environment: "
    "Applications, the worker, Roles, Grant Roles."
)


def unreadable(error: DirectoryError) -> Check:
    """A check of the prescription whose reading failed: never blocks (section 6b)."""
    forbidden = isinstance(error, Misconfigured)
    found = unknown(UNREADABLE if forbidden else error.reason, _ROLE if forbidden else "")
    return replace(found, said=error.said, request_id=error.request_id)


def broken(error: DirectoryError, settings: PingOneSettings) -> Check:
    """A check that everything rests on, and whose call failed."""
    found = failed(error.reason, _remedy(error, settings))
    return replace(found, said=error.said, request_id=error.request_id)


def _remedy(error: DirectoryError, settings: PingOneSettings) -> str:
    worker = "Applications, the worker, Overview"
    match error.code:
        case "pingone.auth_method":
            return (
                "The method stands in the PingOne console under Applications, the worker, "
                "Configuration, Token Endpoint Authentication Method."
            )
        case "pingone.client" | "pingone.token":
            return (
                f"Copy Client ID and secret again ({worker}), switch the worker on with the "
                "toggle in its title, and see that Environment ID and region are the worker's own."
            )
        case "pingone.grant":
            return "Make an application of type Worker: Applications, +, Worker."
        case "http.key":
            return (
                f"The token came from {settings.token_url} and was refused at {settings.api}: "
                "see that region and Environment ID are those of Environment, Properties."
            )
        case "pingone.environment" | "http.not_found":
            return (
                "Copy the Environment ID again (Environment, Properties), and choose the region "
                "that stands beside it."
            )
        case "http.forbidden":
            return (
                "Give the worker the role Identity Data Admin for this environment: Applications, "
                "the worker, Roles, Grant Roles."
            )
        case "http.destination":
            return "Name this host or network in LATCHKEY_PRIVATE_DESTINATIONS, or use https."
    if isinstance(error, Misconfigured):
        return "Check region and addresses, and what stands between here and PingOne."
    return "Try again; if it stays so, see whether PingOne can be reached from here."
