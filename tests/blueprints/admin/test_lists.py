"""Models, policies and the audit trail, and who may open the pages of administration."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime

import pytest

from services import policies
from services.attestation.hid import HID_CRESCENDO
from tests.blueprints.conftest import said

MODELS = "/admin/models"
NOBODYS = uuid.UUID(int=7)


def test_the_models_show_picture_version_level_aaguid_and_standing(administrator):
    page = administrator.get(f"{MODELS}?show=hid")
    aaguid = sorted(map(str, HID_CRESCENDO))[0]
    assert aaguid in said(page)
    assert f'src="/models/{aaguid}/icon"' in page.text
    assert "certified L1" in said(page) and " allowed " in said(page)


def test_models_of_one_name_are_told_apart_and_lead_to_each_other(administrator, portal):
    names = [model.name for model in portal.metadata.models() if model.is_hid]
    twice = next(name for name in names if names.count(name) == 2)
    one, other = [model for model in portal.metadata.models() if model.name == twice]
    page = administrator.get(f"{MODELS}/{one.aaguid}")
    assert f'href="{MODELS}/{other.aaguid}"' in page.text
    assert f"version {one.version}" in said(page)


@pytest.mark.parametrize("words", ["crescendo 4000", "4000 CRESCENDO", "0b8b05a4", "0b8b05a4-ebd4"])
def test_models_are_found_by_name_or_aaguid(administrator, words):
    page = said(administrator.get(f"{MODELS}?q={words}"))
    assert "HID Crescendo 4000" in page
    assert "No model matches" not in page


def test_a_search_that_finds_nothing_offers_all(administrator):
    page = administrator.get(f"{MODELS}?q=<b>nothing")
    assert "No model matches" in said(page)
    assert "<b>nothing" not in page.text


def test_only_what_the_policy_allows_is_under_allowed(administrator, portal):
    page = said(administrator.get(f"{MODELS}?show=allowed"))
    assert "HID" in page and "YubiKey" not in page
    with portal.database.write() as session:
        policies.choose(session, "any", actor=None, now=portal.now())
    assert "YubiKey" in said(administrator.get(f"{MODELS}?show=allowed&q=yubikey"))


def test_a_model_shows_its_reports_and_anchors(administrator):
    page = said(administrator.get(f"{MODELS}/0b8b05a4-ebd4-4b0b-8f5f-33d7b6e606ab"))
    assert "FIDO_CERTIFIED_L1" in page and "FIDO20020260114002" in page
    assert "FIDO Attestation CA" in page and "intermediate" in page
    assert "Here: allowed" in page


def test_an_unknown_model_is_not_found(administrator):
    assert administrator.get(f"{MODELS}/{uuid.uuid4()}").status_code == 404


def test_metadata_that_is_past_due_is_shown_as_such(administrator, portal):
    due = portal.metadata.next_update
    portal.now = lambda: datetime(due.year, due.month, due.day, tzinfo=UTC)
    assert "past due" not in said(administrator.get(MODELS))
    portal.now = lambda: datetime(due.year + 1, due.month, due.day, tzinfo=UTC)
    # The session of a year ago has ended, so look at the page's own words through a new one.
    administrator.sign_in()
    assert "FIDO metadata is past due" in said(administrator.get(MODELS))


def test_pages_of_models_follow_each_other_and_lead_back(administrator):
    first = administrator.get(MODELS)
    following = first.text.partition('<a rel="next" href="')[2].partition('"')[0]
    second = administrator.get(following.replace("&amp;", "&"))
    back = second.text.partition('<a rel="prev" href="')[2].partition('"')[0]
    assert said(administrator.get(back.replace("&amp;", "&"))) == said(first)
    assert "51 to 100 of" in said(second)


def test_the_policy_in_force_is_shown_with_its_models_and_history(administrator, portal):
    page = said(administrator.get("/admin/policies"))
    assert "In force: HID Crescendo only" in page
    assert "Attestation demanded" in page
    for aaguid in HID_CRESCENDO:
        assert str(aaguid) in page
    with portal.database.write() as session:
        policies.choose(session, "any", actor=None, now=portal.now())
    page = said(administrator.get("/admin/policies"))
    assert "In force: Any FIDO2 authenticator (evaluation)" in page
    assert "This is an evaluation" in page
    assert "HID Crescendo only" in page


def test_the_trail_is_read_newest_first_and_by_kind(administrator):
    page = said(administrator.get("/admin/audit"))
    listed = page.partition(" Show ")[2]
    assert 0 < listed.index("Session opened") < listed.index("Policy chosen")
    only = administrator.get("/admin/audit?tag=policy.chosen")
    assert "Session opened" not in said(only).partition(" Show ")[2]
    assert "hid_crescendo" in only.text or "HID Crescendo only" in only.text
    assert said(administrator.get("/admin/audit?tag=made.up")) == page


def test_a_kind_that_never_happened_says_so(administrator):
    page = said(administrator.get("/admin/audit?tag=sign_in.proved"))
    assert "Nothing of this kind happened" in page


OPEN = [
    "/admin/directories",
    "/admin/directories/new",
    "/admin/directories/new/ory",
    f"/admin/directories/{NOBODYS}",
    f"/admin/directories/{NOBODYS}/schema",
    f"/admin/directories/{NOBODYS}/mapping",
    "/admin/deliveries",
    "/admin/policies",
    "/admin/models",
    f"/admin/models/{NOBODYS}",
    "/admin/audit",
]
SEND = [
    f"/admin/directories/{NOBODYS}/{verb}"
    for verb in ("test", "edit", "delete", "serves", "deliver-existing", "discard")
] + [f"/admin/deliveries/{NOBODYS}/retry"]


@pytest.mark.parametrize("path", OPEN)
def test_administration_is_closed_to_people_without_the_privilege(somebody, client, path):
    assert somebody.get(path).status_code == 403
    away = client.get(path, base_url=somebody.origin)
    assert away.status_code == 302 and away.location.startswith("/sign-in")


@pytest.mark.parametrize("path", SEND)
def test_what_changes_something_is_closed_too(somebody, path):
    assert somebody.send(path).status_code == 403


@pytest.mark.parametrize("path", SEND)
def test_nothing_changes_without_the_forms_token(administrator, path):
    answer = administrator.client.post(path, base_url=administrator.origin)
    assert answer.status_code == 400


def test_no_page_holds_an_inline_script_or_style(wizard):
    pages = [f"{MODELS}?show=hid", "/admin/policies", "/admin/audit", "/admin/deliveries"]
    wizard.connect()
    pages += [f"{wizard.page}/schema"]
    wizard.choose()
    pages += [f"{wizard.page}/mapping", f"/admin/directories/new/ory?attempt={wizard.directory}"]
    for path in pages:
        text = wizard.visitor.get(path).text
        assert "<script>" not in text and " style=" not in text and " onclick=" not in text
        assert json.dumps(wizard.ory.api_key) not in text
