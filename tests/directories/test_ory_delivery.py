"""Identities and passkeys into Ory and out again, against the emulated Ory."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from directories.base import (
    AlreadyThere,
    Misconfigured,
    NotFound,
    Refused,
    RemotePasskey,
    Transient,
)
from directories.ory.documents import decode
from tests.directories.conftest import connect, entries, passkey_of, stored
from tests.emulators.key import Key, b64

IDENTITIES = r"/admin/identities$"


def write(ory, remote_id: str, **changes) -> None:
    """Change an identity behind the connector's back."""
    steps = [{"op": "replace", "path": f"/{name}", "value": new} for name, new in changes.items()]
    ory.ory.identities.patch(remote_id, steps, now=ory.ory.now())


def make(ory, email: str, **more) -> str:
    body = {"schema_id": "default", "traits": {"email": email}} | more
    return ory.ory.identities.create(body, now=ory.ory.now())["id"]


# -- finding ------------------------------------------------------------------------------------


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


# -- making -------------------------------------------------------------------------------------


def test_an_identity_is_made_with_its_passkey(ory, connector, person, passkey, key, sent):
    written = connector.put_identity(person, passkey)
    identity = stored(ory, written.identity.remote_id)
    assert identity["external_id"] == str(person.uuid)
    assert identity["traits"] == {
        "email": person.email,
        "name": {"first": "Mary", "last": "Somerville"},
    }
    assert written.shortfall is None
    assert written.passkey.credential_id == key.credential_id
    assert written.passkey.name == "Blue key"
    assert written.passkey.created_at == passkey.created_at
    assert identity["credentials"]["passkey"]["identifiers"] == [key.handle.decode()]
    [entry] = entries(ory, written.identity.remote_id)
    assert entry["public_key"] == b64(key.public_key)
    assert entry["is_passwordless"] is True
    assert sent.requests[-1].method == "GET"
    assert "include_credential=passkey" in sent.requests[-1].url


def test_an_identity_is_made_without_a_passkey(ory, connector, person):
    written = connector.put_identity(person, None)
    assert (written.passkey, written.shortfall) == (None, None)
    assert entries(ory, written.identity.remote_id) == []


def test_an_identity_that_is_there_is_used(ory, connector, person, passkey, sent):
    made = make(ory, person.email)
    written = connector.put_identity(person, passkey)
    assert written.identity.remote_id == made
    assert written.passkey is not None
    assert sent.of("POST") == []


def test_an_identity_that_is_there_is_used_without_a_passkey(ory, connector, person):
    made = make(ory, person.email)
    assert connector.put_identity(person, None).identity.remote_id == made


def test_a_kratos_that_imports_nothing_gets_the_identity_alone(old, person, passkey):
    written = connect(old).put_identity(person, passkey)
    assert written.passkey is None
    assert written.shortfall.code == "ory.no_import"
    assert written.shortfall.said == 'json: unknown field "passkey"'
    assert stored(old, written.identity.remote_id)["external_id"] == str(person.uuid)


def test_a_kratos_that_knows_neither_gets_what_it_knows(start, person, passkey, sent):
    ory = start(flavour="self-hosted", version="v1.3.1")
    written = connect(ory).put_identity(person, passkey)
    assert written.shortfall.code == "ory.no_import"
    assert stored(ory, written.identity.remote_id)["traits"]["email"] == person.email
    assert len(sent.of("POST")) == 3


def test_a_decoder_that_names_the_last_unknown_field_makes_no_difference(start, person, passkey):
    ory = start(flavour="self-hosted", version="v1.3.1")
    ory.control.vary(unknown_field="last")
    assert connect(ory).put_identity(person, passkey).shortfall.code == "ory.no_import"


def test_other_refusals_of_a_create_are_passed_on(ory, connector, person):
    with pytest.raises(Refused) as caught:
        connector.put_identity(replace(person, email="no address"), None)
    assert caught.value.code == "http.refused"
    assert "email" in caught.value.said


def test_traits_that_the_schema_does_not_have_are_refused_with_its_words(ory, person):
    mapping = replace(connect(ory).settings.mapping, given_name="given")
    with pytest.raises(Refused) as caught:
        connect(ory, mapping=mapping).put_identity(person, None)
    assert "given" in caught.value.said


def test_nothing_is_made_before_a_schema_is_chosen(ory, person):
    with pytest.raises(Misconfigured) as caught:
        connect(ory, schema_id="").put_identity(person, None)
    assert caught.value.code == "ory.no_schema"


def test_an_unknown_schema_is_refused_with_orys_words(ory, person):
    with pytest.raises(Refused) as caught:
        connect(ory, schema_id="gone").put_identity(person, None)
    assert "gone" in caught.value.said


