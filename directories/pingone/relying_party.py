"""Whether a browser at our origin can make a passkey for PingOne (PingOne contract section 4.2).

A browser makes a passkey for a relying party ID only on a page whose host is that domain or lies
under it (WebAuthn L3 section 5.1.3, "effective domain"), so it decides before PingOne hears of it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from directories.pingone.settings import PingOneSettings, Region


def covers(relying_party_id: str, host: str) -> bool:
    """Whether pages at a host may use a relying party ID: it is the host, or a parent of it."""
    theirs, ours = relying_party_id.lower(), host.lower()
    return bool(theirs) and (ours == theirs or ours.endswith(f".{theirs}"))


def enrols_here(relying_party_id: str, origins: Iterable[str]) -> tuple[bool, str]:
    """Whether a browser on our pages can make a passkey for this relying party ID, and why.

    Args:
        relying_party_id: of the FIDO policy.
        origins: ours.
    """
    asked = "A browser here can enrol: "
    theirs = relying_party_id.lower()
    ours = [(origin, *_place(origin)) for origin in origins]
    if not theirs:
        return False, f"{asked}no, because the FIDO policy names no relying party ID."
    if _is_address(theirs) or ("." not in theirs and theirs != "localhost"):
        return False, f"{asked}no, because {theirs} is no domain that a browser takes."
    covered = [(origin, secure) for origin, host, secure in ours if covers(theirs, host)]
    here = [origin for origin, secure in covered if secure]
    if here:
        rest = len(here) < len(ours)
        return True, (
            f"{asked}yes{f', at {_listed(here)}' if rest else ''}, because it is under the "
            f"relying party ID {theirs}."
        )
    if covered:
        return False, f"{asked}no, because {covered[0][0]} is not https."
    owned = any(theirs == region.domain for region in Region)
    whose = " is PingOne's own and" if owned else ""
    return False, (
        f"{asked}no, because the relying party ID {theirs}{whose} does not cover "
        f"{_listed([host for _, host, _ in ours]) or 'our pages'}."
    )


def foreign_origin(settings: PingOneSettings, relying_party_id: str) -> str:
    """The origin of a page of PingOne's that may use the relying party ID (section 4.2).

    For a client that is no browser. A page of ours under the ID uses its own.
    """
    hosts = (settings.custom_domain, f"auth.{settings.region.domain}", relying_party_id)
    return next(f"https://{host}" for host in hosts if host and covers(relying_party_id, host))


def consequence(relying_party_id: str, hosted: Iterable[str] | None) -> str:
    """Where people can sign in with a passkey of this relying party ID.

    Args:
        relying_party_id: of the FIDO policy.
        hosted: hosts of PingOne's own sign-on pages: its domain, and custom domains; None where
            they could not be read.
    """
    if hosted is None:
        return "Whether PingOne's own sign-on page can use such a key could not be read."
    if page := next((host for host in hosted if covers(relying_party_id, host)), None):
        return f"Keys enrolled for it sign in on PingOne's page at {page}."
    return (
        "Keys enrolled for it are of no use on PingOne's own sign-on page: that needs a custom "
        f"domain under {relying_party_id or 'it'}."
    )


def _place(origin: str) -> tuple[str, bool]:
    """The host of an origin, and whether browsers hold its pages for secure contexts."""
    try:
        parts = urlsplit(origin)
        host = parts.hostname or ""
    except ValueError:
        return "", False
    local = host == "localhost" or host.endswith(".localhost")
    return host, parts.scheme == "https" or (parts.scheme == "http" and local)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _listed(names: list[str]) -> str:
    return " and ".join(dict.fromkeys(names))
