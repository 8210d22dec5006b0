"""The worker's loop: claim what is due, do it, settle it, until nothing is due."""

from __future__ import annotations

import logging
from collections.abc import Callable

from sqlalchemy.exc import IntegrityError

from directories.base import Connector, DirectoryError
from models import Directory
from services.deliveries import accounts
from services.deliveries import facts as facts_module
from services.deliveries.claims import Claim, LostLease, claim
from services.deliveries.facts import Facts
from services.deliveries.ledger import Ledger
from services.deliveries.outcomes import Later, Outcome, Why, of_error
from services.deliveries.reconcile import moot, reconcile
from services.deliveries.settlement import settle
from services.directories import connector
from services.portal import Portal

log = logging.getLogger(__name__)

_RACES = 10
"""How often a claim that lost a race is tried again at once."""


def work(portal: Portal, *, worker: str, stopping: Callable[[], bool] = lambda: False) -> int:
    """Claim and run what is due until nothing is due.

    Args:
        worker: a name for the log.
        stopping: asked between two deliveries; true ends the work early.

    Returns:
        How many deliveries were run.
    """
    count = 0
    while not stopping():
        held = _claim(portal)
        if held is None:
            break
        _run(portal, held, worker=worker)
        count += 1
    return count


def _claim(portal: Portal) -> Claim | None:
    for _ in range(_RACES):
        try:
            with portal.database.write() as session:
                return claim(session, now=portal.now())
        except IntegrityError:  # another worker has this person in this directory
            continue
    return None


def _run(portal: Portal, held: Claim, *, worker: str) -> None:
    """One delivery, from its facts to its settlement. No exception leaves it."""
    facts: Facts | None = None
    try:
        with portal.database.read() as session:
            directory = session.get_one(Directory, held.pair.directory_id)
            if held.pair.passkey_id is None:
                account = facts_module.read_account(session, held.pair)
                ready = accounts.moot(account) or _connector(portal, directory)
            else:
                facts = facts_module.read(session, held.delivery_id, held.pair)
                account = facts.account
                ready = moot(facts) or _connector(portal, directory)
        if isinstance(ready, Outcome):
            outcome = ready
        elif facts is None:
            outcome = accounts.reconcile(account, ready, Ledger(portal, held))
        else:
            outcome = reconcile(facts, ready, Ledger(portal, held), now=portal.now())
    except LostLease:
        log.warning("delivery %d: %s lost its lease; left alone", held.delivery_id, worker)
        return
    except Exception as error:
        # The trace goes to the log; the words of an unforeseen exception may hold anything.
        log.exception("delivery %d failed unexpectedly (%s)", held.delivery_id, worker)
        outcome = Later(
            Why(
                "delivery.unexpected",
                f"Something unforeseen went wrong here ({type(error).__name__}); see the log.",
            )
        )
    with portal.database.write() as session:
        settled = settle(session, held, outcome, facts=facts, now=portal.now())
    log.info(
        "delivery %d: %s%s",
        held.delivery_id,
        type(outcome).__name__.lower(),
        "" if settled else ", but the lease was lost",
    )


def _connector(portal: Portal, directory: Directory) -> Connector | Outcome:
    try:
        return connector(portal, directory)
    except DirectoryError as error:
        return of_error(error)
