"""What a worker looks after: each job has rows that fall due, and does what is due."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from services import address_mail, expiry_mail, mails, sign_up_mail
from services.deliveries import claims, discards, worker
from services.groups import step
from services.portal import Portal
from services.provisioning import rounds


class Work(Protocol):
    """What does the work of a job."""

    def __call__(self, portal: Portal, *, worker: str, stopping: Callable[[], bool] = ...) -> int:
        """Do what is due until nothing is due; returns how much was tried."""
        ...


@dataclass(frozen=True)
class Job:
    """One kind of work, and when the next of it is due."""

    work: Work
    next_due: Callable[[Session], datetime | None]


JOBS = (
    Job(sign_up_mail.work, sign_up_mail.next_due),  # first: somebody waits at a page for it
    Job(worker.work, claims.next_due),
    Job(discards.work, discards.next_due),
    Job(step.work, step.next_due),
    Job(rounds.work, rounds.next_due),
    Job(rounds.check, rounds.next_check),
    Job(mails.work, mails.next_due),
    Job(address_mail.work, address_mail.next_due),
    Job(expiry_mail.work, expiry_mail.next_due),
)
