"""The touch: CTAP through python-fido2's client, or Windows' own where that alone may do it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fido2.client import (
    ClientError,
    DefaultClientDataCollector,
    Fido2Client,
    UserInteraction,
    WebAuthnClient,
)
from fido2.ctap import CtapError
from fido2.ctap2.extensions import (
    CredPropsExtension,
    CredProtectExtension,
    HmacSecretExtension,
)
from fido2.webauthn import PublicKeyCredentialCreationOptions

from latchkey_agent import key as keys
from latchkey_agent.connection import broke
from latchkey_agent.key import Key
from latchkey_agent.options import Begun
from latchkey_agent.pins import Pin
from latchkey_agent.stop import Again, Exit, Stop
from latchkey_agent.talk import Talk

PIN_ERRORS = frozenset(
    {CtapError.ERR.PIN_INVALID, CtapError.ERR.PIN_BLOCKED, CtapError.ERR.PIN_AUTH_BLOCKED}
)


class Desk(UserInteraction):
    """The person in front of the key."""

    def __init__(self, talk: Talk, pin: Pin) -> None:
        self._talk = talk
        self._pin = pin

    def prompt_up(self) -> None:
        """The key waits."""
        self._talk.say("Touch the key now.")

    def request_pin(self, _permissions: Any, _rp_id: str | None) -> str:
        """The PIN, typed once for the whole command."""
        return self._pin.typed()

    def request_uv(self, _permissions: Any, _rp_id: str | None) -> bool:
        """The key reads a fingerprint itself."""
        self._talk.say("Put your finger on the key.")
        return True


def extensions() -> list[Any]:
    """What Entra ID asks for: without the first argument `hmacCreateSecret` would be ignored, and
    the key be of no use at the sign-in of Windows (Entra contract section 2.6).
    """
    return [
        HmacSecretExtension(allow_hmac_secret=True),  # type: ignore[no-untyped-call]
        CredProtectExtension(),
        CredPropsExtension(),
    ]


def by_key(key: Key, begun: Begun, pin: Pin, talk: Talk) -> dict[str, Any]:
    """Register on a key that this program drives itself.

    Returns:
        The RegistrationResponseJSON.

    Raises:
        Again: for a touch that did not come.
        Stop: what else went wrong, in words.
    """
    asked = begun.options.get("extensions") or {}
    if asked.get("hmacCreateSecret") and "hmac-secret" not in key.info.extensions:
        talk.say("This key knows no hmac-secret: it will not sign in to Windows itself.")
    if key.transport != "usb":
        talk.say("Leave the card on the reader until this is done.")
    client = Fido2Client(
        key.device,
        DefaultClientDataCollector(begun.origin),
        user_interaction=Desk(talk, pin),
        extensions=extensions(),
    )
    while True:
        try:
            with in_words():
                return _run(client, begun, key.transports)
        except CtapError as error:
            pin.wrong(error)


def by_windows(begun: Begun, _talk: Talk) -> dict[str, Any]:
    """Register by Windows' own dialog, which also asks for the PIN.

    Raises:
        Stop: what went wrong, in words.
    """
    from fido2.client.windows import WindowsClient

    client = WindowsClient(DefaultClientDataCollector(begun.origin), allow_hmac_secret=True)
    with in_words():
        return _run(client, begun, [])


def needs_windows() -> bool:
    """Whether only Windows itself may talk to keys: so it is unless this runs elevated."""
    if not on_windows():
        return False
    import ctypes

    from fido2.client.windows import WindowsClient

    shell = ctypes.windll.shell32  # type: ignore[attr-defined]  # there is one on Windows alone
    return WindowsClient.is_available() and not shell.IsUserAnAdmin()


def on_windows() -> bool:
    """Whether this machine runs Windows."""
    return sys.platform == "win32"


Touch = Callable[[Begun], dict[str, Any]]
"""Registers for a ceremony that has begun."""


def _run(client: WebAuthnClient, begun: Begun, transports: list[str]) -> dict[str, Any]:
    options = PublicKeyCredentialCreationOptions.from_dict(begun.options)
    made = json.loads(json.dumps(dict(client.make_credential(options))))
    if transports:
        made["response"]["transports"] = transports
    return dict(made)


@contextmanager
def in_words() -> Iterator[None]:
    """What the client and the connection raise, as a sentence; a refused PIN as it is."""
    try:
        yield
    except ClientError as error:
        cause = error.cause
        if isinstance(cause, CtapError):
            raise _of_key(cause) from None
        if error.code == ClientError.ERR.TIMEOUT:
            raise _late() from None
        if isinstance(cause, OSError):  # what Windows' own dialog ended with
            raise Stop(
                Exit.CANCELLED,
                "windows_refused",
                f"Windows made no passkey: its dialog was closed, or failed ({cause}).",
            ) from None
        raise Stop(
            Exit.UNSUITABLE, "client_refused", f"That could not be done with this key: {cause}."
        ) from None
    except CtapError as error:
        raise _of_key(error) from None
    except Exception as error:
        if broke(error):
            raise removed(error) from None
        raise


def removed(error: Exception) -> Stop:
    """The connection to the key broke."""
    return Stop(
        Exit.REMOVED,
        "key_removed",
        "The key was taken away, or stopped answering "
        f"({type(error).__name__}). Nothing was registered. Begin anew.",
    )


def _of_key(error: CtapError) -> Exception:
    match error.code:
        case code if code in PIN_ERRORS:
            return error
        case CtapError.ERR.CREDENTIAL_EXCLUDED:
            return Stop(
                Exit.EXCLUDED,
                "key_excluded",
                "This key has an entry for this account already. Use another key, or remove that "
                "entry first.",
            )
        case CtapError.ERR.KEY_STORE_FULL:
            return keys.full()
        case (
            CtapError.ERR.USER_ACTION_TIMEOUT
            | CtapError.ERR.ACTION_TIMEOUT
            | CtapError.ERR.KEEPALIVE_CANCEL
        ):
            return _late()
        case CtapError.ERR.OPERATION_DENIED:
            return Again(Exit.TIMEOUT, "touch_denied", "The key was told not to do it.")
        case CtapError.ERR.UNSUPPORTED_ALGORITHM | CtapError.ERR.UNSUPPORTED_OPTION:
            return Stop(
                Exit.UNSUITABLE,
                "key_unable",
                f"This key cannot make such a passkey ({error.code.name}). Use another one.",
            )
        case _:
            return Stop(
                Exit.UNFORESEEN,
                "key_error",
                f"The key answered with an error: {error.code}. Begin anew.",
            )


def _late() -> Again:
    return Again(Exit.TIMEOUT, "touch_timeout", "The key was not touched in time.")
