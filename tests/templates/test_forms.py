"""The form macros: labels, hints, errors, secrets and ceremonies."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from wtforms import BooleanField, Form, PasswordField, RadioField, SelectChoice, StringField
from wtforms.validators import InputRequired

SET_AT = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)


class Sample(Form):
    name = StringField("Name", [InputRequired("Give a name.")])
    note = StringField("Note")
    secret = PasswordField("API key")
    leaky = StringField("Header value")
    agreed = BooleanField("Agreed")
    kind = RadioField(
        "Kind",
        [InputRequired("Choose one.")],
        choices=[SelectChoice("a", "A"), SelectChoice("b", "B")],
    )

    def validate(self, extra_validators=None):
        good = super().validate(extra_validators)
        if not good:
            self.form_errors = ["Nothing was changed."]
        return good


@pytest.fixture
def form() -> Sample:
    return Sample(data={"secret": "hush-1", "leaky": "hush-2"})


@pytest.fixture
def wrong() -> Sample:
    form = Sample()
    assert not form.validate()
    return form


def control(html: str, name: str) -> str:
    return re.search(rf'<(?:input|select)[^>]*name="{name}"[^>]*>', html)[0]


def test_a_field_has_its_label_and_its_hint(render, form):
    html = render("{{ forms.field(form.name, hint='As others know it.') }}", form=form)
    assert '<label for="name">Name' in html
    assert 'id="name-hint">As others know it.' in html
    assert 'aria-describedby="name-hint"' in control(html, "name")
    assert "placeholder" not in html


def test_only_what_may_be_left_out_is_marked(render, form):
    assert "(optional)" in render("{{ forms.field(form.note) }}", form=form)
    html = render("{{ forms.field(form.name) }}", form=form)
    assert "(optional)" not in html
    assert 'aria-required="true"' in control(html, "name")


def test_an_error_stands_at_its_field(render, wrong):
    html = render("{{ forms.field(form.name, hint='x') }}", form=wrong)
    assert 'aria-invalid="true"' in control(html, "name")
    assert 'aria-describedby="name-hint name-error"' in control(html, "name")
    assert re.search(r'id="name-error">.*Error:</span> Give a name\.', html, re.DOTALL)


def test_the_summary_links_each_error_to_its_field(render, wrong):
    html = render("{{ forms.error_summary(form) }}", form=wrong)
    assert '<a href="#name">Give a name.</a>' in html
    assert '<a href="#kind-0">Choose one.</a>' in html
    assert "<li>Nothing was changed.</li>" in html
    assert "data-focus" in html


def test_a_form_without_errors_has_no_summary(render, form):
    assert render("{{ forms.error_summary(form) }}", form=form).strip() == ""


def test_attributes_go_to_the_control(render, form):
    html = render("{{ forms.field(form.note, autocomplete='email') }}", form=form)
    assert 'autocomplete="email"' in control(html, "note")


def test_a_tick_box_has_its_label_after_it(render, form):
    html = render("{{ forms.field(form.agreed) }}", form=form)
    assert html.index("<input") < html.index('<label for="agreed">')


@pytest.mark.parametrize("name", ["secret", "leaky"])
@pytest.mark.parametrize("set_at", [None, SET_AT])
def test_a_secret_is_never_echoed(render, form, name, set_at):
    html = render("{{ forms.secret(form[name], set_at=at) }}", form=form, name=name, at=set_at)
    assert "hush" not in html
    assert 'type="password"' in control(html, name)
    assert 'value=""' in control(html, name)


def test_a_secret_that_is_set_says_since_when_and_can_be_replaced(render, form):
    html = render("{{ forms.secret(form.secret, set_at=at) }}", form=form, at=SET_AT)
    assert "set on" in html
    assert "3 November 2026" in html
    assert "<summary>Replace</summary>" in html
    assert '<label for="secret">New API key</label>' in html


def test_choices_are_one_group_with_a_legend(render, form):
    html = render("{{ forms.radios(form.kind, hints={'a': 'The usual.'}) }}", form=form)
    assert "<legend>Kind</legend>" in html
    assert html.count('type="radio"') == 2
    assert 'aria-describedby="kind-0-hint"' in html
    assert 'id="kind-0-hint">The usual.' in html


def test_a_ceremony_is_an_ordinary_form(render):
    html = render(
        "{% call forms.ceremony_form('sign-in', '/sign-in', 'Sign in') %}<b>more</b>{% endcall %}"
    )
    assert '<form method="post" action="/sign-in"' in html
    assert 'data-ceremony="sign-in"' in html
    assert 'data-options="/ceremonies/sign-in/options"' in html
    assert {"csrf_token", "ceremony", "response"} == set(re.findall(r'name="(\w+)"', html))
    assert "<b>more</b>" in html
    assert "<noscript>" in html


def test_a_ceremony_says_what_to_do_for_every_reason_it_cannot_run(render):
    html = render("{{ forms.ceremony_form('enrol', '/enrol', 'Enrol') }}")
    assert set(re.findall(r'data-unsupported="(\w+)"', html)) == {"address", "insecure", "browser"}


def test_a_ceremonys_values_are_escaped(render):
    html = render("{{ forms.ceremony_form('enrol', '/\"><b>', '<i>', subject='\"><u>') }}")
    assert not re.search(r"<[biu]>", html)


def test_what_fills_a_form_is_escaped_json(render):
    html = render("""{{ forms.autofill("Use it", {"endpoint": "\\"'><b>"}) }}""")
    assert "<b>" not in html
    assert html.count("data-fill=") == 1
