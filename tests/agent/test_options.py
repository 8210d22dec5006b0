from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latchkey_agent.options import LONGEST_MS, NAME_BYTES, cut, read


@given(st.text())
def test_a_cut_name_fits_and_is_the_beginning(text):
    short = cut(text)
    assert len(short.encode()) <= NAME_BYTES
    assert text.startswith(short)
    assert short == text or len(text.encode()) > NAME_BYTES


def test_no_character_is_cut_in_two():
    assert cut("a" * 63 + "ö") == "a" * 63
    assert cut("a" * 62 + "ö") == "a" * 62 + "ö"


def test_what_combines_goes_with_its_letter():
    assert cut("a" * 62 + "e\u0301" + "x") == "a" * 62


@pytest.mark.parametrize(
    ("given", "used"),
    [(0, LONGEST_MS), (None, LONGEST_MS), (60_000, 60_000), (LONGEST_MS * 9, LONGEST_MS)],
)
def test_a_touch_is_always_waited_for_within_bounds(given, used):
    options = {"rp": {"id": "example.com"}, "user": {"id": "eA"}, "timeout": given}
    begun = read({"ceremony": "one", "options": options, "origin": "https://example.com"})
    assert begun.options["timeout"] == used
