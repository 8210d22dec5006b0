"""What the worker does for requests: take people in, write mails down, expire, and settle.

A request is claimed with a lease and a fence, because taking people in asks directories; every
other step is one short transaction on its row.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from directories.base import DirectoryError, Transient
from models import ProvisioningRequest, RequestPerson, RequestSource, RequestState
from services import audit, leases
from services.deliveries.pauses import after_failure
from services.leases import Claim, LostLease
from services.portal import Portal
from services.provisioning import closing, gathering, inviting, settlement, sources
from services.provisioning.admission import Why
from services.provisioning.progress import OPEN
from services.roles import Privilege, privileges

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=8)
"""How long a worker may be silent; a page of a directory is at most some eight exchanges."""
STEPS = 20
"""Steps of one request before others have their turn."""
RETRY = timedelta(minutes=15)
"""When a directory is asked again after a no that only an operator can turn into a yes."""
SOON = timedelta(seconds=5)
BUSY = timedelta(minutes=1)
"""When somebody is tried again to whom another mail is on its way."""
CHECKED = 100
"""People who are looked at in one transaction."""


def next_due(session: Session) -> datetime | None:
    """When the next request is due that a worker may take."""
    return session.scalar(
        select(func.min(ProvisioningRequest.due_at)).where(ProvisioningRequest.ended_at.is_(None))
    )


def work(portal: Portal, *, worker: str, stopping: Callable[[], bool] = lambda: False) -> int:
    """Go on with every request that is due.

    Returns:
        How many were gone on with.
    """
    return leases.work(
        portal,
        ProvisioningRequest,
        _claim,
        lambda claim: _run(portal, claim, stopping),
        worker=worker,
        stopping=stopping,
    )


def next_check(session: Session) -> datetime | None:
    """When somebody is to be looked at next."""
    return session.scalar(select(func.min(RequestPerson.check_at)))


def check(portal: Portal, *, worker: str, stopping: Callable[[], bool] = lambda: False) -> int:
    """Settle where everybody stands who is to be looked at.

    Returns:
        How many people were looked at.
    """
    count = 0
    while not stopping():
        with portal.database.write() as session:
            seen = _check(session, now=portal.now())
        if not seen:
            break
        count += seen
    return count


def _check(session: Session, *, now: datetime) -> int:
    key = session.scalar(
        select(RequestPerson.request_id)
        .where(RequestPerson.check_at <= now)
        .order_by(RequestPerson.check_at, RequestPerson.id)
        .limit(1)
    )
    if key is None:
        return 0
    request = session.get_one(
        ProvisioningRequest,
        key,
        populate_existing=True,
        with_for_update={"key_share": True, "of": ProvisioningRequest},
    )
    places = session.scalars(
        select(RequestPerson)
        .where(RequestPerson.request_id == key, RequestPerson.check_at <= now)
        .order_by(RequestPerson.id)
        .limit(CHECKED)
        .with_for_update(key_share=True, of=RequestPerson, skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    settlement.judge(session, places, now=now)
    settlement.settle(session, request, now=now)
    return len(places)


def _claim(session: Session, now: datetime) -> Claim | None:
    due = select(ProvisioningRequest.id).where(
        ProvisioningRequest.due_at <= now,
        ProvisioningRequest.ended_at.is_(None),
        or_(ProvisioningRequest.lease_until.is_(None), ProvisioningRequest.lease_until <= now),
    )
    until = now + LEASE
    return leases.claim(session, ProvisioningRequest, due, until=until, due_at=until)


def _held(session: Session, claim: Claim) -> ProvisioningRequest:
    """The request, as long as this claim holds it.

    Raises:
        LostLease: when it does not.
    """
    request = session.scalar(
        select(ProvisioningRequest)
        .where(
            ProvisioningRequest.id == claim.row_id,
            ProvisioningRequest.fence == claim.fence,
            ProvisioningRequest.ended_at.is_(None),
        )
        .with_for_update(key_share=True, of=ProvisioningRequest)
        .execution_options(populate_existing=True)
    )
    if request is None:
        raise LostLease
    return request


def _run(portal: Portal, claim: Claim, stopping: Callable[[], bool]) -> None:
    """Some steps of one request. No exception leaves it but `LostLease`."""
    try:
        more = _steps(portal, claim, stopping)
    except LostLease:
        raise
    except DirectoryError as error:
        _rest(portal, claim, error)
    except (IntegrityError, OperationalError) as error:
        # Somebody did the same at this moment, or both waited for each other: look again.
        log.warning("request %d: %s", claim.row_id, type(error).__name__)
        _rest(portal, claim, None)
    except Exception as error:
        # The trace goes to the log; the words of an unforeseen exception may hold anything.
        log.exception("request %d failed unexpectedly", claim.row_id)
        why = f"Something unforeseen went wrong here ({type(error).__name__}); see the log."
        _rest(portal, claim, DirectoryError(why, code="request.unexpected"))
    else:
        with portal.database.write() as session:
            request = _held(session, claim)
            request.lease_until, request.attempts = None, 0
            request.code = request.reason = request.said = request.request_id = None
            request.due_at = portal.now() if more else _later(session, request, now=portal.now())


def _steps(portal: Portal, claim: Claim, stopping: Callable[[], bool]) -> bool:
    """Do what is next until nothing is, or others have their turn; whether there is more."""
    for _ in range(STEPS):
        with portal.database.write() as session:
            request = _held(session, claim)
            done, source = _step(portal, session, request)
            request.lease_until = request.due_at = portal.now() + LEASE
        if source is not None:
            _take_from_directory(portal, claim, source)
        if done:
            return False
        if stopping():
            break
    return True


def _step(
    portal: Portal, session: Session, request: ProvisioningRequest
) -> tuple[bool, RequestSource | None]:
    """One step of a held request: whether nothing is left, and a directory's source to be read."""
    now = portal.now()
    if request.state not in (*OPEN, RequestState.FAILED):
        return True, None
    if request.ends_at is not None and request.ends_at <= now:
        closing.expire(session, request, now=now)
        return True, None
    if request.gathered_at is None:
        if Privilege.CREATE_REQUESTS not in privileges(request.created_by):
            raise DirectoryError(
                f"{request.created_by.display_name}, who made this request, may not make one any "
                "more. Nobody more is taken in.",
                code="request.maker_may_not",
            )
        source = sources.current(session, request)
        if source is None:
            _gathered(session, request, now=now)
            return False, None
        if source.kind in gathering.REMOTE:
            return False, source
        gathering.take_local(session, request, source, now=now)
        return False, None
    found = inviting.invite_batch(portal, session, request)
    found = found or inviting.remind_batch(portal, session, request)
    if found:
        session.flush()
        settlement.settle(session, request, now=now)
    return not found, None


