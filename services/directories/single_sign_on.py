"""People whose e-mail domain was seen under a directory's own single sign-on.

The connection test remembers the domains with its report, so nothing is asked when a page is shown.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Directory, Person
from services.directories.testing import report_of
from services.serving import serves


@dataclass(frozen=True)
class HeldBySignOn:
    """A directory where the person's passkeys may not sign them in."""

    directory: Directory
    domain: str


def held_by_sign_on(session: Session, person: Person) -> list[HeldBySignOn]:
    """The directories that serve the person and were seen to hold their domain, by name."""
    domain = person.email.rpartition("@")[2].lower()
    serving = (
        select(Directory)
        .where(
            Directory.added_at.is_not(None),
            Directory.ended_at.is_(None),
            serves(person.id),
        )
        .order_by(Directory.name, Directory.id)
    )
    reports = [(one, report_of(one)) for one in session.scalars(serving)]
    return [
        HeldBySignOn(one, domain)
        for one, report in reports
        if report is not None and domain in report.sso_domains
    ]
