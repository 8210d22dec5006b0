"""What the pages know of each type of directory: the one table that tells types apart.

The templates of a type are found by its name: `connect_<type>.html`, `_edit_<type>.html` and
`_settings_<type>.html`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from blueprints.directories.forms import ConnectForm, EditForm
from blueprints.directories.ory_forms import OryEditForm, OryForm
from directories import registry
from directories.ory import OrySettings
from directories.ory.mapping import FIELDS
from models import Directory
from services.serving import IMPORTING

TYPES = {kind: found.name for kind, found in registry.KINDS.items()}
"""What pages call each type."""


@dataclass(frozen=True)
class Screens:
    """What the pages know of one type."""

    offer: str
    """Whoever chooses a type reads this."""
    steps: tuple[str, ...]
    form: type[ConnectForm]
    edit_form: type[EditForm]
    shown: Callable[[Mapping[str, Any]], dict[str, Any]]
    """What the settings' partial is given, from the settings as they are stored."""
    next_step: Callable[[Directory], str] | None = None
    """The endpoint where a draft goes on; None where connecting adds."""
    probes: bool = False
    """Whether its test can also try a sign-in flow."""


def _ory_next(draft: Directory) -> str:
    return ".mapping" if draft.settings.get("schema_id") else ".schema"


def _ory_shown(settings: Mapping[str, Any]) -> dict[str, Any]:
    read = OrySettings.from_mapping(settings)
    mapped = [(FIELDS[name], path) for name, path in read.mapping.paths().items()]
    return {"settings": read, "mapped": mapped}


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
}
"""Every type that can be connected, in the order in which it is offered."""


def of(directory: Directory) -> Screens:
    """The screens of a directory's type."""
    return SCREENS[directory.type.value]


def takes_deliveries(directory: Directory) -> bool:
    """Whether passkeys are delivered to directories of this type."""
    return directory.type in IMPORTING
