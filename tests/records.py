"""Rows for tests: each maker fills in what the test does not care about."""

from __future__ import annotations

import itertools
import secrets
import uuid
from datetime import timedelta
from typing import Any

from models import (
    AddressNotice,
    AgentTicket,
    AttestationPolicy,
    Challenge,
    Delivery,
    Directory,
    DirectoryGroup,
    DirectoryPerson,
    DirectoryType,
    EnrolmentLink,
    EnrolmentStep,
    Evidence,
    ExpiryNotice,
    Group,
    GroupMember,
    GroupSource,
    Identity,
    LinkPurpose,
    Lock,
    Mail,
    Passkey,
    Person,
    Placement,
    PlacementState,
    Role,
    Serves,
    SignUpCode,
)
from models import Session as SessionRow
from tests.request_records import RequestRecords

RP_ID = "localhost"
ORIGIN = "http://localhost:5000"
_number = itertools.count(1)


class Records(RequestRecords):
    """Makes rows in one session, at the clock's time."""

    def person(self, name: str = "", **more: Any) -> Person:
        name = name or f"person{next(_number)}"
        return self._add(
            Person(
                **{
                    "email": f"{name}@example.com",
                    "given_name": name.title(),
                    "family_name": "Example",
                    "display_name": f"{name.title()} Example",
                    "user_handle": secrets.token_urlsafe(32).encode(),
                    "created_at": self.clock(),
                    **more,
                }
            )
        )

    def role(self, **more: Any) -> Role:
        return self._add(
            Role(
                **{
                    "name": f"Role {next(_number)}",
                    "privileges": ["people.view"],
                    "created_at": self.clock(),
                    **more,
                }
            )
        )

    def passkey(self, person: Person, **more: Any) -> Passkey:
        passkey = self._add(
            Passkey(
                **{
                    "person": person,
                    "credential_id": secrets.token_bytes(32),
                    "rp_id": RP_ID,
                    "origin": ORIGIN,
                    "user_handle": person.user_handle,
                    "public_key": bytes.fromhex(
                        "a5010203262001215820"
                        "d0e0b2d5d4a1f7b8b7a0f0c3c9e6a1b2c3d4e5f60718293a4b5c6d7e8f901112"
                        "225820"
                        "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
                    ),
                    "algorithm": -7,
                    "sign_count": 0,
                    "transports": ["usb"],
                    "backup_eligible": False,
                    "backup_state": False,
                    "aaguid": uuid.UUID(int=1),
                    "nickname": "Work key",
                    "created_at": self.clock(),
                    **more,
                }
            )
        )
        self._add(
            Evidence(
                passkey=passkey,
                format="packed",
                trust="trusted",
                trust_path=[],
                aaguid=passkey.aaguid,
                user_present=True,
                user_verified=True,
                backup_eligible=passkey.backup_eligible,
                backup_state=passkey.backup_state,
                algorithm=passkey.algorithm,
                extensions={},
                policy={},
                verdict="accepted",
                attestation_object=b"\xa0",
                client_data_json=b"{}",
                created_at=self.clock(),
            )
        )
        return passkey

    def directory(self, name: str = "", *, in_service: bool = True, **more: Any) -> Directory:
        moment = self.clock() if in_service else None
        return self._add(
            Directory(
                **{
                    "type": DirectoryType.ORY,
                    "name": name or f"Directory {next(_number)}",
                    "settings": {"endpoint": "https://ory.example.com"},
                    "serves": Serves.EVERYONE,
                    "created_at": self.clock(),
                    "added_at": moment,
                    "verified_at": moment,
                    **more,
                }
            )
        )

    def chosen(self, directory: Directory, person: Person) -> DirectoryPerson:
        return self._add(DirectoryPerson(directory_id=directory.id, person_id=person.id))

    def group(self, *people: Person, **more: Any) -> Group:
        """A group of these people."""
        group = self._add(
            Group(**{"name": f"Group {next(_number)}", "created_at": self.clock(), **more})
        )
        for person in people:
            self._add(GroupMember(group_id=group.id, person_id=person.id, added_at=self.clock()))
        return group

    def group_source(self, group: Group, directory: Directory, by: Person) -> GroupSource:
        """The group is taken from there."""
        return self._add(
            GroupSource(
                group_id=group.id,
                directory_id=directory.id,
                remote_id="remote-group",
                remote_name="Remote group",
                taken_by_id=by.id,
                taken_at=self.clock(),
                due_at=self.clock(),
            )
        )

    def chosen_group(self, directory: Directory, group: Group) -> DirectoryGroup:
        return self._add(DirectoryGroup(directory_id=directory.id, group_id=group.id))

    def identity(self, directory: Directory, person: Person, remote_id: str) -> Identity:
        return self._add(
            Identity(
                directory=directory, person=person, remote_id=remote_id, linked_at=self.clock()
            )
        )

    def placement(self, passkey: Passkey, directory: Directory, **more: Any) -> Placement:
        return self._add(
            Placement(
                **{
                    "passkey": passkey,
                    "directory": directory,
                    "wanted": PlacementState.PRESENT,
                    "created_at": self.clock(),
                    **more,
                }
            )
        )

    def delivery(self, passkey: Passkey, directory: Directory, **more: Any) -> Delivery:
        """A delivery with its placement, and the person linked there."""
        self.placement(passkey, directory)
        self.identity(directory, passkey.person, uuid.uuid4().hex)
        return self._add(
            Delivery(
                **{
                    "directory": directory,
                    "person": passkey.person,
                    "passkey": passkey,
                    "cause": "passkey.registered",
                    "created_at": self.clock(),
                    "due_at": self.clock(),
                    **more,
                }
            )
        )

    def challenge(self) -> Challenge:
        return self._add(
            Challenge(
                challenge=secrets.token_bytes(32),
                purpose="sign-in",
                session_hash=secrets.token_bytes(32),
                rp_id=RP_ID,
                origins=[ORIGIN],
                options={},
                created_at=self.clock(),
                expires_at=self.clock() + timedelta(minutes=5),
            )
        )

    def link(self) -> EnrolmentLink:
        return self._add(
            EnrolmentLink(
                token_hash=secrets.token_bytes(32),
                purpose=LinkPurpose.ENROL,
                created_at=self.clock(),
                expires_at=self.clock() + timedelta(days=1),
            )
        )

    def step(self, link: EnrolmentLink, directory: Directory | None = None) -> EnrolmentStep:
        return self._add(EnrolmentStep(link=link, position=1, directory=directory))

    def ticket(self, person: Person, directory: Directory | None = None) -> AgentTicket:
        return self._add(
            AgentTicket(
                token_hash=secrets.token_bytes(32),
                purpose="add",
                person=person,
                directory=directory,
                created_at=self.clock(),
                expires_at=self.clock() + timedelta(minutes=10),
            )
        )

    def mail(self, person: Person, **more: Any) -> Mail:
        return self._add(
            Mail(
                **{
                    "person": person,
                    "purpose": LinkPurpose.ENROL,
                    "lifetime": 3600,
                    "requested_by": person,
                    "created_at": self.clock(),
                    "due_at": self.clock(),
                    **more,
                }
            )
        )

    def expiry_notice(self, person: Person, directory: Directory) -> ExpiryNotice:
        """A warning that waits."""
        return self._add(
            ExpiryNotice(
                person=person,
                directory=directory,
                expires_on=self.clock().date(),
                days_ahead=1,
                created_at=self.clock(),
                due_at=self.clock(),
            )
        )

    def address_notice(self, person: Person) -> AddressNotice:
        """A mail that waits, to the address that the person had."""
        return self._add(
            AddressNotice(
                person=person,
                email="before@example.com",
                created_at=self.clock(),
                due_at=self.clock(),
            )
        )

    def sign_up(self, **more: Any) -> SignUpCode:
        return self._add(
            SignUpCode(
                **{
                    "session_hash": secrets.token_bytes(32),
                    "network_hash": secrets.token_bytes(32),
                    "mailbox_hash": secrets.token_bytes(32),
                    "email": f"person{next(_number)}@example.com",
                    "created_at": self.clock(),
                    "due_at": self.clock(),
                    **more,
                }
            )
        )

    def lock(self) -> Lock:
        return self._add(Lock(name="a lock", holder="somebody", until=self.clock()))

    def policy(self, **more: Any) -> AttestationPolicy:
        return self._add(
            AttestationPolicy(
                name="Any",
                demand_attestation=False,
                demand_device_bound=False,
                refuse_counter_regress=True,
                created_at=self.clock(),
                **more,
            )
        )

    def browser_session(self, passkey: Passkey) -> SessionRow:
        return self._add(
            SessionRow(
                token_hash=secrets.token_bytes(32),
                person=passkey.person,
                passkey_id=passkey.id,
                created_at=self.clock(),
                last_seen_at=self.clock(),
                expires_at=self.clock() + timedelta(hours=8),
            )
        )
