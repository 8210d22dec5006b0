"""Every way a ceremony can end in a no: a stable code, and the sentence a person reads.

Where an answer could tell a stranger something about an account, several codes share a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from directories.base import CheckState, DirectoryError, Finding, Transient
from services.attestation.policy import SENTENCES as VERDICTS
from services.refusal import Refusal
from services.standing import SUSPENDED

AGAIN = "Go back to the page and try again."
ELSEWHERE = "The answer did not come from this page, so it was not accepted."
NOT_SIGNED_IN = "That passkey does not sign in here. Use another one, or ask your administrator."
NOT_READ = "Your browser sent something that cannot be read as a passkey. " + AGAIN
SYNC = "That passkey contradicts itself about being copied to other devices. Use another one."

CODES: dict[str, str] = {
    # The ceremony
    "challenge_unknown": f"This page is out of date. {AGAIN}",
    "challenge_expired": f"That took too long. {AGAIN}",
    "challenge_used": f"That answer was already used. {AGAIN}",
    "challenge_other_session": (
        "This was begun in another browser or another sign-in. Begin again here."
    ),
    "challenge_other_person": "This was begun by somebody else. Begin again here.",
    "challenge_other_purpose": f"This was begun for something else. {AGAIN}",
    "challenge_other_subject": f"This was begun to confirm something else. {AGAIN}",
    "challenge_wrong": f"The answer belongs to another request. {AGAIN}",
    "cancelled": f"This was cancelled. {AGAIN}",
    "directory_not_offered": (
        "No key can be made for you in that directory now. Ask your administrator."
    ),
    "directory_not_linked": (
        "You have no account in that directory that is known here. Ask your administrator."
    ),
    "directory_identity_changed": (
        "Your account in that directory changed while you made the key. Begin again, or ask your "
        "administrator."
    ),
    "directory_handle_taken": (
        "That directory gave your key the name of somebody else's here. Nothing was registered. "
        "Tell your administrator: they have to see to whose record is linked to whom."
    ),
    "begun_too_often": (
        "This was begun many times within a few minutes. Wait ten minutes, then try again."
    ),
    "policy_missing": (
        "Nobody has decided yet which security keys are allowed here. Ask your administrator."
    ),
    # What the browser sent
    "malformed": NOT_READ,
    "type_wrong": f"Your browser answered another kind of request. {AGAIN}",
    "origin_wrong": ELSEWHERE,
    "cross_origin": ELSEWHERE,
    "top_origin": ELSEWHERE,
    "rp_id_wrong": "That passkey was made for another site.",
    "credential_id_mismatch": NOT_READ,
    "credential_id_too_long": "That security key gave its passkey a name that is too long to use.",
    # What the authenticator did
    "user_not_present": "The security key was not touched. Try again, and touch it when asked.",
    "user_not_verified": (
        "The security key did not ask for your PIN or fingerprint. Set a PIN on it, and try again."
    ),
    "backup_state_wrong": SYNC,
    "algorithm_wrong": "That passkey uses a kind of signature that was not asked for.",
    # Registration
    "attestation_format_unknown": (
        "That security key describes itself in a form that is not known here."
    ),
    "attestation_format_not_taken": (
        "That security key describes itself in a form that the directory does not take. "
        "Use another one."
    ),
    "attestation_invalid": (
        "What that security key says of itself is not correctly signed, so it was not accepted."
    ),
    "credential_known": "That passkey is already registered.",
    **VERDICTS,
    # Sign-in
    "credential_unknown": NOT_SIGNED_IN,
    "user_handle_missing": NOT_SIGNED_IN,
    "user_handle_wrong": NOT_SIGNED_IN,
    "signature_wrong": NOT_SIGNED_IN,
    "backup_eligibility_changed": NOT_SIGNED_IN,
    "credential_ended": "That passkey was removed, so it does not sign in any more.",
    "credential_other_person": "That passkey is not one of yours here. Use one of your own.",
    "person_suspended": SUSPENDED,
    "counter_not_greater": (
        "That security key has counted fewer uses than are known here, as a copy of it would. "
        "Try once more; if it happens again, tell your administrator."
    ),
}
"""Every code with its sentence. A code never changes once it is released."""


TROUBLE = "directory_trouble"
"""The code of a directory that begins nothing; what it was is beside it."""


class CeremonyRefusal(Refusal):
    """A ceremony that ended in a no.

    Args:
        code: one of `CODES`.
        facts: what was seen, as JSON values for the audit trail and for pages (`model`, `aaguid`,
            `origin`). Never a secret or a challenge.
    """

    def __init__(self, code: str, facts: Mapping[str, Any] | None = None) -> None:
        super().__init__(code, CODES[code])
        self.facts = dict(facts or {})


class DirectoryTrouble(Refusal):
    """A directory did not begin a registration, or began one that cannot lead to a key.

    Args:
        name: the directory's, as its configuration calls it.
        error: why.
        findings: what was looked at beforehand, for the operator.
    """

    def __init__(self, name: str, error: DirectoryError, findings: Sequence[Finding] = ()) -> None:
        request = f" (request id {error.request_id})" if error.request_id else ""
        said = f" {name} said: “{error.said}”{request}." if error.said else ""
        super().__init__(TROUBLE, f"{error.reason}{said}", status=502)
        self.name = name
        self.cause = error.code
        """What it was, by the code of the directory's kind."""
        self.reason = error.reason
        self.said = error.said
        self.request_id = error.request_id
        self.findings = tuple(findings)
        self._transient = isinstance(error, Transient)

    @property
    def for_the_person(self) -> str:
        """What happened, and what to do: the directory's own words are for operators."""
        known = [one.person for one in self.findings if one.state is CheckState.FAILED]
        known = [one for one in known if one]
        if known:
            todo = f"{' '.join(known)} Trying again does not help before that is changed: tell"
        elif self._transient:
            todo = "Try again in a few minutes; if it stays like this, tell"
        else:
            todo = "Trying again does not help before it is put right: tell"
        return (
            f"{self.name} could not begin this now. Nothing was changed. {todo} your administrator."
        )


def printable(text: str, limit: int = 200) -> str:
    """What somebody sent, fit for a record: no control characters, and not too long."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)[
        :limit
    ]
