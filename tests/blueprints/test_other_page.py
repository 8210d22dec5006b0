"""A portal of several origins, of which a relying party ID covers some."""

from __future__ import annotations

from uuid import UUID

import pytest

from blueprints.ceremonies import registering
from services.ceremonies import Begun

CEREMONY = UUID(int=7)
COVERED = "https://keys.corp.example.com"


@pytest.mark.parametrize(
    ("pages", "origin", "claimed"),
    [
        ((COVERED,), "", COVERED),
        ((), "https://login.example.com", "https://login.example.com"),
        ((), "", None),
    ],
)
def test_a_page_that_cannot_run_it_is_told_which_one_could(
    administrator, monkeypatch, pages, origin, claimed
):
    begun = Begun(CEREMONY, {"challenge": "AA"}, origin, pages)
    monkeypatch.setattr(registering, "begin", lambda *_: begun)
    sent = {"Origin": administrator.origin}
    answer = administrator.send("/ceremonies/add/options", headers=sent)
    assert (answer.status_code, answer.json.get("origin")) == (200, claimed)


def test_a_page_that_can_run_it_claims_nothing(administrator, monkeypatch):
    begun = Begun(CEREMONY, {"challenge": "AA"}, "", (COVERED, administrator.origin))
    monkeypatch.setattr(registering, "begin", lambda *_: begun)
    for sent in ({"Origin": administrator.origin}, {}):
        answer = administrator.send("/ceremonies/add/options", headers=sent)
        assert answer.status_code == 200 and "origin" not in answer.json
