"""Pauses grow, are capped, are spread, and never undercut what a directory named."""

from __future__ import annotations

import pytest

from services.deliveries import pauses


@pytest.mark.parametrize(
    ("attempts", "ceiling"),
    [
        (1, pauses.FIRST),
        (2, 2 * pauses.FIRST),
        (5, 16 * pauses.FIRST),
        (20, pauses.LONGEST),
        (5000, pauses.LONGEST),
    ],
)
def test_a_pause_stays_between_a_second_and_its_ceiling(attempts, ceiling):
    drawn = [pauses.after_failure(attempts).total_seconds() for _ in range(200)]
    assert all(pauses.SHORTEST <= one <= ceiling for one in drawn)


def test_pauses_are_drawn_from_the_whole_range():
    drawn = [pauses.after_failure(30).total_seconds() for _ in range(400)]
    assert min(drawn) < pauses.LONGEST / 4
    assert max(drawn) > pauses.LONGEST * 3 / 4


@pytest.mark.parametrize(
    ("named", "least"), [(0.0, 0.0), (-5.0, 0.0), (30.0, 30.0), (1e12, pauses.HONOURED)]
)
def test_what_a_directory_names_is_waited_for_and_little_more(named, least):
    for _ in range(100):
        pause = pauses.after_failure(9, named).total_seconds()
        assert least <= pause <= least * (1 + pauses.SPREAD) + pauses.SHORTEST


def test_a_ceiling_of_its_own_is_kept():
    longest = pauses.LONGEST_IN_TURN
    drawn = [pauses.after_failure(30, longest=longest).total_seconds() for _ in range(200)]
    assert all(pauses.SHORTEST <= one <= longest for one in drawn)