def test_a_conflict_leads_to_the_identity_made_meanwhile(ory, connector, person, passkey):
    ory.control.fail(status=409, method="POST", path=IDENTITIES, after=True)
    written = connector.put_identity(person, passkey)
    assert written.passkey is not None


def test_a_conflict_nobody_can_explain_is_held(ory, connector, person, passkey, key):
    make(ory, "other@example.com", credentials={"passkey": key.passkey()})
    with pytest.raises(Refused) as caught:
        connector.put_identity(person, passkey)
    assert caught.value.code == "ory.conflict"
    assert "conflicts with another identity" in caught.value.said
    assert caught.value.status == 409


def test_a_lost_answer_is_looked_up_and_not_repeated(ory, connector, person, passkey, sent):
    ory.control.drop(method="POST", path=IDENTITIES, after=True)
    written = connector.put_identity(person, passkey)
    assert written.passkey is not None
    assert len(sent.of("POST")) == 1


def test_a_lost_answer_without_effect_is_tried_again_later(ory, connector, person, passkey):
    ory.control.drop(method="POST", path=IDENTITIES)
    with pytest.raises(Transient):
        connector.put_identity(person, passkey)
    assert connector.put_identity(person, passkey).passkey is not None


def test_an_identity_that_cannot_be_read_back_yet_is_read_later(ory, connector, person, passkey):
    ory.control.fail(status=404, method="GET", path=r"/admin/identities/[0-9a-f-]{36}$")
    with pytest.raises(Transient) as caught:
        connector.put_identity(person, passkey)
    assert caught.value.code == "ory.not_readable"


def test_a_second_create_at_the_same_moment_is_transient(ory, connector, person, passkey):
    from threading import Thread

    ory.control.hold(method="POST", path=IDENTITIES)
    other = connect(ory)
    stranger = replace(person, uuid=uuid.uuid4(), email="first@example.com")
    first = Thread(target=lambda: other.put_identity(stranger, None))
    first.start()
    assert ory.control.wait_until_held()
    with pytest.raises(Transient) as caught:
        connector.put_identity(person, passkey)
    ory.control.release()
    first.join(10)
    assert (caught.value.code, caught.value.retry_after) == ("http.rate", 1)


@pytest.mark.parametrize("variant", ["absent", "present"])
def test_a_rate_limit_says_when_to_come_back(ory, connector, person, variant):
    ory.control.vary(retry_after=variant)
    ory.control.limit(0, seconds=17)
    with pytest.raises(Transient) as caught:
        connector.find_identity(person, None)
    assert 15 <= caught.value.retry_after <= 17


def test_creates_of_one_project_share_a_lock(ory, old):
    assert (
        connect(ory).create_lock == connect(ory, mapping=connect(old).settings.mapping).create_lock
    )
    assert connect(ory).create_lock != connect(old).create_lock


# -- putting ------------------------------------------------------------------------------------


def test_a_put_keeps_everything_it_would_wipe(ory, connector, person, passkey):
    made = make(ory, person.email, external_id=str(person.uuid))
    kept = {
        "traits": {"email": person.email, "name": {"first": "M.", "last": "S."}},
        "metadata_public": {"a": [1]},
        "metadata_admin": {"b": None},
        "state": "inactive",
        "organization_id": str(uuid.uuid4()),
    }
    write(ory, made, **kept)
    identity = connector.find_identity(person, None)
    written = connector.put_passkey(identity, passkey, None)
    after = stored(ory, made)
    assert {name: after[name] for name in kept} == kept
    assert after["external_id"] == str(person.uuid)
    assert written.passkey is not None


def test_a_member_of_an_organisation_gets_the_passkey_and_a_warning(
    ory, connector, person, passkey
):
    made = make(ory, person.email, organization_id=str(uuid.uuid4()))
    written = connector.put_passkey(connector.find_identity(person, made), passkey, None)
    assert written.passkey is not None
    assert written.shortfall.code == "ory.organization"


def test_a_passkey_that_is_there_is_not_written_again(ory, connector, person, passkey, sent):
    identity = connector.put_identity(person, passkey).identity
    again = connector.put_passkey(identity, replace(passkey, nickname="Red", sign_count=9), None)
    assert again.passkey is not None
    assert sent.of("PUT") == []


