"""Provisioning requests: an operator's orders to enrol keys for named people.

`drafts` puts one together, `gathering` takes its people in, `inviting` sends them their links,
`progress` says how far they are, `closing` cancels, expires and deletes. What enrolments and
deliveries need of it stands here.
"""

from services.provisioning.progress import began, delivered, finished, start
from services.provisioning.scope import directories_for, place_of, policy_for

__all__ = [
    "began",
    "delivered",
    "directories_for",
    "finished",
    "place_of",
    "policy_for",
    "start",
]
