"""What else people sign in with there, signing them out, and passes for one sign-in."""

from __future__ import annotations

import json
import logging
from dataclasses import replace

import pytest

from directories import oauth
from directories.base import DirectoryError, Misconfigured, Refused, RemoteIdentity
from directories.entra.methods import SECURITY_INFO
from tests.directories.entra.stub import GOOD_TOKEN, THERE, at
from tests.directories.raw import answer, serving

WIDE = "UserAuthenticationMethod.ReadWrite.All"
REVOKE = "User.RevokeSessions.All"
DOCUMENTED = "User.ReadWrite.All"


def said(body, status: str = "200 OK") -> bytes:
    return answer(status, json.dumps(body).encode())


# -- methods ----------------------------------------------------------------------------------


def test_passkeys_are_not_among_the_other_methods(tenant, connector, somebody):
    tenant.control.add_passkey(somebody.remote_id, credential_id=b"1" * 32)
    [one] = connector.methods(somebody)
    assert (one.kind, one.name, one.created_at) == ("Password", "", None)


def test_a_pass_is_among_them_with_its_state_and_without_its_value(tenant, connector, somebody):
    made = connector.temporary_pass(somebody, minutes=60)
    found = {one.kind: one for one in connector.methods(somebody)}
    assert found["Temporary Access Pass"].state == "usable"
    assert made.value not in repr(found)
    tenant.control.forward(61 * 60)
    oauth.forget_all()  # the token has run out by then as well
    found = {one.kind: one for one in connector.methods(somebody)}
    assert found["Temporary Access Pass"].state == "not usable (Expired)"


def test_without_the_permission_methods_are_refused_by_its_name(tenant, connector, somebody):
    tenant.control.revoke(WIDE)
    with pytest.raises(Misconfigured) as error:
        connector.methods(somebody)
    assert "UserAuthenticationMethod.Read.All" in error.value.reason


@pytest.mark.parametrize(
    ("entry", "kind", "name"),
    [
        (
            {"@odata.type": "#microsoft.graph.phoneAuthenticationMethod", "phoneNumber": "+46 1"},
            "Phone",
            "+46 1",
        ),
        (
            {"@odata.type": "#microsoft.graph.emailAuthenticationMethod", "emailAddress": "a@b.c"},
            "E-mail",
            "a@b.c",
        ),
        (
            {
                "@odata.type": "#microsoft.graph.microsoftAuthenticatorAuthenticationMethod",
                "displayName": "Kim’s telephone",
                "deviceTag": "SoftwareTokenActivated",
            },
            "Microsoft Authenticator",
            "Kim’s telephone",
        ),
        ({"@odata.type": "#microsoft.graph.crystalBallMethod"}, "crystalBallMethod", ""),
    ],
)
def test_methods_are_called_by_names_that_people_know(entry, kind, name):
    with serving(GOOD_TOKEN, said({"value": [entry | {"id": "x"}, "no method", {}]})) as there:
        [one] = at(there.url).methods(THERE)
    assert (one.kind, one.name, one.remote_id) == (kind, name, "x")


# -- sign-ins ---------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [REVOKE, DOCUMENTED])
def test_somebody_is_signed_out_there(tenant, connector, somebody, role):
    tenant.control.grant(role)
    connector.revoke_sessions(somebody)
    assert "signInSessionsValidFromDateTime" in tenant.control.user(somebody.remote_id)


def test_where_only_the_documented_permission_counts_the_newer_is_refused_by_name(
    tenant, connector, somebody
):
    tenant.control.vary(end_sessions=DOCUMENTED)
    tenant.control.grant(REVOKE)
    with pytest.raises(Misconfigured) as error:
        connector.revoke_sessions(somebody)
    assert error.value.code == "entra.permission"
    assert REVOKE in error.value.reason
    assert "signInSessionsValidFromDateTime" not in tenant.control.user(somebody.remote_id)


def test_without_a_permission_nobody_is_signed_out(tenant, connector, somebody):
    with pytest.raises(Misconfigured) as error:
        connector.revoke_sessions(somebody)
    assert error.value.code == "entra.permission"


def test_a_guest_is_not_asked_for(tenant, connector, somebody, sent):
    with pytest.raises(Refused) as error:
        connector.revoke_sessions(replace(somebody, guest=True))
    assert error.value.code == "entra.guest"
    assert not sent.of("POST", "revokeSignInSessions")


@pytest.mark.parametrize("status", ["400", "403"])
def test_a_guest_who_was_not_known_as_one_is_refused_by_entra(tenant, connector, status):
    tenant.control.vary(guest=status)
    tenant.control.grant(DOCUMENTED)
    guest = tenant.control.add_user(userType="Guest")
    with pytest.raises((Refused, Misconfigured)) as error:
        connector.revoke_sessions(RemoteIdentity(guest["id"], "guest"))
    assert error.value.said == "External users are not supported."


@pytest.mark.parametrize("body", [{"value": False}, {"value": "true"}, {}, [], None])
def test_what_entra_does_not_confirm_is_not_claimed(body):
    with serving(GOOD_TOKEN, said(body)) as there, pytest.raises(DirectoryError):
        at(there.url).revoke_sessions(THERE)


# -- passes -----------------------------------------------------------------------------------


def test_a_pass_is_made_for_one_sign_in(tenant, connector, somebody):
    made = connector.temporary_pass(somebody, minutes=30)
    assert len(made.value) >= 8
    assert (made.minutes, made.once, made.page) == (30, True, SECURITY_INFO)
    assert made.begins_at is not None


def test_a_new_pass_replaces_the_one_before(connector, somebody):
    first = connector.temporary_pass(somebody, minutes=30)
    second = connector.temporary_pass(somebody, minutes=45)
    assert first.value != second.value
    assert [one.kind for one in connector.methods(somebody)].count("Temporary Access Pass") == 1


@pytest.mark.parametrize("status", ["400", "403", "404"])
def test_where_passes_are_off_their_policy_is_named(tenant, connector, somebody, status):
    tenant.control.vary(passes_off=status)
    tenant.control.allow_passes(False)
    with pytest.raises(Refused) as error:
        connector.temporary_pass(somebody, minutes=60)
    assert error.value.code == "entra.no_pass"
    assert "Policies → Temporary Access Pass" in error.value.reason
    assert error.value.said == "Temporary Access Pass is not enabled by the policy."
    assert error.value.request_id


def test_the_narrow_permission_makes_no_pass_and_the_wide_one_is_named(tenant, connector, somebody):
    tenant.control.consent("User.Read.All", "UserAuthMethod-Passkey.ReadWrite.All")
    with pytest.raises(Misconfigured) as error:
        connector.temporary_pass(somebody, minutes=60)
    assert (error.value.code, WIDE in error.value.reason) == ("entra.permission", True)


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        {"temporaryAccessPass": None},
        {"temporaryAccessPass": 12345678},
        {"temporaryAccessPass": ""},
        {"temporaryAccessPass": "two words"},
        {"temporaryAccessPass": "x" * 300},
    ],
)
def test_what_is_no_pass_is_never_shown_as_one(body):
    made = said(body, "201 Created")
    with serving(GOOD_TOKEN, made) as there, pytest.raises(Misconfigured) as error:
        at(there.url).temporary_pass(THERE, minutes=60)
    assert error.value.code == "entra.not_graph"


def test_a_pass_stands_in_no_log_and_in_no_repr(connector, somebody, caplog):
    caplog.set_level(logging.DEBUG)
    made = connector.temporary_pass(somebody, minutes=60)
    assert made.value not in caplog.text
    assert made.value not in repr(made)
