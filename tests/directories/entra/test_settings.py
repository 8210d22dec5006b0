"""What is configured for a connection to Entra ID, and what proves the application."""

from __future__ import annotations

import datetime as dt

import pytest

from directories import registry
from directories.base import InvalidSettings, Misconfigured, Way
from directories.entra.connector import EntraConnector
from directories.entra.credentials import expires_on, secret_problem
from directories.entra.settings import Credential, EntraSettings
from tests.directories.entra.keys import elliptic, pair

TENANT = "8f2c1e4b-0d7a-4c35-9e61-2b90a7d4c813"
CLIENT = "5b1d9a60-7c2e-4f18-8a43-d6e0f2b7c951"
VALUE = "abc8Q~a-value-of-a-secret.that_nobody-has"
SECRET = {"tenant_id": TENANT, "client_id": CLIENT}


def with_certificate(**changes) -> dict:
    return SECRET | {"credential": "certificate", "certificate": pair().certificate} | changes


def test_a_tenant_an_application_and_microsofts_own_addresses_are_enough():
    read = EntraSettings.from_mapping(SECRET)
    assert read.credential is Credential.SECRET
    assert read.token_url == f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token"
    assert read.scope == "https://graph.microsoft.com/.default"


@pytest.mark.parametrize(
    "values",
    [
        SECRET | {"secret_expires_on": "2027-05-31"},
        SECRET | {"challenge_minutes": 60, "options_form": "query"},
        with_certificate(login_url="http://localhost:5002", graph_url="http://localhost:5002"),
    ],
    ids=["secret", "longer challenge", "certificate"],
)
def test_settings_are_read_back_as_they_were_written(values):
    settings = EntraSettings.from_mapping(values)
    assert EntraSettings.from_mapping(settings.to_mapping()) == settings


def test_settings_from_before_ask_for_five_minutes():
    read = EntraSettings.from_mapping(SECRET)
    assert (read.challenge_minutes, read.options_form.value) == (5, "parentheses")
    longer = EntraSettings.from_mapping(SECRET | {"challenge_minutes": " 43200 "})
    assert longer.challenge_minutes == 43200


def test_ids_are_written_in_lower_case_and_addresses_without_a_slash_at_the_end():
    read = EntraSettings.from_mapping(
        {
            "tenant_id": " Contoso.OnMicrosoft.com ",
            "client_id": CLIENT.upper(),
            "graph_url": "https://graph.example.com/",
        }
    )
    assert (read.tenant_id, read.client_id) == ("contoso.onmicrosoft.com", CLIENT)
    assert read.graph_url == "https://graph.example.com"


@pytest.mark.parametrize(
    ("changes", "field", "word"),
    [
        ({"tenant_id": ""}, "tenant_id", "Directory (tenant) ID"),
        ({"tenant_id": "common"}, "tenant_id", "Directory (tenant) ID"),
        ({"tenant_id": "../evil.example"}, "tenant_id", "Directory (tenant) ID"),
        ({"tenant_id": "a.example/b"}, "tenant_id", "Directory (tenant) ID"),
        ({"tenant_id": ["x"]}, "tenant_id", "text"),
        ({"client_id": ""}, "client_id", "Application (client) ID"),
        ({"client_id": "my application"}, "client_id", "Application (client) ID"),
        ({"client_id": TENANT}, "client_id", "stands beside it"),
        ({"credential": "password"}, "credential", "secret, certificate"),
        ({"certificate": "x"}, "certificate", "empty"),
        ({"challenge_minutes": "4"}, "challenge_minutes", "from 5 to 43200"),
        ({"challenge_minutes": 43201}, "challenge_minutes", "from 5 to 43200"),
        ({"challenge_minutes": "١٠"}, "challenge_minutes", "whole minutes"),
        ({"challenge_minutes": "1e3"}, "challenge_minutes", "whole minutes"),
        ({"challenge_minutes": True}, "challenge_minutes", "text"),
        ({"challenge_minutes": 7.5}, "challenge_minutes", "text"),
        ({"options_form": "matrix"}, "options_form", "parentheses, query"),
        ({"secret_expires_on": "31.5.2027"}, "secret_expires_on", "YYYY-MM-DD"),
        ({"secret_expires_on": "20270531"}, "secret_expires_on", "YYYY-MM-DD"),
        ({"secret_expires_on": "2027-02-30"}, "secret_expires_on", "YYYY-MM-DD"),
        ({"login_url": "https://a.example?x"}, "login_url", "?"),
        ({"graph_url": "https://a.example?x"}, "graph_url", "?"),
        (with_certificate(certificate=""), "certificate", "PEM"),
        (with_certificate(certificate="x"), "certificate", "-----BEGIN CERTIFICATE-----"),
        (with_certificate(certificate=pair().certificate * 2), "certificate", "one certificate"),
        (
            with_certificate(certificate=pair().certificate + pair().key),
            "certificate",
            "private key",
        ),
        (with_certificate(certificate=pair("small", size=1024).certificate), "certificate", "2048"),
        (with_certificate(certificate=elliptic().certificate), "certificate", "RSA"),
        (with_certificate(secret_expires_on="2027-05-31"), "secret_expires_on", "certificate"),
    ],
    ids=lambda value: value if isinstance(value, str) else "with",
)
def test_what_does_not_hold_together_is_said_at_its_field(changes, field, word):
    with pytest.raises(InvalidSettings) as found:
        EntraSettings.from_mapping(SECRET | changes)
    assert set(found.value.problems) == {field}
    assert word in found.value.problems[field]


