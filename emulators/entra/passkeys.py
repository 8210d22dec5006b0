"""The FIDO2 methods of users, as Graph shows them (entra.md 2.3, 2.4)."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime, timedelta
from typing import Any

from emulators.entra import ids
from emulators.entra.errors import GraphError
from emulators.kit.store import Store
from emulators.kit.variants import Variants

SHOWN = (
    "id", "displayName", "createdDateTime", "aaGuid", "model", "attestationCertificates",
    "attestationLevel", "passkeyType",
)  # fmt: skip
LAG = timedelta(seconds=2)
# Names by AAGUID; the first two are in entra.md 4 [D S24].
MODELS = {
    "de1e552d-db1d-4423-a619-566b625cdc84": "Microsoft Authenticator",
    "90a3ccdf-635c-4729-a248-9b709135078f": "Microsoft Authenticator",
    "2fc0579f-8113-47ea-b116-bb5a8db9202a": "YubiKey 5 Series with NFC",
    "692db549-7ae5-44d5-a1e5-dd20a493b723": "HID Crescendo Key",
    "7991798a-a7f3-487f-98c0-3faf7a458a04": "HID Crescendo Key V3",
    "2a55aee6-27cb-42c0-bc6e-04efe999e88a": "HID Crescendo 4000",
}
SEEDED = 12
"""Every so many people have a key from before."""


class Passkeys:
    """The methods; `publicKeyCredential` is write-only and never kept (entra.md 2.3 [D S3b])."""

    def __init__(self, store: Store, variants: Variants) -> None:
        self._store = store
        self._variants = variants
        self.lag = LAG

    def add(
        self,
        user_id: str,
        *,
        credential_id: bytes,
        aaguid: str,
        name: str,
        now: datetime,
        certificates: tuple[str, ...] = (),
        attested: bool = False,
        synced: bool = False,
        lag: timedelta = timedelta(),
        method_id: str = "",
    ) -> dict[str, Any]:
        """Keep a method, listed after `lag` only."""
        if not method_id:
            guid = self._variants["method_ids"] == "guid"
            method_id = str(uuid.uuid4()) if guid else ids.token(credential_id)
        method = {
            "id": method_id,
            "displayName": name,
            "createdDateTime": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "aaGuid": aaguid.lower(),
            "model": MODELS.get(aaguid.lower(), "Passkey"),
            "attestationCertificates": list(certificates),
            "attestationLevel": "attested" if attested else "notAttested",
            "passkeyType": "synced" if synced else "deviceBound",
            "user": user_id,
            "credential": credential_id.hex(),
            "listed": (now + lag).isoformat(),
        }
        self._store.put("method", f"{user_id}/{method_id}", method)
        return method

    def of(self, user_id: str, *, now: datetime | None = None) -> list[dict[str, Any]]:
        """The methods of a user; with `now` only those that are listed by then."""
        methods = [method for method in self._store.all("method") if method["user"] == user_id]
        methods.sort(key=lambda method: (method["createdDateTime"], method["id"]))
        if now is None:
            return methods
        return [m for m in methods if datetime.fromisoformat(m["listed"]) <= now]

    def get(self, user_id: str, method_id: str, *, now: datetime) -> dict[str, Any]:
        """One method.

        Raises:
            GraphError: 404.
        """
        for method in self.of(user_id, now=now):
            if method["id"] == method_id:
                return method
        raise _missing(method_id)

    def remove(self, user_id: str, method_id: str) -> None:
        """Delete one; the key itself keeps its credential (entra.md 2.4 [I]).

        Raises:
            GraphError: 404.
        """
        if method_id not in [method["id"] for method in self.of(user_id)]:
            raise _missing(method_id)
        self._store.delete("method", f"{user_id}/{method_id}")

    def lag_of_new_ones(self) -> timedelta:
        """How long a new method stays unlisted (entra.md 2.7 [I])."""
        return self.lag if self._variants["replication"] == "lags" else timedelta()

    def fill(self, users: list[dict[str, Any]], *, now: datetime) -> None:
        """Give some people keys from before: ids of three lengths, both kinds of method ids."""
        models = list(MODELS)
        for number, user in enumerate(users[::SEEDED]):
            for which in range(1 + (number % 4 == 0)):
                digest = hashlib.sha384(f"{user['id']}/{which}".encode()).digest()
                credential = digest[: (16, 32, 48)[number % 3]]
                aaguid = models[(number + which) % len(models)]
                self.add(
                    user["id"],
                    credential_id=credential,
                    aaguid=aaguid,
                    name=f"{MODELS[aaguid]} {which + 1}"[:30],
                    now=now - timedelta(days=10 * number + 1),
                    certificates=(digest[:20].hex().upper(),),
                    attested=True,
                    method_id="" if number % 2 else str(uuid.UUID(bytes=digest[:16])),
                )


def shown(method: dict[str, Any]) -> dict[str, Any]:
    """A method for an answer."""
    return {name: method[name] for name in SHOWN}


def _missing(method_id: str) -> GraphError:
    return GraphError(404, "ResourceNotFound", f"Authentication method '{method_id}' not found.")
