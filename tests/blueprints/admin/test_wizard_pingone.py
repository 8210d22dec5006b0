"""Connecting PingOne: NEW, CONTINUE, CONNECT, the MFA policy, ADD."""

from __future__ import annotations

import re

import pytest

from emulators.pingone.running import running
from tests.blueprints.admin.conftest import START, Typist, beside
from tests.blueprints.conftest import said


@pytest.fixture
def ping(portal):
    with running(people=3, data_dir=beside(portal, "pingone")) as started:
        yield started


class PingWizard(Typist):
    """An administrator who connects a PingOne, page by page."""

    kind = "pingone"

    def fields(self, **changes: str) -> dict[str, str]:
        names = ("environment_id", "region", "client_id", "auth_method", "secret")
        typed = {name: self.written[name] for name in names}
        hosts = {"auth_url": self.emulated.url, "api_url": self.emulated.url}
        return {"name": "PingOne of the house", **typed, **hosts, **changes}

    def policies(self):
        return self.open("mfa-policy")

    def choose(self, policy: str = "", **changes: str):
        """ADD."""
        fields = {"mfa_policy_id": policy or self.emulated.mfa_policy_id, **changes}
        return self.step("mfa-policy", fields)

    def add(self) -> str:
        """The whole way."""
        answer = self.connect()
        assert answer.status_code == 303, said(answer)
        assert self.choose().location == self.page
        return self.directory


@pytest.fixture
def wizard(administrator, ping, portal) -> PingWizard:
    return PingWizard(administrator, ping, portal)


def test_the_whole_way_ends_on_a_verified_directory(wizard, stored):
    name = wizard.add()
    found = stored(name)
    assert found.added_at and found.verified_at
    assert found.settings["mfa_policy_id"] == wizard.emulated.mfa_policy_id
    assert found.settings["relying_party_id"] == "localhost"
    page = said(wizard.open())
    assert "The connection is verified." in page
    assert "A browser here can enrol: yes" in page
    assert "What the portal does with it" in page and "Whom it serves" not in page


def test_each_policy_says_what_it_means_for_keys(wizard):
    wizard.connect()
    page = wizard.policies()
    assert page.status_code == 200
    text = said(page)
    assert "relying party ID localhost" in text
    assert "A browser here can enrol: yes" in text
    assert "A browser here can enrol: no, because" in text
    assert "sign in on PingOne’s page" in text.replace("'", "’")
    chosen = re.search(r'value="([^"]+)"[^>]* checked', page.text)[1]
    assert chosen == wizard.emulated.mfa_policy_id


def test_a_policy_that_is_not_offered_is_refused(wizard, stored):
    wizard.connect()
    answer = wizard.choose("7b6f1d1e-2a6b-4f9d-a2a4-000000000000")
    assert answer.status_code == 422 and "Choose an MFA policy." in said(answer)
    assert stored(wizard.directory).added_at is None


def test_a_policy_that_pairs_nothing_is_named_and_leaves_the_connection_unverified(wizard, stored):
    wizard.emulated.control.mfa_policy(pairingDisabled=True)
    wizard.connect()
    assert "pairing is not allowed" in said(wizard.policies())
    wizard.choose()
    assert stored(wizard.directory).verified_at is None
    page = said(wizard.open())
    assert "It serves nobody yet" in page and "pingone.mfa_policy" in page


def test_a_worker_that_may_not_read_policies_has_their_ids_typed(wizard, stored):
    wizard.emulated.control.roles("Identity Data Admin")
    assert wizard.connect().status_code == 303
    page = said(wizard.policies())
    assert "The worker may not read the policies" in page
    wrong = wizard.choose("not an id", relying_party_id="localhost")
    assert wrong.status_code == 422 and "not an ID of PingOne" in said(wrong)
    answer = wizard.choose(relying_party_id="localhost", sign_on_application="Intranet")
    assert answer.location == wizard.page
    settings = stored(wizard.directory).settings
    assert settings["relying_party_id"] == "localhost"
    assert settings["sign_on_application"] == "Intranet"


def test_the_choice_is_made_again_later(wizard, stored):
    wizard.add()
    assert "Choose another" in said(wizard.open("edit"))
    assert "UPDATE" in said(wizard.policies())
    wizard.choose(sign_on_application="Nowhere")
    found = stored(wizard.directory)
    assert found.settings["sign_on_application"] == "Nowhere" and found.verified_at


