"""What a token says of itself, as far as it can be read."""

from __future__ import annotations

import base64
import json

import pytest

from directories.entra.token import claims
from tests.directories.entra.stub import CLIENT, TENANT

GRAPH = "https://graph.microsoft.com"
GOOD = {"aud": GRAPH, "tid": TENANT, "appid": CLIENT, "roles": ["User.Read.All"], "exp": 1800000000}


def token(payload) -> str:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return f"e30.{base64.urlsafe_b64encode(body).rstrip(b'=').decode()}.c2ln"


def mismatch(**changes) -> str:
    found = claims(token(GOOD | changes))
    assert found is not None
    return found.mismatch(tenant_id=TENANT, client_id=CLIENT, graph_url=GRAPH)


def test_a_token_as_configured_has_nothing_amiss():
    assert mismatch() == ""
    assert mismatch(aud="00000003-0000-0000-c000-000000000000") == ""
    assert mismatch(appid=CLIENT.upper()) == ""


def test_claims_that_are_missing_are_nothing_amiss():
    assert mismatch(aud=None, tid=None, appid=7) == ""


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"aud": "https://management.azure.com"}, "another API"),
        ({"tid": CLIENT}, "another tenant"),
        ({"appid": TENANT}, "another application"),
    ],
)
def test_a_token_for_something_else_says_so(changes, word):
    assert word in mismatch(**changes)


def test_where_only_a_domain_is_known_the_tenant_is_not_compared():
    found = claims(token(GOOD | {"tid": CLIENT}))
    assert found.mismatch(tenant_id="", client_id=CLIENT, graph_url=GRAPH) == ""


@pytest.mark.parametrize(
    "text",
    ["", "opaque", "a.b", "a.b.c.d", token(b"\xff"), token(b"[1]"), token(b"{"), "e30.é.x", "..."],
    ids=["empty", "opaque", "two", "four", "bytes", "list", "broken", "accent", "dots"],
)
def test_what_cannot_be_read_has_no_claims(text):
    assert claims(text) is None


@pytest.mark.parametrize("roles", [None, "User.Read.All", {"a": 1}])
def test_roles_of_another_form_are_none(roles):
    assert claims(token(GOOD | {"roles": roles})).roles is None


@pytest.mark.parametrize("exp", [None, True, "1800000000", -1, 10**40])
def test_an_end_of_another_form_is_none(exp):
    assert claims(token(GOOD | {"exp": exp})).expires is None
