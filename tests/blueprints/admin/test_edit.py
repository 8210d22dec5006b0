"""Editing a directory: its name, its key, and nothing else."""

from __future__ import annotations

import pytest

from tests.blueprints.conftest import said


def edit(wizard, **fields):
    return wizard.step("edit", {"name": "Ory of the house", "secret": "", **fields})


def test_the_form_shows_what_is_there_and_never_the_key(wizard, ory):
    wizard.add()
    page = wizard.open("edit")
    assert 'value="Ory of the house"' in page.text and ory.url in said(page)
    assert "data-complete" in page.text
    assert ory.api_key not in page.text and "set on" in said(page)


def test_a_new_name_keeps_the_key_and_needs_no_test(wizard, stored):
    wizard.add()
    before = stored(wizard.directory)
    assert edit(wizard, name="  Ory  of us ").location == wizard.page
    after = stored(wizard.directory)
    assert after.name == "Ory of us"
    assert after.sealed_secret == before.sealed_secret
    assert after.verified_at == before.verified_at
    assert "Ory of us is saved." in said(wizard.open())


def test_a_key_is_replaced_for_the_same_address_and_tested(wizard, stored):
    wizard.add()
    before = stored(wizard.directory).sealed_secret
    second = wizard.ory.ory.keys["project_second"]
    assert edit(wizard, secret=second).location == wizard.page
    page = wizard.open()
    assert "The connection works." in said(page) and second not in page.text
    assert stored(wizard.directory).sealed_secret != before


def test_a_wrong_key_stops_deliveries_and_is_told(wizard, stored):
    wizard.add()
    edit(wizard, secret="ory_pat_wrong")
    assert stored(wizard.directory).verified_at is None
    page = wizard.open()
    assert "Nothing is delivered yet" in said(page)
    assert "ory_pat_wrong" not in page.text


def test_without_a_name_it_is_refused_and_the_key_is_kept(wizard, stored):
    wizard.add()
    before = stored(wizard.directory)
    answer = edit(wizard, name=" ", secret="ory_pat_typed")
    assert answer.status_code == 422 and "Enter a configuration name." in said(answer)
    assert "ory_pat_typed" not in answer.text
    assert stored(wizard.directory).sealed_secret == before.sealed_secret


def test_a_key_that_is_gone_must_be_entered(wizard, stored, portal):
    wizard.add()
    with portal.database.write() as session:
        found = session.merge(stored(wizard.directory))
        found.sealed_secret = found.secret_set_at = None
    answer = edit(wizard)
    assert answer.status_code == 422 and "none is stored" in said(answer)


def test_a_name_that_is_taken_is_refused(wizard):
    wizard.add()
    first = wizard.directory
    wizard.connect(name="Another Ory")
    wizard.directory = first
    answer = edit(wizard, name="Another Ory")
    assert answer.status_code == 422 and "called “Another Ory” already" in said(answer)


@pytest.mark.parametrize("auth", ["none"])
def test_a_connection_without_a_key_takes_none(wizard, kratos, stored, auth, portal):
    wizard.add()
    with portal.database.write() as session:
        found = session.merge(stored(wizard.directory))
        found.settings = {**found.settings, "flavour": "self_hosted", "auth": auth}
        found.settings |= {"admin_endpoint": kratos.admin_url}
        found.sealed_secret = found.secret_set_at = None
    assert 'name="secret"' not in wizard.open("edit").text
    assert edit(wizard, name="Mine", secret="forged").status_code == 303
    assert stored(wizard.directory).sealed_secret is None


def test_nobody_else_may(wizard, somebody, stored):
    wizard.add()
    assert somebody.get(f"{wizard.page}/edit").status_code == 403
    answer = somebody.send(f"{wizard.page}/edit", {"name": "Mine", "secret": "stolen"})
    assert answer.status_code == 403
    assert stored(wizard.directory).name == "Ory of the house"
