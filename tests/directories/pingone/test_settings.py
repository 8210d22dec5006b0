"""What is configured for a PingOne connection, and the registry."""

from __future__ import annotations

import pytest

from directories import registry
from directories.base import InvalidSettings, Misconfigured, Way
from directories.destinations import Destinations
from directories.pingone import AuthMethod, PingOneConnector, PingOneSettings, Region

ENVIRONMENT = "6f1d9c2e-0f0a-4a53-9a5c-6d9d9f2b7c11"
OTHER = "0b0cf1a4-53a8-4e28-9d6c-2b1f2b3c4d5e"
TYPED = {"environment_id": ENVIRONMENT, "region": "EU", "client_id": "worker-1"}
SECRET = "a~secret.that-nobody_may-read"


def test_what_is_left_out_has_its_usual_value():
    read = PingOneSettings.from_mapping(TYPED)
    assert (read.region, read.auth_method) == (Region.EU, AuthMethod.POST)
    assert (read.token_environment, read.mfa_policy_id) == (ENVIRONMENT, "")


def test_settings_are_read_back_as_they_were_written():
    settings = PingOneSettings(
        ENVIRONMENT,
        Region.AU,
        "worker-1",
        AuthMethod.BASIC,
        OTHER,
        "auth.example.com",
        OTHER,
        "Keys",
        "example.com",
        "Intranet",
        "http://localhost:5003",
        "http://localhost:5003/api",
    )
    assert PingOneSettings.from_mapping(settings.to_mapping()) == settings


@pytest.mark.parametrize(
    ("region", "host"),
    [
        (Region.NA, "pingone.com"),
        (Region.CA, "pingone.ca"),
        (Region.EU, "pingone.eu"),
        (Region.AU, "pingone.com.au"),
        (Region.SG, "pingone.sg"),
        (Region.AP, "pingone.asia"),
    ],
)
def test_each_region_has_its_own_hosts(region, host):
    read = PingOneSettings.from_mapping(TYPED | {"region": region.value})
    assert read.token_url == f"https://auth.{host}/{ENVIRONMENT}/as/token"
    assert read.api == f"https://api.{host}/v1"
    assert region.label


def test_a_worker_of_another_environment_gets_its_token_there():
    read = PingOneSettings.from_mapping(TYPED | {"token_environment_id": OTHER.upper()})
    assert read.token_url == f"https://auth.pingone.eu/{OTHER}/as/token"
    assert read.environment_id == ENVIRONMENT


def test_a_custom_domain_gives_tokens_without_an_environment_in_the_path():
    read = PingOneSettings.from_mapping(TYPED | {"custom_domain": "Auth.Example.com"})
    assert read.token_url == "https://auth.example.com/as/token"
    assert read.api == "https://api.pingone.eu/v1"


