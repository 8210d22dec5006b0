"""Connecting Ory: NEW, CONTINUE, CONNECT, the identity schema, ADD."""

from __future__ import annotations

import json
import re
import uuid

import pytest

from tests.blueprints.admin.conftest import START
from tests.blueprints.conftest import said


def test_an_empty_list_offers_the_first_step(administrator):
    page = administrator.get(START)
    assert "No directory is connected" in said(page)
    assert f'href="{START}/new"' in page.text


def test_the_whole_way_ends_on_a_verified_directory(wizard, stored):
    name = wizard.add()
    found = stored(name)
    assert found.added_at and found.verified_at
    assert found.settings["mapping"]["email"] == "email"
    page = wizard.open()
    assert "verified" in said(page)
    assert "Passkeys made here will sign in there" in said(page)
    assert "Test Connection" in page.text


def test_every_type_is_offered_with_what_it_does(administrator):
    page = administrator.get(f"{START}/new")
    assert "Ory Network, or a self-hosted Ory Kratos." in said(page)
    assert "Microsoft Entra ID." in said(page) and "An environment of PingOne." in said(page)
    for kind in ("ory", "entra", "pingone"):
        answer = administrator.send(f"{START}/new", {"type": kind})
        assert answer.location.startswith(f"{START}/new/{kind}?attempt=")


def test_a_type_that_is_made_up_is_refused(administrator):
    assert administrator.send(f"{START}/new", {"type": "ldap"}).status_code == 422
    assert administrator.get(f"{START}/new/ldap").status_code == 404


def test_the_key_is_in_no_page_and_in_no_row_in_the_clear(wizard, stored):
    pages = [wizard.connect().text, wizard.open("schema").text]
    wizard.choose()
    pages += [wizard.open("mapping").text, wizard.map().text, wizard.open().text]
    again = wizard.visitor.get(f"{START}/new/ory?attempt={wizard.directory}", follow_redirects=True)
    found = stored(wizard.directory)
    key = wizard.ory.api_key
    assert not any(key in page for page in [*pages, again.text])
    assert key not in str(found.settings) and key.encode() not in found.sealed_secret
    assert "set on" in said(wizard.open("edit"))


def test_a_draft_shows_that_its_key_is_set_and_keeps_it(wizard, stored):
    wizard.connect()
    back = f"{START}/new/ory?attempt={wizard.directory}"
    page = wizard.visitor.get(back)
    assert "set on" in said(page) and wizard.ory.api_key not in page.text
    assert f'value="{wizard.ory.url}"' in page.text
    sealed = stored(wizard.directory).sealed_secret
    assert wizard.connect(back, name="Another name", secret="").status_code == 303
    found = stored(wizard.directory)
    assert found.name == "Another name" and found.sealed_secret == sealed


def test_a_stored_key_is_never_sent_to_another_address(wizard):
    wizard.connect()
    back = f"{START}/new/ory?attempt={wizard.directory}"
    wizard.ory.control.forget_requests()
    answer = wizard.connect(
        back, endpoint=wizard.ory.url.replace("127.0.0.1", "localhost"), secret=""
    )
    assert answer.status_code == 422
    assert "never sent to a new address" in said(answer)
    assert wizard.ory.control.requests() == []


def test_the_same_page_sent_twice_makes_one_draft(wizard, portal, administrator):
    page = wizard.begin()
    first, second = wizard.connect(page), wizard.connect(page)
    assert first.location == second.location
    assert administrator.get(START).text.count("Ory of the house</a>") == 1


def test_two_tabs_make_two_drafts_and_names_do_not_meet(wizard, administrator):
    one, other = wizard.begin(), wizard.begin()
    assert one != other
    assert wizard.connect(one).status_code == 303
    answer = wizard.connect(other)
    assert answer.status_code == 422
    assert "is called “Ory of the house” already" in said(answer)
    assert wizard.connect(other, name="Second").status_code == 303


