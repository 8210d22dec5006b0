"""What a registration for one user would meet, read before PingOne is asked to begin it.

PingOne contract sections 1.4, 3.3, 4.1 to 4.3: whether devices are paired at all, whether the
relying party ID is still the one that this connection was made for, and whether there is room.
"""

from __future__ import annotations

from collections.abc import Iterable

from directories.base import CheckState, DirectoryError, Finding, RemoteIdentity, Transient
from directories.pingone import documents, policies
from directories.pingone.api import PingOneApi
from directories.pingone.settings import PingOneSettings

_POLICIES = "Authentication, MFA, MFA Policies"
_ROLE = (
    "Give the worker the role Configuration Read Only (or Environment Admin) for this environment: "
    "Applications, the worker, Roles, Grant Roles."
)


def findings(
    api: PingOneApi, settings: PingOneSettings, identity: RemoteIdentity
) -> tuple[Finding, ...]:
    """Look at everything that is known to make a registration fail.

    Raises:
        Transient: while nothing can be looked at.
    """
    return (*_account(identity), *_policy(api, settings), _room(api, identity))


def _account(identity: RemoteIdentity) -> Iterable[Finding]:
    if identity.enabled is False:
        yield Finding(
            "pingone.account",
            CheckState.FAILED,
            "The user is disabled there, so nobody signs in with their keys.",
            "Enable them: Directory, Users, the user.",
            person="Your account there is disabled.",
        )


def _policy(api: PingOneApi, settings: PingOneSettings) -> Iterable[Finding]:
    try:
        chosen = policies.chosen(policies.read(api), settings.mfa_policy_id)
    except Transient:
        raise
    except DirectoryError as error:
        yield _unread("pingone.pairs", "The MFA policy", error)
        return
    if chosen is None:
        yield Finding(
            "pingone.pairs",
            CheckState.FAILED,
            "The MFA policy of this connection is not there any more.",
            "Choose another one: EDIT, on the connection's page.",
        )
        return
    if chosen.pairs:
        yield Finding(
            "pingone.pairs", CheckState.PASSED, f"The MFA policy {chosen.name} pairs FIDO2 devices."
        )
    else:
        yield Finding(
            "pingone.pairs",
            CheckState.FAILED,
            f"The MFA policy {chosen.name} takes no new FIDO2 devices.",
            f"Switch FIDO2 and its pairing on: {_POLICIES}, {chosen.name}.",
            person="Registering keys is switched off there.",
        )
    yield _relying_party(chosen, settings.relying_party_id)


def _relying_party(chosen: policies.MfaPolicy, pinned: str) -> Finding:
    code = "pingone.relying_party_kept"
    theirs = chosen.fido_policy.relying_party_id if chosen.fido_policy else ""
    if not theirs:
        return Finding(
            code,
            CheckState.UNKNOWN,
            "The FIDO policy behind the MFA policy cannot be read, and so neither can its relying "
            "party ID.",
            _ROLE,
        )
    if pinned and theirs != pinned:
        return Finding(
            code,
            CheckState.FAILED,
            f"The relying party ID there is {theirs} now, and this connection was made for "
            f"{pinned}. Keys made under one are useless under the other.",
            "Put it back there, or choose the MFA policy again here.",
        )
    return Finding(code, CheckState.PASSED, f"The relying party ID is {theirs}.")


def _room(api: PingOneApi, identity: RemoteIdentity) -> Finding:
    code = "pingone.room"
    try:
        held = api.devices(identity.remote_id)
        most = documents.inner(api.mfa_settings(), "pairing", "maxAllowedDevices")
    except Transient:
        raise
    except DirectoryError as error:
        return _unread(code, "How many devices they have and may have", error)
    # What counts are devices that are active or blocked, of every type (section 3.3).
    many = sum(not documents.pending(one) for one in held)
    if type(most) is not int:
        return Finding(
            code, CheckState.UNKNOWN, "PingOne does not say how many devices one may have."
        )
    if many < most:
        return Finding(code, CheckState.PASSED, f"They have {many} of {most} MFA devices.")
    return Finding(
        code,
        CheckState.FAILED,
        f"They have {many} MFA devices, and {most} are allowed.",
        "Remove one of theirs, or allow more: Authentication, MFA, Settings.",
        person="You have as many keys and other devices there as are allowed, so one that you no "
        "longer use has to be removed first.",
    )


def _unread(code: str, what: str, error: DirectoryError) -> Finding:
    return Finding(code, CheckState.UNKNOWN, f"{what} was not read: {error.reason}", _ROLE)
