"""Taking the people of a request in: the worker goes through its sources, some at a time.

What a directory's page says is written before the next one is asked for, with the cursor, so that
what was broken off goes on where it stopped. Somebody whom a directory knows and nobody here is
linked to is added from the record, and linked by the directory's own id for it: never by an
address, which no directory proves. Where the address is somebody's here, a human decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from directories.base import DirectoryError, NotFound, Page, Refused, RemoteIdentity
from models import (
    Directory,
    GroupMember,
    Identity,
    Person,
    ProvisioningRequest,
    RequestPerson,
    RequestSource,
    SourceKind,
)
from services import people, people_import
from services.directories import browsing, connector, identities, inviting, linking
from services.portal import Portal
from services.provisioning.admission import Found, Why, admit, full
from services.refusal import Refusal
from services.roles import Privilege, privileges

BATCH = 200
"""People here who are taken in in one transaction."""
REMOTE = (SourceKind.RECORD, SourceKind.DIRECTORY_GROUP)


def take_local(
    session: Session, request: ProvisioningRequest, source: RequestSource, *, now: datetime
) -> None:
    """Take in the next people of a source that needs no directory."""
    if full(request):
        source.done_at = now
        return
    match source.kind:
        case SourceKind.PERSON:
            found = [Found(person) for person in _chosen(session, request, now=now)]
        case SourceKind.GROUP:
            found = [Found(person) for person in _members(session, source, now=now)]
        case _:
            found = _rows(session, request, source, now=now)
    admit(session, request, found, maker=request.created_by, now=now)


def read(portal: Portal, directory: Directory, source: RequestSource) -> Page[RemoteIdentity] | Why:
    """The next page of a directory's source, or why there is none and never will be.

    Raises:
        DirectoryError: when it cannot be read now.
    """
    remote_id = source.remote_id or ""
    try:
        if source.kind is SourceKind.RECORD:
            return Page((browsing.find(portal, directory, remote_id),))
        page = connector(portal, directory).people("", source.cursor, group=remote_id)
    except Refusal as refusal:
        return Why("record_gone", refusal.sentence)
    except (NotFound, Refused) as error:
        return Why("source_unreadable", f"{directory.name}: {error.reason}")
    if page.cursor is not None and page.cursor == source.cursor:
        raise DirectoryError(
            "The directory named the same page as the next one again.", code="request.circle"
        )
    return page


def take_page(
    session: Session,
    request: ProvisioningRequest,
    source: RequestSource,
    page: Page[RemoteIdentity] | Why,
    *,
    now: datetime,
) -> int:
    """Take in whom a page of a directory names.

    Returns:
        How many deliveries that owes: wake the workers after the transaction.
    """
    directory = source.directory
    if isinstance(page, Why) or directory is None:
        why = page if isinstance(page, Why) else Why("source_unreadable", "Its directory is gone.")
        gone = Found(directory=directory, remote_id=source.remote_id, name=source.name, why=why)
        admit(session, request, [gone], maker=request.created_by, now=now)
        source.done_at = now
        return 0
    known = identities.linked(session, directory, [one.remote_id for one in page.items])
    owed = 0
    found = []
    for remote in _once(page.items):
        person = known.get(remote.remote_id)
        one = (
            Found(person, directory, remote.remote_id)
            if person is not None
            else _stranger(session, directory, remote, maker=request.created_by, now=now)
        )
        owed += person is None and one.person is not None
        found.append(one)
    source.seen += len(page.items)
    admit(session, request, found, maker=request.created_by, now=now)
    source.cursor = page.cursor
    if page.cursor is None or full(request):
        source.done_at = now
    return owed


def known_now(session: Session, place: RequestPerson) -> Found | None:
    """Whom a row that could not be taken in means now; None where that is still nobody."""
    if place.directory_id is not None and place.remote_id:
        person = session.scalar(
            select(Person)
            .join(Identity, Identity.person_id == Person.id)
            .where(
                Identity.directory_id == place.directory_id, Identity.remote_id == place.remote_id
            )
        )
    elif place.person_id is None and place.email:
        person = people.by_email(session, place.email)
    else:
        person = place.person
    return None if person is None else Found(person)


def _stranger(
    session: Session, directory: Directory, remote: RemoteIdentity, *, maker: Person, now: datetime
) -> Found:
    """Somebody to whose record nobody here is linked: added and linked, or why not."""
    names = inviting.suggested(remote)
    here = people.by_email(session, names.email) if names.email else None
    why = _obstacle(directory, remote, names, here, maker)
    person = None
    if why is None:
        try:
            with session.begin_nested():
                person = people.add(session, names, actor=maker, now=now)
                linking.link(
                    session, directory, remote, person, how="request", actor=maker, now=now
                )
        except Refusal as refusal:
            person, why = None, Why("record_conflict", refusal.sentence)
    name = names.display_name or remote.label
    return Found(person, directory, remote.remote_id, name, names.email, why)


def _obstacle(
    directory: Directory,
    remote: RemoteIdentity,
    names: people.Names,
    here: Person | None,
    maker: Person,
) -> Why | None:
    if remote.enabled is False:
        return Why("record_disabled", f"The account is disabled in {directory.name}.")
    if not names.email:
        return Why(
            "record_without_email",
            f"{directory.name} knows no address of this account. Add the person by hand, link "
            "them to the record, and try again.",
        )
    if here is not None:
        return Why(
            "record_conflict",
            f"{here.display_name} has the address {names.email} here and is not linked to this "
            "record. An address alone proves nothing: look who it is, link the two by hand if "
            "they are the same, and try again.",
        )
    if not {Privilege.ADD_PEOPLE, Privilege.LINK_IDENTITIES} <= privileges(maker):
        return Why(
            "record_unknown_here",
            f"Nobody here is linked to this record, and {maker.display_name}, who made this "
            "request, may not add and link people. Have them added and linked, and try again.",
        )
    return None


def _once(records: Iterable[RemoteIdentity]) -> list[RemoteIdentity]:
    return list({one.remote_id: one for one in records}.values())


def _chosen(session: Session, request: ProvisioningRequest, *, now: datetime) -> Sequence[Person]:
    """The next people who were picked one by one, until something else comes in the list."""
    rows = session.scalars(
        select(RequestSource)
        .where(RequestSource.request_id == request.id, RequestSource.done_at.is_(None))
        .order_by(RequestSource.id)
        .limit(BATCH)
    ).all()
    found = []
    for row in rows:
        if row.kind is not SourceKind.PERSON or row.person is None:
            break
        row.done_at, row.seen = now, 1
        found.append(row.person)
    return found


def _members(session: Session, source: RequestSource, *, now: datetime) -> Sequence[Person]:
    """The next members of a group here."""
    after = int(source.cursor or 0)
    found = session.scalars(
        select(Person)
        .join(GroupMember, GroupMember.person_id == Person.id)
        .where(GroupMember.group_id == source.group_id, Person.id > after)
        .order_by(Person.id)
        .limit(BATCH)
    ).all()
    source.seen += len(found)
    if len(found) < BATCH:
        source.done_at = now
    else:
        source.cursor = str(found[-1].id)
    return found


def _rows(
    session: Session, request: ProvisioningRequest, source: RequestSource, *, now: datetime
) -> list[Found]:
    """The next people of a file; those who are nobody here yet are added."""
    maker = request.created_by
    start = int(source.cursor or 0)
    rows = people_import.look(session, source.content or "", here=True)
    may_add = Privilege.ADD_PEOPLE in privileges(maker)
    found = []
    for row in rows[start : start + BATCH]:
        person, why = row.person, Why("row_wrong", row.problem) if row.problem else None
        if person is None and why is None:
            if may_add:
                person = people.add(session, row.names, actor=maker, now=now)
            else:
                why = Why(
                    "record_unknown_here",
                    f"Nobody here has this address, and {maker.display_name}, who made this "
                    "request, may not add people.",
                )
        found.append(Found(person, name=row.names.display_name, email=row.names.email, why=why))
    source.seen += len(found)
    if start + BATCH >= len(rows):
        source.done_at, source.content = now, None
    else:
        source.cursor = str(start + BATCH)
    return found