BAD = {
    "no name": ({"name": ""}, "Enter a configuration name."),
    "no endpoint": ({"endpoint": ""}, "Enter the API endpoint."),
    "no key": ({"secret": ""}, "Give the project's API key."),
    "a wrong key": ({"secret": "ory_pat_wrong"}, "Make a project API key"),
    "plain http to the public": ({"endpoint": "http://8.8.8.8"}, "Plain http is allowed"),
    "not an address": ({"endpoint": "ory"}, "Give an address that begins with https://"),
    "an address of the cloud's own": ({"endpoint": "https://169.254.169.254"}, "not public"),
    "nobody there": ({"endpoint": "http://127.0.0.1:9"}, "The connection did not work"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_connection_is_told_and_keeps_what_was_typed(wizard, case):
    changes, sentence = BAD[case]
    answer = wizard.connect(**changes)
    assert answer.status_code == 422
    assert sentence in said(answer)
    for name in ("name", "endpoint"):
        assert f'value="{wizard.typed[name]}"' in answer.text
    if wizard.typed["secret"]:
        assert wizard.typed["secret"] not in answer.text
    assert "No directory is connected" in said(wizard.visitor.get(START))


def test_a_workspace_key_is_named_as_such(wizard):
    key = wizard.ory.ory.keys["workspace"]
    answer = wizard.connect(secret=key)
    assert answer.status_code == 422
    assert "This is a workspace API key." in said(answer)
    assert key not in answer.text


def test_a_directory_that_is_down_is_told_with_its_words_and_request_id(wizard):
    wizard.ory.control.fail(
        times=50, status=503, path="/admin/identities", headers={"X-Request-Id": "req-0815"}
    )
    answer = wizard.connect()
    assert answer.status_code == 422
    assert "Failed on request" in said(answer), said(answer)
    assert "req-0815" in said(answer)
    assert "Next:" in said(answer)


def test_a_page_instead_of_an_api_is_told(wizard):
    wizard.ory.control.html(times=50)
    answer = wizard.connect()
    assert answer.status_code == 422
    assert "The connection did not work" in said(answer)
    assert "<h1>Bad gateway</h1>" not in answer.text


def self_hosted(kratos, **changes: str) -> dict[str, str]:
    return {
        "flavour": "self_hosted",
        "endpoint": kratos.url,
        "admin_endpoint": kratos.admin_url,
        "auth": "header",
        "header_name": "X-Proxy-Key",
        "secret": "open-sesame",
        **changes,
    }


def test_a_self_hosted_kratos_behind_a_header_is_connected(wizard, kratos, stored):
    assert wizard.connect(**self_hosted(kratos)).status_code == 303
    settings = stored(wizard.directory).settings
    assert settings["auth"] == "header" and settings["header_name"] == "X-Proxy-Key"
    wizard.choose()
    assert wizard.map().status_code == 303
    assert stored(wizard.directory).verified_at


SELF_HOSTED_BAD = {
    "the public address twice": (lambda k: {"admin_endpoint": k.url}, "Give the admin address"),
    "the admin address twice": (lambda k: {"endpoint": k.admin_url}, "Give the public address"),
    "no admin address": (lambda k: {"admin_endpoint": ""}, "Give the address of the admin API"),
    "no header name": (lambda k: {"header_name": ""}, "Give the name of the header"),
    "a header with a meaning": (lambda k: {"header_name": "Cookie"}, "choose another"),
    "a wrong header value": (lambda k: {"secret": "open-barley"}, "refused this one"),
    "no key though one is asked": (lambda k: {"auth": "none", "secret": ""}, "did not work"),
}


@pytest.mark.parametrize("case", SELF_HOSTED_BAD)
def test_a_bad_self_hosted_connection_is_told(wizard, kratos, case):
    changes, sentence = SELF_HOSTED_BAD[case]
    answer = wizard.connect(**self_hosted(kratos, **changes(kratos)))
    assert answer.status_code == 422
    assert sentence in said(answer)


def test_the_emulated_ory_is_connected_without_showing_its_key(wizard, portal, stored):
    folder = portal.settings.data_dir / "emulators" / "ory"
    folder.mkdir(parents=True)
    written = {"endpoint": wizard.ory.url, "api_key": wizard.ory.api_key}
    (folder / "connection.json").write_text(json.dumps(written))
    page = wizard.begin()
    assert "Use the emulated Ory" in said(wizard.visitor.get(page))
    answer = wizard.visitor.send(page, {"use_emulated": "1"})
    assert answer.status_code == 303
    wizard.directory = answer.location.split("/")[3]
    assert stored(wizard.directory).name == "Emulated Ory"
    assert wizard.ory.api_key not in wizard.visitor.get(page, follow_redirects=True).text


def test_without_an_emulated_ory_none_is_offered(wizard):
    page = wizard.begin()
    assert "emulated" not in said(wizard.visitor.get(page))
    assert wizard.visitor.send(page, {"use_emulated": "1"}).status_code == 422


def test_the_schemas_are_listed_with_what_they_suit(wizard):
    wizard.ory.control.add_schema("bare", {"properties": {"traits": {"properties": {}}}})
    wizard.connect()
    page = said(wizard.open("schema"))
    assert "Person (default)" in page and "Staff (preset://staff)" in page
    assert "People are found by email." in page
    assert "Ory finds nobody by an address" in page
    assert "Required: email, name.display, department." in page


def test_a_schema_that_is_not_there_is_refused(wizard):
    wizard.connect()
    answer = wizard.choose("made-up")
    assert answer.status_code == 422
    assert "Choose an identity schema." in said(answer)


def test_the_mapping_is_guessed_and_waits_for_the_schema(wizard):
    wizard.connect()
    assert wizard.open("mapping").location.endswith("/schema")
    wizard.choose("preset://staff")
    page = wizard.open("mapping").text
    for path in ("email", "name.given", "name.family", "name.display"):
        assert f'<option selected value="{path}">' in page
    assert "Department (department)" in page


def test_required_traits_are_refused_by_name_until_something_fills_them(wizard, stored):
    wizard.connect()
    wizard.choose("preset://staff")
    staff = {"given_name": "name.given", "family_name": "name.family"}
    answer = wizard.map(**staff)
    assert answer.status_code == 422
    assert "The schema requires name.display (Display name)" in said(answer)
    assert "The schema requires department (Department)" in said(answer)
    assert stored(wizard.directory).added_at is None
    department = field_of(answer.text, "Department (department)")
    answer = wizard.map(**staff, display_name="name.display", **{department: "Keys"})
    assert answer.location == wizard.page
    mapping = stored(wizard.directory).settings["mapping"]
    assert mapping["fixed"] == {"department": "Keys"}
    assert stored(wizard.directory).verified_at


def field_of(page: str, label: str) -> str:
    """The name of the field with a label."""
    return re.search(f'<label for="([^"]+)">{re.escape(label)}', page)[1]


TYPED = {
    "type": "object",
    "properties": {
        "traits": {
            "type": "object",
            "properties": {
                "mail": {
                    "type": "string",
                    "ory.sh/kratos": {"credentials": {"password": {"identifier": True}}},
                },
                "floor": {"type": "integer", "title": "Floor"},
                "staff": {"type": "boolean", "title": "Staff"},
                "site": {"enum": ["North", "South"], "title": "Site"},
            },
            "required": ["mail", "floor", "staff", "site"],
        }
    },
}


def test_fixed_values_are_read_by_the_type_of_their_trait(wizard, stored):
    wizard.ory.control.add_schema("typed", TYPED)
    wizard.connect()
    wizard.choose("typed")
    page = wizard.open("mapping").text
    floor, staff, site = (field_of(page, f"{t} ({t.lower()})") for t in ("Floor", "Staff", "Site"))
    values = {"email": "mail", "given_name": "", "family_name": ""}
    wrong = wizard.map(**values, **{floor: "third", staff: "true", site: "1"})
    assert wrong.status_code == 422 and "floor takes integer" in said(wrong)
    assert 'value="third"' in wrong.text
    assert wizard.map(**values, **{floor: "3", staff: "true", site: "1"}).status_code == 303
    fixed = stored(wizard.directory).settings["mapping"]["fixed"]
    assert fixed == {"floor": 3, "staff": True, "site": "South"}
    again = wizard.open("mapping").text
    assert 'value="3"' in again and '<option selected value="1">South' in again


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{Nick}", "{Nick} is not known"),
        ("name", "Use at least one of"),
        ("{First", "Use at least"),
    ],
)
def test_a_format_that_cannot_be_used_is_refused(wizard, text, sentence):
    wizard.connect()
    wizard.choose()
    answer = wizard.map(naming="format", display_format=text)
    assert answer.status_code == 422
    assert sentence in said(answer)


