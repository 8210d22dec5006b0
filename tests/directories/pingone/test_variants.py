"""Rules that the contract infers or does not know: a whole life at PingOne under each of them."""

from __future__ import annotations

import pytest

from directories.base import DirectoryError
from emulators.pingone.variants import SWITCHES
from tests.directories.conftest import passkey_of
from tests.directories.pingone.conftest import connect, report, user
from tests.directories.pingone.test_enrolment import pending, touched

STOPS = {
    ("token_region", "another: 401"),
    ("token_region", "another: 404"),
}
"""Variants in which nothing can work, as one in which every token is another region's."""

EVERY = [(name, value) for name, switch in SWITCHES.items() for value in switch.values]


@pytest.mark.parametrize(("name", "value"), EVERY)
def test_a_life_at_pingone_does_not_depend_on_what_is_uncertain(start, person, key, name, value):
    ping = start(people=6)
    ping.control.vary(**{name: value})
    connector = connect(ping)
    found = report(connector)
    assert all(one.name and one.evidence for one in found.checks)
    if (name, value) in STOPS:
        assert not found.verified
        with pytest.raises(DirectoryError):
            connector.people("", None)
        return
    assert (found.verified, found.signs_in) == (True, True)
    ada = user(connector, "ada.byron.000")
    assert connector.find_identity(person, ada.remote_id).label == ada.label
    before = connector.list_passkeys(ada)
    begun = connector.creation_options(ada)
    written = connector.put_passkey(ada, passkey_of(key), touched(begun))
    assert written.passkey is not None
    assert len(connector.list_passkeys(ada)) == len(before) + 1
    connector.remove_passkey(ada, written.passkey)
    assert connector.list_passkeys(ada) == before
    assert pending(ping, ada) == []
    assert connector.rules().rp_id == "localhost"


@pytest.mark.parametrize("value", SWITCHES["filter_case"].values)
def test_people_are_found_as_they_are_written_whatever_case_means(start, value):
    ping = start(people=6)
    ping.control.vary(filter_case=value)
    connector = connect(ping)
    assert connector.people("Ada", None).items
    assert bool(connector.people("ADA", None).items) is (value == "insensitive")
