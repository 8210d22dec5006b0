"""The types that may be delivered to or proved are the ones whose connectors say so."""

from __future__ import annotations

import pytest

from directories.base import Way
from directories.entra.connector import CAPABILITIES as ENTRA
from directories.ory.connector import CAPABILITIES as ORY
from directories.pingone.connector import CAPABILITIES as PINGONE
from directories.registry import KINDS
from models import DirectoryType
from services.serving import IMPORTING, LISTING_GROUPS, PROVING

CAPABILITIES = {
    DirectoryType.ORY: ORY,
    DirectoryType.ENTRA: ENTRA,
    DirectoryType.PINGONE: PINGONE,
}


def test_every_connectable_type_is_compared_here():
    assert {kind.value for kind in CAPABILITIES} == set(KINDS)


@pytest.mark.parametrize("kind", CAPABILITIES)
def test_the_constants_say_what_the_connector_says(kind):
    assert (kind in IMPORTING) is (CAPABILITIES[kind].way is Way.IMPORT)
    assert (kind in PROVING) is CAPABILITIES[kind].proves_sign_in
    assert (kind in LISTING_GROUPS) is CAPABILITIES[kind].lists_groups


def test_nothing_is_delivered_to_a_type_without_a_connector():
    assert {kind.value for kind in IMPORTING | PROVING} <= set(KINDS)
