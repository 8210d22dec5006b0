"""Registering a key in a ceremony that Entra began, and finding it again whatever happens."""

from __future__ import annotations

import datetime as dt
import json
import secrets
import uuid
from dataclasses import replace

import pytest

from directories.base import (
    CeremonyAnswer,
    CreationOptions,
    PasskeyRecord,
    Refused,
    RemoteIdentity,
    Transient,
)
from directories.entra import ceremony
from emulators.entra.policy import DEFAULT_PROFILE
from tests.authenticator.key import BrowserError, SoftwareKey, decoded
from tests.directories.entra.conftest import connect

CRESCENDO = uuid.UUID("692db549-7ae5-44d5-a1e5-dd20a493b723")


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(ceremony, "PAUSES", (0.0, 0.0))


@pytest.fixture
def key() -> SoftwareKey:
    return SoftwareKey(aaguid=CRESCENDO)


@pytest.fixture
def somebody(tenant, somebody) -> RemoteIdentity:
    """Where what is written is listed at once."""
    tenant.control.lag(0)
    return somebody


def touched(
    key: SoftwareKey, begun: CreationOptions, **changes
) -> tuple[PasskeyRecord, CeremonyAnswer]:
    """What the key makes of the options, as the ceremony would hand it on."""
    response = key.create(dict(begun.options), origin=begun.origins[0], **changes)
    record = PasskeyRecord(
        credential_id=decoded(response["id"]),
        public_key=b"",
        rp_id=begun.rp_id,
        user_handle=decoded(begun.options["user"]["id"]),
        aaguid=key.aaguid,
        sign_count=0,
        transports=("usb",),
        user_verified=True,
        backup_eligible=False,
        backup_state=False,
        nickname="Blue key",
        created_at=dt.datetime(2026, 11, 22, tzinfo=dt.UTC),
    )
    return record, CeremonyAnswer(response, begun.origins[0], begun.remote)


def test_a_key_made_for_a_longer_challenge_is_registered(tenant, somebody, key):
    connector = connect(tenant, challenge_minutes=43200)
    record, answer = touched(key, connector.creation_options(somebody))
    assert connector.put_passkey(somebody, record, answer).passkey is not None


def test_a_key_that_is_there_refuses_by_itself(tenant, connector, somebody, key):
    record, answer = touched(key, connector.creation_options(somebody))
    connector.put_passkey(somebody, record, answer)
    with pytest.raises(BrowserError) as error:
        touched(key, connector.creation_options(somebody))
    assert error.value.name == "InvalidStateError"


@pytest.mark.parametrize("method_ids", ["token", "guid"])
def test_a_key_is_registered_and_read_back(tenant, connector, somebody, key, method_ids):
    tenant.control.vary(method_ids=method_ids)
    record, answer = touched(key, connector.creation_options(somebody))
    written = connector.put_passkey(somebody, record, answer)
    [there] = tenant.control.passkeys(somebody.remote_id)
    assert written.passkey is not None
    assert written.passkey.remote_id == there["id"]
    assert there["credential"] == record.credential_id.hex()
    assert there["displayName"] == ceremony.display_name(record)
    assert written.passkey.is_credential(record.credential_id) is (
        True if method_ids == "token" else None
    )


def test_only_the_members_that_graph_knows_are_sent(tenant, connector, somebody, key, sent):
    record, answer = touched(key, connector.creation_options(somebody))
    padded = dict(answer.response["response"])
    padded["clientDataJSON"] += "=="
    response = dict(answer.response) | {
        "response": padded,
        "clientExtensionResults": {"hmacCreateSecret": True, "credProps": {"rk": True}},
    }
    connector.put_passkey(somebody, record, replace(answer, response=response))
    body = json.loads(sent.of("POST", "/fido2Methods")[0].body)
    assert set(body) == {"displayName", "publicKeyCredential"}
    assert set(body["publicKeyCredential"]) == {"id", "response", "clientExtensionResults"}
    assert body["publicKeyCredential"]["clientExtensionResults"] == {"hmacCreateSecret": True}
    assert "=" not in body["publicKeyCredential"]["response"]["clientDataJSON"]


@pytest.mark.parametrize("method_ids", ["token", "guid"])
def test_a_registration_that_is_there_is_not_sent_twice(
    tenant, connector, somebody, key, sent, method_ids
):
    tenant.control.vary(method_ids=method_ids)
    record, answer = touched(key, connector.creation_options(somebody))
    first = connector.put_passkey(somebody, record, answer)
    again = connector.put_passkey(somebody, record, answer)
    assert again.passkey == first.passkey
    assert len(sent.of("POST", "/fido2Methods")) == 1