def test_the_value_of_a_secret_is_a_secret():
    assert secret_problem(EntraSettings.from_mapping(SECRET), VALUE) == ""


@pytest.mark.parametrize(
    ("secret", "word"),
    [
        (None, "Value"),
        ("", "Value"),
        ("0f0e1ae2-35ab-4a5e-8fd2-27c1c8d9b0aa", "Secret ID"),
        ("0F0E1AE2-35AB-4A5E-8FD2-27C1C8D9B0AA", "Secret ID"),
        ("two words", "spaces"),
        ("naïve", "special"),
        (pair().key, "certificate"),
    ],
    ids=["none", "empty", "id", "upper-id", "space", "accent", "key"],
)
def test_what_is_no_secret_is_said(secret, word):
    found = secret_problem(EntraSettings.from_mapping(SECRET), secret)
    assert word in found
    assert not secret or secret not in found


def test_the_key_of_the_certificate_is_its_key():
    assert secret_problem(EntraSettings.from_mapping(with_certificate()), pair().key) == ""


@pytest.mark.parametrize(
    ("key", "word"),
    [
        (None, "Give the certificate's private key"),
        (VALUE, "PEM"),
        (pair().certificate, "not a private key"),
        (pair().locked_key, "passphrase"),
        (pair("another").key, "does not belong"),
        (elliptic().key, "RSA"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "not a private key"),
    ],
    ids=["none", "value", "certificate", "locked", "another", "elliptic", "broken"],
)
def test_what_is_not_the_key_of_the_certificate_is_said(key, word):
    found = secret_problem(EntraSettings.from_mapping(with_certificate()), key)
    assert word in found
    assert not key or key not in found


def test_a_certificate_says_itself_when_it_expires():
    settings = EntraSettings.from_mapping(with_certificate())
    assert expires_on(settings) == dt.date(2031, 5, 31)


def test_a_secret_expires_when_somebody_said_so():
    assert expires_on(EntraSettings.from_mapping(SECRET)) is None
    told = EntraSettings.from_mapping(SECRET | {"secret_expires_on": "2027-05-31"})
    assert expires_on(told) == dt.date(2027, 5, 31)


# -- the registry -------------------------------------------------------------------------------


def test_the_registry_makes_a_connector_that_calls_nobody():
    made = registry.build("entra", SECRET, VALUE, private_destinations=())
    assert isinstance(made, EntraConnector)
    assert made.capabilities.way is Way.FOREIGN
    assert not made.capabilities.takes_identities
    assert VALUE not in repr(vars(made))


@pytest.mark.parametrize(
    ("values", "secret", "fields"),
    [
        (SECRET | {"tenant_id": ""}, VALUE, {"tenant_id"}),
        (SECRET, "", {"secret"}),
        (SECRET | {"graph_url": "http://graph.example.com"}, VALUE, {"graph_url"}),
        (SECRET | {"login_url": "https://user@login.example.com"}, VALUE, {"login_url"}),
        (SECRET | {"graph_url": "https://10.0.0.1", "login_url": "x"}, "", None),
    ],
    ids=["tenant", "secret", "plain-http", "credentials-in-url", "all"],
)
def test_the_registry_says_what_is_wrong_by_field(values, secret, fields):
    found = registry.problems("entra", values, secret, private_destinations=())
    assert set(found) == (fields or {"login_url", "graph_url", "secret"})
    with pytest.raises(Misconfigured):
        registry.build("entra", values, secret, private_destinations=())


def test_the_registry_knows_how_settings_are_stored_and_when_they_end():
    stored = registry.normal("entra", with_certificate(tenant_id=TENANT.upper()))
    assert stored["tenant_id"] == TENANT
    assert registry.expires_on("entra", stored) == dt.date(2031, 5, 31)
