"""The options of a ceremony that Entra begins, and why it begins none."""

from __future__ import annotations

import datetime as dt
import secrets

import pytest

from directories.base import (
    CreationOptions,
    Misconfigured,
    Refused,
)
from directories.entra.ids import base64url
from directories.entra.settings import OptionsForm
from tests.authenticator.key import decoded
from tests.directories.entra.conftest import connect, identity_of

ORIGIN = "https://login.microsoft.com"


def test_the_options_are_what_a_client_takes(tenant, connector, somebody):
    begun = connector.creation_options(somebody)
    options = begun.options
    assert (begun.rp_id, begun.origins) == ("login.microsoft.com", (ORIGIN,))
    assert options["rp"] == {"id": "login.microsoft.com", "name": "Microsoft"}
    assert len(options["challenge"]) > 6000
    assert decoded(options["user"]["id"]).startswith(b"OF:")
    assert options["authenticatorSelection"] == {
        "authenticatorAttachment": "cross-platform",
        "requireResidentKey": True,
        "residentKey": "required",
        "userVerification": "required",
    }
    assert options["extensions"]["hmacCreateSecret"] is True
    assert [one["alg"] for one in options["pubKeyCredParams"]] == [-7, -257]
    assert options["attestation"] == "direct"
    assert "timeout" not in options  # Entra's 0 means none
    assert begun.not_after > dt.datetime.now(dt.UTC)


def minutes_left(begun: CreationOptions) -> float:
    return (begun.not_after - dt.datetime.now(dt.UTC)).total_seconds() / 60


def test_five_minutes_are_asked_of_v1_without_a_parameter(connector, somebody, sent):
    begun = connector.creation_options(somebody)
    [asked] = sent.of("GET", "creationOptions")
    assert "/v1.0/" in asked.url
    assert asked.url.endswith("/creationOptions")
    assert minutes_left(begun) <= 5


@pytest.mark.parametrize(
    ("form", "variant", "ending"),
    [
        (OptionsForm.PARENTHESES, "both", "(challengeTimeoutInMinutes=45)"),
        (OptionsForm.QUERY, "both", "?challengeTimeoutInMinutes=45"),
        (OptionsForm.PARENTHESES, "in parentheses", "(challengeTimeoutInMinutes=45)"),
        (OptionsForm.QUERY, "as a query", "?challengeTimeoutInMinutes=45"),
    ],
)
def test_more_minutes_are_asked_of_beta_in_the_form_that_is_set(
    tenant, somebody, sent, form, variant, ending
):
    tenant.control.vary(beta_timeout=variant)
    connector = connect(tenant, challenge_minutes=45, options_form=form)
    begun = connector.creation_options(somebody)
    [asked] = sent.of("GET", "creationOptions")
    assert "/beta/" in asked.url
    assert asked.url.endswith(f"/creationOptions{ending}")
    assert minutes_left(begun) > 40


@pytest.mark.parametrize(
    ("form", "variant"),
    [(OptionsForm.PARENTHESES, "as a query"), (OptionsForm.QUERY, "in parentheses")],
)
def test_a_form_that_beta_does_not_take_ends_in_words(tenant, somebody, form, variant):
    tenant.control.vary(beta_timeout=variant)
    connector = connect(tenant, challenge_minutes=45, options_form=form)
    with pytest.raises(Refused) as error:
        connector.creation_options(somebody)
    assert (error.value.code, error.value.status) == ("entra.no_challenge", 400)


def test_a_405_says_what_it_may_mean_beside_entras_own_words(tenant, connector, somebody):
    tenant.control.vary(creation_options="not allowed")
    with pytest.raises(Refused) as error:
        connector.creation_options(somebody)
    assert (error.value.code, error.value.status) == ("entra.not_offered", 405)
    assert "methodNotAllowed" in error.value.reason
    assert "self-service" in error.value.reason
    assert error.value.said == "The method is not supported for this URL."
    assert error.value.request_id


@pytest.mark.parametrize("form", ["bare", "in value"])
@pytest.mark.parametrize("encoding", ["mixed", "token", "base64url", "base64"])
def test_keys_that_are_there_are_excluded_however_their_ids_are_written(
    tenant, connector, somebody, form, encoding
):
    tenant.control.vary(wrapped_options=form, credential_ids=encoding)
    there = [secrets.token_bytes(size) for size in (16, 20, 32, 48, 64) for _ in range(3)]
    for credential_id in there:
        tenant.control.add_passkey(somebody.remote_id, credential_id=credential_id)
    excluded = {
        one["id"] for one in connector.creation_options(somebody).options["excludeCredentials"]
    }
    assert {base64url(one) for one in there} <= excluded


def test_a_name_that_is_too_long_for_keys_is_cut_between_characters(tenant, connector):
    user = tenant.control.add_user(userPrincipalName="é" * 50 + "@birchwood.example")
    name = connector.creation_options(identity_of(user)).options["user"]["name"]
    assert name == "é" * 32


@pytest.mark.parametrize("variant", ["400", "403"])
def test_a_guest_gets_no_challenge(tenant, connector, sent, variant):
    tenant.control.vary(guest=variant)
    guest = next(user for user in tenant.control.users() if user["userType"] == "Guest")
    known = next(
        one for one in connector.people(guest["mail"], None).items if one.remote_id == guest["id"]
    )
    with pytest.raises(Refused) as error:
        connector.creation_options(known)
    assert error.value.code == "entra.guest"
    assert not sent.of("GET", "creationOptions")
    with pytest.raises(Refused) as error:
        connector.creation_options(identity_of(guest))
    assert error.value.code == "entra.no_challenge"
    assert "B2B" in error.value.said


@pytest.mark.parametrize("variant", ["400", "403", "405"])
def test_where_self_service_is_off_there_is_no_challenge(tenant, connector, somebody, variant):
    tenant.control.vary(self_service_off=variant)
    tenant.control.policy(isSelfServiceRegistrationAllowed=False)
    with pytest.raises(Refused) as error:
        connector.creation_options(somebody)
    assert error.value.code == ("entra.not_offered" if variant == "405" else "entra.no_challenge")
    assert error.value.said


def test_where_passkeys_are_off_there_is_no_challenge(tenant, connector, somebody):
    tenant.control.policy(state="disabled")
    with pytest.raises(Refused) as error:
        connector.creation_options(somebody)
    assert error.value.code == "entra.no_challenge"


def test_in_several_tenants_at_once_challenges_were_not_offered(tenant, connector, somebody):
    tenant.control.vary(creation_options="not allowed")
    with pytest.raises(Refused) as error:
        connector.creation_options(somebody)
    assert error.value.code == "entra.not_offered"


def test_without_the_permission_the_permission_is_named(tenant, connector, somebody):
    tenant.control.revoke("UserAuthenticationMethod.ReadWrite.All")
    with pytest.raises(Misconfigured) as error:
        connector.creation_options(somebody)
    assert error.value.code == "entra.permission"
    assert "UserAuthMethod-Passkey.ReadWrite.All" in error.value.reason
