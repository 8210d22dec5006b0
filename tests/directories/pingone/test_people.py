"""Finding and listing the users, groups and keys of the emulated PingOne."""

from __future__ import annotations

import uuid

import pytest

from directories.base import (
    Misconfigured,
    Refused,
    RemoteIdentity,
    RemotePasskey,
    Transient,
)
from tests.directories.pingone.conftest import connect, user

USERS = r"/users$"


def labels(page) -> list[str]:
    return [one.label for one in page.items]


def test_people_come_in_pages_each_once(connector):
    seen: list[str] = []
    page = connector.people("", None)
    seen += labels(page)
    while page.cursor:
        page = connector.people("", page.cursor)
        seen += labels(page)
    assert len(seen) == len(set(seen)) == 68


def test_the_next_page_is_asked_for_as_pingone_said(ping, connector, sent):
    first = connector.people("", None)
    sent.requests.clear()
    connector.people("", first.cursor)
    (asked,) = sent.of("GET", "/users?")
    assert asked.url.endswith(f"/users?{first.cursor}")


def test_a_user_is_told_with_what_people_know_them_by(connector):
    found = user(connector, "ada.byron.000")
    assert (found.label, found.name) == ("ada.byron.000", "Ada Byron")
    assert (found.given_name, found.family_name) == ("Ada", "Byron")
    assert found.email == "ada.byron.000@example.com"
    assert found.enabled is True
    assert found.note == ""


def test_a_population_and_mfa_that_is_off_are_noted(ping, connector):
    assert user(connector, "alan.murray").note == "Contractors"
    assert user(connector, "kiosk.one").email == ""
    ping.control.change_user("ada.byron.000", mfaEnabled=False, enabled=False)
    found = user(connector, "ada.byron.000")
    assert (found.note, found.enabled) == ("MFA is off", False)


def test_populations_that_cannot_be_read_leave_no_note(ping, connector):
    ping.control.fail(status=403, body='{"code": "ACCESS_FAILED"}', path="/populations")
    assert user(connector, "alan.murray").note == ""


@pytest.mark.parametrize(
    "query",
    ["siobhan.o'brien", "O'Brien", 'robert."bob"', 'Robert "Bob"', "corp\\anne", "Zoë"],
)
def test_names_of_every_kind_are_found(connector, query):
    assert connector.people(query, None).items


def test_people_are_found_by_both_their_names(connector):
    assert {one.name for one in connector.people("Ada Byron", None).items} == {"Ada Byron"}
    assert {one.name for one in connector.people("Byron Ada", None).items} == {"Ada Byron"}


def test_nobody_is_found_where_there_is_nobody(connector, person):
    assert connector.people("nobody", None).items == ()
    assert connector.find_identity(person, str(uuid.uuid4())) is None
    assert connector.find_identity(person, "../environments") is None


def test_nobody_is_found_by_an_address(connector, person, sent):
    assert connector.find_identity(person, None) is None
    assert not sent.requests


def test_a_user_is_found_by_pingones_own_id(connector, person):
    found = user(connector, "ada.byron.000")
    assert connector.find_identity(person, found.remote_id).label == "ada.byron.000"


def test_people_are_narrowed_to_a_group(connector):
    (group,) = connector.groups("Key", None).items
    assert group.name == "Key holders"
    members = connector.people("", None, group=group.remote_id)
    assert 0 < len(members.items) < 25
    some = connector.people("ada", None, group=group.remote_id)
    assert set(labels(some)) < set(labels(members))


def test_groups_are_listed_and_found_by_the_beginning_of_their_name(connector, monkeypatch):
    assert len(connector.groups("", None).items) == 6
    assert [one.name for one in connector.groups(' Fi"', None).items] == []
    monkeypatch.setattr("directories.pingone.people.PAGE_SIZE", 4)
    first = connector.groups("", None)
    assert len(connector.groups("", first.cursor).items) == 2


def test_a_cursor_that_is_none_is_refused(connector, sent):
    for cursor in ("a b", "a#b", "a\\b", "é"):
        with pytest.raises(Refused) as caught:
            connector.people("", cursor)
        assert caught.value.code == "pingone.cursor"
    assert not sent.of("GET")


def test_a_link_to_another_host_gets_no_token(ping, connector, sent):
    body = '{"_links": {"next": {"href": "https://evil.example/?c=1"}}, "_embedded": {"users": []}}'
    ping.control.fail(status=200, body=body, path=USERS)
    with pytest.raises(Misconfigured) as caught:
        connector.people("", None)
    assert caught.value.code == "pingone.foreign_link"
    assert not any("evil" in one.url for one in sent.requests)


@pytest.mark.parametrize("body", ["{}", "[]", "null", '{"_embedded": []}', '{"_embedded": {}}'])
def test_what_is_no_list_is_not_pingone(ping, connector, body):
    ping.control.fail(status=200, body=body, path=USERS)
    with pytest.raises(Misconfigured) as caught:
        connector.people("", None)
    assert caught.value.code == "pingone.not_pingone"


