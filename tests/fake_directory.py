"""The twin of a directory: in memory, deterministic, and failing exactly when told to.

It is a connector of `directories.base.Connector`. `before` and `after` hold what happens around the
next call of a method: an exception to raise, or a function to run in the middle of things.
"""

from __future__ import annotations

import itertools
import threading
import uuid
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from directories.base import (
    AlreadyThere,
    Capabilities,
    CeremonyAnswer,
    ConnectionReport,
    Connector,
    CreationOptions,
    Finding,
    Group,
    Intended,
    NotFound,
    Page,
    PasskeyRecord,
    PersonRecord,
    Refused,
    RemoteIdentity,
    RemoteMethod,
    RemotePasskey,
    TemporaryPass,
    TouchAgain,
    Way,
    Written,
)
from directories.rules import DirectoryRules
from models.db import in_transaction

Happening = Exception | Callable[[], object]


@dataclass
class StoredIdentity:
    """An identity as the fake keeps it."""

    remote_id: str
    email: str
    external_id: uuid.UUID | None = None
    more: dict[str, Any] = field(default_factory=dict)
    """What else the directory says of it, as fields of `RemoteIdentity`."""
    passkeys: dict[bytes, PasskeyRecord] = field(default_factory=dict)


class FakeDirectory(Connector):
    """A directory that holds identities and passkeys in memory."""

    def __init__(self) -> None:
        self.identities: dict[str, StoredIdentity] = {}
        self.calls: list[str] = []
        self.before: defaultdict[str, deque[Happening]] = defaultdict(deque)
        self.after: defaultdict[str, deque[Happening]] = defaultdict(deque)
        self.takes_identities = True
        self.stores_passkeys = True
        self.one_at_a_time = False
        self.hands_back = False
        """Whether `put_identity` hands back an identity that it finds, instead of refusing."""
        self.warning: Refused | None = None
        self.report = ConnectionReport((), verified=True, signs_in=True, sentence="Yes.")
        self.own_rules: DirectoryRules | None = None
        self.findings: tuple[Finding, ...] = ()
        self.other_methods: tuple[RemoteMethod, ...] = ()
        self.revokes_sessions = False
        self.makes_passes = False
        self.begins_in_vain = False
        self.intended: list[Intended] = []
        self.signed_out: list[str] = []
        self.passes: list[str] = []
        self.suspends = True
        self.way = Way.IMPORT
        self.renames = False
        self.answers: list[CeremonyAnswer | None] = []
        """What came with the passkeys that were put."""
        self.begins: Callable[[RemoteIdentity], CreationOptions] | None = None
        """What it begins registrations with; None where it begins none."""
        self.discarded: list[tuple[str, dict[str, Any]]] = []
        self.lists_groups = False
        self.lists_assigned = False
        self.members: dict[Group, set[str]] = {}
        self.assigned: set[str] = set()
        self.uncounted: set[str] = set()
        self.page_size = 25
        self.cursors: list[str | None] = []
        self.most_at_once: dict[str, int] = {}
        self._inside: defaultdict[str, int] = defaultdict(int)
        self._guard = threading.Lock()
        self._number = itertools.count(1)

    # What tests arrange and look at

    def add(self, email: str, external_id: uuid.UUID | None = None, **more: Any) -> StoredIdentity:
        identity = StoredIdentity(f"remote-{next(self._number)}", email, external_id, more)
        self.identities[identity.remote_id] = identity
        return identity

    def passkeys(self) -> list[PasskeyRecord]:
        """Every passkey in every identity."""
        return [one for each in self.identities.values() for one in each.passkeys.values()]

    def writes(self) -> list[str]:
        return [name for name in self.calls if name.startswith(("put_", "remove_"))]

    # The connector

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            way=self.way,
            takes_identities=self.takes_identities,
            lists_people=True,
            lists_groups=self.lists_groups,
            lists_assigned=self.lists_assigned,
            has_rules=self.own_rules is not None,
            suspends=self.suspends,
            renames=self.renames,
            revokes_sessions=self.revokes_sessions,
            makes_passes=self.makes_passes,
            begins_in_vain=self.begins_in_vain,
        )

    def rules(self) -> DirectoryRules:
        with self._call("rules"):
            return self.own_rules

    def preflight(self, identity: RemoteIdentity, intended: Intended) -> tuple[Finding, ...]:
        with self._call("preflight"):
            self.intended.append(intended)
            return self.findings

    @property
    def create_lock(self) -> str:
        return "fake:project"

    def test(self, *, rp_id: str, origins: tuple[str, ...], probe: bool) -> ConnectionReport:
        with self._call("test"):
            return self.report

    def people(self, query, cursor, *, group=None, assigned=False) -> Page[RemoteIdentity]:
        with self._call("people"):
            chosen = set(self.identities)
            if group is not None:
                chosen &= next(ids for one, ids in self.members.items() if one.remote_id == group)
            if assigned:
                chosen &= self.assigned
            found = [self._remote(one) for name, one in self.identities.items() if name in chosen]
            word = query.casefold()
            return self._page(
                [one for one in found if word in f"{one.label} {one.email} {one.name}".casefold()],
                cursor,
            )

    def groups(self, query, cursor) -> Page[Group]:
        with self._call("groups"):
            word = query.casefold()
            return self._page([one for one in self.members if word in one.name.casefold()], cursor)

    def passkey_counts(self, remote_ids):
        with self._call("passkey_counts"):
            return {
                one: None if one in self.uncounted else len(self.identities[one].passkeys)
                for one in remote_ids
            }

    def find_identity(self, person: PersonRecord, remote_id: str | None) -> RemoteIdentity | None:
        with self._call("find_identity"):
            found = self._find(person, remote_id)
            return None if found is None else self._remote(found)

    def put_identity(self, person: PersonRecord, passkey: PasskeyRecord | None) -> Written:
        with self._call("put_identity"):
            if (there := self._find(person, None)) is not None:
                if self.hands_back:
                    return Written(self._remote(there))
                raise AlreadyThere("It is there already.", code="fake.there")
            made = self.add(person.email, person.uuid)
            if passkey is None or self.one_at_a_time:
                return Written(self._remote(made))
            return self._store(made, passkey)

    def put_passkey(self, identity, passkey, answer) -> Written:
        with self._call("put_passkey"):
            self.answers.append(answer)
            if self.way is not Way.IMPORT and answer is None:
                raise TouchAgain("It has to begin that itself.", code="fake.no_ceremony")
            return self._store(self._stored(identity), passkey)

    def creation_options(self, identity: RemoteIdentity) -> CreationOptions:
        with self._call("creation_options"):
            if self.begins is None:
                raise Refused("It begins no registration.", code="fake.no_ceremony")
            return self.begins(identity)

    def discard(self, identity: RemoteIdentity, remote: Mapping[str, Any]) -> None:
        with self._call("discard"):
            self.discarded.append((identity.remote_id, dict(remote)))

    def rename_passkey(self, identity, passkey, name) -> RemotePasskey:
        with self._call("rename_passkey"):
            kept = self._stored(identity).passkeys
            kept[passkey.credential_id] = replace(kept[passkey.credential_id], nickname=name)
            return self._remote_passkey(kept[passkey.credential_id])

    def list_passkeys(self, identity: RemoteIdentity) -> tuple[RemotePasskey, ...]:
        with self._call("list_passkeys"):
            stored = self._stored(identity).passkeys.values()
            return tuple(self._remote_passkey(one) for one in stored)

    def remove_passkey(self, identity: RemoteIdentity, passkey: RemotePasskey) -> None:
        with self._call("remove_passkey"):
            self._stored(identity).passkeys.pop(passkey.credential_id, None)

    def methods(self, identity: RemoteIdentity) -> tuple[RemoteMethod, ...]:
        with self._call("methods"):
            return self.other_methods

    def revoke_sessions(self, identity: RemoteIdentity) -> None:
        with self._call("revoke_sessions"):
            self.signed_out.append(identity.remote_id)

    def temporary_pass(self, identity: RemoteIdentity, *, minutes: int) -> TemporaryPass:
        with self._call("temporary_pass"):
            value = f"Pass+{next(self._number)}&word"
            self.passes.append(value)
            return TemporaryPass(
                value, minutes, None, once=True, page="https://sign-in.example.com/security-info"
            )

    def set_enabled(self, identity: RemoteIdentity, enabled: bool) -> None:
        with self._call("set_enabled"):
            self._stored(identity).more["enabled"] = enabled

    def _find(self, person: PersonRecord, remote_id: str | None) -> StoredIdentity | None:
        if remote_id in self.identities:
            return self.identities[remote_id]
        for one in self.identities.values():
            if one.external_id == person.uuid:
                return one
        for one in self.identities.values():
            if one.email == person.email:
                return one
        return None

    def _stored(self, identity: RemoteIdentity) -> StoredIdentity:
        if identity.remote_id not in self.identities:
            raise NotFound("That identity is not there.", code="fake.gone")
        return self.identities[identity.remote_id]

    def _store(self, identity: StoredIdentity, passkey: PasskeyRecord) -> Written:
        remote = self._remote(identity)
        if not self.stores_passkeys:
            return Written(
                remote,
                shortfall=Refused(
                    "It can not import passkeys.",
                    code="fake.no_import",
                    said='unknown field "passkey"',
                    request_id="req-1",
                ),
            )
        identity.passkeys[passkey.credential_id] = passkey
        return Written(remote, self._remote_passkey(passkey), self.warning)

    @staticmethod
    def _remote(identity: StoredIdentity) -> RemoteIdentity:
        return RemoteIdentity(
            identity.remote_id,
            **{"label": identity.email, "email": identity.email, **identity.more},
        )

    def _page(self, found: list[Any], cursor: str | None) -> Page[Any]:
        self.cursors.append(cursor)
        start = int(cursor.removeprefix("after ")) if cursor else 0
        end = start + self.page_size
        return Page(tuple(found[start:end]), f"after {end}" if end < len(found) else None)

    @staticmethod
    def _remote_passkey(passkey: PasskeyRecord) -> RemotePasskey:
        return RemotePasskey(passkey.credential_id.hex(), passkey.credential_id, passkey.nickname)

    def _call(self, name: str) -> _Call:
        return _Call(self, name)


class _Call:
    """One call: recorded, never inside a transaction, with what was arranged around it."""

    def __init__(self, directory: FakeDirectory, name: str) -> None:
        self.directory, self.name = directory, name

    def __enter__(self) -> None:
        assert not in_transaction(), f"{self.name} was called inside a transaction"
        directory, name = self.directory, self.name
        with directory._guard:
            directory.calls.append(name)
            directory._inside[name] += 1
            directory.most_at_once[name] = max(
                directory.most_at_once.get(name, 0), directory._inside[name]
            )
        try:
            self._happen(directory.before)
        except BaseException:
            self._leave()
            raise

    def __exit__(self, kind, error, traceback) -> None:
        self._leave()
        if kind is None:
            self._happen(self.directory.after)

    def _leave(self) -> None:
        with self.directory._guard:
            self.directory._inside[self.name] -= 1

    def _happen(self, arranged: defaultdict[str, deque[Happening]]) -> None:
        if arranged[self.name]:
            happening = arranged[self.name].popleft()
            if isinstance(happening, Exception):
                raise happening
            happening()
