"""A session as connectors use it, with a secret that must never show."""

from __future__ import annotations

import datetime as dt

from directories.answers import Answer
from directories.destinations import Destinations
from directories.http import DirectorySession, Limits

SECRET = "ory_pat_kept-out-of-every-log-and-page"
HERE = Destinations.of(["127.0.0.0/8", "localhost", "ory.internal"])
NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)


def session(**limits) -> DirectorySession:
    bounds = {"connect": 2.0, "read": 5.0, "total": 10.0} | limits
    return DirectorySession(HERE, hide=(SECRET,), limits=Limits(**bounds), now=lambda: NOW)


def ask(url: str, *, method: str = "GET", limits: dict | None = None, **more) -> Answer:
    headers = {"Authorization": f"Bearer {SECRET}"}
    return session(**(limits or {})).exchange(method, url, headers=headers, **more)
