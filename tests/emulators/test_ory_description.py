"""The emulator's answers against Kratos' OpenAPI description; the client checks every other one."""

from __future__ import annotations

import pytest

from tests.emulators import description

pytestmark = pytest.mark.skipif(
    not description.present(), reason="../shared/data/ory-kratos-openapi.json is not there"
)


def test_the_check_finds_what_departs(api, key, holder):
    identity = api.get(holder["id"], "passkey")
    path = f"/admin/identities/{holder['id']}"
    assert description.problems("GET", path, 200, identity) == []
    del identity["schema_url"]
    identity["state"] = "asleep"
    assert len(description.problems("GET", path, 200, identity)) == 2


def test_errors_have_the_described_shape(api):
    answer = api.call("GET", "/admin/identities/nowhere")
    assert description.problems("GET", "/admin/identities/nowhere", 404, answer.json()) == []
    assert description.problems("GET", "/admin/identities/nowhere", 404, {"oops": 1})


def test_sign_in_answers_are_described(api, key, holder):
    answer = api.sign_in(key)
    assert description.problems("POST", "/self-service/login", 200, answer.json()) == []
    assert description.problems("POST", "/self-service/login", 200, {"session": {}})


@pytest.mark.parametrize("path", ["/schemas", "/admin/identities"])
def test_lists_are_described_as_lists(api, path):
    assert description.problems("GET", path, 200, api.call("GET", path).json()) == []
    assert description.problems("GET", path, 200, {})
