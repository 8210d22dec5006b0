"""Using a passkey: to sign in, or to confirm that the signed-in person is here.

WebAuthn Level 3, section 7.2. A passkey that a directory made never signs in here.
"""

from __future__ import annotations

import hmac
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from webauthn import verify_authentication_response
from webauthn.helpers.structs import AuthenticationCredential, AuthenticatorAssertionResponse

from models import Challenge, Passkey
from models.passkeys import OWN
from services import passkeys, policies
from services.audit import Tag, record
from services.ceremonies import challenges, options, responses
from services.ceremonies.checks import GET, check_authenticator, check_client, check_id
from services.ceremonies.outcomes import Outcome, settle
from services.ceremonies.purpose import Begun, Binding, Purpose
from services.ceremonies.refusals import CeremonyRefusal
from services.portal import Portal
from services.standing import is_active

logger = logging.getLogger(__name__)

REPEAT = timedelta(seconds=15)
"""How long the same answer may be sent again and sign in again: a double click, and no longer,
so that a form sent again after signing out opens nothing."""


@dataclass(frozen=True)
class Authenticated:
    """Who was here, and with which passkey."""

    person_id: int
    passkey_id: int


@dataclass(frozen=True)
class _Used:
    """A passkey with its verified answer."""

    passkey: Passkey
    answer: responses.Assertion


class _Refused(Exception):
    """A refusal that knows the passkey it is about."""

    def __init__(self, refusal: CeremonyRefusal, passkey: Passkey | None) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal
        self.passkey = passkey


def begin_authentication(
    portal: Portal,
    *,
    purpose: Purpose,
    session_hash: bytes,
    person_id: int | None = None,
    subject: str = "",
) -> Begun:
    """Make the options for using a passkey.

    Args:
        person_id: whose passkeys may answer; None (to sign in) lets the person choose any.
        subject: what is confirmed, as `remove:` and the UUID of the passkey.

    Raises:
        ValueError: when the purpose is to register, or to confirm for nobody.
    """
    if purpose.registers or (purpose is Purpose.CONFIRM and person_id is None):
        raise ValueError(purpose)
    rp_id = portal.settings.rp_id
    challenge = challenges.random_challenge()
    with portal.database.write() as session:
        allowed = (
            () if person_id is None else passkeys.own_of_person(session, person_id, rp_id=rp_id)
        )
        made = options.request(
            rp_id=rp_id,
            allowed=allowed,
            policy=policies.for_anybody(session)
            if person_id is None
            else policies.for_person(session, person_id),
            challenge=challenge,
        )
        row = challenges.make(
            session,
            settings=portal.settings,
            binding=Binding(purpose, session_hash, person_id, subject),
            challenge=challenge,
            options=made,
            policy=None,
            now=portal.now(),
        )
        return Begun(row.uuid, made)


def finish_authentication(
    portal: Portal,
    *,
    purpose: Purpose,
    ceremony: str,
    response: str,
    session_hash: bytes,
    person_id: int | None = None,
    subject: str = "",
) -> Authenticated:
    """Verify the browser's answer and say who it was.

    Args:
        ceremony: the id that `begin_authentication` gave, as the form sent it.
        response: the AuthenticationResponseJSON, as the form sent it.

    Raises:
        CeremonyRefusal: with a code of `CODES`. The same answer sent again in the same session
            gets the same refusal again, and for a moment the same success.
    """
    binding = Binding(purpose, session_hash, person_id, subject)
    taken = challenges.take(portal, binding, ceremony=ceremony, response=response)
    if taken.outcome is not None:
        kept = taken.outcome.result()
        taken_at = taken.challenge.taken_at
        if taken_at is None or portal.now() > taken_at + REPEAT:
            raise CeremonyRefusal("challenge_used")
        return Authenticated(kept["person"], kept["passkey"])
    try:
        used = _verify(portal, taken.challenge, binding, response)
        return _accept(portal, taken.challenge, binding, used)
    except _Refused as refused:
        _record_refusal(portal, taken.challenge, binding, refused)
        raise refused.refusal from refused


def _verify(portal: Portal, challenge: Challenge, binding: Binding, response: str) -> _Used:
    """Find the passkey and verify the answer with it.

    Raises:
        _Refused: with the first thing that is wrong.
    """
    passkey: Passkey | None = None
    try:
        answer = _read(response)
        check_client(answer.client, challenge, kind=GET)
        check_id(answer.id, answer.raw_id)
        with portal.database.read() as session:
            passkey = _find(session, answer.raw_id, rp_id=challenge.rp_id)
        if passkey is None:
            raise CeremonyRefusal("credential_unknown")
        _check_handle(answer, passkey, identified=binding.person_id is not None)
        check_authenticator(answer.authenticator, rp_id=passkey.rp_id)
        if answer.authenticator.backup_eligible != passkey.backup_eligible:
            raise CeremonyRefusal("backup_eligibility_changed")
        _verify_signature(answer, passkey, challenge)
        # Only now, to the holder of the key, may the answer tell about the account.
        if passkey.ended_at is not None:
            raise CeremonyRefusal("credential_ended")
        if binding.person_id is not None and passkey.person_id != binding.person_id:
            raise CeremonyRefusal("credential_other_person")
        if not passkey.person.active:
            raise CeremonyRefusal("person_suspended")
    except CeremonyRefusal as refusal:
        raise _Refused(refusal, passkey) from refusal
    return _Used(passkey, answer)


