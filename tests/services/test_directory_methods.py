"""Passkeys that a directory has, matched to ours, and what is noted of acts there."""

from __future__ import annotations

import pytest

from directories.base import RemotePasskey
from models import DirectoryType, PlacementState
from services.directories.methods import matched, subject
from tests.records import Records


@pytest.fixture
def rows(portal, clock):
    with portal.database.write() as session:
        yield Records(session, clock)


def there(remote_id: str, credential_id: bytes | None = None, *candidates: bytes) -> RemotePasskey:
    return RemotePasskey(remote_id, credential_id, candidates=candidates)


def ours(rows, directory, *listed: RemotePasskey) -> list:
    rows.session.flush()
    return [one.ours for one in matched(rows.session, directory, listed)]


def test_a_credential_id_that_is_told_decides(rows):
    directory = rows.directory("Ory")
    one, other = rows.passkey(rows.person("one")), rows.passkey(rows.person("other"))
    rows.placement(other, directory, actual=PlacementState.PRESENT, remote_id="r-1")
    found = ours(
        rows,
        directory,
        there("r-1", one.credential_id),
        there("r-2", b"nobody's"),
        there("r-1", b"another's"),
    )
    assert found == [one, None, None]


def test_a_credential_id_that_is_only_possible_is_enough(rows):
    directory = rows.directory("Entra", type=DirectoryType.ENTRA)
    one = rows.passkey(rows.person("one"))
    assert ours(rows, directory, there("token", None, b"wrong", one.credential_id)) == [one]
    assert ours(rows, directory, there("token", None, b"wrong")) == [None]


def test_without_one_the_directorys_own_id_decides_and_only_in_that_directory(rows):
    directory = rows.directory("Ping", type=DirectoryType.PINGONE)
    elsewhere = rows.directory("Pong", type=DirectoryType.PINGONE)
    one = rows.passkey(rows.person("one"))
    rows.placement(one, directory, actual=PlacementState.PRESENT, remote_id="device-1")
    assert ours(rows, directory, there("device-1"), there("device-2")) == [one, None]
    assert ours(rows, elsewhere, there("device-1")) == [None]


def test_nothing_is_matched_to_nothing(rows):
    directory = rows.directory("Ory")
    rows.placement(rows.passkey(rows.person("one")), directory)
    assert matched(rows.session, directory, ()) == ()


def test_a_touch_is_for_one_passkey_of_one_record_in_one_directory(rows):
    one, other = rows.directory("One"), rows.directory("Other")
    rows.session.flush()
    made = {
        subject(one, "r", "p"), subject(one, "r", "q"), subject(one, "s", "p"),
        subject(other, "r", "p"),
    }  # fmt: skip
    assert len(made) == 4
    assert all(len(each) <= 100 for each in made)
