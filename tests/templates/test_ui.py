"""The other macros: states, times, tables, models, reports, placements."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from markupsafe import escape

from blueprints.components import samples

NOW = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("meaning", ["good", "waiting", "attention", "failed", "neutral"])
def test_a_state_has_a_word_a_shape_and_a_colour(render, meaning):
    html = render("{{ ui.status('Some word', meaning) }}", meaning=meaning)
    assert "Some word" in html
    assert "<svg" in html
    assert f'data-meaning="{meaning}"' in html


def test_a_known_word_brings_its_meaning(render):
    assert 'data-meaning="attention"' in render("{{ ui.status('needs a new touch') }}")


def test_a_moment_is_exact_until_a_script_makes_it_relative(render):
    html = render("{{ ui.time(now) }}", now=NOW)
    assert 'datetime="2026-11-03T12:00:00Z"' in html
    assert 'title="3 November 2026, 12:00 UTC"' in html
    assert ">3 November 2026, 12:00 UTC</time>" in html


def test_a_moment_that_never_was_is_a_word(render):
    assert "not yet" in render("{{ ui.time(none, never='not yet') }}")


def test_a_table_has_a_caption_and_column_heads(render):
    html = render(
        "{% call ui.table(['Name', ('Keys', 'number'), ('Actions', 'menu')], 'People') %}"
        "<tr><th scope='row'>Ada</th></tr>{% endcall %}"
    )
    assert '<caption class="visually-hidden">People</caption>' in html
    assert html.count('scope="col"') == 3
    assert '<span class="visually-hidden">Actions</span>' in html


def test_an_empty_table_teaches(render):
    html = render("{{ ui.empty('No people', 'Add some.', '/new', 'Add a person') }}")
    assert 'href="/new"' in html
    assert "Add a person" in html


def test_a_single_page_has_no_pager(render):
    assert render("{{ ui.pager({}) }}").strip() == ""
    assert 'rel="next"' in render("{{ ui.pager({'next': '/?older=1'}) }}")


def test_a_destructive_act_is_a_post_of_its_own(render):
    html = render("{{ ui.confirm('Delete', '/x', 'CONFIRM', word='permanently delete') }}")
    assert '<form method="post" action="/x" data-complete>' in html
    assert 'name="csrf_token"' in html
    assert 'data-word="permanently delete"' in html


def test_steps_say_where_one_is(render):
    html = render("{{ ui.steps(['Get ready', 'Touch', 'Done'], 'Touch') }}")
    assert html == render("{{ ui.steps(['Get ready', 'Touch', 'Done'], 2) }}")
    assert html.count('aria-current="step"') == 1
    assert "(done)" in html


def test_a_report_shows_each_check_with_its_evidence_and_remedy(render):
    html = render("{{ ui.checklist(report) }}", report=samples.REPORT)
    for check in samples.REPORT.checks:
        assert check.name in html
        assert check.code in html
        assert escape(check.remedy) in html
    assert "f7c1a8f2-2e0b-4c0e-9d8e-5a4d0a2f6c11" in html


def test_models_of_one_name_are_shown_once(render):
    html = render("{{ ui.models(models + models) }}", models=samples.MODELS)
    assert html.count("<li>") == len(samples.MODELS)


def test_a_person_never_reads_an_aaguid(render):
    html = render("{{ ui.model(model, technical=false) }}", model=samples.MODELS[2])
    assert samples.MODELS[2].name in html
    assert samples.MODELS[2].aaguid not in html


def test_a_person_reads_the_sentence_and_an_operator_the_reason(render):
    held = [one for one in samples.placements(NOW) if one.state == "held"]
    person = render("{{ ui.placements(list) }}", list=held)
    operator = render("{{ ui.placements(list, technical=true) }}", list=held)
    assert held[0].sentence in person
    assert held[0].said not in person
    assert held[0].reason in operator
    assert held[0].said in operator
    assert held[0].request_id in operator


def test_placements_announce_themselves_and_say_when_they_are_done(render):
    ready = [SimpleNamespace(directory_name="Ory", state="ready", sentence="x")]
    html = render("{{ ui.placements(list, done=true) }}", list=ready)
    assert 'data-announce="Ory: ready"' in html
    assert "data-done" in html
    assert "data-done" not in render("{{ ui.placements(list) }}", list=ready)


def test_a_placement_can_end_in_what_its_page_adds(render):
    ready = [SimpleNamespace(directory_name="Ory", state="ready", sentence="x")]
    html = render(
        "{% call(one) ui.placements(list) %}[{{ one.directory_name }}]{% endcall %}", list=ready
    )
    assert "[Ory]" in html


def test_what_a_directory_said_is_shown_verbatim_and_escaped(render):
    html = render("{{ ui.said('<b>no</b>', 'abc') }}")
    assert "&lt;b&gt;no&lt;/b&gt;" in html
