"""Every kind of directory, and how a connector is made from what is stored or typed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from directories.base import CheckState, ConnectionReport, Connector, InvalidSettings, Misconfigured
from directories.destinations import Destinations
from directories.entra import credentials as entra_credentials
from directories.entra.connector import EntraConnector
from directories.entra.settings import EntraSettings
from directories.ory import client
from directories.ory.checks import CHOSEN_LATER, CLIENT, NEEDED
from directories.ory.connector import OryConnector, secret_problem
from directories.ory.settings import OrySettings
from directories.pingone import checks as pingone_checks
from directories.pingone import relying_party as pingone_relying_party
from directories.pingone.connector import PingOneConnector
from directories.pingone.settings import PingOneSettings
from directories.pingone.settings import secret_problem as pingone_secret_problem


@dataclass(frozen=True)
class RelyingParty:
    """For whom a directory has keys made."""

    id: str = ""
    """Empty where it only tells with each registration."""
    origin: str = ""
    """What a client that is no browser says it is; empty where it only tells so as well."""


@dataclass(frozen=True)
class Kind:
    """One kind of directory."""

    name: str
    """What pages call it."""
    problems: Callable[..., dict[str, str]]
    """Of settings, secret and destinations."""
    make: Callable[..., Connector]
    """Of the same."""
    normal: Callable[[Mapping[str, Any]], dict[str, Any]]
    """The settings as they are stored; raises `InvalidSettings`."""
    connects: Callable[[ConnectionReport], bool] = lambda report: report.verified
    """Whether a test is good enough to go on to the steps that choose the rest."""
    expires_on: Callable[[Mapping[str, Any]], date | None] = lambda settings: None
    """The last day of the secret; None where it has none or nobody said."""
    relying_party: Callable[[Mapping[str, Any]], RelyingParty] = lambda settings: RelyingParty()
    """As the settings have it."""
    takes_client: bool = False
    """Whether `problems` and `make` also take `client_secret`: the secret of an OAuth2 client."""


def problems(
    kind: str,
    settings: Mapping[str, Any],
    secret: str | None,
    *,
    client_secret: str | None = None,
    private_destinations: Iterable[str],
) -> dict[str, str]:
    """What is wrong with a connection as typed: a sentence for each field, none when nothing is.

    Args:
        kind: a key of `KINDS`, the directory's type.
        settings: the connector's own shape.
        secret: its key; its field is called `secret`.
        client_secret: of an OAuth2 client beside it, where its kind takes one.
        private_destinations: the deployment's setting of that name.
    """
    chosen = _kind(kind)
    more = {"client_secret": client_secret} if chosen.takes_client else {}
    return chosen.problems(settings, secret, Destinations.of(private_destinations), **more)


def build(
    kind: str,
    settings: Mapping[str, Any],
    secret: str | None,
    *,
    client_secret: str | None = None,
    private_destinations: Iterable[str],
) -> Connector:
    """Make the connector of a stored connection. Calls nobody.

    Args:
        kind: a key of `KINDS`, the directory's type.
        settings: the connector's own shape.
        secret: its key, opened.
        client_secret: of an OAuth2 client beside it, opened, where its kind takes one.
        private_destinations: the deployment's setting of that name.

    Raises:
        Misconfigured: when they do not make a connection. The message holds no secret.
    """
    chosen = _kind(kind)
    destinations = Destinations.of(private_destinations)
    more = {"client_secret": client_secret} if chosen.takes_client else {}
    if found := chosen.problems(settings, secret, destinations, **more):
        raise Misconfigured(" ".join(found.values()), code="settings")
    return chosen.make(settings, secret, destinations, **more)


def normal(kind: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as typed, in the form in which they are stored.

    Raises:
        InvalidSettings: with a sentence for each field.
    """
    return _kind(kind).normal(settings)


def connects(kind: str, report: ConnectionReport) -> bool:
    """Whether this test is good enough to go on connecting."""
    return _kind(kind).connects(report)


def expires_on(kind: str, settings: Mapping[str, Any]) -> date | None:
    """The last day of a connection's secret; None where it has none or nobody said."""
    return _kind(kind).expires_on(settings)


def relying_party(kind: str, settings: Mapping[str, Any]) -> RelyingParty:
    """For whom the directory's registrations make keys, where its settings tell."""
    try:
        return _kind(kind).relying_party(settings)
    except InvalidSettings:
        return RelyingParty()  # nothing can be begun with them anyway


