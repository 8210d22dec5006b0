"""Finding and listing the identities of the emulated Ory."""

from __future__ import annotations

import json
import uuid

import pytest

from directories.answers import Answer
from directories.base import (
    AlreadyThere,
    Misconfigured,
    Refused,
)
from directories.ory.api import next_page
from tests.directories.conftest import connect, make

IDENTITIES = r"/admin/identities$"


def test_nobody_is_found_where_there_is_nobody(connector, person):
    assert connector.find_identity(person, None) is None
    assert connector.find_identity(person, str(uuid.uuid4())) is None


def test_an_identity_is_found_by_orys_own_id(ory, connector, person):
    made = make(ory, "other@example.com")
    assert connector.find_identity(person, made).remote_id == made


def test_an_identity_is_found_by_our_id_whatever_its_address(ory, connector, person):
    made = make(ory, "other@example.com", external_id=str(person.uuid))
    found = connector.find_identity(person, str(uuid.uuid4()))
    assert (found.remote_id, found.label) == (made, "other@example.com")
    assert found.detail["external_id"] == str(person.uuid)


def test_an_identity_is_found_by_its_address_in_any_case(ory, connector, person, sent):
    made = make(ory, "mary.somerville@example.com")
    assert connector.find_identity(person, None).remote_id == made
    assert "consistency=strong" in sent.requests[-1].url


def test_an_identity_just_made_is_found_though_lists_lag(ory, connector, person):
    ory.control.vary(default_consistency="eventual")
    made = make(ory, person.email)
    assert connector.find_identity(person, None).remote_id == made


def test_somebody_elses_identity_is_refused(ory, connector, person):
    make(ory, person.email, external_id="hr-1")
    with pytest.raises(Refused) as caught:
        connector.find_identity(person, None)
    assert caught.value.code == "ory.identity_of_another"
    assert "hr-1" in caught.value.reason


def test_an_ory_without_external_ids_is_searched_by_address(start, person):
    ory = start(flavour="self-hosted", version="v1.3.1")
    made = make(ory, person.email)
    assert connect(ory).find_identity(person, None).remote_id == made


@pytest.mark.parametrize("answer", ['[{"id": "a", "traits": {}}]', '[{"id": "a"}, {"id": "b"}]'])
def test_a_list_that_is_not_about_the_address_is_refused(ory, connector, person, answer):
    ory.control.fail(status=200, body=answer, path=IDENTITIES, method="GET")
    with pytest.raises(Refused) as caught:
        connector.find_identity(person, None)
    assert caught.value.code == "ory.ambiguous"


@pytest.mark.parametrize("answer", ["{}", '["x"]', '[{"id": 5}]', '[{"id": ""}]', "null"])
def test_what_is_no_list_of_identities_is_not_ory(ory, connector, person, answer):
    ory.control.fail(status=200, body=answer, path=IDENTITIES, method="GET")
    with pytest.raises(Misconfigured) as caught:
        connector.find_identity(person, None)
    assert caught.value.code == "ory.not_ory"


def test_people_come_in_pages(ory, connector, monkeypatch):
    monkeypatch.setattr("directories.ory.connector.PAGE_SIZE", 2)
    for links in ("relative", "absolute"):
        ory.control.vary(links=links)
        first = connector.people("", None)
        second = connector.people("", first.cursor)
        assert (len(first.items), len(second.items), second.cursor) == (2, 1, None)
        assert len({one.label for one in first.items + second.items}) == 3


def test_what_the_traits_say_of_somebody_is_read_through_the_mapping(ory, connector):
    name = {"first": "Mary", "last": "Somerville"}
    traits = {"email": "mary@example.com", "name": name}
    made = make(ory, "mary@example.com", traits=traits, state="inactive")
    (found,) = connector.people("mary@example.com", None).items
    assert (found.remote_id, found.label, found.enabled) == (made, "mary@example.com", False)
    assert (found.name, found.given_name, found.family_name) == (
        "Mary Somerville",
        "Mary",
        "Somerville",
    )
    assert found.email == "mary@example.com"


@pytest.mark.parametrize("state", [None, 5, "asleep"])
def test_an_identity_whose_state_is_not_understood_is_neither_enabled_nor_disabled(
    ory, connector, state
):
    body = json.dumps([{"id": "a", "traits": {"email": 5, "name": "x"}, "state": state}])
    ory.control.fail(status=200, body=body, path=IDENTITIES, method="GET")
    (found,) = connector.people("", None).items
    assert (found.enabled, found.email, found.name) == (None, "", "")


