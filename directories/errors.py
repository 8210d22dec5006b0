"""How a directory fails.

Each error tells its catcher what to do next::

    DirectoryError
    ├── Transient       try again later (`retry_after` seconds, when the directory said so)
    ├── NotFound        the thing named is not there: look it up again, or make it
    ├── AlreadyThere    somebody else holds the unique value: look it up and link
    ├── Refused         the directory will not take this, ever: hold it for a human
    │   ├── TouchAgain    its registration cannot be finished any more: ask for a new touch
    │   └── NotAccepted   it judged this very key, and will not have it
    └── Misconfigured   no request of ours can work until an operator mends the connection
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class DirectoryError(Exception):
    """Something a directory could not or would not do.

    Args:
        reason: our sentence for the operator.
        code: stable, for tests, docs and support.
        said: the directory's own words, verbatim (secrets never occur in them).
        request_id: the directory's own id of the request.
        status: the HTTP status, where there was one.
    """

    def __init__(
        self,
        reason: str,
        *,
        code: str,
        said: str = "",
        request_id: str = "",
        status: int | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.said = said
        self.request_id = request_id
        self.status = status


class Transient(DirectoryError):
    """Try again: at the time the directory named, or with growing pauses."""

    def __init__(self, reason: str, *, retry_after: float | None = None, **more: Any) -> None:
        super().__init__(reason, **more)
        self.retry_after = retry_after


class NotFound(DirectoryError):
    """What was named is not there."""


class AlreadyThere(DirectoryError):
    """A unique value is taken."""


class Refused(DirectoryError):
    """The directory will not take this, however often it is asked."""


class TouchAgain(Refused):
    """The registration that the directory began cannot be finished any more; another one can."""


class NotAccepted(Refused):
    """The directory judged this very key, and will not have it."""


class Misconfigured(DirectoryError):
    """The connection itself is wrong: address, key or permission."""


class InvalidSettings(ValueError):
    """Connection settings that do not hold together.

    Args:
        problems: a sentence for each field, by the field's name (`""` for the whole).
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)
