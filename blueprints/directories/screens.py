"""What the pages know of each type of directory: the one table that tells types apart.

The templates of a type are found by its name: `connect_<type>.html`, `_edit_<type>.html` and
`_settings_<type>.html`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from blueprints.directories.entra_forms import EntraEditForm, EntraForm
from blueprints.directories.forms import ConnectForm, EditForm
from blueprints.directories.ory_forms import OryEditForm, OryForm
from blueprints.directories.pingone_forms import PingOneEditForm, PingOneForm
from directories import registry
from directories.entra.settings import GRAPH, LOGIN, EntraSettings
from directories.ory import OrySettings
from directories.ory.mapping import FIELDS
from directories.pingone import PingOneSettings
from models import Directory
from services.serving import IMPORTING

TYPES = {kind: found.name for kind, found in registry.KINDS.items()}
"""What pages call each type."""


class Place(NamedTuple):
    """A part of where a directory is, which is shown and can never be edited."""

    label: str
    value: str
    raw: bool = True
    """Whether it is there to be copied."""


@dataclass(frozen=True)
class Screens:
    """What the pages know of one type."""

    offer: str
    """Whoever chooses a type reads this."""
    steps: tuple[str, ...]
    form: type[ConnectForm]
    edit_form: type[EditForm]
    shown: Callable[[Mapping[str, Any]], dict[str, Any]]
    """What the type's partials are given, from the settings as they are stored: `settings`,
    `places`, and whatever else they show."""
    next_step: Callable[[Directory], str] | None = None
    """The endpoint where a draft goes on; None where connecting adds."""
    probes: bool = False
    """Whether its test can also try a sign-in flow."""


def _ory_next(draft: Directory) -> str:
    return ".mapping" if draft.settings.get("schema_id") else ".schema"


def _ory_shown(settings: Mapping[str, Any]) -> dict[str, Any]:
    read = OrySettings.from_mapping(settings)
    places = [
        Place("API endpoint", read.endpoint),
        Place("Admin endpoint", read.admin_endpoint),
        Place("Token address", read.token_url),
    ]
    mapped = [(FIELDS[name], path) for name, path in read.mapping.paths().items()]
    return {"settings": read, "places": given(places), "mapped": mapped}


def _entra_shown(settings: Mapping[str, Any]) -> dict[str, Any]:
    read = EntraSettings.from_mapping(settings)
    places = [Place("Directory (tenant) ID", read.tenant_id)]
    if (read.login_url, read.graph_url) != (LOGIN, GRAPH):
        places += [Place("Sign-in service", read.login_url), Place("Graph", read.graph_url)]
    return {"settings": read, "places": places}


def _pingone_next(draft: Directory) -> str:
    return ".mfa_policy"


def _pingone_shown(settings: Mapping[str, Any]) -> dict[str, Any]:
    read = PingOneSettings.from_mapping(settings)
    places = [
        Place("Environment ID", read.environment_id),
        Place("Region", read.region.label, raw=False),
        Place("Environment of the worker", read.token_environment_id),
        Place("Custom domain", read.custom_domain),
        Place("Token host", read.auth_url),
        Place("API host", read.api_url),
    ]
    return {"settings": read, "places": given(places)}


def given(places: list[Place]) -> list[Place]:
    """Those that say something."""
    return [one for one in places if one.value]


SCREENS: dict[str, Screens] = {
    "ory": Screens(
        offer="Ory Network, or a self-hosted Ory Kratos. A key registered here is imported: one "
        "touch is enough.",
        steps=("Type", "Connect", "Identity schema", "Map"),
        form=OryForm,
        edit_form=OryEditForm,
        shown=_ory_shown,
        next_step=_ory_next,
        probes=True,
    ),
    "entra": Screens(
        offer="Microsoft Entra ID. People, their groups and their keys are read, and linked with "
        "people here. A key for it is made by a touch of its own, in a managed browser or with the "
        "desk agent.",
        steps=("Type", "Connect"),
        form=EntraForm,
        edit_form=EntraEditForm,
        shown=_entra_shown,
    ),
    "pingone": Screens(
        offer="An environment of PingOne. People, their groups and their keys are read, and linked "
        "with people here. Whether a browser here can enrol depends on its FIDO policy.",
        steps=("Type", "Connect", "MFA policy"),
        form=PingOneForm,
        edit_form=PingOneEditForm,
        shown=_pingone_shown,
        next_step=_pingone_next,
    ),
}
"""Every type that can be connected, in the order in which it is offered."""


def of(directory: Directory) -> Screens:
    """The screens of a directory's type."""
    return SCREENS[directory.type.value]


def takes_deliveries(directory: Directory) -> bool:
    """Whether passkeys are delivered to directories of this type."""
    return directory.type in IMPORTING
