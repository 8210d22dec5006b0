"""The three ways in which a check can end; its code and name are added by the test."""

from __future__ import annotations

from directories.base import Check, CheckState


def passed(evidence: str) -> Check:
    """Met."""
    return Check("", "", CheckState.PASSED, evidence)


def failed(evidence: str, remedy: str) -> Check:
    """Not met."""
    return Check("", "", CheckState.FAILED, evidence, remedy=remedy)


def unknown(evidence: str, remedy: str = "") -> Check:
    """Not readable, or not told."""
    return Check("", "", CheckState.UNKNOWN, evidence, remedy=remedy)