def test_a_wrong_environment_is_never_taken_for_an_empty_one(ping, person):
    nowhere = connect(
        ping, environment_id=str(uuid.uuid4()), token_environment_id=ping.environment_id
    )
    for status in ("403", "400", "401"):
        ping.control.vary(unknown_environment=status)
        with pytest.raises(Misconfigured) as caught:
            nowhere.people("", None)
        assert caught.value.code == "pingone.environment"
        with pytest.raises((Misconfigured, Refused)):
            nowhere.find_identity(person, str(uuid.uuid4()))


def test_an_environment_that_is_gone_is_told_from_a_user_who_is(ping, connector, person):
    gone = '{"id": "r-9", "code": "NOT_FOUND", "message": "Gone."}'
    ping.control.fail(status=404, body=gone, times=2)
    with pytest.raises(Misconfigured) as caught:
        connector.find_identity(person, str(uuid.uuid4()))
    assert (caught.value.code, caught.value.said) == ("pingone.environment", "Gone.")
    assert caught.value.request_id == "r-9"


def test_a_user_outside_the_workers_populations_is_not_found_or_not_allowed(ping, person):
    found = user(connect(ping), "alan.murray")
    ping.control.roles("Identity Data Admin", scope="POPULATION", scope_id="Employees")
    limited = connect(ping)
    ping.control.vary(unseen_user="404")
    assert limited.find_identity(person, found.remote_id) is None
    ping.control.vary(unseen_user="403")
    with pytest.raises(Misconfigured) as caught:
        limited.find_identity(person, found.remote_id)
    assert caught.value.code == "http.forbidden"


# -- keys ---------------------------------------------------------------------------------------


def test_only_finished_fido2_devices_are_passkeys(ping, connector):
    someone = user(connector, "kiosk.one")
    assert connector.list_passkeys(someone) == ()
    for kind in ("TOTP", "MOBILE", "SECURITY_KEY", "SOMETHING_NEW"):
        ping.control.add_device(someone.remote_id, kind)
    ping.control.add_device(someone.remote_id, "FIDO2", status="ACTIVATION_REQUIRED")
    blue = ping.control.add_device(someone.remote_id, "FIDO2", nickname="Blue key")
    odd = ping.control.add_device(someone.remote_id, "FIDO2", status="SOMETHING_NEW")
    found = {one.remote_id: one for one in connector.list_passkeys(someone)}
    assert set(found) == {blue, odd}
    assert found[blue].name == "Blue key"
    assert found[blue].created_at is not None
    assert found[blue].credential_id is None


def test_keys_are_counted_a_few_calls_at_a_time(ping, connector, monkeypatch):
    everyone = [one.remote_id for one in connector.people("", None).items]
    counts = connector.passkey_counts([*everyone, everyone[0]])
    assert set(counts) == set(everyone)
    assert sum(counts.values()) > 0
    full = user(connector, "grace.byron.001")
    assert connector.passkey_counts([full.remote_id]) == {full.remote_id: 5}
    assert connector.passkey_counts([]) == {}


def test_a_count_that_fails_is_not_known_and_spoils_no_other(ping, connector):
    someone = user(connector, "ada.byron.000").remote_id
    ping.control.fail(status=503, path="/devices")
    assert connector.passkey_counts([someone]) == {someone: None}
    nobody = str(uuid.uuid4())
    assert connector.passkey_counts([someone, nobody]) == {someone: 1, nobody: None}


def test_a_removed_key_is_read_back_as_gone(ping, connector):
    someone = user(connector, "ada.byron.000")
    (key,) = connector.list_passkeys(someone)
    connector.remove_passkey(someone, key)
    assert connector.list_passkeys(someone) == ()
    connector.remove_passkey(someone, key)


def test_a_key_that_stays_is_not_said_to_be_gone(ping, connector):
    someone = user(connector, "ada.byron.000")
    (key,) = connector.list_passkeys(someone)
    ping.control.fail(status=204, method="DELETE")
    with pytest.raises(Refused) as caught:
        connector.remove_passkey(someone, key)
    assert caught.value.code == "pingone.not_removed"


def test_a_key_of_nobody_was_gone_already(connector):
    connector.remove_passkey(RemoteIdentity(str(uuid.uuid4()), "x"), RemotePasskey("x", None))


# -- limits -------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["LIMIT_EXCEEDED", "QUOTA_EXCEEDED"])
@pytest.mark.parametrize(("told", "waits"), [("seconds", True), ("date", True), ("absent", False)])
def test_a_rate_limit_is_passed_on_with_its_pause(ping, connector, code, told, waits):
    ping.control.vary(rate_limit_code=code, retry_after=told)
    connector.groups("", None)
    ping.control.limit(0, seconds=40)
    with pytest.raises(Transient) as caught:
        connector.people("", None)
    assert caught.value.code == "http.rate"
    assert (caught.value.retry_after or 0) > 0 if waits else True
    assert caught.value.request_id


def test_people_are_linked_and_never_made(connector, person, passkey):
    with pytest.raises(Refused) as caught:
        connector.put_identity(person, passkey)
    assert caught.value.code == "pingone.no_create"
