"""Connection tests: run outside any transaction, then written down."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from directories.base import Check, CheckState, ConnectionReport, DirectoryError
from models import Directory, Person
from services import audit
from services.deliveries import again, outbox
from services.directories.connecting import connector
from services.directories.records import by_uuid, hold
from services.portal import Portal
from services.refusal import Refusal


@dataclass(frozen=True)
class Tested:
    """What a connection test came to."""

    report: ConnectionReport
    newly_verified: bool
    unplaced: int
    """Existing passkeys that may now be delivered; see `outbox.owe_existing`."""


def run_test(portal: Portal, name: uuid.UUID | str, *, probe: bool, actor: Person | None) -> Tested:
    """Test a directory's connection and write the report down.

    Args:
        probe: also run the checks that leave a trace there.

    Raises:
        Refusal: `directory_unknown`; `directory_changed` when it was edited during the test.
    """
    with portal.database.read() as session:
        directory = by_uuid(session, name)
        tested = _fingerprint(directory)
        try:
            connection = connector(portal, directory)
        except DirectoryError as error:
            connection, report = None, _broken(error)
    if connection is not None:
        report = connection.test(
            rp_id=portal.settings.rp_id, origins=portal.settings.origins, probe=probe
        )
    with portal.database.write() as session:
        directory = by_uuid(session, name)
        hold(session, directory)
        if _fingerprint(directory) != tested:
            raise Refusal(
                "directory_changed",
                "This directory was changed while it was tested. Test it again.",
                status=409,
            )
        newly = record_test(session, directory, report, actor=actor, now=portal.now())
        in_service = directory.added_at is not None and directory.verified_at is not None
        unplaced = outbox.unplaced(session, directory) if in_service else 0
        released = 0
        if in_service and report.verified:
            # What was held may have been held for what is mended now; what is not, is held again.
            released = again.owe_held(session, directory, now=portal.now(), actor=actor)
    if newly or released:
        portal.wake()  # what waited for the connection to be verified is due
    return Tested(report=report, newly_verified=newly, unplaced=unplaced)


def record_test(
    session: Session,
    directory: Directory,
    report: ConnectionReport,
    *,
    actor: Person | None,
    now: datetime,
) -> bool:
    """Write a report down. A test that passes verifies the connection.

    One that fails later does not take that back: deliveries would stop without a word, whereas
    each of them names what is wrong and waits. Only new settings have to be verified anew.

    Returns:
        Whether the connection became verified by this report.
    """
    newly = report.verified and directory.verified_at is None
    directory.tested_at = now
    directory.test_report = asdict(report)
    if newly:
        directory.verified_at = now
    audit.record(
        session,
        audit.Tag.DIRECTORY_TESTED,
        now=now,
        actor=actor,
        directory=directory,
        verified=report.verified,
        signs_in=report.signs_in,
        failed=[check.code for check in report.checks if check.state is CheckState.FAILED],
    )
    return newly


def report_of(directory: Directory) -> ConnectionReport | None:
    """The last report as it was written down; None before the first test."""
    if directory.test_report is None:
        return None
    kept: dict[str, Any] = dict(directory.test_report)
    checks = tuple(
        Check(**{**check, "state": CheckState(check["state"])}) for check in kept.pop("checks")
    )
    domains = tuple(kept.pop("sso_domains", ()))
    return ConnectionReport(checks=checks, sso_domains=domains, **kept)


def _fingerprint(directory: Directory) -> tuple[dict[str, Any], bytes | None, bytes | None]:
    return directory.settings, directory.sealed_secret, directory.sealed_client_secret


def _broken(error: DirectoryError) -> ConnectionReport:
    """The report of a connection that can not even be tried."""
    check = Check(
        code=error.code,
        name="The connection's own settings",
        state=CheckState.FAILED,
        evidence=error.reason,
        said=error.said,
        remedy="Edit the connection.",
    )
    return ConnectionReport(
        checks=(check,),
        verified=False,
        signs_in=None,
        sentence=f"The connection can not be tried: {error.reason}",
    )
