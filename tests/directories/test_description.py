"""The description that requests are held against: it tells right from wrong."""

from __future__ import annotations

import json

import pytest

from tests.directories import description

pytestmark = pytest.mark.skipif(not description.PRESENT, reason=description.ABSENT)

URL = "http://ory.internal/admin/identities"


def create(**more) -> bytes:
    return json.dumps({"schema_id": "default", "traits": {}} | more).encode()


def test_a_right_request_passes():
    assert description.problems("POST", URL, create(external_id="a")) == []
    assert description.problems("GET", f"{URL}?page_size=1&consistency=strong", None) == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/1/nowhere", None),
        ("PUT", "", None),
        ("GET", "?unheard=1", None),
        ("GET", "?page_size=501", None),
        ("GET", "?consistency=maybe", None),
        ("POST", "", create(unheard=1)),
        ("POST", "", create(credentials={"passkey": {"config": {"user_handle": [1]}}})),
        ("POST", "", create(credentials={"passkey": {"config": {"user_handle": "_-"}}})),
        ("POST", "", create(credentials={"passkey": {"config": {"unheard": 1}}})),
        ("POST", "", b'{"traits": {}}'),
        ("PUT", "/1", create()),
        ("PATCH", "/1", b'[{"op": "add"}]'),
    ],
)
def test_a_wrong_request_does_not(method, path, body):
    assert description.problems(method, URL + path, body)


def test_every_override_gives_its_reason():
    overrides = [description.OVERRIDES["binary"], *description.OVERRIDES["fields"].values()]
    assert all(len(one["reason"]) > 40 for one in overrides)
