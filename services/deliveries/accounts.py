"""Make a person's account in a directory agree with whether they are suspended here.

Only an account that we had disabled is ever enabled again: one that somebody disabled in the
directory itself stays as it is. No transaction is open while a connector is called.
"""

from __future__ import annotations

from directories.base import Connector, DirectoryError, NotFound, RemoteIdentity
from services.deliveries.facts import Account
from services.deliveries.ledger import Ledger
from services.deliveries.outcomes import Done, Dropped, Held, Later, Outcome, Why, of_error

CANNOT = Why(
    "account.cannot_suspend",
    "Accounts in this directory cannot be disabled from here. Do it there.",
)
NO_ACCOUNT = Why("account.not_linked", "No account in this directory is linked to the person.")
ENDED = Why("directory.ended", "The directory was disconnected.")


def moot(account: Account) -> Dropped | None:
    """Why nothing is owed, where that is so; decided without asking the directory."""
    if account.ended:
        return Dropped(ENDED)
    return Dropped(NO_ACCOUNT) if account.identity_id is None else None


def reconcile(account: Account, connector: Connector, ledger: Ledger) -> Outcome:
    """Do what is owed, and say how it ended.

    Raises:
        LostLease: when somebody else has the delivery by now; nothing may be settled then.
    """
    if not connector.capabilities.suspends:
        return Held(CANNOT)
    try:
        identity = connector.find_identity(account.person, account.identity_id)
        if identity is None or identity.remote_id != account.identity_id:
            return Dropped(NO_ACCOUNT)
        agree(account, identity, connector, ledger)
    except NotFound as gone:
        return Later(Why.of(gone))
    except DirectoryError as error:
        return of_error(error)
    return Done(None)


def agree(account: Account, identity: RemoteIdentity, connector: Connector, ledger: Ledger) -> None:
    """Disable the account of somebody suspended; enable it again where we had disabled it.

    The account must be noted as the person's by then.
    """
    if not connector.capabilities.suspends:
        return
    if account.suspended and identity.enabled is not False:
        # Noted first: a run that dies in between leaves a note too many, never one too few.
        ledger.disabled(by_us=True)
        connector.set_enabled(identity, False)
    elif account.disabled_here and not account.suspended and not account.left:
        ledger.renew()
        if identity.enabled is not True:
            connector.set_enabled(identity, True)
        ledger.disabled(by_us=False)
