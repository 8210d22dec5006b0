"""Disabling users of the emulated PingOne, and enabling them again."""

from __future__ import annotations

import pytest

from directories.base import NotFound, RemoteIdentity


def test_a_user_is_disabled_and_enabled_again(connector, sent):
    found = next(one for one in connector.people("", None).items if one.enabled)
    connector.set_enabled(found, False)
    assert [one.enabled for one in connector.people(found.label, None).items] == [False]
    connector.set_enabled(found, True)
    [now] = connector.people(found.label, None).items
    assert now == found
    assert len(sent.of("PUT", f"/users/{found.remote_id}/enabled")) == 2


def test_a_user_who_is_gone_is_not_found(connector):
    with pytest.raises(NotFound):
        connector.set_enabled(RemoteIdentity("6d1f0f0e-0000-4000-8000-000000000000", "gone"), False)