def test_a_second_passkey_joins_the_first(ory, connector, person, passkey, key):
    identity = connector.put_identity(person, passkey).identity
    second = passkey_of(Key(handle=key.handle))
    connector.put_passkey(identity, second, None)
    assert {one.credential_id for one in connector.list_passkeys(identity)} == {
        passkey.credential_id,
        second.credential_id,
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"is_passwordless": False},
        {"public_key": b64(b"another")},
        {"flags": {"user_present": True, "user_verified": True, "backup_eligible": True}},
    ],
)
def test_an_entry_that_would_not_sign_in_is_put_right(ory, connector, person, passkey, key, wrong):
    made = make(ory, person.email, credentials={"passkey": key.passkey(**wrong)})
    identity = connector.find_identity(person, made)
    assert connector.put_passkey(identity, passkey, None).shortfall is None
    [entry] = entries(ory, made)
    assert entry["is_passwordless"] is True
    assert entry["public_key"] == b64(key.public_key)
    assert entry["flags"]["backup_eligible"] is False


def test_putting_right_does_not_turn_the_counter_back(ory, connector, person, passkey, key):
    seen = {"aaguid": b64(bytes(16)), "sign_count": 41, "clone_warning": False}
    wrong = key.passkey(is_passwordless=False, authenticator=seen)
    made = make(ory, person.email, credentials={"passkey": wrong})
    connector.put_passkey(connector.find_identity(person, made), passkey, None)
    assert entries(ory, made)[0]["authenticator"]["sign_count"] == 41


def test_entries_without_flags_are_left_as_they_are(ory, connector, person, passkey, key, sent):
    made = make(ory, person.email, credentials={"passkey": key.passkey(flags=None)})
    written = connector.put_passkey(connector.find_identity(person, made), passkey, None)
    assert written.passkey is not None
    assert sent.of("PUT") == []


def test_a_put_that_is_ignored_is_caught(old, person, passkey):
    make(old, person.email)
    connector = connect(old)
    written = connector.put_passkey(connector.find_identity(person, None), passkey, None)
    assert written.passkey is None
    assert written.shortfall.code == "ory.no_import"


def test_a_passkey_stored_differently_is_caught(ory, connector, person, passkey, key):
    made = make(ory, person.email, credentials={"passkey": key.passkey(is_passwordless=False)})
    ory.control.fail(status=200, body="{}", method="PUT")
    written = connector.put_passkey(connector.find_identity(person, made), passkey, None)
    assert written.passkey is None
    assert written.shortfall.code == "ory.stored_differently"
    assert "passwordless" in written.shortfall.reason


def test_a_handle_of_somebody_else_is_refused(ory, connector, person, passkey, key):
    make(ory, "other@example.com", credentials={"passkey": Key(handle=key.handle).passkey()})
    identity = connector.put_identity(person, None).identity
    with pytest.raises(Refused) as caught:
        connector.put_passkey(identity, passkey, None)
    assert caught.value.code == "ory.user_handle_taken"
    assert caught.value.status == 409


@pytest.mark.parametrize("database", ["postgresql", "sqlite"])
@pytest.mark.parametrize(
    "handle", [b"", b"\xff\x00", b"has space", "ü".encode(), b"x" * 65, b"line\n"]
)
def test_handles_that_are_no_text_never_reach_ory(
    ory, connector, person, key, handle, database, sent
):
    ory.control.vary(database=database)
    wrong = passkey_of(key, user_handle=handle)
    identity = connector.put_identity(person, None).identity
    sent.requests.clear()
    for put in (
        lambda: connector.put_identity(person, wrong),
        lambda: connector.put_passkey(identity, wrong, None),
    ):
        with pytest.raises(Refused) as caught:
            put()
        assert caught.value.code == "ory.user_handle"
        assert "webauthn" in caught.value.reason
    assert sent.requests == []


@pytest.mark.parametrize("arrays", ["accepted", "refused"])
def test_binary_values_are_text_whatever_the_description_says(
    ory, connector, person, passkey, arrays
):
    ory.control.vary(byte_arrays=arrays)
    assert connector.put_identity(person, passkey).passkey is not None


def test_a_lost_answer_to_a_put_is_read_back(ory, connector, person, passkey, sent):
    identity = connector.put_identity(person, None).identity
    ory.control.drop(method="PUT", after=True)
    assert connector.put_passkey(identity, passkey, None).passkey is not None
    assert len(sent.of("PUT")) == 1


def test_a_lost_put_is_tried_again_later(ory, connector, person, passkey):
    identity = connector.put_identity(person, None).identity
    ory.control.drop(method="PUT")
    with pytest.raises(Transient):
        connector.put_passkey(identity, passkey, None)
    assert entries(ory, identity.remote_id) == []


def test_a_server_error_to_a_put_is_transient(ory, connector, person, passkey):
    identity = connector.put_identity(person, None).identity
    ory.control.fail(method="PUT", status=503)
    with pytest.raises(Transient) as caught:
        connector.put_passkey(identity, passkey, None)
    assert caught.value.status == 503


