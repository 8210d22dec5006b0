"""What is configured for a connection, names made to a format, and the registry."""

from __future__ import annotations

import pytest

from directories import registry
from directories.base import InvalidSettings, Misconfigured, Way
from directories.ory import (
    DEFAULT_FORMAT,
    Auth,
    Flavour,
    OryConnector,
    OrySettings,
    TraitMapping,
    format_name,
    format_problem,
)

NETWORK = {"flavour": "network", "endpoint": "https://slug.projects.oryapis.com"}
KRATOS = {
    "flavour": "self_hosted",
    "endpoint": "https://kratos.example.com/base/",
    "admin_endpoint": "https://admin.example.com",
}
KEY = "ory_pat_a-key"


def test_ory_network_takes_a_bearer_token_by_itself():
    read = OrySettings.from_mapping(NETWORK)
    assert (read.auth, read.admin) == (Auth.BEARER, read.endpoint)


def test_kratos_takes_no_key_by_itself():
    read = OrySettings.from_mapping(KRATOS)
    assert (read.flavour, read.auth) == (Flavour.SELF_HOSTED, Auth.NONE)
    assert (read.endpoint, read.admin) == (
        "https://kratos.example.com/base",
        "https://admin.example.com",
    )


def test_an_oauth2_client_is_read_back_as_it_was_written():
    network = OrySettings(Flavour.NETWORK, "https://a.example", client_id="one")
    assert OrySettings.from_mapping(network.to_mapping()) == network
    assert network.token_address == "https://a.example/oauth2/token"
    gated = OrySettings(
        Flavour.SELF_HOSTED,
        "https://a.example",
        "https://b.example",
        Auth.CLIENT,
        client_id="one",
        token_url="https://hydra.example/oauth2/token",
    )
    assert OrySettings.from_mapping(gated.to_mapping()) == gated
    assert gated.token_address == "https://hydra.example/oauth2/token"


def test_settings_from_before_there_were_clients_have_none():
    stored = OrySettings(Flavour.NETWORK, "https://a.example").to_mapping()
    del stored["client_id"], stored["token_url"]
    assert OrySettings.from_mapping(stored).client_id == ""


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"client_id": "two words"}, "client_id"),
        ({"client_id": "é"}, "client_id"),
        ({"client_id": "a" * 256}, "client_id"),
        ({"client_id": 5}, "client_id"),
        ({"token_url": "https://c.example/oauth2/token"}, "token_url"),
        ({"auth": "oauth2"}, "auth"),
    ],
)
def test_an_oauth2_client_that_makes_no_sense_on_ory_network_is_refused(changes, field):
    with pytest.raises(InvalidSettings) as caught:
        OrySettings.from_mapping(NETWORK | changes)
    assert list(caught.value.problems) == [field]


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"auth": "oauth2"}, {"client_id", "token_url"}),
        ({"auth": "oauth2", "client_id": "a"}, {"token_url"}),
        ({"auth": "oauth2", "client_id": "a", "token_url": "https://c.example?x"}, {"token_url"}),
        ({"auth": "none", "client_id": "a"}, {"client_id"}),
        ({"auth": "bearer", "token_url": "https://c.example"}, {"client_id"}),
    ],
)
def test_an_oauth2_client_that_makes_no_sense_self_hosted_is_refused(changes, fields):
    with pytest.raises(InvalidSettings) as caught:
        OrySettings.from_mapping(KRATOS | changes)
    assert set(caught.value.problems) == fields


GATED = KRATOS | {
    "auth": "oauth2",
    "client_id": "one",
    "token_url": "https://hydra.example.com/oauth2/token",
}


@pytest.mark.parametrize(
    ("settings", "client_secret", "fields"),
    [
        (NETWORK, None, set()),
        (NETWORK, "typed without a client", {"client_id"}),
        (NETWORK | {"client_id": "one"}, None, {"client_secret"}),
        (NETWORK | {"client_id": "one"}, "two words", {"client_secret"}),
        (NETWORK | {"client_id": "one"}, "right", set()),
        (GATED, None, {"client_secret"}),
        (GATED, "right", set()),
        (GATED | {"token_url": "http://c.example"}, "right", {"token_url"}),
        (GATED | {"token_url": "https://10.0.0.1/token"}, "right", {"token_url"}),
    ],
)
def test_a_client_and_its_secret_come_together_and_go_to_allowed_places(
    settings, client_secret, fields
):
    key = KEY if settings["flavour"] == "network" else None
    found = registry.problems(
        "ory", settings, key, client_secret=client_secret, private_destinations=[]
    )
    assert set(found) == fields
    assert not any("typed without" in sentence for sentence in found.values())


