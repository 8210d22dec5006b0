"""The layouts and the pages that say no."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from flask import flash, render_template, render_template_string
from jinja2 import TemplateRuntimeError

ADA = SimpleNamespace(is_authenticated=True, display_name="Ada King")
PAGE = '{% extends "layout/narrow.html" %}{% block title %}T{% endblock %}'


@pytest.fixture
def page(bare_app):
    with bare_app.test_request_context("/passkeys"):
        yield lambda source=PAGE, **values: render_template_string(source, **values)


def test_a_page_without_a_title_cannot_be_made(page):
    with pytest.raises(TemplateRuntimeError):
        page('{% extends "layout/narrow.html" %}')


def test_a_page_has_language_skip_link_and_main(page):
    html = page()
    assert '<html lang="en">' in html
    assert '<a class="skip-link" href="#main">' in html
    assert '<main id="main" tabindex="-1">' in html
    assert "<title>T – Latchkey</title>" in html


def test_nobody_signed_in_has_neither_navigation_nor_sign_out(page):
    html = page()
    assert "/sign-out" not in html
    assert "My passkeys" not in html


def test_whoever_is_signed_in_signs_out_by_post(page):
    html = page(current_user=ADA)
    assert '<form class="sign-out" method="post" action="/sign-out">' in html
    assert "Ada King" in html
    assert '<a href="/passkeys" aria-current="page">' in html
    assert "Administration" not in html


def test_administration_is_offered_to_who_may_see_it(page):
    first = ("Overview", "overview.index", False)
    assert 'href="/admin/"' in page(current_user=ADA, admin_nav=[first])


def test_an_organisations_own_name_takes_the_place_of_the_wordmark(page):
    assert 'aria-label="Latchkey"' in page()
    html = page(settings_name="Example Keys")
    assert 'aria-label="Latchkey"' not in html
    assert "<title>T – Example Keys</title>" in html


def test_a_trial_says_so_on_every_page(page):
    assert "portal-notice" not in page()
    assert "from a file" in page(portal_notice="Models from a file are trusted.")


@pytest.mark.parametrize(
    ("category", "role", "word"),
    [
        ("success", "status", "Done:"),
        ("info", "status", "Note:"),
        ("warning", "status", "Warning:"),
        ("error", "alert", "Error:"),
        ("message", "status", "Note:"),
    ],
)
def test_a_flash_has_a_role_and_a_word(page, category, role, word):
    flash("It happened.", category)
    html = page()
    assert f'role="{role}">' in html.partition('class="notice flash"')[2].partition("<p>")[0]
    assert word in html


def test_the_side_navigation_shows_what_it_is_given(bare_app):
    bare_app.add_url_rule("/admin/people", "people.index", lambda: "")
    with bare_app.test_request_context("/admin/people"):
        html = render_template_string(
            '{% extends "layout/admin.html" %}{% block title %}T{% endblock %}',
            admin_nav=[("People", "people.index", True)],
        )
    assert '<nav class="side" aria-label="Administration">' in html
    assert '<a href="/admin/people" aria-current="page">' in html
    assert "Directories" not in html


def test_a_refusal_says_what_and_how_to_go_on(page):
    values = {"status": 404, "code": "http_404", "title": "Not found", "sentence": "Nothing here."}
    html = render_template("errors/error.html", **values)
    assert "<h1>Not found</h1>" in html
    assert "Nothing here." in html
    assert "http_404" in html
    assert 'href="/"' in html


def test_a_stale_form_can_be_sent_again(page):
    again = {"action": "/enrol/name", "fields": [("nickname", '"><b>')]}
    html = render_template(
        "errors/error.html", status=400, code="x", title="T", sentence="S", again=again
    )
    assert '<form method="post" action="/enrol/name">' in html
    assert 'name="csrf_token"' in html
    assert "<b>" not in html


def test_the_bare_page_needs_nothing(bare_app):
    template = bare_app.jinja_env.get_template("errors/bare.html")
    html = template.render(title="T", sentence="S", origin="https://keys.example.com")
    assert "<h1>T</h1>" in html
    assert 'href="https://keys.example.com"' in html