@pytest.mark.parametrize("method_ids", ["token", "guid"])
@pytest.mark.parametrize("fault", ["drop", "fail"])
def test_a_registration_whose_answer_was_lost_is_found(
    tenant, connector, somebody, key, sent, fault, method_ids
):
    tenant.control.vary(method_ids=method_ids)
    record, answer = touched(key, connector.creation_options(somebody))
    getattr(tenant.control, fault)(method="POST", path="fido2Methods", after=True)
    written = connector.put_passkey(somebody, record, answer)
    assert written.passkey is not None
    assert len(tenant.control.passkeys(somebody.remote_id)) == 1
    assert len(sent.of("POST", "/fido2Methods")) == 1


def test_a_registration_that_did_not_arrive_is_tried_again(tenant, connector, somebody, key):
    record, answer = touched(key, connector.creation_options(somebody))
    tenant.control.drop(method="POST", path="fido2Methods")
    with pytest.raises(Transient):
        connector.put_passkey(somebody, record, answer)
    assert connector.put_passkey(somebody, record, answer).passkey is not None


def test_a_key_that_is_not_listed_yet_is_looked_for_again(tenant, connector, somebody, key, sent):
    tenant.control.lag(3600)
    record, answer = touched(key, connector.creation_options(somebody))
    with pytest.raises(Transient) as error:
        connector.put_passkey(somebody, record, answer)
    assert error.value.code == "entra.not_listed"
    assert error.value.retry_after == ceremony.LOOK_AGAIN
    [there] = tenant.control.passkeys(somebody.remote_id)
    assert there["id"] in error.value.reason
    tenant.entra.store.put(
        "method",
        f"{somebody.remote_id}/{there['id']}",
        there | {"listed": "2020-01-01T00:00:00+00:00"},
    )
    assert connector.put_passkey(somebody, record, answer).passkey is not None
    assert len(sent.of("POST", "/fido2Methods")) == 1


@pytest.mark.parametrize(
    "variant", ["400 badRequest", "400 invalidRequest", "403 accessDenied", "409 conflict"]
)
@pytest.mark.parametrize("message", ["telling", "vague"])
def test_a_key_that_entra_will_not_have_is_refused_in_its_words(
    tenant, connector, somebody, key, variant, message
):
    tenant.control.vary(registration_error=variant, registration_message=message)
    tenant.control.restrict("allow", str(uuid.UUID(int=7)))
    record, answer = touched(key, connector.creation_options(somebody))
    with pytest.raises(Refused) as error:
        connector.put_passkey(somebody, record, answer)
    assert error.value.code == "entra.key_refused"
    assert ("AAGUID" in error.value.said) is (message == "telling")
    assert error.value.said
    assert error.value.request_id


def test_a_key_without_attestation_is_taken_where_none_is_enforced(
    tenant, connector, somebody, key
):
    record, answer = touched(key, connector.creation_options(somebody), attestation="none")
    assert connector.put_passkey(somebody, record, answer).passkey is not None


def test_a_key_without_attestation_is_refused_where_it_is_enforced(
    tenant, connector, somebody, key
):
    tenant.control.enforce_attestation()
    record, answer = touched(key, connector.creation_options(somebody), attestation="none")
    with pytest.raises(Refused) as error:
        connector.put_passkey(somebody, record, answer)
    assert error.value.code == "entra.key_refused"


def test_nothing_is_sent_after_the_end_of_the_challenge(tenant, connector, somebody, key, sent):
    begun = connector.creation_options(somebody)
    record, answer = touched(key, begun)
    late = begun.not_after + dt.timedelta(seconds=1)
    with pytest.raises(Refused) as error:
        ceremony.put(connector._api, somebody, record, answer, now=late)
    assert error.value.code == "entra.too_late"
    assert not sent.of("POST", "/fido2Methods")


@pytest.mark.parametrize(
    "response",
    [
        {},
        {"id": "AAAA"},
        {"id": 7, "response": []},
        {"response": {"clientDataJSON": "no base64!", "attestationObject": "AAAA"}},
        {"response": {"clientDataJSON": "AAAA"}},
    ],
    ids=["nothing", "another", "types", "text", "half"],
)
def test_an_answer_that_is_another_keys_is_not_sent(
    tenant, connector, somebody, key, sent, response
):
    record, answer = touched(key, connector.creation_options(somebody))
    given = response and dict(answer.response) | response
    with pytest.raises(Refused) as error:
        connector.put_passkey(somebody, record, replace(answer, response=given))
    assert error.value.code == "entra.answer"
    assert not sent.of("POST", "/fido2Methods")


