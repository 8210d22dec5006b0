"""What every template of the project keeps to, read from its source."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).parents[2] / "templates"
NAMES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))
COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)


def source(name: str) -> str:
    return COMMENT.sub("", (TEMPLATES / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_a_template_compiles(bare_app, name):
    assert bare_app.jinja_env.get_template(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_template_has_no_inline_style_or_script(name):
    text = source(name)
    assert not re.search(r"<style|\sstyle\s*=", text)
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text)
    assert not re.search(r"javascript:", text)
    for tag in re.findall(r"<script[^>]*>", text):
        assert 'type="module"' in tag
        assert "src=" in tag


@pytest.mark.parametrize("name", NAMES)
def test_a_template_trusts_no_value(name):
    text = re.sub(r"'[^']*' \| safe\b", "", source(name))  # a literal is ours
    assert not re.search(r"\|\s*safe\b|autoescape\s+false", text)


@pytest.mark.parametrize("name", NAMES)
def test_every_posting_form_carries_the_token(name):
    for form in re.findall(r"<form\b.*?</form>", source(name), re.DOTALL):
        if re.search(r'method="post"', form):
            assert re.search(r"csrf_token|csrf\(\)|hidden_tag", form), form[:200]


@pytest.mark.parametrize("name", NAMES)
def test_every_icon_that_is_named_exists(bare_app, name):
    icon = bare_app.jinja_env.globals["icon"]
    for wanted in re.findall(r'icon\("([^"]+)"\)', source(name)):
        assert icon(wanted)
