"""Keeping taken groups in step: the worker's walk through the members of a directory's group.

A walk goes page by page, and what a page says is written before the next one is asked for, with the
cursor, so that a walk that was broken off goes on where it stopped. Somebody leaves the group only
at the end of a walk that saw every page and not them. People who are linked to no record there are
nobody here; those whose groups whoever took it could not change stay as they are.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from directories.base import Connector, DirectoryError, NotFound, Page, RemoteIdentity, Transient
from models import Directory, Group, GroupSource, Person
from services import leases
from services.deliveries.outcomes import Why
from services.deliveries.pauses import after_failure
from services.directories import connector, identities
from services.groups.members import join, leave, unseen
from services.leases import Claim, LostLease
from services.portal import Portal
from services.roles import holds_more
from services.serving import in_service

log = logging.getLogger(__name__)

Sources = TypeVar("Sources", bound=Select[Any])

EVERY = timedelta(minutes=15)
"""How long after a walk the next one begins."""
LEASE = timedelta(minutes=8)
"""How long a worker may be silent; a page is at most some eight exchanges, as for deliveries."""
PAGES = 20
"""Pages that a worker reads before other work has its turn."""
LEAVING = 200
"""People who leave a group in one transaction."""
LOOKED_THROUGH = 5
"""Pages of groups that are looked through for one whose members are nobody."""

GONE = Why(
    "group.gone",
    "The directory names no member, and no group by this name and id. Nobody was taken out.",
)
CIRCLE = Why("group.circle", "The directory named the same page as the next one again.")


@dataclass(frozen=True)
class Facts:
    """What a walk goes by, read at once."""

    directory: Directory
    remote_id: str
    remote_name: str
    cursor: str | None
    seen: int
    """How many records earlier pages named."""


def next_due(session: Session) -> datetime | None:
    """When the next walk is due that a worker may begin or go on with."""
    return session.scalar(_due(select(func.min(GroupSource.due_at))))


def work(portal: Portal, *, worker: str, stopping: Callable[[], bool] = lambda: False) -> int:
    """Walk through every group that is due.

    Returns:
        How many walks were begun or gone on with.
    """
    return leases.work(
        portal,
        GroupSource,
        _claim,
        lambda claim: _run(portal, claim, stopping),
        worker=worker,
        stopping=stopping,
    )


def _due(statement: Sources) -> Sources:
    """A selection from the sources whose directories can be asked."""
    return (
        statement.select_from(GroupSource)
        .join(Directory, GroupSource.directory_id == Directory.id)
        .where(in_service())
    )


def _claim(session: Session, now: datetime) -> Claim | None:
    due = _due(select(GroupSource.id)).where(
        GroupSource.due_at <= now,
        or_(GroupSource.lease_until.is_(None), GroupSource.lease_until <= now),
    )
    until = now + LEASE  # nobody looks before then, unless the walk is gone on with
    return leases.claim(session, GroupSource, due, until=until, due_at=until)


def _run(portal: Portal, claim: Claim, stopping: Callable[[], bool]) -> None:
    """Some pages of one walk. No exception leaves it but `LostLease`."""
    try:
        _walk(portal, claim, stopping)
    except LostLease:
        raise
    except DirectoryError as error:
        _settle_failure(portal, claim, error)
    except Exception as error:
        # The trace goes to the log; the words of an unforeseen exception may hold anything.
        log.exception("group source %d failed unexpectedly", claim.row_id)
        why = f"Something unforeseen went wrong here ({type(error).__name__}); see the log."
        _settle_failure(portal, claim, DirectoryError(why, code="group.unexpected"))


def _walk(portal: Portal, claim: Claim, stopping: Callable[[], bool]) -> None:
    """Read pages and write what they say, until the walk has ended or others have their turn."""
    connection: Connector | None = None
    for _ in range(PAGES):
        with portal.database.write() as session:
            facts = _facts(session, claim)
            connection = connection or connector(portal, facts.directory)
        page = connection.people("", facts.cursor, group=facts.remote_id)
        if page.cursor is not None and page.cursor == facts.cursor:
            raise DirectoryError(CIRCLE.reason, code=CIRCLE.code)
        if page.cursor is None and not page.items and not facts.seen:
            _demand_group(connection, facts)
        with portal.database.write() as session:
            owed = _take_in(session, claim, page, now=portal.now())
        if owed:
            portal.wake()
        if page.cursor is None:
            _end(portal, claim)
            return
        if stopping():
            break
    with portal.database.write() as session:
        source = _held(session, claim)
        source.lease_until, source.due_at = None, portal.now()


def _held(session: Session, claim: Claim) -> GroupSource:
    """The source, with its group locked, as long as this claim holds it.

    Raises:
        LostLease: when it does not.
    """
    found = select(GroupSource).where(
        GroupSource.id == claim.row_id, GroupSource.fence == claim.fence
    )
    source = session.scalar(found)
    if source is None:
        raise LostLease
    # The group first, as everybody who changes it does.
    session.refresh(session.get_one(Group, source.group_id), with_for_update={"of": Group})
    source = session.scalar(
        found.with_for_update(of=GroupSource).execution_options(populate_existing=True)
    )
    if source is None or source.lease_until is None:
        raise LostLease
    return source


def _facts(session: Session, claim: Claim) -> Facts:
    """What the next page goes by; a walk that begins counts anew."""
    source = _held(session, claim)
    if source.cursor is None:
        source.walk += 1
        source.seen = source.unlinked = source.left_alone = 0
    return Facts(
        directory=session.get_one(Directory, source.directory_id),
        remote_id=source.remote_id,
        remote_name=source.remote_name,
        cursor=source.cursor,
        seen=source.seen,
    )


def _demand_group(connection: Connector, facts: Facts) -> None:
    """Make sure that a group whose members are nobody is there: some directories answer so for one
    that was deleted, and everybody would be taken out.

    Raises:
        NotFound: when it is not found.
    """
    cursor: str | None = None
    for _ in range(LOOKED_THROUGH):
        page = connection.groups(facts.remote_name, cursor)
        if any(one.remote_id == facts.remote_id for one in page.items):
            return
        cursor = page.cursor
        if cursor is None:
            break
    raise NotFound(GONE.reason, code=GONE.code)


def _take_in(session: Session, claim: Claim, page: Page[RemoteIdentity], *, now: datetime) -> int:
    """Write what a page says; how many deliveries that owes."""
    source = _held(session, claim)
    group = session.get_one(Group, source.group_id)
    directory = session.get_one(Directory, source.directory_id)
    taker = session.get_one(Person, source.taken_by_id)
    names = {one.remote_id for one in page.items}
    linked = identities.linked(session, directory, names)
    own = {one.id: one for one in linked.values() if not holds_more(one, taker)}
    owed = join(session, group, list(own.values()), walk=source.walk, now=now)
    source.seen += len(page.items)
    source.unlinked += len(names) - len(linked)
    source.left_alone += len(linked) - len(own)
    source.cursor = page.cursor
    source.lease_until = source.due_at = now + LEASE
    return owed


def _end(portal: Portal, claim: Claim) -> None:
    """Take out whom the walk did not see, some at a time, and say that the group is in step."""
    after = 0
    while True:
        with portal.database.write() as session:
            source, now = _held(session, claim), portal.now()
            group = session.get_one(Group, source.group_id)
            taker = session.get_one(Person, source.taken_by_id)
            stale = unseen(session, group, walk=source.walk, after=after, limit=LEAVING)
            leave(session, group, [one for one in stale if not holds_more(one, taker)], now=now)
            if len(stale) < LEAVING:
                source.in_step_at = now
                source.due_at = now + EVERY
                _rest(source)
                source.code = source.reason = source.said = source.request_id = None
                source.attempts = 0
                return
            source.lease_until = source.due_at = now + LEASE
            after = stale[-1].id


def _settle_failure(portal: Portal, claim: Claim, error: DirectoryError) -> None:
    """Say why the group is not in step, and when it is tried again. Nobody was taken out."""
    with portal.database.write() as session:
        source, now = _held(session, claim), portal.now()
        if isinstance(error, Transient):
            pause = after_failure(source.attempts, error.retry_after)
            source.lease_until = None  # the walk goes on where it stopped
        else:
            pause = EVERY
            _rest(source)
        source.due_at = now + pause
        source.code, source.reason = error.code, error.reason[:1000]
        source.said, source.request_id = error.said[:1000], error.request_id[:255]
    log.warning("group source %d: %s", claim.row_id, error.code)


def _rest(source: GroupSource) -> None:
    """Nobody walks, and the next walk begins at the first page."""
    source.cursor = source.lease_until = None
