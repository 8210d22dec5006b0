"""The helpers that templates call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from blueprints import filters

MOMENT = datetime(2026, 11, 3, 1, 5, 9, tzinfo=timezone(timedelta(hours=2)))


def test_moments_are_written_in_utc():
    assert filters.exact(MOMENT) == "2 November 2026, 23:05 UTC"
    assert filters.day(MOMENT) == "2 November 2026"
    assert filters.iso(MOMENT) == "2026-11-02T23:05:09Z"


def test_a_day_below_ten_has_no_zero():
    assert filters.day(datetime(2026, 3, 7, tzinfo=UTC)) == "7 March 2026"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (999, "999"), (1284, "1\u202f284"), (10**6, "1\u202f000\u202f000")],
)
def test_numbers_are_grouped(value, text):
    assert filters.number(value) == text


def test_an_icon_is_a_drawing_that_screen_readers_pass_over():
    drawing = filters.icon("circle-check")
    assert drawing.startswith("<svg")
    assert drawing.endswith("</svg>")
    assert 'aria-hidden="true"' in drawing
    assert "style" not in drawing


@pytest.mark.parametrize("name", ["nothing", "../../../img/mark", "Circle-Check", ""])
def test_an_icon_that_is_not_there_is_an_error(name):
    with pytest.raises(LookupError):
        filters.icon(name)


def test_every_meaning_has_a_shape_of_its_own():
    shapes = [filters.icon(filters.MEANING_ICONS[meaning]) for meaning in filters.MEANINGS]
    assert len(set(shapes)) == len(filters.MEANINGS)


def test_every_word_for_a_state_has_a_meaning_that_exists():
    assert set(filters.STATE_MEANINGS.values()) <= set(filters.MEANINGS)
    assert {meaning for meaning, _ in filters.FLASH_MEANINGS.values()} <= set(filters.MEANING_ICONS)


def test_a_word_without_a_meaning_is_neutral():
    assert filters.meaning_of("nobody says this") == "neutral"


def test_every_standing_of_a_placement_has_a_meaning():
    from services.placements import Standing

    assert {standing.value for standing in Standing} <= filters.STATE_MEANINGS.keys()


def test_every_outcome_of_a_check_and_a_delivery_has_a_meaning():
    from directories.base import CheckState
    from models import DeliveryState

    words = {state.value for state in (*CheckState, *DeliveryState)}
    assert words <= filters.STATE_MEANINGS.keys()