def test_an_identity_that_went_away_is_not_found(ory, connector, person, passkey):
    identity = connector.put_identity(person, None).identity
    ory.ory.identities.delete(identity.remote_id)
    with pytest.raises(NotFound):
        connector.put_passkey(identity, passkey, None)


def test_ory_begins_no_registration(connector, person, passkey):
    identity = connector.put_identity(person, passkey).identity
    with pytest.raises(Refused):
        connector.creation_options(identity)


# -- removing -----------------------------------------------------------------------------------


def two(connector, person, key):
    identity = connector.put_identity(person, passkey_of(key)).identity
    second = Key(handle=key.handle)
    connector.put_passkey(identity, passkey_of(second), None)
    return identity, second


def test_one_passkey_of_two_is_removed_and_the_other_kept(ory, connector, person, key):
    identity, second = two(connector, person, key)
    kept = [
        one for one in entries(ory, identity.remote_id) if decode(one["id"]) == second.credential_id
    ]
    first = next(
        one for one in connector.list_passkeys(identity) if one.credential_id == key.credential_id
    )
    connector.remove_passkey(identity, first)
    assert entries(ory, identity.remote_id) == kept


def test_the_last_passkey_is_removed(ory, connector, person, passkey):
    written = connector.put_identity(person, passkey)
    connector.remove_passkey(written.identity, written.passkey)
    assert connector.list_passkeys(written.identity) == ()


def test_what_is_gone_already_is_fine(ory, connector, person, passkey, sent):
    written = connector.put_identity(person, passkey)
    connector.remove_passkey(written.identity, written.passkey)
    sent.requests.clear()
    connector.remove_passkey(written.identity, written.passkey)
    ory.ory.identities.delete(written.identity.remote_id)
    connector.remove_passkey(written.identity, written.passkey)
    assert sent.of("PATCH") == []


@pytest.mark.parametrize("count", [1, 2])
def test_a_kratos_whose_patch_takes_nothing_away_gets_a_shorter_list(start, person, key, count):
    ory = start(flavour="self-hosted", version="v1.3.1")
    connector = connect(ory)
    identity = connector.put_identity(person, None).identity
    keys = [key, Key(handle=key.handle)][:count]
    value = {
        "type": "passkey",
        "version": 1,
        "identifiers": [key.handle.decode()],
        "config": {
            "user_handle": b64(key.handle),
            "credentials": [one.entry() for one in keys],
        },
    }
    steps = [{"op": "add", "path": "/credentials/passkey", "value": value}]
    ory.ory.identities.patch(identity.remote_id, steps, now=ory.ory.now())
    connector.remove_passkey(identity, RemotePasskey(b64(key.credential_id), key.credential_id))
    left = {one.credential_id for one in connector.list_passkeys(identity)}
    assert left == {one.credential_id for one in keys[1:]}


@pytest.mark.parametrize("count", [1, 2])
def test_a_kratos_that_refuses_such_patches_says_so(ory, connector, person, key, count):
    identity, second = two(connector, person, key)
    if count == 1:
        connector.remove_passkey(identity, RemotePasskey("", second.credential_id))
    ory.control.vary(passkey_patch="refused")
    with pytest.raises(Refused) as caught:
        connector.remove_passkey(identity, RemotePasskey("", key.credential_id))
    assert caught.value.code == "ory.not_removed"
    assert "denied path" in caught.value.said
    assert len(connector.list_passkeys(identity)) == count


def test_a_patch_that_is_ignored_is_caught(ory, connector, person, passkey):
    written = connector.put_identity(person, passkey)
    ory.control.fail(status=200, body="{}", method="PATCH", times=2)
    with pytest.raises(Refused) as caught:
        connector.remove_passkey(written.identity, written.passkey)
    assert caught.value.code == "ory.not_removed"


def test_a_passkey_is_named_by_its_id_there_too(ory, connector, person, passkey, key):
    written = connector.put_identity(person, passkey)
    connector.remove_passkey(written.identity, RemotePasskey(b64(key.credential_id), None))
    assert entries(ory, written.identity.remote_id) == []
    with pytest.raises(Refused) as caught:
        connector.remove_passkey(written.identity, RemotePasskey("?", None))
    assert caught.value.code == "ory.unreadable_passkey"


# -- listing ------------------------------------------------------------------------------------


def test_people_come_in_pages(ory, connector, monkeypatch):
    monkeypatch.setattr("directories.ory.connector.PAGE_SIZE", 2)
    for links in ("relative", "absolute"):
        ory.control.vary(links=links)
        first = connector.people("", None)
        second = connector.people("", first.cursor)
        assert (len(first.items), len(second.items), second.cursor) == (2, 1, None)
        assert len({one.label for one in first.items + second.items}) == 3


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
