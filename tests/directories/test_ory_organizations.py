"""Which e-mail domains are seen under an organization's single sign-on."""

from __future__ import annotations

import uuid

import pytest

from directories.base import CheckState, Transient
from directories.ory import organizations
from tests.directories.conftest import connect, make

RP = {"rp_id": "localhost", "origins": ("http://localhost:5000",)}
CODE = organizations.CODE
ORGANIZATION = str(uuid.UUID(int=7))


def report_of(connector):
    return connector.test(**RP, probe=False)


def check(report):
    return next(one for one in report.checks if one.code == CODE)


def member(ory, email: str) -> str:
    return make(ory, email, organization_id=ORGANIZATION)


def test_a_project_without_members_is_not_known_to_have_no_organization(ory, connector):
    report = report_of(connector)
    assert check(report).state is CheckState.UNKNOWN
    assert "cannot read the organizations" in check(report).evidence
    assert report.sso_domains == ()


def test_a_server_of_ones_own_without_members_passes(start):
    report = report_of(connect(start(flavour="self-hosted")))
    assert check(report).state is CheckState.PASSED


def test_the_domains_of_members_are_remembered_and_block_nothing(ory, connector):
    for email in ("Ada@Example.ORG", "grace@example.org", "joan@sub.example.net"):
        member(ory, email)
    make(ory, "mary@elsewhere.example")
    report = report_of(connector)
    found = check(report)
    assert found.state is CheckState.FAILED
    assert found.evidence.startswith("3 of ")
    assert "single sign-on" in found.remedy
    assert report.sso_domains == ("example.org", "sub.example.net")
    assert report.verified


def test_a_member_is_told_apart_where_people_are_listed(ory, connector):
    member(ory, "ada@example.org")
    make(ory, "mary@example.org")
    notes = {one.label: one.note for one in connector.people("example.org", None).items}
    assert notes == {"ada@example.org": "in an organization", "mary@example.org": ""}


def test_members_on_later_pages_are_seen_and_the_reading_ends(ory, connector, monkeypatch, sent):
    monkeypatch.setattr(organizations, "PAGE_SIZE", 1)
    member(ory, "zoe@example.org")
    for number in range(9):
        make(ory, f"later{number}@example.com")
    asked = "/admin/identities?page_size=1"
    monkeypatch.setattr(organizations, "MOST_PAGES", 50)
    assert report_of(connector).sso_domains == ("example.org",)
    everyone = len(sent.of("GET", asked))
    sent.requests.clear()
    monkeypatch.setattr(organizations, "MOST_PAGES", 2)
    report_of(connector)
    assert len(sent.of("GET", asked)) == 2 + 1 < everyone  # one is the check that it lists them


@pytest.mark.parametrize("email", ["no address", "a@b", "a@@example.org", "a@example.org and more"])
def test_what_is_no_address_is_no_domain(ory, connector, email):
    name = member(ory, "ada@example.org")
    stored = ory.ory.store.get("identity", name)
    stored["traits"]["email"] = email
    ory.ory.store.put("identity", name, stored)
    report = report_of(connector)
    assert report.sso_domains == ()
    assert check(report).evidence.startswith("1 of ")


def test_identities_that_cannot_be_read_leave_it_unknown(connector, monkeypatch):
    def look(api, settings):
        raise Transient("Not now.", code="http.unavailable")

    monkeypatch.setattr(organizations, "look", look)
    report = report_of(connector)
    assert check(report).state is CheckState.UNKNOWN
    assert report.verified


def test_nothing_is_asked_where_identities_cannot_be_listed_at_all(ory):
    report = report_of(connect(ory, key="ory_pat_wrong"))
    assert CODE not in {one.code for one in report.checks}
