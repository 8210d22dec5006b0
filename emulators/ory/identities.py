"""Identities: create, read, replace, patch, remove (ory.md 2 and 3)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from emulators.kit.store import Store, Taken
from emulators.kit.variants import Variants
from emulators.ory import bodies, derived, errors, jsonpatch
from emulators.ory.credentials import import_credentials
from emulators.ory.editions import Edition
from emulators.ory.schemas import Schemas
from emulators.ory.wire import Decoder

IDENTIFIER_LENGTH = 255  # ory.md 3.2 rule 5: VARCHAR(255)


def stamp(moment: datetime) -> str:
    """A time as Ory writes it: RFC 3339 in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Identities:
    """The identities of the project. Every method that writes is one transaction."""

    def __init__(
        self, store: Store, schemas: Schemas, edition: Edition, variants: Variants
    ) -> None:
        self._store = store
        self._schemas = schemas
        self._edition = edition
        self._variants = variants

    def create(self, body: Any, *, now: datetime) -> dict[str, Any]:
        """POST: the strict decoder, then `insert` (ory.md 2.1).

        Raises:
            OryError: 400, 409, or 500 for a value that the database refuses.
        """
        decoder = Decoder(strict=True, variants=self._variants)
        return self.insert(decoder.decode(bodies.create_body(self._edition), body), now=now)

    def insert(self, wanted: dict[str, Any], *, now: datetime) -> dict[str, Any]:
        """Make an identity from a decoded body."""
        time = stamp(now)
        identity: dict[str, Any] = {
            "id": str(uuid.uuid4()),  # ory.md 2.1: `id` cannot be chosen
            "credentials": {},
            "schema_id": wanted.get("schema_id") or self._schemas.default,
            "state": _state(wanted.get("state") or "active"),
            "state_changed_at": time,
            "traits": wanted.get("traits"),
            "verifiable_addresses": [],
            "recovery_addresses": [],
            "metadata_public": wanted.get("metadata_public"),
            "metadata_admin": wanted.get("metadata_admin"),
            "created_at": time,
            "updated_at": time,
            "organization_id": wanted.get("organization_id"),
            "external_id": wanted.get("external_id", ""),
            "region": wanted.get("region", ""),
        }
        import_credentials(identity, wanted.get("credentials", {}), edition=self._edition, now=time)
        derived.given_addresses(identity, wanted, time)
        self._settle(identity, time, keep_given=True)
        self._write(identity, errors.conflict_on_create())
        return identity

    def batch(self, body: Any, *, now: datetime) -> list[dict[str, Any]]:
        """Create many (ory.md 2.4). A malformed entry fails all; a conflict fails only itself.

        Raises:
            OryError: 400 for a malformed entry or too many; 409 when none could be made.
        """
        decoder = Decoder(strict=True, variants=self._variants)
        entries = decoder.decode(bodies.batch_body(self._edition), body).get("identities", [])
        derived.refuse_too_many(entries)
        answers, made = [], 0
        with self._store.transaction():
            for entry in entries:
                answer = {"patch_id": entry["patch_id"]} if "patch_id" in entry else {}
                try:
                    identity = self.insert(entry.get("create", {}), now=now)
                    answers.append({"action": "create", "identity": identity["id"], **answer})
                    made += 1
                except errors.OryError as error:
                    if error.code != 409:
                        raise
                    answers.append({"action": "error", "error": error.body()["error"], **answer})
            if entries and not made:
                raise errors.conflict_on_create()
        return answers

    def get(self, identity_id: str) -> dict[str, Any]:
        """One identity with all it holds.

        Raises:
            OryError: 404, for a malformed UUID too (ory.md 7).
        """
        found = self._store.get("identity", _canonical(identity_id))
        if found is None:
            raise errors.not_found()
        return found

    def by_external_id(self, external_id: str) -> dict[str, Any]:
        """One identity by its external id, where the version has them (ory.md 7).

        Raises:
            OryError: 404.
        """
        owner = self._store.owner("external_id", external_id)
        if owner is None or not self._edition.has_external_id:
            raise errors.not_found()
        return self.get(owner)

    def by_claim(self, kind: str, value: str) -> dict[str, Any] | None:
        """The identity that holds a unique value, as ("passkey", the user handle)."""
        owner = self._store.owner(kind, value)
        return self.get(owner) if owner else None

    def all(self, *, after: str = "") -> Iterator[dict[str, Any]]:
        """Every identity in the order of ids, from behind `after`."""
        yield from self._store.all("identity", after=after)

    def replace(self, identity_id: str, body: Any, *, now: datetime) -> dict[str, Any]:
        """PUT: the lenient decoder; absent traits, metadata and external_id are wiped (2.2).

        Raises:
            OryError: 400, 404, 409.
        """
        decoder = Decoder(strict=False, variants=self._variants)
        with self._store.transaction():
            identity = self.get(identity_id)
            wanted = decoder.decode(bodies.update_body(self._edition), body)
            time = stamp(now)
            if wanted.get("schema_id"):
                identity["schema_id"] = wanted["schema_id"]
            self._change_state(identity, wanted.get("state"), time)
            identity["traits"] = wanted.get("traits")
            identity["metadata_public"] = wanted.get("metadata_public")
            identity["metadata_admin"] = wanted.get("metadata_admin")
            identity["external_id"] = wanted.get("external_id", "")
            if wanted.get("region"):
                identity["region"] = wanted["region"]
            import_credentials(
                identity, wanted.get("credentials", {}), edition=self._edition, now=time
            )
            self._settle(identity, time)
            self._write(identity, errors.conflict_on_update())
        return identity

    def patch(self, identity_id: str, body: Any, *, now: datetime) -> dict[str, Any]:
        """JSON Patch (ory.md 2.3, 3.4, 3.5).

        Raises:
            OryError: 400, 404, 409; 500 where an older version meets a wrong credential type.
        """
        with self._store.transaction():
            before = self.get(identity_id)
            denied = self._edition.denied_paths
            for kind in ("passkey", "webauthn"):
                if self._variants[f"{kind}_patch"] == "refused":
                    denied = (*denied, f"/credentials/{kind}", f"/credentials/{kind}/**")
            after = jsonpatch.apply(before, body, denied=denied)
            if self._edition.patch_merges_credentials:
                after["credentials"] = {**before["credentials"], **after["credentials"]}
            time = stamp(now)
            wanted_state = after.get("state")
            after["state"] = before["state"]
            self._change_state(after, wanted_state, time)
            after["organization_id"] = derived.organization(after.get("organization_id"))
            for name in ("schema_id", "external_id"):
                after[name] = derived.text(after.get(name) or "", name)
            derived.check_credentials(after, before, self._edition, time)
            self._settle(after, time)
            self._write(after, errors.conflict_on_update())
        return after

    def delete(self, identity_id: str) -> None:
        """Remove an identity and all it holds.

        Raises:
            OryError: 404.
        """
        with self._store.transaction():
            self._store.delete("identity", self.get(identity_id)["id"])

    def delete_credential(
        self, identity_id: str, kind: str, identifier: str, *, now: datetime
    ) -> None:
        """DELETE credentials (ory.md 2.5).

        Raises:
            OryError: 400 for types that cannot be removed, 404 for an absent one.
        """
        with self._store.transaction():
            identity = self.get(identity_id)
            derived.remove_credential(identity, kind, identifier)
            identity["updated_at"] = stamp(now)
            self._write(identity, errors.conflict_on_update())

    def remember_sign_in(
        self, identity_id: str, kind: str, credential_id: str, *, counter: int, warned: bool
    ) -> None:
        """Keep the signature counter of a sign-in, where the version does (ory.md 3.2 rule 9)."""
        if not self._edition.stores_counter:
            return
        with self._store.transaction():
            identity = self.get(identity_id)
            for entry in identity["credentials"][kind]["config"]["credentials"]:
                if entry["id"] == credential_id:
                    entry["authenticator"]["sign_count"] = counter
                    entry["authenticator"]["clone_warning"] = warned
            self._store.put("identity", identity["id"], identity)

    def _change_state(self, identity: dict[str, Any], state: Any, time: str) -> None:
        if state and state != identity["state"]:
            identity["state"] = _state(state)
            identity["state_changed_at"] = time

    def _settle(self, identity: dict[str, Any], time: str, *, keep_given: bool = False) -> None:
        """Hold traits against the schema and derive what follows from them."""
        self._schemas.check(identity["schema_id"], identity["traits"])
        schema = self._schemas.named(identity["schema_id"])
        derived.settle(identity, schema, time, keep_given=keep_given)
        identity["updated_at"] = time

    def _write(self, identity: dict[str, Any], conflict: errors.OryError) -> None:
        claims = derived.claims(identity)
        if self._variants["database"] == "postgresql":
            for _kind, value in claims:
                _refuse_unstorable(value)
        with self._store.transaction():
            try:
                self._store.claim(identity["id"], claims)
            except Taken as error:
                raise conflict from error
            self._store.put("identity", identity["id"], identity)


def _refuse_unstorable(value: str) -> None:
    """ory.md 3.2 rule 5 [I]: PostgreSQL takes no NUL and no bytes that are not UTF-8."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise errors.database_failed() from error
    if "\0" in value or len(value) > IDENTIFIER_LENGTH:
        raise errors.database_failed()


def _canonical(identity_id: str) -> str:
    try:
        return str(uuid.UUID(identity_id))
    except ValueError:
        return ""


def _state(value: Any) -> str:
    if value not in ("active", "inactive"):
        raise errors.bad_request("identity state is not valid")
    return value