def _take_from_directory(portal: Portal, claim: Claim, source: RequestSource) -> None:
    """Read the next page of a directory, and write what it says."""
    directory = source.directory
    page = (
        Why("source_unreadable", "Its directory is not in service any more.")
        if directory is None or directory.ended_at is not None
        else gathering.read(portal, directory, source)
    )
    with portal.database.write() as session:
        request = _held(session, claim)
        if request.gathered_at is not None:
            return  # cancelled or expired while the directory answered
        current = session.get_one(RequestSource, source.id, populate_existing=True)
        owed = gathering.take_page(session, request, current, page, now=portal.now())
    if owed:
        portal.wake()


def _gathered(session: Session, request: ProvisioningRequest, *, now: datetime) -> None:
    request.gathered_at = now
    settlement.settle(session, request, now=now)
    audit.record(
        session,
        audit.Tag.REQUEST_GATHERED,
        now=now,
        actor=request.created_by,
        request=str(request.uuid),
        name=request.name,
        people=request.people_count,
    )


def _later(session: Session, request: ProvisioningRequest, *, now: datetime) -> datetime | None:
    """When the request is to be looked at next, where nothing is left to do now."""
    if request.state not in (*OPEN, RequestState.FAILED):
        return None
    if inviting.waits(session, request):
        return now + BUSY
    return request.ends_at if request.ends_at is not None and request.ends_at > now else None


def _rest(portal: Portal, claim: Claim, error: DirectoryError | None) -> None:
    """Say why it does not go on, and when it is tried again."""
    with portal.database.write() as session:
        request, now = _held(session, claim), portal.now()
        request.lease_until = None
        if error is None:
            pause = SOON
        elif isinstance(error, Transient):
            pause = after_failure(request.attempts, error.retry_after)
        else:
            pause = RETRY
        request.due_at = now + pause
        if error is not None:
            request.code, request.reason = error.code, error.reason[:1000]
            request.said, request.request_id = error.said[:1000], error.request_id[:255]
            log.warning("request %d: %s", claim.row_id, error.code)