def test_a_key_that_was_made_elsewhere_is_not_taken(connector, somebody, key):
    record = PasskeyRecord(
        b"1",
        b"",
        "localhost",
        b"",
        key.aaguid,
        0,
        (),
        True,
        False,
        False,
        "",
        dt.datetime.now(dt.UTC),
    )
    with pytest.raises(Refused) as error:
        connector.put_passkey(somebody, record, None)
    assert error.value.code == "entra.no_import"


@pytest.mark.parametrize("place", ["at options", "at registration"])
def test_somebody_whom_the_policy_leaves_out_is_refused(tenant, connector, somebody, key, place):
    tenant.control.vary(not_targeted=place)
    group = tenant.control.group("Nobody yet")["id"]
    tenant.control.policy(
        includeTargets=[
            {
                "targetType": "group",
                "id": group,
                "isRegistrationRequired": False,
                "allowedPasskeyProfiles": [DEFAULT_PROFILE],
            }
        ]
    )
    with pytest.raises(Refused) as error:
        begun = connector.creation_options(somebody)
        connector.put_passkey(somebody, *touched(key, begun))
    expected = "entra.no_challenge" if place == "at options" else "entra.key_refused"
    assert error.value.code == expected


@pytest.mark.parametrize(
    ("nickname", "begins"),
    [
        ("", "Passkey "),
        ("Blue key", "Blue key "),
        ("A very long nickname for a small key", "A very long nickname "),
        ("🔑" * 40, "🔑" * 10),
        ("tab\tand\nline", "tab and line "),
    ],
    ids=["none", "short", "long", "emoji", "control"],
)
def test_names_there_fit_and_no_two_are_the_same(nickname, begins):
    def named(credential_id: bytes) -> str:
        record = PasskeyRecord(
            credential_id,
            b"",
            "login.microsoft.com",
            b"",
            CRESCENDO,
            0,
            (),
            True,
            False,
            False,
            nickname,
            dt.datetime(2026, 11, 22, tzinfo=dt.UTC),
        )
        return ceremony.display_name(record)

    one, other = named(b"one"), named(b"other")
    assert one != other
    assert one.startswith(begins)
    assert len(one.encode("utf-16-le")) // 2 <= ceremony.LONGEST_NAME


@pytest.mark.parametrize("variant", ["no limit", "ten"])
def test_a_person_with_many_keys_is_refused_only_where_entra_refuses(
    tenant, connector, somebody, key, variant
):
    tenant.control.vary(most_passkeys=variant)
    for _ in range(10):
        tenant.control.add_passkey(somebody.remote_id, credential_id=secrets.token_bytes(32))
    record, answer = touched(key, connector.creation_options(somebody))
    if variant == "no limit":
        assert connector.put_passkey(somebody, record, answer).passkey is not None
        return
    with pytest.raises(Refused) as error:
        connector.put_passkey(somebody, record, answer)
    assert error.value.code == "entra.key_refused"


@pytest.mark.parametrize("variant", ["refused", "accepted"])
def test_an_answer_that_was_used_up_registers_nothing_where_entra_says_so(
    tenant, connector, somebody, key, variant
):
    tenant.control.vary(challenge_replay=variant)
    record, answer = touched(key, connector.creation_options(somebody))
    first = connector.put_passkey(somebody, record, answer).passkey
    connector.remove_passkey(somebody, first)
    if variant == "accepted":
        assert connector.put_passkey(somebody, record, answer).passkey is not None
        return
    with pytest.raises(Refused) as error:
        connector.put_passkey(somebody, record, answer)
    assert error.value.code == "entra.key_refused"


@pytest.mark.parametrize("variant", ["lags", "at once"])
def test_a_key_is_seen_whether_or_not_copies_lag(
    tenant, connector, somebody, key, monkeypatch, variant
):
    monkeypatch.setattr(ceremony, "PAUSES", (0.05,) * 40)
    tenant.control.lag(0.2)
    tenant.control.vary(replication=variant)
    record, answer = touched(key, connector.creation_options(somebody))
    assert connector.put_passkey(somebody, record, answer).passkey is not None
