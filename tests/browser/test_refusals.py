"""What a person sees when a key, or what the browser made of it, is not accepted."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from services.ceremonies import CODES
from tests.authenticator import BrowserError
from tests.authenticator.cases import REGISTRATION, SIGN_IN, Before, Ceremony, HandIn
from tests.browser import scene

FIRST_OF_EACH = {
    case.code: case
    for case in reversed(REGISTRATION)
    if case.before is Before.NOTHING and case.hand_in is HandIn.AS_ASKED
}


@pytest.fixture(scope="module")
def site(shared_site):
    scene.choose(shared_site)
    return shared_site


@pytest.fixture
def grace(site, request):
    """Somebody new for each test."""
    return scene.person(site, scene.names(f"Grace {abs(hash(request.node.name))}"))


REFUSED_SIGN_INS = [
    case
    for case in SIGN_IN
    if case.ceremony is Ceremony.SIGN_IN
    and case.before is Before.NOTHING
    and case.code != "malformed"
]


class Twisted:
    """A key whose answers are made as a case wants them."""

    def __init__(self, key, make) -> None:
        self.key, self.make = key, make

    def create(self, options, *, origin):
        return self._made(options, origin)

    def get(self, options, *, origin):
        return self._made(options, origin)

    def _made(self, options, origin):
        return self.make(self.key, options, origin)


@pytest.mark.parametrize("code", sorted(FIRST_OF_EACH.keys() - {"malformed"}))
def test_a_key_that_is_not_accepted_gets_its_own_page(site, visit, world, grace, code):
    case = FIRST_OF_EACH[code]
    visitor = visit(Twisted(case.key(world), case.make))
    page = scene.enrol(visitor, scene.link(site, grace))
    expect(page.get_by_role("heading", level=1)).to_have_text("That key was not accepted")
    main = page.get_by_role("main")
    expect(main).to_contain_text(CODES[code])
    expect(main).to_contain_text(code)
    expect(main.get_by_text("HID Crescendo Key V3 FIPS")).to_be_visible()
    expect(main.get_by_role("link", name="take it off the key")).to_be_visible()


def test_a_refused_key_does_not_use_up_the_link(site, visit, world, grace):
    visitor = visit(world.forged_key())
    page = scene.enrol(visitor, scene.link(site, grace))
    again = page.get_by_role("button", name="Try again")
    expect(again).to_be_visible()
    visitor.key = world.key()
    again.click()
    page.get_by_role("button", name="Enrol a key").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your key is enrolled")


@pytest.mark.parametrize("case", REFUSED_SIGN_INS, ids=str)
def test_a_sign_in_that_fails_says_so_and_offers_another_try(site, visit, world, grace, case):
    key = world.key()
    scene.passkey(site, grace, key)
    visitor = visit(Twisted(key, case.make))
    page = visitor.go("/sign-in")
    page.get_by_role("button", name="Sign in with a key").click()
    expect(page.get_by_role("main")).to_contain_text(CODES[case.code])
    visitor.key = key
    page.get_by_role("button", name="Sign in with a key").click()
    page.wait_for_url(re.compile(r"/passkeys$"))


def test_a_key_that_nobody_registered_is_told_nothing_about_accounts(site, visit, world):
    stranger = world.key()
    # It holds a passkey for this site all the same, as after a refused registration.
    options = {
        "rp": {"id": "localhost"},
        "user": {"id": "c3RyYW5nZXI"},
        "challenge": "AAAA",
        "pubKeyCredParams": [{"alg": -7}],
    }
    stranger.create(options, origin=site.url)
    page = visit(stranger).go("/sign-in")
    page.get_by_role("button", name="Sign in with a key").click()
    expect(page.get_by_role("main")).to_contain_text(CODES["credential_unknown"])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("NotAllowedError", "cancelled|too long|timed out"),
        ("InvalidStateError", "already"),
        ("SecurityError", "address|site"),
        ("NotSupportedError", "key"),
        ("AbortError", "again|stopped"),
        ("ConstraintError", "PIN|key"),
        ("UnknownError", "again"),
    ],
)
def test_what_the_browser_refuses_is_said_in_words_and_can_be_tried_again(
    site, visit, world, grace, name, words
):
    key = world.key()

    class Refusing:
        def create(self, options, *, origin):
            raise BrowserError(name)

    visitor = visit(Refusing())
    page = scene.begin(visitor, scene.link(site, grace))
    page.get_by_role("button", name="Enrol a key").click()
    alert = page.get_by_role("alert").filter(has_text=re.compile(words, re.IGNORECASE))
    expect(alert).to_be_visible()
    expect(page.get_by_role("button", name="Enrol a key")).to_be_enabled()
    visitor.key = key
    page.get_by_role("button", name="Enrol a key").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your key is enrolled")


def test_a_key_that_is_registered_already_is_told_before_it_is_sent(site, visit, world, grace):
    key = world.key()
    scene.passkey(site, grace, key)
    page = scene.enrol(visit(key), scene.link(site, grace))
    expect(page.get_by_role("alert").filter(has_text="already")).to_be_visible()


def test_answers_that_are_no_passkeys_are_refused_and_never_break_the_page(site, visit, key, grace):
    page = scene.begin(visit(key), scene.link(site, grace))
    for response in ("", "{", "[]", "null", json.dumps({"id": 1}), "x" * 70_000):
        page.goto("/enrol?step=touch")
        page.evaluate(
            """(response) => {
              const form = document.querySelector("form[data-ceremony]");
              form.elements.ceremony.value = "00000000-0000-0000-0000-000000000000";
              form.elements.response.value = response;
              HTMLFormElement.prototype.submit.call(form);
            }""",
            response,
        )
        expect(page.get_by_role("heading", level=1)).to_have_text("That key was not accepted")
