"""Enrolment links: expired, reused, forwarded, revoked, and begun in one browser only."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from models import EnrolmentLink, Passkey
from tests.browser import scene


@pytest.fixture(scope="module")
def site(shared_site):
    scene.choose(shared_site)
    return shared_site


@pytest.fixture
def grace(site, request):
    return scene.person(site, scene.names(f"Grace {abs(hash(request.node.name))}"))


def newest(session, person) -> EnrolmentLink:
    return session.scalars(
        select(EnrolmentLink)
        .where(EnrolmentLink.person_id == person.id)
        .order_by(EnrolmentLink.id.desc())
    ).first()


def change(site, person, **values) -> None:
    with site.portal.database.write() as session:
        link = newest(session, person)
        for name, value in values.items():
            setattr(link, name, value)


def passkeys(site, person) -> int:
    with site.portal.database.read() as session:
        return len(list(session.scalars(select(Passkey).where(Passkey.person_id == person.id))))


def test_opening_a_link_shows_whom_it_is_for_and_changes_nothing(site, visit, grace):
    path = scene.link(site, grace)
    for _ in range(2):  # a mail scanner, then the person
        page = visit().go(path)
        expect(page.get_by_role("main")).to_contain_text(grace.display_name)
    with site.portal.database.read() as session:
        assert newest(session, grace).exchanged_at is None


def test_an_expired_link_says_what_to_do(site, visit, grace):
    path = scene.link(site, grace)
    change(site, grace, expires_at=site.portal.now() - timedelta(seconds=1))
    page = visit().go(path)
    expect(page.get_by_role("main")).to_contain_text("new one")
    expect(page.get_by_role("button", name="Begin")).to_have_count(0)


def test_a_link_that_expires_while_its_page_is_open_is_refused_at_the_button(site, visit, grace):
    page = visit().go(scene.link(site, grace))
    change(site, grace, expires_at=site.portal.now() - timedelta(seconds=1))
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("main")).to_contain_text("new one")


def test_a_revoked_link_stops_even_where_it_was_begun(site, visit, grace, world):
    page = scene.begin(visit(world.key()), scene.link(site, grace))
    change(site, grace, revoked_at=site.portal.now())
    page.get_by_role("button", name="Enrol a key").click()
    expect(page.get_by_text("new one")).to_be_visible()
    assert passkeys(site, grace) == 0


def test_a_link_that_was_never_made_is_not_found(visit):
    page = visit().go("/links/bm90LWEtbGluaw")
    expect(page.get_by_role("main")).to_contain_text("link")


def test_a_forwarded_link_works_only_where_it_was_begun_first(site, visit, grace, world):
    path = scene.link(site, grace)
    owner, other = visit(world.key()), visit(world.key())
    scene.begin(owner, path)
    page = other.go(path)
    expect(page.get_by_role("main")).to_contain_text("another browser")
    expect(page.get_by_role("button", name="Begin")).to_have_count(0)

    # The owner may open it again, and goes on.
    page = owner.go(path)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Enrol a key").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your key is enrolled")
    assert passkeys(site, grace) == 1


def test_a_used_link_enrols_no_second_key(site, visit, grace, world):
    path = scene.link(site, grace)
    owner = visit(world.key())
    page = scene.enrol(owner, path)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your key is enrolled")

    owner.key = world.key()
    page = owner.go("/enrol?step=touch")
    expect(page.get_by_role("button", name="Enrol a key")).to_have_count(0)
    expect(visit().go(path).get_by_role("main")).to_contain_text("used")
    assert passkeys(site, grace) == 1


def test_the_address_of_the_enrolment_holds_no_token(site, visit, grace, world):
    path = scene.link(site, grace)
    page = scene.begin(visit(world.key()), path)
    assert path.removeprefix("/links/") not in page.url
    assert path.removeprefix("/links/") not in page.content()


def test_a_link_is_never_mixed_with_whoever_is_signed_in(site, visit, grace, world):
    key = world.key()
    scene.administrator(site, key)
    ada = visit(key)
    scene.sign_in(ada)
    ada.key = world.key()
    page = ada.go(scene.link(site, grace))
    expect(page.get_by_role("main")).to_contain_text("Ada Lovelace")
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Enrol a key").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your key is enrolled")
    assert passkeys(site, grace) == 1
