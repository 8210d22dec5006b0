"""Beginning to enrol a key: PingOne issues the challenge (PingOne contract 3.1 and 4.2)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from directories.answers import Answer
from directories.base import CreationOptions, DirectoryError, Misconfigured, Refused
from directories.pingone import devices, documents, policies, wire
from directories.pingone.api import PingOneApi
from directories.pingone.errors import facts, may_be_device_limit, problem
from directories.pingone.links import Item, an_object
from directories.pingone.relying_party import foreign_origin
from directories.pingone.settings import PingOneSettings


@dataclass(frozen=True)
class Beginning:
    """Registrations that are begun at one PingOne environment."""

    api: PingOneApi
    settings: PingOneSettings
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def begin(self, user_id: str) -> CreationOptions:
        """Begin a registration.

        Raises:
            Misconfigured: when the policies do not let any key be made, or say another relying
                party ID than the connection.
            Refused: when the person has as many devices as allowed.
        """
        rp_id = self._relying_party()
        devices.clear(self.api, user_id, self.now())
        begun = self._begun(user_id, rp_id)
        device_id = documents.text(begun, "id")
        try:
            options = wire.read_options(
                begun.get("publicKeyCredentialCreationOptions"), rp_id=rp_id, rp_name=rp_id
            )
        except wire.Unreadable as error:
            discard(self.api, user_id, device_id)
            raise Misconfigured(
                f"PingOne began a registration that cannot be carried out: {error}.",
                code="pingone.options",
            ) from None
        not_after = self.now() + timedelta(milliseconds=options["timeout"])
        return CreationOptions(
            options=options,
            rp_id=rp_id,
            origins=(foreign_origin(self.settings, rp_id),),
            not_after=not_after,
            remote={
                "user_id": user_id,
                "device_id": device_id,
                "not_after": not_after.isoformat(),
            },
            leaves=device_id,
        )

    def _relying_party(self) -> str:
        """The relying party ID to send: what the FIDO policy says, never anything else.

        One that differs from the policy's would have to be repeated at every sign-in (4.2).
        """
        pinned = self.settings.relying_party_id
        if not self.settings.mfa_policy_id:
            raise Misconfigured("No MFA policy is chosen yet.", code="pingone.no_mfa_policy")
        try:
            found = policies.read(self.api)
        except Misconfigured as error:
            if pinned and error.code == "http.forbidden":
                return pinned
            raise
        chosen = policies.chosen(found, self.settings.mfa_policy_id)
        if chosen is None:
            raise Misconfigured(
                "The MFA policy of this connection is not there any more.",
                code="pingone.no_mfa_policy",
            )
        if not chosen.pairs:
            raise Misconfigured(
                f"The MFA policy {chosen.name} takes no new FIDO2 devices.", code="pingone.pairing"
            )
        theirs = chosen.fido_policy.relying_party_id if chosen.fido_policy else pinned
        if not theirs:
            raise Misconfigured(
                "The FIDO policy behind the MFA policy cannot be read with this worker, so its "
                "relying party ID has to be given.",
                code="pingone.no_fido_policy",
            )
        if pinned and theirs != pinned:
            raise Misconfigured(
                f"The FIDO policy says {theirs}, and this connection {pinned}. Keys made under one "
                "are useless under the other.",
                code="pingone.relying_party",
            )
        return theirs

    def _begun(self, user_id: str, rp_id: str) -> Item:
        answer = self.api.create_device(
            user_id,
            {
                "type": documents.FIDO2,
                "rp": {"id": rp_id, "name": rp_id},
                "policy": {"id": self.settings.mfa_policy_id},
            },
        )
        if (error := problem(answer, self.now())) is not None:
            raise self._limited(user_id, answer) or error
        return an_object(answer)

    def _limited(self, user_id: str, answer: Answer) -> Refused | None:
        """Whether a 429 says that the person has too many devices: it looks, to know (1.4)."""
        if not may_be_device_limit(answer):
            return None
        try:
            held = self.api.devices(user_id)
            most = documents.inner(self.api.mfa_settings(), "pairing", "maxAllowedDevices")
        except Misconfigured:
            held, most = [], None  # who may not read the number has to go by the header
        waits = "retry-after" in answer.headers
        if type(most) is int:
            # Whether begun devices count is not known. Without a time to wait, they seem to.
            counted = held if not waits else [one for one in held if not documents.pending(one)]
            waits = len(counted) < most
        if waits:
            return None
        return Refused(
            "This person has as many MFA devices in PingOne as are allowed. Remove one there, or "
            "allow more: Authentication, MFA, Settings.",
            **facts(answer, "pingone.too_many_devices"),
        )


def discard(api: PingOneApi, user_id: str, device_id: str) -> None:
    """Remove a registration that is not to be finished, as well as can be."""
    with suppress(DirectoryError):
        api.delete_device(user_id, device_id)