def _read(response: str) -> responses.Assertion:
    try:
        return responses.assertion(response)
    except responses.Malformed as error:
        logger.info("A sign-in was malformed: %s", error)
        raise CeremonyRefusal("malformed") from error


def _find(session: Session, raw_id: bytes, *, rp_id: str) -> Passkey | None:
    return session.scalar(
        select(Passkey).where(
            Passkey.credential_id == raw_id, Passkey.maker == OWN, Passkey.rp_id == rp_id
        )
    )


def _check_handle(answer: responses.Assertion, passkey: Passkey, *, identified: bool) -> None:
    """Section 7.2, step 6: by the passkey's own handle, which must come unless we named the keys.

    Raises:
        CeremonyRefusal: `user_handle_missing` or `user_handle_wrong`.
    """
    if answer.user_handle is None:
        if not identified:
            raise CeremonyRefusal("user_handle_missing")
    elif not hmac.compare_digest(answer.user_handle, passkey.user_handle):
        raise CeremonyRefusal("user_handle_wrong")


def _verify_signature(answer: responses.Assertion, passkey: Passkey, challenge: Challenge) -> None:
    """Have py_webauthn verify the whole answer. The counter is not its business: see `_accept`."""
    try:
        verify_authentication_response(
            credential=AuthenticationCredential(
                id=answer.id,
                raw_id=answer.raw_id,
                response=AuthenticatorAssertionResponse(
                    client_data_json=answer.client.raw,
                    authenticator_data=answer.authenticator_raw,
                    signature=answer.signature,
                    user_handle=answer.user_handle,
                ),
            ),
            expected_challenge=challenge.challenge,
            expected_rp_id=passkey.rp_id,
            expected_origin=list(challenge.origins),
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except Exception as error:  # beside its own errors come those of every parser beneath it
        logger.info("A sign-in was not verified: %s", type(error).__name__)
        raise CeremonyRefusal("signature_wrong") from error


def _accept(portal: Portal, challenge: Challenge, binding: Binding, used: _Used) -> Authenticated:
    """Judge the counter and note the use, on the row as it is now and locked.

    Raises:
        _Refused: `counter_not_greater`; `credential_ended` when it ended just now, or
            `person_suspended` when its person was.
    """
    now, counted = portal.now(), used.answer.authenticator.sign_count
    with portal.database.write() as session:
        active = is_active(session, used.passkey.person_id)
        passkey = session.get_one(Passkey, used.passkey.id, with_for_update={"of": Passkey})
        if not active:
            raise _Refused(CeremonyRefusal("person_suspended"), used.passkey)
        if passkey.ended_at is not None:
            raise _Refused(CeremonyRefusal("credential_ended"), used.passkey)
        if not _counts_on(passkey, counted):
            _judge_counter(session, passkey, counted, now=now)
        passkey.sign_count = max(passkey.sign_count, counted)
        passkey.last_used_at = now
        passkey.backup_state = used.answer.authenticator.backup_state
        done = Authenticated(passkey.person_id, passkey.id)
        settle(
            session,
            challenge,
            Outcome(accepted={"person": done.person_id, "passkey": done.passkey_id}),
        )
    return done


def _counts_on(passkey: Passkey, counted: int) -> bool:
    """Section 7.2, step 22: greater than before, unless the key does not count at all."""
    return counted > passkey.sign_count or counted == passkey.sign_count == 0


def _judge_counter(session: Session, passkey: Passkey, counted: int, *, now: datetime) -> None:
    policy = policies.for_person(session, passkey.person_id)
    facts: dict[str, Any] = {"counted": counted, "known": passkey.sign_count}
    if policy is None or policy.refuse_counter_regress:
        raise _Refused(CeremonyRefusal("counter_not_greater", facts), passkey)
    record(
        session,
        Tag.PASSKEY_COUNTER_ALLOWED,
        now=now,
        person=passkey.person,
        passkey=passkey,
        **facts,
    )


def _record_refusal(
    portal: Portal, challenge: Challenge, binding: Binding, refused: _Refused
) -> None:
    """Keep the outcome and write the refusal into the trail; the challenge is used up."""
    refusal, now = refused.refusal, portal.now()
    counter = refusal.code == "counter_not_greater"
    with portal.database.write() as session:
        passkey = None if refused.passkey is None else passkeys.get(session, refused.passkey.id)
        if counter and passkey is not None:
            passkey.counter_refused_at = now
        settle(session, challenge, Outcome.of(refusal))
        record(
            session,
            Tag.PASSKEY_COUNTER_REFUSED if counter else Tag.SIGN_IN_REFUSED,
            now=now,
            person=None if passkey is None else passkey.person,
            passkey=passkey,
            code=refusal.code,
            purpose=binding.purpose.value,
            **refusal.facts,
        )
