"""Connecting Entra ID: NEW, CONTINUE, ADD; and editing the connection."""

from __future__ import annotations

from datetime import timedelta

import pytest

from directories import oauth
from emulators.entra.running import running
from tests.blueprints.admin.conftest import START, Typist, beside
from tests.blueprints.conftest import said

GUID = "8f2c1e4b-0d7a-4c35-9e61-2b90a7d4c813"
WRONG = "wrong~and~secret"


@pytest.fixture
def tenant(portal):
    oauth.forget_all()
    with running(people=3, data_dir=beside(portal, "entra")) as started:
        yield started


class EntraWizard(Typist):
    """An administrator who connects an Entra ID."""

    kind = "entra"

    def fields(self, **changes: str) -> dict[str, str]:
        names = ("tenant_id", "client_id", "credential", "secret_expires_on", "secret")
        typed = {name: self.written[name] for name in names}
        hosts = {"login_url": self.emulated.url, "graph_url": self.emulated.url}
        return {"name": "Entra of the house", **typed, **hosts, **changes}

    def by_certificate(self, **changes: str) -> dict[str, str]:
        return {
            "credential": "certificate",
            "secret": "",
            "secret_expires_on": "",
            "certificate": self.emulated.certificate,
            "private_key": self.emulated.private_key,
            **changes,
        }

    def add(self) -> str:
        answer = self.connect()
        assert answer.status_code == 303, said(answer)
        return self.directory

    def edit(self, **fields: str):
        kept = {"name": "Entra of the house", "client_id": self.emulated.client_id}
        kept |= {"credential": "secret", "secret_expires_on": self.written["secret_expires_on"]}
        return self.step("edit", {**kept, "secret": "", **fields})


@pytest.fixture
def wizard(administrator, tenant, portal) -> EntraWizard:
    return EntraWizard(administrator, tenant, portal)


def test_one_page_connects_verifies_and_adds(wizard, stored):
    page = wizard.visitor.get(wizard.begin())
    assert ">ADD<" in page.text and "CONNECT" not in said(page)
    assert wizard.connect().location == wizard.page
    found = stored(wizard.directory)
    assert found.added_at and found.verified_at and found.tested_at
    page = said(wizard.open())
    assert "The connection is verified." in page
    assert "The permissions are granted passed" in page
    assert "What the portal does with it" in page and "Whom it serves" not in page
    listed = said(wizard.visitor.get(START))
    assert "Entra of the house Entra ID verified tested" in listed


def test_a_certificate_connects_as_well_and_its_own_date_counts(wizard, stored):
    assert wizard.connect(**wizard.by_certificate()).status_code == 303
    found = stored(wizard.directory)
    assert found.verified_at and found.settings["credential"] == "certificate"
    pages = [wizard.open(), wizard.open("edit"), wizard.visitor.get(START)]
    assert "with a certificate" in said(pages[0]) and "Certificate expires" in said(pages[0])
    line = wizard.emulated.private_key.splitlines()[1]
    assert not any(line in page.text for page in pages)
    assert line not in str(found.settings)


