"""The key's PIN: asked for, set, changed, and what can be demanded of it.

It is typed here and goes to the key alone: never to the portal, a file or a log. It is kept in
memory while the command runs, so that a person with several steps types it once.
"""

from __future__ import annotations

import unicodedata

from fido2.ctap import CtapError
from fido2.ctap2.config import Config
from fido2.ctap2.credman import CredentialManagement
from fido2.ctap2.pin import ClientPin

from latchkey_agent import key as keys
from latchkey_agent.key import WARN_AT, Key
from latchkey_agent.stop import Exit, Stop
from latchkey_agent.talk import Talk

MAX_BYTES = 63
"""CTAP 2.1 section 6.5.1: a PIN has at most 63 bytes of UTF-8."""


class Pin:
    """The PIN of one key, for as long as the command runs.

    Args:
        minimum: code points that a new PIN must have, where more are wanted than the key demands.
    """

    def __init__(self, key: Key, talk: Talk, *, minimum: int = 0) -> None:
        self.key = key
        self._talk = talk
        self._minimum = minimum
        self._typed = ""

    def ready(self) -> None:
        """Set a PIN where none is, change one that must be, or make sure of the one typed.

        Raises:
            Stop: with the exit code of PIN trouble, or `key_full`.
        """
        if self.key.verifies_by_itself:
            return
        if not self.key.has_pin:
            self._set()
        elif self.key.info.force_pin_change:
            self._change()
        else:
            self._prove()

    def typed(self) -> str:
        """The PIN, typed now if it was not before."""
        if not self._typed:
            self._typed = self._ask("PIN of the key:")
        return self._typed

    def forget(self) -> None:
        """Let the next use ask for it again."""
        self._typed = ""

    def demand(self, *, minimum: int, change: bool) -> None:
        """Have the key demand a longer PIN from now on, or another one before the next use.

        Args:
            minimum: code points; 0 leaves that as it is.
            change: demand another PIN before the next use.

        Raises:
            CtapError: when the key refuses.
        """
        client = ClientPin(self.key.ctap)
        token = client.get_pin_token(self.typed(), ClientPin.PERMISSION.AUTHENTICATOR_CFG)
        Config(self.key.ctap, client.protocol, token).set_min_pin_length(
            minimum if minimum > self.key.info.min_pin_length else None, force_change_pin=change
        )

    def wrong(self, error: CtapError) -> None:
        """A PIN was refused: say so if it can be typed again.

        Raises:
            Stop: `pin_blocked`, or `pin_paused` until the key was taken out.
            CtapError: when it is about something else.
        """
        self.forget()
        match error.code:
            case CtapError.ERR.PIN_INVALID:
                left = keys.retries(self.key)
                if left == 0:
                    raise keys.blocked() from None
                self._talk.say(f"That PIN is wrong. {left} tries are left.")
            case CtapError.ERR.PIN_BLOCKED:
                raise keys.blocked() from None
            case CtapError.ERR.PIN_AUTH_BLOCKED:
                raise Stop(
                    Exit.PIN,
                    "pin_paused",
                    "Three wrong PINs in a row: the key takes no more for now. Take it out, put it "
                    "in again, and begin anew.",
                ) from None
            case _:
                raise error

    def _prove(self) -> None:
        """Ask for the PIN until it is right, and count what still fits on the key."""
        left = keys.retries(self.key)
        if left is not None and left <= WARN_AT:
            self._talk.say(f"Careful: only {left} tries of the PIN are left on this key.")
        client = ClientPin(self.key.ctap)
        manages = self.key.manages and self.key.info.remaining_disc_creds is None
        # CTAP 2.1 section 6.8.2: a token that counts passkeys may not be bound to an RP ID, and
        # section 6.5.5.7.2: one that makes them must be. This one makes none.
        permission, rp_id = (
            (ClientPin.PERMISSION.CREDENTIAL_MGMT, None)
            if manages
            else (ClientPin.PERMISSION.MAKE_CREDENTIAL, "latchkey.invalid")
        )
        while True:
            try:
                token = client.get_pin_token(self.typed(), permission, rp_id)
                break
            except CtapError as error:
                self.wrong(error)
        if manages:
            told = CredentialManagement(self.key.ctap, client.protocol, token).get_metadata()
            if told.get(CredentialManagement.RESULT.MAX_REMAINING_COUNT) == 0:
                raise keys.full()

    def _set(self) -> None:
        self._talk.say("This key has no PIN yet. Choose one; whoever uses the key needs it.")
        pin = self._new()
        try:
            ClientPin(self.key.ctap).set_pin(pin)
        except CtapError as error:
            raise self._not_taken(error) from None
        self._now(pin)
        self._talk.say("The PIN is set.")

    def _change(self) -> None:
        self._talk.say("This key demands another PIN before it is used.")
        while True:
            old, pin = self.typed(), self._new()
            try:
                ClientPin(self.key.ctap).change_pin(old, pin)
                break
            except CtapError as error:
                if error.code == CtapError.ERR.PIN_POLICY_VIOLATION:
                    raise self._not_taken(error) from None
                self.wrong(error)
        self._now(pin)
        self._talk.say("The PIN is changed.")

    def _now(self, pin: str) -> None:
        self._typed = pin
        self.key = self.key.renewed()

    def _new(self) -> str:
        """A new PIN, typed twice."""
        minimum = max(self.key.info.min_pin_length, self._minimum)
        longest = min(MAX_BYTES, self.key.info.max_pin_length)
        while True:
            pin = self._ask(f"New PIN, at least {minimum} characters:")
            if len(pin) < minimum:
                self._talk.say(f"That is too short: at least {minimum} characters.")
            elif len(pin.encode()) > longest:
                self._talk.say(f"That is too long: at most {longest} bytes.")
            elif self._ask("The same once more:") != pin:
                self._talk.say("Those two were not the same.")
            else:
                return pin

    def _ask(self, question: str) -> str:
        """A PIN as CTAP wants it: Unicode in normalisation form C."""
        pin = unicodedata.normalize("NFC", self._talk.secret(question))
        if not pin:
            raise Stop(Exit.PIN, "pin_missing", "No PIN was typed, so nothing was done.")
        return pin

    @staticmethod
    def _not_taken(error: CtapError) -> Stop:
        return Stop(
            Exit.PIN,
            "pin_not_taken",
            "The key did not take that PIN: it may be too simple, or shorter than it demands "
            f"({error.code.name}).",
        )
