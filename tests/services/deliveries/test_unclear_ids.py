"""Removing a passkey from a directory that does not say its credential id, or not for certain."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models import PlacementState


@pytest.fixture
def removed(world, monkeypatch) -> list[str]:
    """The directory's own ids of the passkeys that were removed."""
    gone: list[str] = []
    monkeypatch.setattr(
        world.fake, "remove_passkey", lambda identity, passkey: gone.append(passkey.remote_id)
    )
    return gone


def shows(world, monkeypatch, change) -> None:
    """Let the directory show its passkeys in another way."""
    listed = world.fake.list_passkeys
    monkeypatch.setattr(
        world.fake, "list_passkeys", lambda identity: tuple(map(change, listed(identity)))
    )


def test_a_passkey_is_known_by_any_reading_of_its_id(world, monkeypatch, removed):
    world.directory()
    [passkey] = world.enrolled()
    world.work()
    shows(
        world,
        monkeypatch,
        lambda one: replace(
            one,
            remote_id="opaque",
            credential_id=None,
            candidates=(b"another", one.credential_id),
        ),
    )
    world.end(passkey)
    world.work()
    assert removed == ["opaque"]


def test_a_passkey_is_known_by_the_id_that_it_was_placed_under(world, monkeypatch, removed):
    world.directory()
    [passkey] = world.enrolled()
    world.work()
    placed = world.placement(passkey).remote_id
    shows(
        world, monkeypatch, lambda one: replace(one, credential_id=None, candidates=(b"another",))
    )
    world.end(passkey)
    world.work()
    assert removed == [placed]


def test_a_passkey_that_nothing_makes_ours_is_left_alone(world, monkeypatch, removed):
    world.directory()
    [passkey] = world.enrolled()
    world.work()
    shows(
        world,
        monkeypatch,
        lambda one: replace(one, remote_id="x", credential_id=None, candidates=(b"another",)),
    )
    world.end(passkey)
    world.work()
    assert removed == []
    assert world.placement(passkey).actual is PlacementState.ABSENT
