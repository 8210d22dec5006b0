"""A real sign-in at the emulated Ory, relayed as a page would."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from directories.base import Misconfigured, Refused, Transient
from tests.directories.conftest import connect, passkey_of
from tests.emulators.key import BE, UP, UV, Key


@pytest.fixture
def placed(connector, person, key):
    return connector.put_identity(person, passkey_of(key)).identity


def sign_in(connector, key, **how):
    begun = connector.begin_proof()
    return connector.finish_proof(begun.flow, key.sign(begun.options["challenge"], **how))


def test_an_imported_passkey_signs_in(ory, connector, placed, key, sent):
    proof = sign_in(connector, key)
    assert proof.remote_id == placed.remote_id
    assert proof.label == "Mary.Somerville@example.com"
    assert (proof.assurance, proof.methods, proof.signed_out) == ("aal1", ("passkey",), True)
    for request in sent.of("POST", "/self-service"):
        assert not {"origin", "cookie", "authorization"} & {
            name.lower() for name in request.headers
        }


def test_the_session_is_over_afterwards(ory, connector, placed, key):
    sign_in(connector, key)
    sessions = ory.ory.sessions.of_identity(placed.remote_id)
    assert [one["active"] for one in sessions] == [False]


def test_the_options_are_those_of_a_discoverable_sign_in(connector):
    options = connector.begin_proof().options
    assert options["rpId"] == "localhost"
    assert set(options) == {"challenge", "timeout", "rpId", "userVerification"}


@pytest.mark.parametrize("eligible", [True, False])
def test_a_backup_eligible_passkey_signs_in_when_its_flag_is_right(
    connector, person, key, eligible
):
    connector.put_identity(person, passkey_of(key, backup_eligible=eligible))
    flags = UP | UV | (BE if eligible else 0)
    assert sign_in(connector, key, flags=flags).methods == ("passkey",)


@pytest.mark.parametrize("verification", ["preferred", "required"])
def test_a_verified_user_signs_in_whatever_ory_demands(ory, connector, placed, key, verification):
    ory.control.vary(user_verification=verification)
    assert sign_in(connector, key).signed_out


def test_a_passkey_that_is_not_there_is_refused_with_orys_words(connector, placed):
    with pytest.raises(Refused) as caught:
        sign_in(connector, Key())
    assert caught.value.code == "ory.proof_refused"
    assert caught.value.said


def test_an_origin_that_ory_does_not_list_is_refused(ory, connector, placed, key):
    ory.control.relying_party("localhost", "https://elsewhere.example")
    with pytest.raises(Refused) as caught:
        sign_in(connector, key)
    assert caught.value.code == "ory.proof_refused"


@pytest.mark.parametrize("variant", ["allowed", "refused"])
def test_a_member_of_an_organisation_may_or_may_not_sign_in(ory, connector, placed, key, variant):
    ory.control.vary(organization_passkeys=variant)
    steps = [
        {
            "op": "add",
            "path": "/organization_id",
            "value": "7f9c24e8-3b12-4fef-91e0-56a2d5a2b111",
        }
    ]
    ory.ory.identities.patch(placed.remote_id, steps, now=ory.ory.now())
    if variant == "allowed":
        assert sign_in(connector, key).remote_id == placed.remote_id
    else:
        with pytest.raises(Refused) as caught:
            sign_in(connector, key)
        assert caught.value.code == "ory.proof_refused"


def test_an_inactive_identity_is_refused_and_the_key_is_not_blamed(ory, connector, placed, key):
    steps = [{"op": "replace", "path": "/state", "value": "inactive"}]
    ory.ory.identities.patch(placed.remote_id, steps, now=ory.ory.now())
    with pytest.raises(Refused) as caught:
        sign_in(connector, key)
    assert caught.value.code == "ory.proof_refused"
    assert "disabled" in caught.value.said


def test_a_flow_that_expired_says_so(ory, connector, placed, key):
    begun = connector.begin_proof()
    ory.control.expire_flows()
    with pytest.raises(Refused) as caught:
        connector.finish_proof(begun.flow, key.sign(begun.options["challenge"]))
    assert caught.value.code == "ory.proof_expired"


def test_a_flow_that_never_was_is_refused(connector, placed, key):
    with pytest.raises(Refused) as caught:
        connector.finish_proof("not/a flow?x=1", key.sign("AAAA"))
    assert caught.value.code == "ory.proof_refused"


@pytest.mark.parametrize("variant", ["fails", "is refused"])
def test_a_flow_signs_in_once(ory, connector, placed, key, variant):
    ory.control.vary(used_flow=variant)
    begun = connector.begin_proof()
    assertion = key.sign(begun.options["challenge"])
    connector.finish_proof(begun.flow, assertion)
    with pytest.raises((Refused, Transient)):
        connector.finish_proof(begun.flow, assertion)


@pytest.mark.parametrize("variant", ["keeps the challenge", "spends the challenge"])
def test_after_a_failed_try_a_new_proof_signs_in(ory, connector, placed, key, variant):
    ory.control.vary(failed_try=variant)
    with pytest.raises(Refused):
        sign_in(connector, Key(handle=key.handle))
    assert sign_in(connector, key).signed_out


@pytest.mark.parametrize(
    "assertion", [{}, {"response": []}, {"id": 5, "response": {"signature": {"a": []}}}]
)
def test_nonsense_for_an_assertion_is_refused(connector, placed, assertion):
    begun = connector.begin_proof()
    with pytest.raises(Refused) as caught:
        connector.finish_proof(begun.flow, assertion)
    assert caught.value.code == "ory.proof_refused"


def test_only_what_an_assertion_consists_of_is_passed_on(connector, placed, key, sent):
    begun = connector.begin_proof()
    assertion = key.sign(begun.options["challenge"]) | {"clientExtensionResults": {"x": 1}}
    assertion["response"]["attestationObject"] = "private"
    connector.finish_proof(begun.flow, assertion)
    [request] = sent.of("POST", "/self-service")
    passed_on = json.loads(json.loads(request.body)["passkey_login"])
    assert set(passed_on) == {"id", "rawId", "type", "response"}
    assert set(passed_on["response"]) == {
        "authenticatorData",
        "clientDataJSON",
        "signature",
        "userHandle",
    }


def test_an_ory_without_the_passkey_method_offers_no_proof(ory, connector):
    ory.control.vary(passkey_method="disabled")
    with pytest.raises(Misconfigured) as caught:
        connector.begin_proof()
    assert caught.value.code == "ory.no_passkey_method"


@pytest.mark.parametrize(
    "flow",
    [
        "[]",
        '{"id": 7}',
        '{"id": ""}',
    ],
)
def test_what_is_no_flow_is_not_ory(ory, connector, flow):
    ory.control.fail(status=200, body=flow, path="/self-service/login/api")
    with pytest.raises(Misconfigured) as caught:
        connector.begin_proof()
    assert caught.value.code == "ory.not_ory"


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        "",
        "nonsense",
        "[]",
        '{"publicKey": []}',
        '{"publicKey": {"challenge": 5}}',
        "[" * 9999,
    ],
)
def test_options_that_cannot_be_read_are_no_options(ory, connector, value):
    nodes = [1, {}, {"attributes": {"name": "passkey_challenge", "value": value}}]
    flow = json.dumps({"id": "f", "ui": {"nodes": nodes}})
    ory.control.fail(status=200, body=flow, path="/self-service/login/api")
    with pytest.raises(Misconfigured) as caught:
        connector.begin_proof()
    assert caught.value.code == "ory.no_passkey_method"


@pytest.mark.parametrize(
    ("status", "error"), [(401, Refused), (403, Refused), (500, Transient), (302, Misconfigured)]
)
def test_a_session_that_cannot_be_looked_at_is_ended_all_the_same(
    ory, connector, placed, key, status, error
):
    ory.control.fail(status=status, path="/sessions/whoami")
    with pytest.raises(error):
        sign_in(connector, key)
    assert not ory.ory.sessions.of_identity(placed.remote_id)[0]["active"]


@pytest.mark.parametrize(("status", "ended"), [(500, False), (403, True), (404, False)])
def test_a_sign_out_that_fails_is_told(ory, connector, placed, key, status, ended):
    ory.control.fail(status=status, path="/self-service/logout/api")
    assert sign_in(connector, key).signed_out is ended


def test_a_self_hosted_kratos_is_proved_too(start, person, key):
    connector = connect(start(flavour="self-hosted"))
    connector.put_identity(person, passkey_of(key))
    assert sign_in(connector, key).signed_out


def test_a_passkey_put_right_signs_in(ory, connector, person, key):
    body = {
        "schema_id": "default",
        "traits": {"email": person.email},
        "credentials": {"passkey": key.passkey(is_passwordless=False)},
    }
    made = ory.ory.identities.create(body, now=ory.ory.now())["id"]
    with pytest.raises(Refused):
        sign_in(connector, key)
    identity = connector.find_identity(person, made)
    connector.put_passkey(identity, passkey_of(key), None)
    assert sign_in(connector, key).remote_id == made


def test_a_removed_passkey_no_longer_signs_in(connector, person, key):
    written = connector.put_identity(person, passkey_of(key))
    assert sign_in(connector, key).signed_out
    connector.remove_passkey(written.identity, written.passkey)
    with pytest.raises(Refused):
        sign_in(connector, key)


def test_a_person_is_shown_by_the_mapped_trait(ory, connector, person, key):
    mapping = replace(connector.settings.mapping, email="name.last", family_name="email")
    connector.put_identity(person, passkey_of(key))
    other = connect(ory, mapping=mapping)
    assert sign_in(other, key).label == "Somerville"
