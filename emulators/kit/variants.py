"""Switches for what a contract only infers or does not know, each with the line it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Switch:
    """One doubtful rule and the ways it may turn out."""

    line: str
    """Section, rule and mark in the contract."""
    values: tuple[str, ...]
    """The first is the default."""
    meaning: str


class Variants:
    """The chosen way of every switch.

    Args:
        switches: by name.
    """

    def __init__(self, switches: Mapping[str, Switch]) -> None:
        self._switches = switches
        self._chosen: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        return self._chosen.get(name, self._switches[name].values[0])

    def choose(self, name: str, value: str) -> None:
        """Set one switch.

        Raises:
            ValueError: for an unknown switch or a value it does not have.
        """
        if name not in self._switches:
            raise ValueError(f"unknown switch {name!r}; there are {sorted(self._switches)}")
        values = self._switches[name].values
        if value not in values:
            raise ValueError(f"{name} is one of {values}, not {value!r}")
        self._chosen[name] = value

    def reset(self) -> None:
        """Set every switch to its default."""
        self._chosen.clear()

    def all(self) -> dict[str, str]:
        """Every switch with its chosen value."""
        return {name: self[name] for name in self._switches}
