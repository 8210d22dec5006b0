"""Finishing to enrol a key: the browser's answer goes to PingOne (PingOne contract section 3.2)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from directories.base import (
    AlreadyThere,
    CeremonyAnswer,
    DirectoryError,
    NotAccepted,
    NotFound,
    PasskeyRecord,
    Refused,
    RemoteIdentity,
    TouchAgain,
    Transient,
    Written,
)
from directories.pingone import devices, documents, people, wire
from directories.pingone.api import PingOneApi
from directories.pingone.beginning import discard


@dataclass(frozen=True)
class Activation:
    """Registrations that are finished at one PingOne environment."""

    api: PingOneApi
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def finish(
        self, identity: RemoteIdentity, passkey: PasskeyRecord, answer: CeremonyAnswer | None
    ) -> Written:
        """Hand the answer over and read the key back. What fails for good is removed there.

        Raises:
            TouchAgain: when it is too late, or the registration is not this person's.
            NotAccepted: when PingOne does not accept the key.
        """
        device_id = _device(identity, answer)
        if answer is None or device_id is None:
            raise TouchAgain(
                "A key gets into PingOne only by a registration that PingOne began for this "
                "person: the key has to be touched again.",
                code="pingone.no_ceremony",
            )
        try:
            before = self.api.device(identity.remote_id, device_id)
        except NotFound as error:
            raise _begin_again("PingOne no longer knows this registration", error) from None
        if before.get("status") != documents.ACTIVE:
            self._activate(identity.remote_id, device_id, answer)
        self._name(identity.remote_id, device_id, passkey.nickname)
        return self._read_back(
            identity, device_id, warning=people.use_mfa(self.api, identity.remote_id)
        )

    def _activate(self, user_id: str, device_id: str, answer: CeremonyAnswer) -> None:
        try:
            body = {
                "origin": answer.origin,
                "attestation": wire.write_attestation(answer.response),
            }
        except wire.Unreadable:
            discard(self.api, user_id, device_id)
            raise _begin_again("The answer of the browser cannot be handed over") from None
        if _late(answer, self.now()):
            discard(self.api, user_id, device_id)
            raise _begin_again("The time for this registration is over")
        try:
            self.api.activate_device(user_id, device_id, body)
        except Transient as lost:
            if lost.status is not None:
                raise
            # The answer was lost, so the key may be there: look before anything is sent again.
            found = self.api.device(user_id, device_id)
            if documents.pending(found):
                raise
        except (Refused, AlreadyThere) as refusal:
            discard(self.api, user_id, device_id)
            raise NotAccepted(
                "PingOne did not accept this key: its policy refuses it, or it was made for "
                "another page. The words below are PingOne's.",
                code="pingone.not_accepted",
                said=refusal.said,
                request_id=refusal.request_id,
                status=refusal.status,
            ) from None
        except NotFound as error:
            raise _begin_again("PingOne no longer knows this registration", error) from None

    def _name(self, user_id: str, device_id: str, nickname: str) -> None:
        """Give the key its name there. Only for reading, so nothing depends on it (section 3.3)."""
        if nickname:
            with suppress(DirectoryError):
                self.api.name_device(user_id, device_id, devices.cut(nickname))

    def _read_back(
        self, identity: RemoteIdentity, device_id: str, *, warning: Refused | None
    ) -> Written:
        try:
            device = self.api.device(identity.remote_id, device_id)
        except NotFound as error:
            raise Transient(
                "PingOne took the key and does not show it yet.",
                code="pingone.not_readable",
                said=error.said,
                request_id=error.request_id,
            ) from None
        found = documents.passkey(device)
        if found is not None:
            return Written(identity, found, warning)
        return Written(
            identity,
            shortfall=Refused(
                "PingOne took the answer and still waits for the key to be activated.",
                code="pingone.not_active",
            ),
        )


def _device(identity: RemoteIdentity, answer: CeremonyAnswer | None) -> str | None:
    """The device that an answer finishes, when it was begun for this identity."""
    remote = answer.remote if answer is not None else {}
    device_id = remote.get("device_id")
    if not isinstance(device_id, str) or remote.get("user_id") != identity.remote_id:
        return None
    return device_id


def _late(answer: CeremonyAnswer, now: datetime) -> bool:
    """Whether the moment until which the challenge was to be answered is over."""
    until = documents.moment(answer.remote, "not_after")
    return until is None or now > until


def _begin_again(reason: str, error: DirectoryError | None = None) -> TouchAgain:
    return TouchAgain(
        f"{reason}: the key has to be touched again.",
        code="pingone.begin_again",
        said=error.said if error else "",
        request_id=error.request_id if error else "",
        status=error.status if error else None,
    )
