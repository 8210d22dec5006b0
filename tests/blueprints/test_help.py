"""The pages that help."""

from __future__ import annotations

import json
import re
from html import unescape

from blueprints.errors import HELP
from blueprints.home.routes import TOPICS
from directories.ory import IdentitySchema, walk
from directories.ory.ready_schema import READY_SCHEMA
from services import links
from tests.blueprints.conftest import said
from tests.visitor import Visitor


def test_the_page_on_ory_has_our_relying_party_and_a_schema_to_copy(app):
    page = Visitor(app).get("/help/ory")
    settings = app.config["LATCHKEY"]
    assert settings.rp_id in said(page) and settings.base_url in said(page)
    copied = unescape(re.search(r'data-copy="([^"]+)"', page.text).group(1))
    assert copied == READY_SCHEMA


def test_the_schema_to_copy_is_all_that_passkeys_need():
    walked = walk(IdentitySchema("ready", json.loads(READY_SCHEMA)).schema)
    assert [trait.path for trait in walked.traits if trait.identifier] == ["email"]
    assert walked.passkey_display_name.path == "email"
    assert {trait.path for trait in walked.traits} == {"email", "name.first", "name.last"}
    assert [trait.path for trait in walked.traits if trait.required] == ["email"]
    assert walked.notes == ()


def test_people_are_not_led_to_it_and_administrators_are(administrator):
    assert "/help/ory" not in administrator.get("/help/browser").text
    page = administrator.get("/admin/directories/new/ory", follow_redirects=True)
    assert 'href="/help/ory"' in page.text


def test_whatever_is_refused_of_a_link_or_an_enrolment_leads_to_help(app, invite, clock):
    visitor = Visitor(app)
    path = invite()
    clock.forward(days=2)
    for refused in (path, "/links/bm90LWEtbGluaw", "/enrol", "/setup"):
        page = visitor.get(refused)
        assert page.status_code in (404, 410)
        assert 'href="/help/link"' in page.text
    assert "in which Begin was pressed" in said(visitor.get("/help/link"))


def test_every_code_about_a_link_has_its_help():
    words = tuple(f"{word}_" for word in HELP)
    for code in links.REFUSALS:
        assert code.startswith(words)
    assert set(HELP.values()) <= TOPICS.keys()


def test_there_are_no_other_topics(app):
    assert Visitor(app).get("/help/anything").status_code == 404