def test_an_emulator_stands_in_for_both_hosts():
    place = {"auth_url": "http://localhost:5003/", "api_url": "http://localhost:5003"}
    read = PingOneSettings.from_mapping(TYPED | place)
    assert read.token_url == f"http://localhost:5003/{ENVIRONMENT}/as/token"
    assert read.api == "http://localhost:5003/v1"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"environment_id": ""}, "environment_id"),
        ({"environment_id": "example"}, "environment_id"),
        ({"environment_id": f"{{{ENVIRONMENT}}}"}, "environment_id"),
        ({"environment_id": ENVIRONMENT.replace("-", "")}, "environment_id"),
        ({"environment_id": 7}, "environment_id"),
        ({"region": ""}, "region"),
        ({"region": "com"}, "region"),
        ({"client_id": ""}, "client_id"),
        ({"client_id": "a b"}, "client_id"),
        ({"client_id": "x" * 256}, "client_id"),
        ({"auth_method": "jwt"}, "auth_method"),
        ({"token_environment_id": "other"}, "token_environment_id"),
        ({"custom_domain": "https://auth.example.com"}, "custom_domain"),
        ({"custom_domain": "auth"}, "custom_domain"),
        ({"custom_domain": "auth.example.com/x"}, "custom_domain"),
        ({"custom_domain": "auth.pingone.eu"}, "custom_domain"),
        ({"mfa_policy_id": "default"}, "mfa_policy_id"),
        ({"relying_party_id": "*.example.com"}, "relying_party_id"),
        ({"sign_on_application": []}, "sign_on_application"),
        ({"auth_url": "https://a.example?x"}, "auth_url"),
        ({"api_url": "https://a.example?x"}, "api_url"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(changes, field):
    with pytest.raises(InvalidSettings) as caught:
        PingOneSettings.from_mapping(TYPED | changes)
    assert set(caught.value.problems) == {field}
    assert caught.value.problems[field].endswith(".")


# -- the registry -------------------------------------------------------------------------------


def problems(settings, secret=SECRET, places=()):
    return registry.problems("pingone", settings, secret, private_destinations=places)


def test_a_connection_is_built_from_what_is_stored():
    built = registry.build("pingone", TYPED, SECRET, private_destinations=())
    assert isinstance(built, PingOneConnector)
    assert built.capabilities.way is Way.FOREIGN
    assert not built.capabilities.takes_identities
    assert built.capabilities.lists_groups
    assert built.capabilities.has_rules
    assert built.create_lock == f"pingone:{ENVIRONMENT}"
    assert SECRET not in repr(vars(built)) + repr(built)


def test_a_right_connection_has_no_problem():
    assert problems(TYPED) == {}
    here = {"auth_url": "http://localhost:5003", "api_url": "http://localhost:5003"}
    assert problems(TYPED | here, places=["localhost"]) == {}
    assert registry.normal("pingone", TYPED)["auth_method"] == "post"
    assert registry.expires_on("pingone", TYPED) is None


@pytest.mark.parametrize(
    ("changes", "secret", "field"),
    [
        ({"region": "XX"}, SECRET, "region"),
        ({"api_url": "http://api.example.com"}, SECRET, "api_url"),
        ({"auth_url": "https://10.0.0.1"}, SECRET, "auth_url"),
        ({"auth_url": "https://u:p@auth.example.com"}, SECRET, "auth_url"),
        ({"custom_domain": "10.0.0.1"}, SECRET, "custom_domain"),
        ({}, None, "secret"),
        ({}, "", "secret"),
        ({}, "worker-1", "secret"),
        ({}, f"{SECRET}\n", "secret"),
        ({}, "schl\u00fcssel", "secret"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_sent(changes, secret, field):
    found = problems(TYPED | changes, secret)
    assert field in found
    assert SECRET not in str(found)
    with pytest.raises(Misconfigured) as caught:
        registry.build("pingone", TYPED | changes, secret, private_destinations=())
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("secret", [None, "", "worker-1"])
def test_a_connector_without_a_right_secret_is_not_made(secret):
    with pytest.raises(Misconfigured):
        PingOneConnector(PingOneSettings.from_mapping(TYPED), secret, Destinations())


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, ("", "")),
        ({"relying_party_id": "pingone.com"}, ("pingone.com", "https://auth.pingone.com")),
        ({"relying_party_id": "example.com"}, ("example.com", "https://example.com")),
        (
            {"relying_party_id": "example.com", "custom_domain": "login.example.com"},
            ("example.com", "https://login.example.com"),
        ),
    ],
)
def test_for_whom_keys_are_made_is_told_where_it_is_pinned(changes, found):
    settings = {"region": "NA", "custom_domain": "", "relying_party_id": ""}
    party = registry.relying_party("pingone", TYPED | settings | changes)
    assert (party.id, party.origin) == found


def test_settings_that_do_not_hold_together_tell_nothing():
    assert registry.relying_party("pingone", {"region": "nowhere"}) == registry.RelyingParty()


@pytest.mark.parametrize("kind", ["ory", "entra"])
def test_others_tell_for_whom_only_with_each_registration(kind):
    assert registry.relying_party(kind, {}) == registry.RelyingParty()
