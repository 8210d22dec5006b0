"""One run of a live check against one directory."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec

from directories.base import (
    CheckState,
    Connector,
    DirectoryError,
    Intended,
    Misconfigured,
    PasskeyRecord,
    PersonRecord,
    RemoteIdentity,
    Way,
)
from directories.ory import OryConnector
from directories.pingone import PingOneConnector

SHOWN = 80
WORDS = {
    CheckState.PASSED: "passed ",
    CheckState.FAILED: "FAILED ",
    CheckState.UNKNOWN: "unknown",
}


class _Wrong(Exception):
    """What came back is not what was to be expected."""


class LiveCheck:
    """One run against one directory.

    Args:
        connection: what is tried.
        origin: of the portal.
        say: takes a line of the report.
    """

    def __init__(self, connection: Connector, *, origin: str, say: Callable[[str], None]) -> None:
        self.connection = connection
        self.origin = origin
        self.failed = 0
        self._say = say

    def run(self) -> int:
        """Try everything; returns how much failed."""
        self._test()
        capabilities = self.connection.capabilities
        if capabilities.lists_people:
            self._people()
        if capabilities.lists_groups:
            self._groups()
        if capabilities.has_rules:
            with self._step("its own rules are read", optional=True):
                self._found(self.connection.rules().source)
        if isinstance(self.connection, PingOneConnector):
            with self._step("MFA policies are listed"):
                found = self.connection.mfa_policies()
                self._found(", ".join(one.name for one in found))
        if isinstance(self.connection, OryConnector) and capabilities.takes_identities:
            self._throwaway(self.connection)
        return self.failed

    @contextmanager
    def _step(self, name: str, *, optional: bool = False) -> Iterator[None]:
        """One line of the report.

        Args:
            optional: whether it takes a permission that nobody has to give: to lack it is then
                told, and is no failure.
        """
        self._seen = ""
        try:
            yield
        except DirectoryError as error:
            lacking = optional and isinstance(error, Misconfigured)
            self.failed += not lacking
            word = WORDS[CheckState.UNKNOWN if lacking else CheckState.FAILED]
            said = f" It said: {error.said}" if error.said else ""
            request = f" (request {error.request_id})" if error.request_id else ""
            self._say(f"{word}  {name}: {error.reason}{said}{request} [{error.code}]")
        except _Wrong as wrong:
            self.failed += 1
            self._say(f"FAILED   {name}: {wrong}")
        else:
            self._say(f"passed   {name}{f': {self._seen}' if self._seen else ''}")

    def _found(self, text: str) -> None:
        self._seen = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"

    def _test(self) -> None:
        report = self.connection.test(
            rp_id=urlsplit(self.origin).hostname or "", origins=(self.origin,), probe=False
        )
        for check in report.checks:
            self.failed += check.state is CheckState.FAILED
            said = f" It said: {check.said}" if check.said else ""
            remedy = f" Next: {check.remedy}" if check.remedy else ""
            self._say(
                f"{WORDS[check.state]}  {check.name}: {check.evidence}{said}{remedy} [{check.code}]"
            )
        self._say(f"         {report.sentence}")

    def _people(self) -> None:
        someone: RemoteIdentity | None = None
        with self._step("people are listed, page by page"):
            page = self.connection.people("", None)
            many, someone = len(page.items), page.items[0] if page.items else None
            if page.cursor:
                second = self.connection.people("", page.cursor)
                first = {one.remote_id for one in page.items}
                _demand(not first & {one.remote_id for one in second.items}, "pages repeat people")
                many += len(second.items)
            self._found(f"{many} on the first pages")
        if someone is None:
            return
        with self._step("a person is found by id"):
            found = self.connection.find_identity(_person(), someone.remote_id)
            _demand(found is not None and found.remote_id == someone.remote_id, "it is another")
        with self._step("a person is found by their name there"):
            found_too = self.connection.people(someone.label, None).items
            _demand(
                someone.remote_id in {one.remote_id for one in found_too}, "the search misses them"
            )
        with self._step("passkeys are listed and counted alike"):
            listed = self.connection.list_passkeys(someone)
            counted = self.connection.passkey_counts([someone.remote_id])[someone.remote_id]
            _demand(counted in (None, len(listed)), f"{len(listed)} are listed, {counted} counted")
            self._found(f"{len(listed)}")
        with self._step("it is read how else they sign in", optional=True):
            kinds = sorted({one.kind for one in self.connection.methods(someone)})
            self._found(", ".join(kinds) or "nothing is told")
        if self.connection.capabilities.way is not Way.IMPORT:
            self._preflight(someone)

    def _preflight(self, someone: RemoteIdentity) -> None:
        """What a registration would meet: nothing is begun, and what is in the way of this one
        person is no failure of the connector.
        """
        with self._step("what a registration for them would meet is looked at"):
            findings = self.connection.preflight(someone, Intended())
            _demand(bool(findings), "nothing is told")
            self._found(", ".join(f"{one.code} {one.state.value}" for one in findings))

    def _groups(self) -> None:
        with self._step("groups are listed, and people narrowed to one"):
            groups = self.connection.groups("", None).items
            if groups:
                self.connection.people("", None, group=groups[0].remote_id)
            self._found(f"{len(groups)} on the first page")

    def _throwaway(self, connection: OryConnector) -> None:
        person, passkey = _person(), _passkey(self.origin)
        made: RemoteIdentity | None = None
        try:
            with self._step("a throwaway person is made, with a passkey"):
                written = connection.put_identity(person, passkey)
                made = written.identity
                if written.passkey is None:
                    written = connection.put_passkey(made, passkey, None)
                _demand(
                    written.passkey is not None,
                    written.shortfall.reason if written.shortfall else "the passkey is not there",
                )
                self._found(person.email)
            if made is None:
                return
            with self._step("the person is found again by our own id"):
                found = connection.find_identity(person, None)
                _demand(found is not None and found.remote_id == made.remote_id, "it is another")
            with self._step("putting the passkey again changes nothing"):
                connection.put_passkey(made, passkey, None)
                many = len(connection.list_passkeys(made))
                _demand(many == 1, f"there are {many}")
            with self._step("the passkey is removed"):
                for one in connection.list_passkeys(made):
                    connection.remove_passkey(made, one)
                _demand(connection.list_passkeys(made) == (), "it is still there")
        finally:
            if made is not None:
                with self._step("the throwaway person is removed"):
                    connection.remove_identity(made)
                    gone = connection.find_identity(person, made.remote_id) is None
                    _demand(gone, f"{made.remote_id} is still there: remove it by hand")


def _demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise _Wrong(otherwise)


def _person() -> PersonRecord:
    mark = secrets.token_hex(8)
    return PersonRecord(
        uuid=uuid.uuid4(),
        email=f"latchkey-live-check-{mark}@example.com",
        given_name="Live",
        middle_name="",
        family_name="Check",
        display_name=f"Live Check {mark}",
    )


def _passkey(origin: str) -> PasskeyRecord:
    """A passkey whose private key nobody keeps."""
    numbers = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
    cose = bytes.fromhex("a5010203262001215820") + numbers.x.to_bytes(32, "big")
    return PasskeyRecord(
        credential_id=secrets.token_bytes(32),
        public_key=cose + bytes.fromhex("225820") + numbers.y.to_bytes(32, "big"),
        rp_id=urlsplit(origin).hostname or "",
        user_handle=secrets.token_urlsafe(32).encode(),
        aaguid=uuid.UUID(int=0),
        sign_count=0,
        transports=("usb",),
        user_verified=True,
        backup_eligible=False,
        backup_state=False,
        nickname="Live check",
        created_at=datetime.now(UTC),
    )
