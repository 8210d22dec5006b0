from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from models import AuditEvent, Passkey, Person
from services import passkeys
from services.attestation.evidence import Evidence, Trust
from services.attestation.policy import Verdict
from services.policies import POLICIES, Kind
from services.refusal import Refusal

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def store(portal, session, person, credential_id=b"one") -> Passkey:
    return passkeys.store(
        session,
        person=person,
        credential=passkeys.NewCredential(
            credential_id=credential_id,
            rp_id="localhost",
            origin="http://localhost:5000",
            user_handle=person.user_handle,
            maker="latchkey",
            public_key=b"key",
            sign_count=0,
            transports=("usb",),
            attestation_object=b"",
            client_data_json=b"",
        ),
        evidence=Evidence(
            format="none",
            trust=Trust.NONE,
            trust_reason=None,
            trust_path=(),
            aaguid=uuid.UUID(int=0),
            user_present=True,
            user_verified=True,
            backup_eligible=False,
            backup_state=False,
            algorithm=-7,
        ),
        policy=POLICIES[Kind.ANY],
        verdict=Verdict(True, "accepted", ""),
        model=None,
        now=NOW,
    )


@pytest.fixture
def ada(portal) -> Person:
    with portal.database.write() as session:
        person = Person(
            email="ada@example.com", display_name="Ada", user_handle=b"ada", created_at=NOW
        )
        session.add(person)
    return person


@pytest.fixture
def passkey(portal, ada) -> Passkey:
    with portal.database.write() as session:
        return store(portal, session, session.get_one(Person, ada.id))


def test_a_passkey_is_found_with_its_evidence(portal, passkey):
    with portal.database.read() as session:
        found = passkeys.by_uuid(session, passkey.uuid)
    assert found.id == passkey.id and found.evidence.trust == "none"
    assert found.person.display_name == "Ada"


def test_an_address_that_leads_nowhere_finds_nothing(portal):
    with portal.database.read() as session:
        assert passkeys.by_uuid(session, uuid.uuid4()) is None


def test_a_persons_passkeys_are_listed_newest_first_without_the_ended(portal, ada, passkey):
    with portal.database.write() as session:
        newer = store(portal, session, session.get_one(Person, ada.id), b"two")
        session.get_one(Passkey, passkey.id).ended_at = NOW
        third = store(portal, session, session.get_one(Person, ada.id), b"three")
    with portal.database.read() as session:
        live = passkeys.of_person(session, ada.id)
        everything = passkeys.of_person(session, ada.id, ended=True)
    assert [one.id for one in live] == [third.id, newer.id]
    assert [one.id for one in everything] == [third.id, newer.id, passkey.id]


def test_nicknames_begin_different(portal, ada, passkey):
    with portal.database.write() as session:
        person = session.get_one(Person, ada.id)
        names = [store(portal, session, person, name).nickname for name in (b"2", b"3")]
    assert [passkey.nickname, *names] == ["Passkey", "Passkey 2", "Passkey 3"]


def test_a_passkey_is_renamed_and_the_trail_has_both_names(portal, ada, passkey):
    with portal.database.write() as session:
        row = session.get_one(Passkey, passkey.id)
        passkeys.rename(
            session, row, "  My\tblue\x00 key ", actor=session.get_one(Person, ada.id), now=NOW
        )
    with portal.database.read() as session:
        assert session.get_one(Passkey, passkey.id).nickname == "My blue key"
        event = session.scalar(select(AuditEvent).where(AuditEvent.tag == "passkey.renamed"))
    assert event.detail == {"before": "Passkey", "after": "My blue key"}


def test_the_same_name_again_is_no_event(portal, ada, passkey):
    with portal.database.write() as session:
        row = session.get_one(Passkey, passkey.id)
        passkeys.rename(session, row, "Passkey", actor=session.get_one(Person, ada.id), now=NOW)
    with portal.database.read() as session:
        tags = list(session.scalars(select(AuditEvent.tag)))
    assert "passkey.renamed" not in tags


@pytest.mark.parametrize(
    ("name", "code"), [(" \t\x00", "nickname_empty"), ("x" * 65, "nickname_too_long")]
)
def test_a_name_that_is_none_is_refused(portal, ada, passkey, name, code):
    with portal.database.write() as session:
        row = session.get_one(Passkey, passkey.id)
        with pytest.raises(Refusal) as refused:
            passkeys.rename(session, row, name, actor=session.get_one(Person, ada.id), now=NOW)
    assert refused.value.code == code
    with portal.database.read() as session:
        assert session.get_one(Passkey, passkey.id).nickname == "Passkey"


def test_a_credential_id_belongs_to_one_person(portal, ada, passkey):
    with portal.database.write() as session, pytest.raises(passkeys.CredentialKnown):
        store(portal, session, session.get_one(Person, ada.id))