def test_a_format_is_kept_and_shown(wizard, stored):
    wizard.connect()
    wizard.choose("preset://staff")
    page = wizard.open("mapping").text
    department = field_of(page, "Department (department)")
    answer = wizard.map(
        given_name="",
        family_name="",
        display_name="name.display",
        naming="format",
        display_format="{Last}, {First}",
        **{department: "Keys"},
    )
    assert answer.status_code == 303, said(answer)
    assert stored(wizard.directory).settings["mapping"]["display_format"] == "{Last}, {First}"
    assert "as {Last}, {First}" in said(wizard.open())


def test_one_trait_cannot_take_two_things(wizard):
    wizard.connect()
    wizard.choose()
    answer = wizard.map(given_name="email")
    assert answer.status_code == 422
    assert "email already takes: E-mail." in said(answer)


def test_a_directory_that_stops_answering_between_two_steps_is_told(wizard):
    wizard.connect()
    wizard.ory.control.fail(times=50, status=503, path="/schemas")
    answer = wizard.open("schema")
    assert answer.status_code == 502
    assert "The identity schemas could not be read" in said(answer)
    assert "Failed on request" in said(answer)
    wizard.ory.control.clear_faults()
    assert wizard.open("schema").status_code == 200


def test_a_begun_connection_is_continued_where_it_stopped(wizard):
    wizard.connect()
    listed = wizard.visitor.get(START)
    assert "begun" in said(listed)
    assert f'href="{wizard.page}#discard"' in listed.text
    assert wizard.open().location.endswith("/schema")
    wizard.choose()
    assert wizard.open().location.endswith("/mapping")


def test_a_begun_connection_is_discarded_with_its_key(wizard, portal):
    wizard.connect()
    page = wizard.open("schema").text
    assert 'id="discard"' in page and f'action="{wizard.page}/discard"' in page
    answer = wizard.step("discard", {})
    assert answer.location == START
    assert "No directory is connected" in said(wizard.visitor.get(START))
    assert wizard.open().status_code == 404
    assert wizard.connect().status_code == 303


def test_an_added_directory_is_not_discarded(wizard):
    wizard.add()
    assert wizard.step("discard", {}).status_code == 409
    assert wizard.open().status_code == 200


def test_going_back_to_the_connection_after_adding_leads_to_its_page(wizard):
    wizard.add()
    back = f"{START}/new/ory?attempt={wizard.directory}"
    assert wizard.visitor.get(back).location == wizard.page


@pytest.mark.parametrize("path", ["", "/schema", "/mapping"])
def test_an_unknown_directory_is_not_found(administrator, path):
    assert administrator.get(f"{START}/{uuid.uuid4()}{path}").status_code == 404
