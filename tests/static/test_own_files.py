"""What our own scripts, styles and drawings keep to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "static"
SCRIPTS = sorted((STATIC / "js").glob("*.js"))
STYLES = sorted((STATIC / "css").glob("*.css"))
DRAWINGS = sorted((STATIC / "img").glob("*.svg"))
LONGEST_SCRIPT = 90
LONGEST_STYLE = 400
IMPORT = re.compile(r"""(?:from|import)\s+"([^"]+)\"""")
UNSAFE = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
    r"|\.style\b|setAttribute\(\"style\""
)


def named(paths):
    return pytest.mark.parametrize("path", paths, ids=[path.name for path in paths])


@named(SCRIPTS)
def test_a_script_is_short_and_writes_no_markup(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_SCRIPT
    assert UNSAFE.findall(text) == []


@named(SCRIPTS)
def test_a_script_says_what_it_is_for_and_keeps_its_names_to_itself(path):
    text = path.read_text(encoding="utf-8")
    assert text.startswith("// ")
    assert not re.search(r"\b(?:window|globalThis)\.\w+\s*=[^=]", text)


@named(SCRIPTS)
def test_a_script_imports_only_what_is_served(path):
    for target in IMPORT.findall(path.read_text(encoding="utf-8")):
        assert target.startswith("."), "there is no import map"
        assert (path.parent / target).is_file()


def test_every_script_is_reached_from_the_one_that_pages_load():
    reached, waiting = set(), [STATIC / "js" / "app.js"]
    while waiting:
        path = waiting.pop().resolve()
        if path not in reached:
            reached.add(path)
            waiting += [path.parent / one for one in IMPORT.findall(path.read_text("utf-8"))]
    assert {path.name for path in SCRIPTS if path.resolve() not in reached} == set()


@named(STYLES)
def test_a_style_sheet_is_short_and_fetches_nothing_from_elsewhere(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_STYLE
    for target in re.findall(r"url\(\"?([^\")]+)", text):
        assert (path.parent / target).is_file()
    assert text.count("{") == text.count("}")


@named(STYLES)
def test_colours_are_named_once(path):
    """Only the palette knows colours, so that light and dark can be judged in one place."""
    text = path.read_text(encoding="utf-8")
    if path.name == "app.css":
        text = text.partition("/* Pico's variables")[2]
    allowed = {"#fff"}  # on the red fill, and under pictures drawn for white paper
    assert set(re.findall(r"#[0-9a-f]{3,8}\b", text)) <= allowed


@named(DRAWINGS)
def test_a_drawing_runs_and_fetches_nothing(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<script|<style|style=|href|on\w+=", text)