BAD = {
    "no name": ({"name": ""}, "Enter a configuration name."),
    "no tenant": ({"tenant_id": ""}, "Enter the Directory (tenant) ID."),
    "a tenant that is no id": ({"tenant_id": "house"}, "Give the Directory (tenant) ID"),
    "another tenant": ({"tenant_id": GUID}, "AADSTS90002"),
    "no client": ({"client_id": ""}, "Enter the Application (client) ID."),
    "a client that is no id": ({"client_id": "house"}, "Give the Application (client) ID"),
    "another client": ({"client_id": GUID}, "AADSTS700016"),
    "the tenant as client": ({"client_id": "{tenant_id}"}, "This is the Directory (tenant) ID."),
    "no secret": ({"secret": ""}, "Give the client secret's Value."),
    "a wrong secret": ({"secret": WRONG}, "AADSTS7000215"),
    "the Secret ID": ({"secret": "{secret_id}"}, "That is the Secret ID."),
    "a day that is none": ({"secret_expires_on": "tomorrow"}, "Give the day as YYYY-MM-DD"),
    "a credential that is none": ({"credential": "password"}, "Not a valid choice."),
    "an address of the cloud's own": ({"graph_url": "https://169.254.169.254"}, "not public"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_connection_is_told_and_keeps_what_was_typed(wizard, case):
    changes, sentence = BAD[case]
    emulated = wizard.emulated
    known = {"tenant_id": emulated.tenant_id, "secret_id": emulated.client_secret_id}
    changes = {name: value.format(**known) for name, value in changes.items()}
    answer = wizard.connect(**changes)
    assert answer.status_code == 422
    assert sentence in said(answer), said(answer)
    for name in ("name", "tenant_id", "client_id"):
        assert f'value="{wizard.typed[name]}"' in answer.text
    if wizard.typed["secret"]:
        assert f'value="{wizard.typed["secret"]}"' not in answer.text
    assert emulated.client_secret not in answer.text
    assert "No directory is connected" in said(wizard.visitor.get(START))


def test_the_secret_id_is_caught_at_its_field_and_sent_to_nobody(wizard):
    wizard.emulated.control.forget_requests()
    answer = wizard.connect(secret=wizard.emulated.client_secret_id)
    assert 'href="#secret"' in answer.text
    assert wizard.emulated.control.requests() == []


CERTIFICATE_BAD = {
    "no certificate": ({"certificate": ""}, "Give the certificate"),
    "no key": ({"private_key": ""}, "Give the certificate's private key"),
    "a key as certificate": ({"certificate": "{key}"}, "This holds a private key."),
    "a certificate as key": ({"private_key": "{certificate}"}, "not a private key in PEM form"),
}


@pytest.mark.parametrize("case", CERTIFICATE_BAD)
def test_a_bad_certificate_is_told_at_its_field(wizard, case):
    changes, sentence = CERTIFICATE_BAD[case]
    emulated = wizard.emulated
    known = {"key": emulated.private_key, "certificate": emulated.certificate}
    changes = {name: value.format(**known) for name, value in changes.items()}
    answer = wizard.connect(**wizard.by_certificate(**changes))
    assert answer.status_code == 422
    assert sentence in said(answer), said(answer)
    if case != "a key as certificate":
        assert emulated.private_key.splitlines()[1] not in answer.text
    if case in ("no key", "a certificate as key"):
        assert 'id="private_key-error"' in answer.text


def test_a_private_key_in_the_certificates_field_is_not_shown_again(wizard):
    changes = {"certificate": wizard.emulated.private_key}
    answer = wizard.connect(**wizard.by_certificate(**changes))
    assert wizard.emulated.private_key.splitlines()[1] not in answer.text


MISSING = {
    "User.Read.All": "User.Read.All",
    "Group.Read.All": "Group.Read.All",
    "UserAuthenticationMethod.ReadWrite.All": "UserAuthenticationMethod.ReadWrite.All",
}


@pytest.mark.parametrize("role", MISSING)
def test_missing_consent_is_named(wizard, role):
    wizard.emulated.control.revoke(role)
    answer = wizard.connect()
    assert answer.status_code == 422
    assert MISSING[role] in said(answer) and "Grant admin consent" in said(answer)


def test_without_the_optional_permission_it_connects_and_the_check_is_unknown(wizard):
    wizard.emulated.control.revoke("Policy.Read.AuthenticationMethod", "Policy.Read.All")
    assert wizard.connect().status_code == 303
    assert "Passkeys are switched on there unknown" in said(wizard.open())


def test_a_double_click_and_the_back_button_make_one_directory(wizard):
    page = wizard.begin()
    first = wizard.connect(page)
    second = wizard.visitor.send(page, wizard.typed)
    assert first.location == second.location == wizard.page
    assert wizard.visitor.get(page).location == wizard.page
    assert wizard.visitor.get(START).text.count("Entra of the house</a>") == 1


def test_the_emulated_entra_is_connected_without_showing_its_secret(wizard, stored):
    page = wizard.begin()
    assert "Use the emulated Entra ID" in said(wizard.visitor.get(page))
    answer = wizard.visitor.send(page, {"use_emulated": "1"})
    assert answer.status_code == 303, said(answer)
    wizard.directory = answer.location.split("/")[3]
    found = stored(wizard.directory)
    assert found.name == "Emulated Entra ID" and found.verified_at
    assert wizard.emulated.client_secret not in wizard.open().text


def test_without_an_emulated_one_there_is_no_field_for_its_address(wizard):
    wizard.forget_emulated()
    page = wizard.visitor.get(wizard.begin())
    assert 'name="login_url"' not in page.text and "emulated" not in said(page)


def test_steps_of_other_types_are_not_there(wizard):
    wizard.add()
    for step in ("schema", "mapping", "mfa-policy"):
        assert wizard.open(step).status_code == 404


def test_a_new_secret_is_tested_and_the_tenant_stays(wizard, stored):
    wizard.add()
    page = wizard.open("edit")
    assert wizard.emulated.tenant_id in said(page) and 'name="tenant_id"' not in page.text
    assert wizard.emulated.client_secret not in page.text and "set on" in said(page)
    assert "data-complete" in page.text
    secret = wizard.emulated.control.rotate_secret()
    answer = wizard.edit(secret=secret, secret_expires_on="2028-02-29", tenant_id=GUID)
    assert answer.location == wizard.page
    found = stored(wizard.directory)
    assert found.verified_at and found.settings["tenant_id"] == wizard.emulated.tenant_id
    assert found.settings["secret_expires_on"] == "2028-02-29"
    assert "29 February 2028" in said(wizard.open())


def test_a_blank_secret_keeps_what_is_stored(wizard, stored):
    wizard.add()
    before = stored(wizard.directory)
    assert wizard.edit(name="Renamed").location == wizard.page
    after = stored(wizard.directory)
    assert after.name == "Renamed" and after.sealed_secret == before.sealed_secret
    assert after.verified_at == before.verified_at


def test_a_longer_challenge_is_set_and_shown(wizard, stored):
    wizard.add()
    assert stored(wizard.directory).settings["challenge_minutes"] == 5
    assert wizard.edit(challenge_minutes="45", options_form="query").location == wizard.page
    found = stored(wizard.directory)
    assert (found.settings["challenge_minutes"], found.settings["options_form"]) == (45, "query")
    assert found.verified_at
    assert "45 minutes, from Graph’s beta version" in said(wizard.open())
    page = wizard.open("edit").text
    assert 'value="45"' in page and '<details class="more" open>' in page


@pytest.mark.parametrize("minutes", ["4", "43201", "soon", "5.5"])
def test_a_challenge_that_microsoft_does_not_give_is_refused_at_its_field(wizard, stored, minutes):
    wizard.add()
    refused = wizard.edit(challenge_minutes=minutes)
    assert refused.status_code == 422
    assert 'id="challenge_minutes-error' in refused.text
    assert stored(wizard.directory).settings["challenge_minutes"] == 5


@pytest.mark.parametrize("change", [{"secret": WRONG}, {"client_id": GUID}])
def test_what_does_not_work_is_not_verified_any_more(wizard, stored, change):
    wizard.add()
    assert wizard.edit(**change).location == wizard.page
    assert stored(wizard.directory).verified_at is None
    page = wizard.open()
    assert "It serves nobody yet" in said(page) and WRONG not in page.text
    assert "not verified" in said(wizard.visitor.get(START))


def test_a_secret_is_replaced_by_a_certificate_and_back(wizard, stored):
    wizard.add()
    page = wizard.open("edit").text
    assert 'name="private_key"' in page
    kept = wizard.edit(**wizard.by_certificate(private_key=""))
    assert kept.status_code == 422 and "Enter the private key" in said(kept)
    assert wizard.edit(**wizard.by_certificate()).location == wizard.page
    assert stored(wizard.directory).verified_at
    back = wizard.edit()
    assert back.status_code == 422 and "none is stored" in said(back)
    assert wizard.edit(secret=wizard.emulated.client_secret).location == wizard.page
    found = stored(wizard.directory)
    assert found.verified_at and found.settings["certificate"] == ""


@pytest.mark.parametrize(
    "change", [{"name": ""}, {"client_id": ""}, {"secret": GUID}, {"secret_expires_on": "soon"}]
)
def test_an_incomplete_or_wrong_form_is_refused_by_the_server(wizard, stored, change):
    wizard.add()
    before = stored(wizard.directory)
    assert wizard.edit(**change).status_code == 422
    after = stored(wizard.directory)
    assert after.settings == before.settings and after.sealed_secret == before.sealed_secret


def test_a_test_from_the_list_stays_on_the_list(wizard):
    wizard.add()
    page = wizard.visitor.get(START)
    assert "Test Connection" in said(page) and "Delete…" in said(page)
    answer = wizard.step("test", {"listed": "1", "q": "house"})
    assert answer.location == f"{START}?q=house#directory-{wizard.directory}"
    page = said(wizard.visitor.get(f"{START}?q=house"))
    assert "Entra of the house: The connection works." in page.replace(
        "the connection", "The connection"
    )
    wizard.emulated.control.consent()
    wizard.step("test", {"listed": "1"})
    assert "Open it to see why." in said(wizard.visitor.get(START))
    nothing = said(wizard.visitor.get(f"{START}?q=nowhere"))
    assert "No directory found" in nothing


def test_deleting_says_what_it_means_there(wizard):
    wizard.add()
    page = said(wizard.open("delete"))
    assert "In Entra ID itself, nothing" in page
    assert "Deliveries that are dropped" not in page


@pytest.mark.parametrize(
    ("days", "word"),
    [
        (30, "expires in 30 days"),
        (7, "expires in 7 days"),
        (1, "expires tomorrow"),
        (-1, "expired"),
    ],
)
def test_a_secret_that_expires_is_warned_of_on_every_page(wizard, portal, days, word):
    last = (portal.now() + timedelta(days=days)).date().isoformat()
    answer = wizard.connect(secret_expires_on=last)
    assert answer.status_code == 303, said(answer)
    for page in (wizard.page, START, "/admin/"):
        text = said(wizard.visitor.get(page))
        assert word in text, page
    assert f"The secret of Entra of the house {word}" in text and "Replace it" in text


def test_a_secret_whose_end_is_far_off_is_shown_with_its_day_alone(wizard):
    wizard.connect(secret_expires_on="2099-12-31")
    assert "31 December 2099" in said(wizard.visitor.get(START))
    assert "expires in" not in said(wizard.visitor.get("/admin/"))
