"""A pass for one sign-in at a directory."""

from __future__ import annotations

import logging
from html import unescape

import pytest

from directories.base import (
    Refused,
)
from tests.blueprints.conftest import said


def test_a_pass_is_shown_once_and_kept_nowhere(staff, fake, portal, caplog):
    caplog.set_level(logging.DEBUG)
    page = staff.open("/temporary-pass")
    assert "One that they have is replaced" in said(page)
    answer = staff.confirmed(page)
    shown = staff.send("/temporary-pass", page, minutes="480", **answer)
    assert shown.status_code == 200
    [value] = fake.passes
    assert value in unescape(shown.text)
    assert "https://sign-in.example.com/security-info" in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    [event] = staff.events("identity.pass_made")
    assert event.detail == {
        "remote_id": staff.record.remote_id,
        "outcome": "done",
        "minutes": 480,
    }
    assert value not in caplog.text
    assert value not in unescape(staff.open().text)
    cookies = "".join(shown.headers.getlist("Set-Cookie"))
    assert value not in cookies
    again = staff.send("/temporary-pass", page, minutes="480", **answer)
    assert again.status_code == 409
    assert "pass_shown" in said(again)
    assert fake.passes == [value]


def test_without_a_touch_no_pass_is_made(staff, fake):
    page = staff.open("/temporary-pass")
    assert staff.send("/temporary-pass", page, minutes="60").status_code == 422
    assert fake.passes == []


@pytest.mark.parametrize("minutes", ["7", "a week", "-60"])
def test_a_time_that_is_not_offered_is_refused(staff, fake, minutes):
    page = staff.open("/temporary-pass")
    assert staff.send("/temporary-pass", page, minutes=minutes).status_code == 422
    assert fake.passes == []


def test_a_tenant_without_passes_says_so_in_its_own_words(staff, fake):
    fake.before["temporary_pass"].append(
        Refused("Passes may be off.", code="entra.no_pass", said="Not enabled.", request_id="r-9")
    )
    page = staff.open("/temporary-pass")
    failed = staff.send("/temporary-pass", page, minutes="60", **staff.confirmed(page))
    assert failed.status_code == 502
    assert "Not enabled." in said(failed)
    assert staff.events("identity.pass_made") == []
