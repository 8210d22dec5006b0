"""Two tabs, double clicks, the back button, and pages that were left open too long."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select, update

from models import Challenge, Passkey, Session
from services.ceremonies import CODES
from tests.browser import scene


@pytest.fixture(scope="module")
def site(shared_site):
    scene.choose(shared_site)
    return shared_site


@pytest.fixture
def grace(site, request):
    return scene.person(site, scene.names(f"Grace {abs(hash(request.node.name))}"))


def passkeys(site, person) -> list[Passkey]:
    with site.portal.database.read() as session:
        return list(session.scalars(select(Passkey).where(Passkey.person_id == person.id)))


def test_a_double_click_enrols_once(site, visit, grace, world):
    page = scene.begin(visit(world.key()), scene.link(site, grace))
    page.get_by_role("button", name="Enrol a key").dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your key is enrolled")
    assert len(passkeys(site, grace)) == 1


def test_the_same_answer_sent_twice_gets_the_same_page(site, visit, grace, world):
    """As when a browser repeats a POST on reload."""
    visitor = visit(world.key())
    page = scene.begin(visitor, scene.link(site, grace))
    with page.expect_request(
        lambda request: request.method == "POST" and request.url.endswith("/enrol")
    ) as sent:
        page.get_by_role("button", name="Enrol a key").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your key is enrolled")
    again = visitor.context.request.post(
        f"{site.url}/enrol",
        data=sent.value.post_data,
        headers={
            "Content-Type": "application/x-www-form-urlencoded",
            "Referer": f"{site.url}/enrol",
        },
    )
    assert again.url.endswith("/enrol/done")
    assert len(passkeys(site, grace)) == 1


def test_two_tabs_of_one_enrolment_do_not_disturb_each_other(site, visit, grace, world):
    visitor = visit(world.key())
    first = scene.begin(visitor, scene.link(site, grace))
    second = visitor.context.new_page()
    second.goto("/enrol?step=touch")
    first.get_by_role("button", name="Enrol a key").click()
    expect(first.get_by_role("heading", level=1)).to_have_text("Your key is enrolled")
    second.get_by_role("button", name="Enrol a key").click()
    expect(second.get_by_text(re.compile("used|already"))).to_be_visible()
    assert len(passkeys(site, grace)) == 1


def test_a_second_tab_of_the_sign_in_page_leads_on_when_loaded_again(site, visit, grace, world):
    key = world.key()
    scene.passkey(site, grace, key)
    visitor = visit(key)
    first, second = visitor.page, visitor.context.new_page()
    first.goto("/sign-in")
    second.goto("/sign-in")
    first.get_by_role("button", name="Sign in with a key").click()
    first.wait_for_url(re.compile(r"/passkeys$"))
    second.get_by_role("button", name="Sign in with a key").click()
    expect(second.get_by_role("alert").filter(has_text="another tab")).to_be_visible()
    second.reload()
    second.wait_for_url(re.compile(r"/passkeys$"))


def test_answers_that_arrive_in_the_wrong_order_lock_nobody_out(site, visit, grace, world):
    key = world.key()
    scene.passkey(site, grace, key)
    visitor = visit(key)
    visitor.twists = {"sign_count": key.counter + 10}
    page = visitor.go("/sign-in")
    page.get_by_role("button", name="Sign in with a key").click()
    page.wait_for_url(re.compile(r"/passkeys$"))
    page.get_by_role("button", name="Sign out").click()

    # The other tab's answer was signed earlier, with a lower count.
    page = visitor.go("/sign-in")
    page.get_by_role("button", name="Sign in with a key").click()
    expect(page.get_by_role("main")).to_contain_text(CODES["counter_not_greater"])

    key.counter += 20
    page.get_by_role("button", name="Sign in with a key").click()
    page.wait_for_url(re.compile(r"/passkeys$"))
    page.get_by_role("link", name=re.compile("Withdrawn|HID|Key")).first.click()
    expect(page.get_by_text("counted fewer uses")).to_be_visible()


def test_the_back_button_after_enrolling_offers_no_dead_button(site, visit, grace, world):
    visitor = visit(world.key())
    page = scene.enrol(visitor, scene.link(site, grace))
    expect(page.get_by_role("heading", level=1)).to_have_text("Your key is enrolled")
    page.go_back()
    page.wait_for_load_state()
    button = page.get_by_role("button", name="Enrol a key")
    if button.count():
        expect(button).to_be_enabled()
        button.click()
        expect(page.get_by_text(re.compile("used|already|enrolled"))).to_be_visible()
    assert len(passkeys(site, grace)) == 1


def test_a_touch_that_comes_too_late_can_be_repeated(site, visit, grace, world):
    visitor = visit(world.key())
    page = scene.begin(visitor, scene.link(site, grace))

    class Slow:
        def create(self, options, *, origin):
            answer = world.key().create(options, origin=origin)
            with site.portal.database.write() as session:
                past = site.portal.now() - timedelta(seconds=1)
                session.execute(update(Challenge).values(expires_at=past))
            return answer

    visitor.key = Slow()
    page.get_by_role("button", name="Enrol a key").click()
    expect(page.get_by_role("main")).to_contain_text(CODES["challenge_expired"])
    visitor.key = world.key()
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("button", name="Enrol a key").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your key is enrolled")


def test_a_session_that_ended_elsewhere_leads_to_sign_in_and_back(site, visit, grace, world):
    key = world.key()
    scene.passkey(site, grace, key)
    visitor = visit(key)
    scene.sign_in(visitor)
    with site.portal.database.write() as session:
        session.execute(update(Session).values(ended_at=site.portal.now()))
    page = visitor.go("/passkeys/new")
    page.get_by_role("button", name="Sign in with a key").click()
    page.wait_for_url(re.compile(r"/passkeys/new$"))


def test_signing_out_closes_the_way_back(site, visit, grace, world):
    key = world.key()
    scene.passkey(site, grace, key)
    visitor = visit(key)
    page = scene.sign_in(visitor)
    page.get_by_role("button", name="Sign out").click()
    page.goto("/passkeys")
    assert "/sign-in" in page.url
    page.go_back()
    page.reload()
    expect(page.get_by_role("heading", name="My passkeys")).to_have_count(0)


def test_with_script_off_the_page_says_what_to_do(site, visit, grace):
    page = visit(java_script_enabled=False).go(scene.link(site, grace))
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("button", name="Continue").click()
    # Playwright reads no text inside <noscript>, but sees whether it is shown.
    notice = page.locator("noscript .notice-title")
    expect(notice).to_be_visible()
    expect(page.get_by_role("button", name="Enrol a key")).to_have_count(0)
    page.goto("/sign-in")
    expect(notice).to_be_visible()