def _kind(kind: str) -> Kind:
    try:
        return KINDS[kind]
    except KeyError:
        raise Misconfigured(f"There is no directory type {kind!r}.", code="settings") from None


def _ory_problems(
    settings: Mapping[str, Any],
    secret: str | None,
    destinations: Destinations,
    client_secret: str | None,
) -> dict[str, str]:
    try:
        read = OrySettings.from_mapping(settings)
    except InvalidSettings as error:
        return error.problems
    found = {
        name: problem
        for name in ("endpoint", "admin_endpoint", "token_url")
        if (url := getattr(read, name)) and (problem := destinations.url_problem(url))
    }
    if problem := secret_problem(read, secret):
        found["secret"] = problem
    return client.problems(read, client_secret) | found


def _ory(
    settings: Mapping[str, Any],
    secret: str | None,
    destinations: Destinations,
    client_secret: str | None,
) -> OryConnector:
    read = OrySettings.from_mapping(settings)
    return OryConnector(read, secret, destinations, client_secret=client_secret)


def _ory_normal(settings: Mapping[str, Any]) -> dict[str, Any]:
    return OrySettings.from_mapping(settings).to_mapping()


def _ory_connects(report: ConnectionReport) -> bool:
    failed = {check.code for check in report.checks if check.state is CheckState.FAILED}
    return not failed & ((NEEDED | {CLIENT}) - CHOSEN_LATER)


def _entra_problems(
    settings: Mapping[str, Any], secret: str | None, destinations: Destinations
) -> dict[str, str]:
    try:
        read = EntraSettings.from_mapping(settings)
    except InvalidSettings as error:
        return error.problems
    found = {
        name: problem
        for name in ("login_url", "graph_url")
        if (problem := destinations.url_problem(getattr(read, name)))
    }
    if problem := entra_credentials.secret_problem(read, secret):
        found["secret"] = problem
    return found


def _entra(
    settings: Mapping[str, Any], secret: str | None, destinations: Destinations
) -> EntraConnector:
    return EntraConnector(EntraSettings.from_mapping(settings), secret, destinations)


def _entra_normal(settings: Mapping[str, Any]) -> dict[str, Any]:
    return EntraSettings.from_mapping(settings).to_mapping()


def _entra_expires_on(settings: Mapping[str, Any]) -> date | None:
    return entra_credentials.expires_on(EntraSettings.from_mapping(settings))


def _pingone_problems(
    settings: Mapping[str, Any], secret: str | None, destinations: Destinations
) -> dict[str, str]:
    try:
        read = PingOneSettings.from_mapping(settings)
    except InvalidSettings as error:
        return error.problems
    places = {
        "custom_domain" if read.custom_domain and not read.auth_url else "auth_url": read.token_url,
        "api_url": read.api,
    }
    found = {
        name: problem for name, url in places.items() if (problem := destinations.url_problem(url))
    }
    if problem := pingone_secret_problem(read, secret):
        found["secret"] = problem
    return found


def _pingone(
    settings: Mapping[str, Any], secret: str | None, destinations: Destinations
) -> PingOneConnector:
    return PingOneConnector(PingOneSettings.from_mapping(settings), secret, destinations)


def _pingone_normal(settings: Mapping[str, Any]) -> dict[str, Any]:
    return PingOneSettings.from_mapping(settings).to_mapping()


def _pingone_relying_party(settings: Mapping[str, Any]) -> RelyingParty:
    read = PingOneSettings.from_mapping(settings)
    if not read.relying_party_id:
        return RelyingParty()
    origin = pingone_relying_party.foreign_origin(read, read.relying_party_id)
    return RelyingParty(read.relying_party_id, origin)


def _pingone_connects(report: ConnectionReport) -> bool:
    failed = {check.code for check in report.checks if check.state is CheckState.FAILED}
    return not failed & (pingone_checks.NEEDED - pingone_checks.CHOSEN_LATER)


KINDS: dict[str, Kind] = {
    "ory": Kind("Ory", _ory_problems, _ory, _ory_normal, connects=_ory_connects, takes_client=True),
    "entra": Kind("Entra ID", _entra_problems, _entra, _entra_normal, expires_on=_entra_expires_on),
    "pingone": Kind(
        "PingOne",
        _pingone_problems,
        _pingone,
        _pingone_normal,
        connects=_pingone_connects,
        relying_party=_pingone_relying_party,
    ),
}
"""Every kind of directory that can be connected, by its type."""
