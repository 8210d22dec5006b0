"""Linking records and people in bulk, after a preview."""

from __future__ import annotations

import uuid

import pytest

from directories.base import Refused, Transient
from services import people
from services.directories import browsing, bulk, matching


def test_a_pair_with_the_same_address_is_suggested(house, fake, grace):
    fake.add("GRACE@example.com", label="grace")
    fake.add("", label="Grace@Example.com ")
    fake.add("nobody@example.com")
    offered = house.suggest()
    assert (offered["grace"].person.id, offered["grace"].why) == (grace.id, "same e-mail")
    assert offered["Grace@Example.com "].why == "same user name"
    nobody = offered["nobody@example.com"]
    assert (nobody.person, nobody.offered, nobody.conflict) == (None, False, "")


def test_doubts_and_conflicts_are_told(house, fake, grace):
    alan, mary = house.person("alan"), house.person("mary")
    house.person("both")
    house.link(fake.add("grace.other@example.com"), grace)
    linked = fake.add("linked@example.com")
    house.link(linked, house.person("linked"))
    fake.add("grace@example.com")
    fake.add("alan@example.com", enabled=False, guest=True)
    fake.add("mary@example.com", label="mary.1")
    fake.add("mary@example.com", label="mary.2")
    fake.add("mary@example.com", label="both@example.com")
    fake.add("ada@example.com")
    offered = house.suggest(actor=alan)
    assert offered["linked@example.com"].linked
    assert "linked to another record of Staff" in offered["grace@example.com"].conflict
    doubtful = offered["alan@example.com"]
    assert (doubtful.offered, doubtful.person.id) == (True, alan.id)
    assert doubtful.doubts == ("The account is disabled there.", "The account is a guest's.")
    for label in ("mary.1", "mary.2"):
        assert "records of this page fit" in offered[label].conflict
        assert offered[label].person.id == mary.id
    assert "Two people here fit" in offered["both@example.com"].conflict
    assert "may do more than you" in offered["ada@example.com"].conflict
    assert not any(one.offered for one in offered.values() if one.conflict)


def test_pairs_that_still_hold_are_linked_each_for_itself(house, fake, grace):
    alan = house.person("alan")
    first, second = fake.add("grace@example.com"), fake.add("alan@example.com")
    house.passkey(grace, owed=False)
    pairs = house.pairs("grace@example.com", "alan@example.com")
    house.link(second, house.person("thief"))
    done = house.bulk(pairs)
    assert (done.done, done.owed, done.trouble) == (1, 1, None)
    good, bad = done.outcomes
    assert (good.name, good.problem) == ("Grace Example", "")
    assert "linked to Thief Example" in bad.problem
    assert house.links()[first.remote_id] == grace.id
    assert alan.id not in house.links().values()
    assert house.events("identity.linked")[-1].detail["how"] == "in bulk"


def test_a_pair_that_is_not_any_more_what_was_looked_at_is_left_alone(house, fake, grace):
    records = {name: fake.add(f"{name}@example.com") for name in ("renamed", "gone", "off", "twin")}
    for name in (*records, "moved"):
        house.person(name)
    records["moved"] = fake.add("moved@example.com")
    pairs = house.pairs(*(one.email for one in records.values()))
    records["renamed"].email = "else@example.com"
    del fake.identities[records["gone"].remote_id]
    records["off"].more["enabled"] = False
    fake.add("twin@example.com")
    with house.portal.database.write() as session:
        people.by_email(session, "moved@example.com").email = "away@example.com"
    done = house.bulk(pairs)
    problems = {one.label: one.problem for one in done.outcomes}
    assert done.done == 0
    assert "not called renamed@example.com any more" in problems["renamed@example.com"]
    assert "no such record" in problems["gone@example.com"]
    assert "changed since you looked" in problems["off@example.com"]
    assert "1 more of its records" in problems["twin@example.com"]
    assert "not called away@example.com" in problems["moved@example.com"]
    assert house.links() == {}


def test_a_doubt_that_was_shown_and_chosen_all_the_same_is_linked(house, fake, grace):
    fake.add("grace@example.com", enabled=False)
    assert house.bulk(house.pairs("grace@example.com")).done == 1


def test_a_directory_that_stops_answering_ends_it_and_says_so(house, fake, grace):
    house.person("alan")
    fake.add("grace@example.com")
    fake.add("alan@example.com")
    pairs = house.pairs("grace@example.com", "alan@example.com")
    trouble = Transient("Too many requests.", code="fake.busy", retry_after=9)
    fake.before["people"].extend([lambda: None, trouble])
    done = house.bulk(pairs)
    assert (done.done, len(done.outcomes), done.trouble) == (1, 1, trouble)
    assert len(house.links()) == 1


def test_pairs_of_another_directory_or_of_nobody_are_no_pairs(house, fake, grace):
    fake.add("grace@example.com")
    offered = house.suggest()["grace@example.com"]
    with house.portal.database.write() as session:
        other = house.records(session).directory("Other")
    sealed = bulk.sealed(house.portal, other, offered)
    forged = f"{offered.remote.remote_id} {grace.uuid}"
    assert bulk.opened(house.portal, house.directory, [sealed, forged, ""]) == []
    pairs = [bulk.Pair("remote-1", "grace@example.com", uuid.uuid4(), ())]
    assert house.bulk(pairs).outcomes[0].problem == "The person is not here any more."
    with pytest.raises(ValueError, match="Suggestion"):
        bulk.sealed(house.portal, house.directory, matching.Suggestion(offered.remote))


def test_a_refusal_of_the_directory_itself_is_handed_up(house, fake):
    record = fake.add("grace@example.com")
    fake.before["find_identity"].append(Refused("No.", code="fake.no", said="nope"))
    with pytest.raises(Refused):
        browsing.find(house.portal, house.directory, record.remote_id)