def test_people_are_searched_by_their_identifier(connector):
    found = connector.people(" ADA.byron@example.com ", None)
    assert [one.label for one in found.items] == ["ada.byron@example.com"]
    assert connector.people("nobody@example.com", None).items == ()


def test_people_are_searched_by_a_part_of_it(connector, sent):
    found = connector.people("murray", None)
    assert [one.label for one in found.items] == ["grace.murray@example.com"]


def test_a_search_for_parts_goes_on_where_it_was(ory, connector, monkeypatch, sent):
    monkeypatch.setattr("directories.ory.connector.PAGE_SIZE", 2)
    first = connector.people("example.com", None)
    second = connector.people("example.com", first.cursor)
    assert (len(first.items), len(second.items)) == (2, 1)
    assert "similar=example.com" in sent.requests[-1].url


def test_an_ory_that_cannot_search_for_parts_finds_nothing(ory, connector):
    path = IDENTITIES
    ory.control.fail(status=200, body="[]", path=path)
    ory.control.fail(status=400, path=path)
    assert connector.people("example.com", None).items == ()


def test_passkeys_are_counted_where_the_identity_is_there(connector, person, passkey):
    made = connector.put_identity(person, passkey)
    gone = str(uuid.uuid4())
    assert connector.passkey_counts([made.identity.remote_id, gone]) == {
        made.identity.remote_id: 1,
        gone: None,
    }


def test_there_are_no_groups(connector):
    assert connector.groups("", None).items == ()


@pytest.mark.parametrize("link", ["https://evil.example/admin/identities", "//evil.example/x"])
def test_a_next_page_elsewhere_is_not_followed(ory, connector, link):
    headers = {"Link": f'<{link}?page_token=abc>; rel="next"'}
    ory.control.fail(status=200, body="[]", headers=headers, path=IDENTITIES)
    with pytest.raises(Misconfigured) as caught:
        connector.people("", None)
    assert caught.value.code == "ory.foreign_link"


@pytest.mark.parametrize(
    ("link", "token"),
    [
        ('</admin/identities?page_token=t%201>; rel="first",</x?page_token=n>; rel="next"', "n"),
        ('</admin/identities?page_token=t>; rel="first"', None),
        ('</admin/identities>; rel="next"', None),
        ("nonsense", None),
        (";;,<>", None),
    ],
)
def test_link_headers_are_read_as_they_come(ory, connector, link, token):
    ory.control.fail(status=200, body="[]", headers={"Link": link}, path=IDENTITIES)
    assert connector.people("", None).cursor == token


def test_documents_with_anything_in_them_are_read(ory, connector, person):
    identity = connector.put_identity(person, None).identity
    strange = (
        '{"id": "a", "traits": [], "credentials": {"passkey": {"config": {"credentials": '
        '[1, {"id": 5}, {"id": "?", "display_name": 7, "added_at": "soon", "flags": [], '
        '"authenticator": {"sign_count": -1}}]}, "identifiers": {"a": 1}}}, "external_id": 4}'
    )
    ory.control.fail(status=200, body=strange, method="GET")
    found = connector.list_passkeys(identity)
    assert [one.credential_id for one in found] == [None, None]


def test_a_wrong_base_url_is_never_taken_for_an_empty_directory(ory, connector, person):
    ory.control.fail(status=404, path=r"/admin/identities", times=3)
    with pytest.raises(Misconfigured) as caught:
        connector.find_identity(person, None)
    assert caught.value.code == "ory.wrong_address"


def test_conflicts_are_never_passed_on_raw(ory, connector, person, passkey):
    identity = connector.put_identity(person, None).identity
    ory.control.fail(status=409, method="PUT")
    try:
        connector.put_passkey(identity, passkey, None)
    except AlreadyThere:
        pytest.fail("a conflict that no lookup can solve must be refused")
    except Refused as refused:
        assert refused.code == "ory.user_handle_taken"


@pytest.mark.parametrize("link", ["<http://[>", "<//elsewhere.example/?page_token=x>"])
def test_a_next_page_that_is_no_address_of_theirs_is_refused(link):
    answer = Answer(200, [], True, False, {"link": f'{link}; rel="next"'}, "", "r-1")
    with pytest.raises(Misconfigured) as refusal:
        next_page(answer, "https://ory.example.com/admin/identities")
    assert (refusal.value.code, refusal.value.request_id) == ("ory.foreign_link", "r-1")
