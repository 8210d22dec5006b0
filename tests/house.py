"""A portal with something on every page, and one visitor whose roles change."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from directories.base import Group, PasskeyRecord
from directories.rules import DirectoryRules
from models import DeliveryState, DirectoryType, Person, RequestState, RoleGrant
from services import policies, sessions
from services.policies import Kind
from services.roles import ADMINISTRATOR, VIEW_ONLY
from tests.fake_directory import FakeDirectory
from tests.records import Records
from tests.visitor import Visitor

TOKEN = "a session of the visitor's"
AGENTS = "agent.state"
"""No page: a desk agent asks for it, with a secret of its own."""
ONE, TWO, THREE = (str(uuid.UUID(int=number)) for number in (1, 2, 3))
SETTINGS = {
    DirectoryType.ORY: {
        "flavour": "network",
        "endpoint": "https://ory.example.com",
        "schema_id": "default",
        "mapping": {"email": "email"},
    },
    DirectoryType.ENTRA: {"tenant_id": ONE, "client_id": TWO, "credential": "secret"},
    DirectoryType.PINGONE: {
        "environment_id": ONE,
        "region": "EU",
        "client_id": TWO,
        "auth_method": "post",
        "mfa_policy_id": THREE,
        "mfa_policy_name": "Keys",
    },
}


def answering() -> FakeDirectory:
    """A directory that can be asked for everything."""
    made = FakeDirectory()
    made.lists_groups = made.lists_assigned = True
    made.revokes_sessions = made.makes_passes = True
    made.own_rules = DirectoryRules(source="The policy", enabled=True, profiles=())
    made.members[Group("staff", "Staff")] = set()
    return made


def a_stranger_of(person: Person, clock) -> PasskeyRecord:
    """A passkey of a person's in a directory that was not made here."""
    return PasskeyRecord(
        credential_id=person.user_handle,
        public_key=b"",
        rp_id="login.example.com",
        user_handle=person.user_handle,
        aaguid=uuid.UUID(int=1),
        sign_count=0,
        transports=("usb",),
        user_verified=True,
        backup_eligible=False,
        backup_state=False,
        nickname="From there",
        created_at=clock(),
    )


class House:
    """The staged portal.

    Args:
        fake: what answers behind each of its directories.
    """

    def __init__(self, app, portal, clock, fake: FakeDirectory) -> None:
        self.app, self.portal, self.clock = app, portal, clock
        with portal.database.write() as session:
            rows = Records(session, clock)
            policies.choose(session, Kind.HID_CRESCENDO, actor=None, now=clock())
            policy = policies.current(session).to_mapping()
            self.boss, self.plain, self.me = (
                rows.person(name, roles=[]) for name in ("boss", "plain", "me")
            )
            for boss in (self.boss, rows.person("second", roles=[])):
                boss.roles.append(RoleGrant(role=ADMINISTRATOR, granted_at=clock()))
            self.made = rows.role(name="Made here", privileges=["people.view"])
            self.plain.roles.append(self.grant(self.made))
            self.free = rows.role(name="Held by nobody", privileges=["people.view"])
            self.directories = [
                rows.directory(type.value, type=type, settings=settings)
                for type, settings in SETTINGS.items()
            ]
            ory, entra, _ = self.directories
            settings = SETTINGS[DirectoryType.ORY]
            self.directories.append(rows.directory("draft", in_service=False, settings=settings))
            self.passkeys = [rows.passkey(one) for one in (self.boss, self.plain, self.me)]
            for passkey in self.passkeys:
                passkey.evidence.policy = policy
            for passkey in self.passkeys[:2]:
                person = passkey.person
                rows.delivery(passkey, ory, state=DeliveryState.HELD, code="held", reason="No.")
                rows.mail(person)
                rows.link().person = person
                remote = fake.add(person.email, external_id=person.uuid)
                rows.identity(entra, person, remote.remote_id)
                remote.passkeys[person.user_handle] = a_stranger_of(person, clock)
            fake.add("nobody@example.com", name="Nobody Here")
            self.group = rows.group(self.boss, self.plain, name="Staff")
            self.taken = rows.group(self.plain, name="Taken", rank=1)
            rows.policy(group_id=self.taken.id)
            rows.group_source(self.taken, entra, self.boss)
            other = rows.group(name="Other", rank=2)
            rows.policy(group_id=other.id)
            self.request = rows.request(self.boss, ory, entra, name="Keys for everybody")
            rows.request_source(self.request, self.plain)
            rows.request_person(self.request, self.boss)
            at_desk = rows.request_person(
                self.request, self.plain, claimed_by=self.me, claim_until=clock(), fence=1
            )
            rows.request_passkey(at_desk, self.passkeys[1])
            rows.request_person(
                self.request,
                None,
                email="who@example.com",
                state=RequestState.FAILED,
                code="row_wrong",
                reason="Who is that?",
            )
            self.draft = rows.request(
                self.passkeys[2].person, ory, name="A draft", state=RequestState.DRAFT
            )
            self.draft.gathered_at = self.draft.confirmed_at = None
            rows.request_source(self.draft, self.plain)
            rows.browser_session(self.passkeys[2]).token_hash = sessions.digest(TOKEN)
        self.visitor = Visitor(app)
        with self.visitor.client.session_transaction(base_url=self.visitor.origin) as cookie:
            cookie["_user_id"] = TOKEN

    def become(self, held=(), role: str = "") -> None:
        """Let the visitor hold a built-in role, or one of these privileges and no others."""
        with self.portal.database.write() as session:
            me = session.get_one(Person, self.me.id)
            for grant in list(me.roles):
                me.roles.remove(grant)
                session.delete(grant)
            session.flush()
            if role:
                me.roles.append(RoleGrant(role=role, granted_at=self.clock()))
            elif held:
                names = [one.value for one in held]
                me.roles.append(self.grant(Records(session, self.clock).role(privileges=names)))

    def addresses(self) -> Iterator[str]:
        """The pages to begin at: one of each kind, of each person, passkey, directory and role."""
        values = {
            "person": [self.boss.uuid, self.plain.uuid],
            "passkey": [one.uuid for one in self.passkeys],
            "directory": [one.uuid for one in self.directories],
            "role": [VIEW_ONLY, str(self.made.uuid), str(self.free.uuid)],
            "group": [self.group.uuid, self.taken.uuid],
            "order": [self.request.uuid, self.draft.uuid],
            "topic": ["browser"],
        }
        router = self.app.url_map.bind("")
        for rule in self.app.url_map.iter_rules():
            named = rule.arguments - (rule.defaults or {}).keys()
            if "GET" not in rule.methods or len(named) > 1 or not named <= values.keys():
                continue  # such a page is found by the links to it
            if rule.endpoint == AGENTS:
                continue
            for name in named or {""}:
                for value in values.get(name, [None]):
                    own = {**(rule.defaults or {}), **({name: value} if name else {})}
                    yield router.build(rule.endpoint, own)

    def grant(self, role) -> RoleGrant:
        """A role that was made here, to be given."""
        return RoleGrant(role=str(role.uuid), custom=role, granted_at=self.clock())
