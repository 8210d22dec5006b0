"""Every kind of directory, and how a connector is made from what is stored or typed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from directories.base import CheckState, ConnectionReport, Connector, InvalidSettings, Misconfigured
from directories.destinations import Destinations
from directories.ory.checks import CHOSEN_LATER, NEEDED
from directories.ory.connector import OryConnector, secret_problem
from directories.ory.settings import OrySettings


@dataclass(frozen=True)
class Kind:
    """One kind of directory."""

    name: str
    """What pages call it."""
    problems: Callable[[Mapping[str, Any], str | None, Destinations], dict[str, str]]
    make: Callable[[Mapping[str, Any], str | None, Destinations], Connector]
    normal: Callable[[Mapping[str, Any]], dict[str, Any]]
    """The settings as they are stored; raises `InvalidSettings`."""
    connects: Callable[[ConnectionReport], bool] = lambda report: report.verified
    """Whether a test is good enough to go on to the steps that choose the rest."""
    expires_on: Callable[[Mapping[str, Any]], date | None] = lambda settings: None
    """The last day of the secret; None where it has none or nobody said."""


def problems(
    kind: str,
    settings: Mapping[str, Any],
    secret: str | None,
    *,
    private_destinations: Iterable[str],
) -> dict[str, str]:
    """What is wrong with a connection as typed: a sentence for each field, none when nothing is.

    Args:
        kind: a key of `KINDS`, the directory's type.
        settings: the connector's own shape.
        secret: its key; its field is called `secret`.
        private_destinations: the deployment's setting of that name.
    """
    return _kind(kind).problems(settings, secret, Destinations.of(private_destinations))


def build(
    kind: str,
    settings: Mapping[str, Any],
    secret: str | None,
    *,
    private_destinations: Iterable[str],
) -> Connector:
    """Make the connector of a stored connection. Calls nobody.

    Args:
        kind: a key of `KINDS`, the directory's type.
        settings: the connector's own shape.
        secret: its key, opened.
        private_destinations: the deployment's setting of that name.

    Raises:
        Misconfigured: when they do not make a connection. The message holds no secret.
    """
    found = problems(kind, settings, secret, private_destinations=private_destinations)
    if found:
        raise Misconfigured(" ".join(found.values()), code="settings")
    return _kind(kind).make(settings, secret, Destinations.of(private_destinations))


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


def _kind(kind: str) -> Kind:
    try:
        return KINDS[kind]
    except KeyError:
        raise Misconfigured(f"There is no directory type {kind!r}.", code="settings") from None


def _ory_problems(
    settings: Mapping[str, Any], secret: str | None, destinations: Destinations
) -> dict[str, str]:
    try:
        read = OrySettings.from_mapping(settings)
    except InvalidSettings as error:
        return error.problems
    found = {
        name: problem
        for name in ("endpoint", "admin_endpoint")
        if (url := getattr(read, name)) and (problem := destinations.url_problem(url))
    }
    if problem := secret_problem(read, secret):
        found["secret"] = problem
    return found


def _ory(
    settings: Mapping[str, Any], secret: str | None, destinations: Destinations
) -> OryConnector:
    return OryConnector(OrySettings.from_mapping(settings), secret, destinations)


def _ory_normal(settings: Mapping[str, Any]) -> dict[str, Any]:
    return OrySettings.from_mapping(settings).to_mapping()


def _ory_connects(report: ConnectionReport) -> bool:
    failed = {check.code for check in report.checks if check.state is CheckState.FAILED}
    return not failed & (NEEDED - CHOSEN_LATER)


KINDS: dict[str, Kind] = {
    "ory": Kind("Ory", _ory_problems, _ory, _ory_normal, connects=_ory_connects)
}
"""Every kind of directory that can be connected, by its type."""