BAD = {
    "no name": ({"name": ""}, "Enter a configuration name."),
    "no environment": ({"environment_id": ""}, "Enter the Environment ID."),
    "an environment that is no id": ({"environment_id": "house"}, "not an ID of PingOne"),
    "another environment": (
        {"environment_id": "6f1d9c2e-0f0a-4a53-9a5c-6d9d9f2b7c11"},
        "The connection did not work",
    ),
    "a region that is none": ({"region": "MOON"}, "Not a valid choice."),
    "the wrong region": ({"region": "EU"}, "is in the region NA"),
    "no client": ({"client_id": ""}, "Enter the Client ID."),
    "another client": ({"client_id": "somebody"}, "does not know this Client ID"),
    "no secret": ({"secret": ""}, "Give the worker application's client secret."),
    "a wrong secret": ({"secret": "wrong-and-secret"}, "does not know this Client ID"),
    "the client id as secret": ({"secret": "{client_id}"}, "That is the Client ID."),
    "the wrong method": ({"auth_method": "basic"}, "Choose Client Secret Post here"),
    "a method that is none": ({"auth_method": "jwt"}, "Not a valid choice."),
    "PingOne's own domain": ({"custom_domain": "auth.pingone.eu"}, "PingOne's own domain"),
    "a worker of nowhere": ({"token_environment_id": "x"}, "not an ID of PingOne"),
    "an address of the cloud's own": ({"api_url": "https://169.254.169.254"}, "not public"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_connection_is_told_and_keeps_what_was_typed(wizard, case):
    changes, sentence = BAD[case]
    changes = {
        name: value.format(client_id=wizard.emulated.client_id) for name, value in changes.items()
    }
    answer = wizard.connect(**changes)
    assert answer.status_code == 422
    assert sentence in said(answer), said(answer)
    for name in ("name", "environment_id", "client_id"):
        assert f'value="{wizard.typed[name]}"' in answer.text
    if case not in ("no secret", "the client id as secret"):
        assert wizard.typed["secret"] not in answer.text
    assert "No directory is connected" in said(wizard.visitor.get(START))


def test_a_missing_role_is_told(wizard):
    wizard.emulated.control.roles("Configuration Read Only")
    answer = wizard.connect()
    assert answer.status_code == 422
    assert "Identity Data Admin" in said(answer)


def test_the_emulated_pingone_is_connected_without_showing_its_secret(wizard, stored):
    page = wizard.begin()
    assert "Use the emulated PingOne" in said(wizard.visitor.get(page))
    answer = wizard.visitor.send(page, {"use_emulated": "1"})
    assert answer.status_code == 303, said(answer)
    wizard.directory = answer.location.split("/")[3]
    assert wizard.choose().location == wizard.page
    found = stored(wizard.directory)
    assert found.name == "Emulated PingOne" and found.verified_at
    assert wizard.emulated.client_secret not in wizard.open().text


def test_without_an_emulated_one_there_is_no_field_for_its_address(wizard):
    wizard.forget_emulated()
    page = wizard.visitor.get(wizard.begin())
    assert 'name="auth_url"' not in page.text and "emulated" not in said(page)
    wizard.emulated.control.forget_requests()
    assert wizard.connect(name="").status_code == 422
    assert wizard.emulated.control.requests() == []


def test_a_draft_is_continued_changed_and_discarded(wizard, stored):
    page = wizard.begin()
    first, second = wizard.connect(page), wizard.connect(page)
    assert first.location == second.location
    assert wizard.visitor.get(START).text.count("PingOne of the house</a>") == 1
    assert wizard.open().location.endswith("/mfa-policy")
    back = wizard.visitor.get(page)
    assert "set on" in said(back) and wizard.emulated.client_secret not in back.text
    sealed = stored(wizard.directory).sealed_secret
    assert wizard.connect(page, name="Another name", secret="").status_code == 303
    found = stored(wizard.directory)
    assert found.name == "Another name" and found.sealed_secret == sealed
    moved = wizard.connect(page, region="EU", secret="")
    assert moved.status_code == 422 and "never sent to a new address" in said(moved)
    assert wizard.step("discard", {}).location == START
    assert wizard.open().status_code == 404


def test_steps_of_other_types_are_not_there(wizard):
    wizard.add()
    assert wizard.open("schema").status_code == 404
    assert wizard.open("mapping").status_code == 404
    for verb in ("serves", "deliver-existing"):
        assert wizard.step(verb, {"serves": "chosen"}).status_code == 404


def test_policies_that_cannot_be_read_at_the_moment_are_told(wizard):
    wizard.connect()
    wizard.emulated.control.fail(times=50, status=503)
    answer = wizard.policies()
    assert answer.status_code == 502
    assert "The MFA policies could not be read" in said(answer)


def edit(wizard, **fields):
    kept = {"name": "PingOne of the house", "client_id": wizard.emulated.client_id}
    return wizard.step("edit", {**kept, "auth_method": "post", "secret": "", **fields})


def test_a_new_secret_is_tested_and_the_places_stay(wizard, stored):
    wizard.add()
    page = wizard.open("edit")
    assert wizard.emulated.environment_id in said(page)
    assert 'name="environment_id"' not in page.text and 'name="region"' not in page.text
    secret = wizard.emulated.control.rotate_secret()
    answer = edit(wizard, secret=secret, environment_id="6f1d9c2e-0f0a-4a53-9a5c-6d9d9f2b7c11")
    assert answer.location == wizard.page
    assert "The connection works." in said(wizard.open())
    found = stored(wizard.directory)
    assert found.verified_at
    assert found.settings["environment_id"] == wizard.emulated.environment_id


def test_a_blank_secret_keeps_what_is_stored(wizard, stored):
    wizard.add()
    before = stored(wizard.directory)
    assert edit(wizard, name="Renamed").location == wizard.page
    after = stored(wizard.directory)
    assert after.sealed_secret == before.sealed_secret and after.verified_at == before.verified_at


@pytest.mark.parametrize(
    "change", [{"secret": "wrong-and-secret"}, {"client_id": "somebody"}, {"auth_method": "basic"}]
)
def test_what_does_not_work_is_not_verified_any_more(wizard, stored, change):
    wizard.add()
    assert edit(wizard, **change).location == wizard.page
    assert stored(wizard.directory).verified_at is None
    page = wizard.open()
    assert "The test failed" in said(page) and "wrong-and-secret" not in page.text


@pytest.mark.parametrize("change", [{"name": ""}, {"client_id": ""}, {"auth_method": "jwt"}])
def test_an_incomplete_form_is_refused_by_the_server(wizard, stored, change):
    wizard.add()
    before = stored(wizard.directory)
    assert edit(wizard, **change).status_code == 422
    assert stored(wizard.directory).settings == before.settings