def test_settings_are_read_back_as_they_were_written():
    settings = OrySettings(
        Flavour.SELF_HOSTED,
        "https://a.example",
        "https://b.example",
        Auth.HEADER,
        "X-Key",
        "default",
        TraitMapping("e", "g", "f", "d", DEFAULT_FORMAT, {"x.y": [1, None]}),
    )
    assert OrySettings.from_mapping(settings.to_mapping()) == settings


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"flavour": "other"}, "flavour"),
        ({"flavour": None}, "flavour"),
        ({"endpoint": ""}, "endpoint"),
        ({"endpoint": 5}, "endpoint"),
        ({"endpoint": "https://a.example?x=1"}, "endpoint"),
        ({"admin_endpoint": "https://b.example"}, "admin_endpoint"),
        ({"auth": "none"}, "auth"),
        ({"auth": "basic"}, "auth"),
        ({"mapping": []}, ""),
        ({"mapping": "x"}, "mapping"),
        ({"mapping": {"email": 5}}, "mapping.email"),
        ({"mapping": {"fixed": "x"}}, "mapping.fixed"),
        ({"mapping": {"fixed": {1: 2}}}, "mapping.fixed"),
        ({"mapping": {"display_format": "{Nick}"}}, "mapping.display_format"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(changes, field):
    if not field:
        OrySettings.from_mapping(NETWORK | changes)
        return
    with pytest.raises(InvalidSettings) as caught:
        OrySettings.from_mapping(NETWORK | changes)
    assert field in caught.value.problems
    assert all(sentence.endswith(".") for sentence in caught.value.problems.values())


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"admin_endpoint": ""}, "admin_endpoint"),
        ({"auth": "header"}, "header_name"),
        ({"auth": "header", "header_name": "X Key"}, "header_name"),
        ({"auth": "header", "header_name": "X-Key\r\nHost"}, "header_name"),
        ({"auth": "header", "header_name": "Host"}, "header_name"),
    ],
)
def test_what_is_wrong_with_a_kratos_is_said_too(changes, field):
    with pytest.raises(InvalidSettings) as caught:
        OrySettings.from_mapping(KRATOS | changes)
    assert set(caught.value.problems) == {field}


@pytest.mark.parametrize(
    ("display_format", "names", "made"),
    [
        (DEFAULT_FORMAT, ("Ada", "King", "Byron"), "Ada King Byron"),
        (DEFAULT_FORMAT, ("Ada", "", "Byron"), "Ada Byron"),
        (DEFAULT_FORMAT, ("", "", ""), ""),
        ("{Last}, {First}", ("Ada", "", ""), "Ada"),
        ("{Last}, {First}", ("", "", "Byron"), "Byron"),
        ("{Last}, {Middle}, {First}", ("Ada", "", "Byron"), "Byron, Ada"),
        ("{First}  {First}", ("{Last}", "", "x"), "{Last} {Last}"),
        ("Dr {Last}", ("", "", "  By \t ron "), "Dr By ron"),
    ],
)
def test_display_names_are_made_to_a_format(display_format, names, made):
    first, middle, last = names
    assert format_name(display_format, first=first, middle=middle, last=last) == made


@pytest.mark.parametrize(
    "wrong", ["{first}", "{Nick} {Last}", "plain", "{First", "First}", "{{First}}", "x" * 201]
)
def test_a_wrong_format_is_explained(wrong):
    assert format_problem(wrong).endswith(".")


@pytest.mark.parametrize("right", ["", DEFAULT_FORMAT, "{Last}, {First}"])
def test_a_right_format_is_not(right):
    assert format_problem(right) == ""


# -- the registry -------------------------------------------------------------------------------


def problems(settings, secret=KEY, places=()):
    return registry.problems("ory", settings, secret, private_destinations=places)


def test_a_connection_is_built_from_what_is_stored():
    built = registry.build("ory", NETWORK, KEY, private_destinations=())
    assert isinstance(built, OryConnector)
    assert built.capabilities.way is Way.IMPORT
    assert built.capabilities.takes_identities
    assert built.capabilities.proves_sign_in
    assert KEY not in repr(vars(built.settings)) + repr(built)


def test_a_right_connection_has_no_problem():
    assert problems(NETWORK) == {}
    assert problems(KRATOS, None) == {}
    assert problems(NETWORK | {"endpoint": "http://localhost:5001"}, places=["localhost"]) == {}


@pytest.mark.parametrize(
    ("settings", "secret", "field"),
    [
        ({}, KEY, "flavour"),
        (NETWORK | {"endpoint": "http://slug.example.com"}, KEY, "endpoint"),
        (NETWORK | {"endpoint": "https://10.0.0.1"}, KEY, "endpoint"),
        (NETWORK | {"endpoint": "https://u:p@slug.example.com"}, KEY, "endpoint"),
        (KRATOS | {"admin_endpoint": "http://kratos:4434"}, None, "admin_endpoint"),
        (NETWORK, None, "secret"),
        (NETWORK, "", "secret"),
        (NETWORK, f"{KEY}\n", "secret"),
        (NETWORK, f"{KEY} ", "secret"),
        (NETWORK, "schl\u00fcssel", "secret"),
        (KRATOS | {"auth": "bearer"}, None, "secret"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_sent(settings, secret, field):
    found = problems(settings, secret)
    assert field in found
    assert KEY not in str(found)
    with pytest.raises(Misconfigured) as caught:
        registry.build("ory", settings, secret, private_destinations=())
    assert KEY not in str(caught.value)


def test_an_unknown_type_is_refused():
    with pytest.raises(Misconfigured):
        registry.build("ldap", {}, None, private_destinations=())


def test_a_connector_without_its_key_is_not_made():
    from directories.destinations import Destinations

    with pytest.raises(Misconfigured):
        OryConnector(OrySettings.from_mapping(NETWORK), None, Destinations())
