"""Passkeys are found alike on both databases."""

from __future__ import annotations

import uuid

import pytest

from services.passkey_search import Shown, counts, search
from tests.records import Records

AAGUID = uuid.UUID("0b8b05a4-ebd4-4b0b-8f5f-33d7b6e606ab")


@pytest.mark.parametrize("query", [str(AAGUID), AAGUID.hex, "0b8b05a4-eb", "EBD44B0B", "Work ada"])
def test_a_passkey_is_found_by_any_part_of_its_aaguid(any_portal, clock, query):
    with any_portal.database.write() as session:
        records = Records(session, clock)
        wanted = records.passkey(records.person("ada"), aaguid=AAGUID)
        records.passkey(records.person("grace"))
    with any_portal.database.read() as session:
        page = search(session, any_portal.metadata, query, shown=Shown.ATTESTED)
        assert [one.uuid for one in page.items] == [wanted.uuid]
        assert page.items[0].evidence.trust == "trusted"
        assert page.items[0].person.display_name == "Ada Example"
        found = counts(session, any_portal.metadata, query)
    assert found == {view: int(view not in (Shown.UNATTESTED, Shown.ENDED)) for view in Shown}


def test_nothing_is_counted_where_there_is_nothing(any_portal):
    with any_portal.database.read() as session:
        assert set(counts(session, any_portal.metadata).values()) == {0}
