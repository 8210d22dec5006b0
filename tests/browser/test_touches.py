"""Keys that a directory begins: one touch for several places, or a touch of its own for each."""

from __future__ import annotations

import base64
import json
import re

import pytest
import requests
from playwright.sync_api import expect
from sqlalchemy import select

from emulators.entra.running import running as run_entra
from emulators.pingone.running import running as run_pingone
from models import Challenge, EnrolmentLink, Passkey
from tests.authenticator.key import decoded
from tests.browser import looks, scene, vendors

USERNAME = "kiosk.one"
ELSEWHERE = "pingone.com"
CHECK = "application/vnd.pingidentity.assertion.check+json"


@pytest.fixture
def ping():
    with run_pingone(people=5) as started:
        yield started


@pytest.fixture
def tenant():
    with run_entra(people=5) as started:
        yield started


@pytest.fixture
def grace(site):
    """Somebody with a record here, while HID Crescendo is demanded."""
    scene.choose(site)
    return scene.person(site)


@pytest.fixture
def shared(site, ping, grace):
    """PingOne under our own relying party ID, where Grace is known; her record there."""
    directory = vendors.pingone(site, ping, relying_party_id="localhost")
    user = ping.control.user(USERNAME)
    vendors.link(site, directory, grace, user["id"])
    return user


@pytest.fixture
def foreign(site, ping, grace):
    """PingOne under its own relying party ID, where Grace is known; her record there."""
    ping.control.fido_policy(relyingPartyId=ELSEWHERE)
    directory = vendors.pingone(site, ping, relying_party_id=ELSEWHERE)
    user = ping.control.user(USERNAME)
    vendors.link(site, directory, grace, user["id"])
    return user


def states(ping, user) -> list[str]:
    return [device["status"] for device in ping.control.devices(user["id"])]


def passkeys(site, person) -> list[Passkey]:
    with site.portal.database.read() as session:
        return list(session.scalars(select(Passkey).where(Passkey.person_id == person.id)))


def sign_on(ping, key, origin: str) -> dict:
    """Sign on at the emulated PingOne with the key."""
    begun = ping.control.begin_sign_on(USERNAME)
    answer = key.get(begun["publicKeyCredentialRequestOptions"], origin=origin)
    response = {
        name: base64.b64encode(decoded(value)).decode()
        for name, value in answer["response"].items()
    }
    checked = requests.post(
        f"{ping.url}/{ping.environment_id}/deviceAuthentications/{begun['id']}",
        data=json.dumps(
            {
                "origin": origin,
                "assertion": json.dumps(answer | {"response": response}),
                "compatibility": "FULL",
            }
        ),
        headers={"Content-Type": CHECK},
        timeout=20,
    )
    assert checked.status_code == 200, checked.text
    return checked.json()


def wait_until(page, question) -> None:
    """Look again until the answer is yes: the worker is another thread."""
    for _ in range(100):
        if question():
            return
        page.wait_for_timeout(100)
    assert question()


def test_one_touch_lands_at_pingone_and_ory_and_signs_in_at_both(
    site, visit, world, ping, shared, grace
):
    scene.ory(site)
    visitor = visit(world.key())
    page = visitor.go(scene.link(site, grace))
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("listitem").filter(has_text="Touch")).to_be_visible()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Enrol a key").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your key is enrolled")
    expect(page.get_by_text("ready", exact=True)).to_have_count(2)
    (passkey,) = passkeys(site, grace)
    assert passkey.own
    assert states(ping, shared) == ["ACTIVE"]

    assert sign_on(ping, visitor.key, site.url)["status"] == "COMPLETED"
    page = scene.sign_in(visitor)
    page.get_by_role("main").get_by_role("link").filter(has_text="HID Crescendo").first.click()
    page.get_by_role("link", name=re.compile("Prove it")).click()
    page.get_by_role("button", name="Sign in to Staff sign-in").click()
    expect(page.get_by_role("main")).to_contain_text("signed in to Staff sign-in")


def test_a_refused_model_never_activates_at_pingone(site, visit, world, ping, shared, grace):
    visitor = visit(world.other_key())
    page = scene.enrol(visitor, scene.link(site, grace))
    expect(page.get_by_role("heading", level=1)).to_have_text("That key was not accepted")
    assert passkeys(site, grace) == []
    wait_until(page, lambda: states(ping, shared) == [])
    activations = [
        one for one in ping.control.requests() if "activate" in json.dumps(one, default=str)
    ]
    assert activations == []


@pytest.mark.parametrize("how", ["in the dialog", "by leaving the page"])
def test_a_cancelled_ceremony_deletes_the_device_there(
    site, visit, world, ping, shared, grace, how
):
    visitor = visit(world.key())
    page = scene.begin(visitor, scene.link(site, grace))
    if how == "in the dialog":
        page.evaluate(
            "() => { navigator.credentials.create = () =>"
            " Promise.reject(new DOMException('no', 'NotAllowedError')); }"
        )
    else:
        page.evaluate("() => { navigator.credentials.create = () => new Promise(() => {}); }")
    page.get_by_role("button", name="Enrol a key").click()
    if how == "in the dialog":
        expect(page.get_by_role("alert")).to_contain_text("cancelled or ran out of time")
    else:
        page.locator("[data-phase=touch]").wait_for()
        assert states(ping, shared) == ["ACTIVATION_REQUIRED"]
        page.get_by_role("link", name="Back").click()
    wait_until(page, lambda: states(ping, shared) == [])
    with site.portal.database.read() as session:
        (challenge,) = session.scalars(select(Challenge))
        assert challenge.taken_at is not None

    page.goto("/enrol?step=touch")
    page.get_by_role("button", name="Enrol a key").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your key is enrolled")
    wait_until(page, lambda: states(ping, shared) == ["ACTIVE"])


def test_a_foreign_relying_party_explains_itself_and_can_wait(
    site, visit, world, ping, foreign, grace
):
    visitor = visit(world.key())
    page = visitor.go(scene.link(site, grace))
    page.get_by_role("button", name="Begin").click()
    main = page.get_by_role("main")
    expect(main).to_contain_text("It takes 2 touches")
    expect(main).to_contain_text(f"keys made for {ELSEWHERE}")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Key for Latchkey")
    expect(page.get_by_role("button", name="Later")).to_have_count(0)
    page.get_by_role("button", name="Enrol a key").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Key for Ping of the house")
    expect(main).to_contain_text("Touch 2 of 2")
    expect(main).to_contain_text("This browser cannot make keys for PingOne")
    expect(page.get_by_role("button", name="Make a command for the agent")).to_be_visible()
    expect(page.get_by_role("button", name="Enrol a key")).to_be_hidden()
    # Whoever insists is told the same, and nothing is left there.
    page.get_by_role("button", name="Use this browser instead").click()
    page.get_by_role("button", name="Enrol a key").click()
    expect(main).to_contain_text("This browser is not allowed to")
    wait_until(page, lambda: states(ping, foreign) == [])

    page.reload()
    page.get_by_text("Later", exact=True).click()
    page.get_by_role("button", name="Leave it for later").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your key is enrolled")
    expect(main).to_contain_text("No key of yours opens Ping of the house yet")

    page = scene.sign_in(visitor)
    expect(page.get_by_role("main")).to_contain_text("Ping of the house has no key of yours yet")
    page.get_by_role("button", name="Enrol a key for Ping of the house").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Key for Ping of the house")


def test_the_operator_reads_why_a_browser_cannot(site, visit, world, ping, foreign, grace):
    key = world.key()
    scene.administrator(site, key)
    ada = visit(key)
    scene.sign_in(ada)
    page = ada.go(scene.link(site, grace))
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("button", name="Continue").click()
    ada.key = world.key()
    page.get_by_role("button", name="Enrol a key").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Key for Ping of the house")
    expect(page.get_by_role("main")).to_contain_text("For operators")


def test_trouble_there_is_a_plain_sentence_for_people_and_the_whole_of_it_for_operators(
    site, visit, world, ping, shared, grace
):
    ping.control.mfa_settings(devices=1)
    ping.control.add_device(shared["id"], "EMAIL")
    page = scene.begin(visit(world.key()), scene.link(site, grace))
    page.get_by_role("button", name="Enrol a key").click()
    problem = page.get_by_role("alert")
    expect(problem).to_contain_text("Ping of the house could not begin this now")
    expect(problem).not_to_contain_text("MFA devices")

    key = world.key()
    scene.administrator(site, key)
    ada = visit(key)
    scene.sign_in(ada)
    page = ada.go(scene.link(site, grace))
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Enrol a key").click()
    expect(page.get_by_role("alert")).to_contain_text(
        "as many MFA devices in PingOne as are allowed"
    )


def test_an_enrolment_that_ran_out_in_the_middle_says_what_stays(
    site, visit, world, foreign, grace
):
    visitor = visit(world.key())
    page = scene.enrol(visitor, scene.link(site, grace))
    expect(page.get_by_role("heading", level=1)).to_have_text("Key for Ping of the house")
    with site.portal.database.write() as session:
        link = session.scalars(select(EnrolmentLink)).one()
        link.expires_at = link.exchanged_at = link.created_at.replace(year=2020)
    page.reload()
    expect(page.get_by_role("main")).to_contain_text("What you enrolled stays")
    scene.sign_in(visitor)


def test_the_pages_of_touches_are_in_order_in_every_look(site, visit, world, foreign, grace):
    page = scene.enrol(visit(world.key(), **looks.LOOK), scene.link(site, grace))
    expect(page.get_by_role("heading", level=1)).to_have_text("Key for Ping of the house")
    found = looks.problems(page)
    page.get_by_role("button", name="Make a command for the agent").click()
    expect(page.get_by_text("latchkey-agent enrol")).to_be_visible()
    found += looks.problems(page)
    page.get_by_role("button", name="Use this browser instead").click()
    found += looks.problems(page)
    page.get_by_role("link", name="Back").click()
    expect(page.get_by_role("main")).to_contain_text("It takes 2 touches")
    found += looks.problems(page)
    assert not found, "\n".join(found)


def test_a_step_is_left_for_later_by_keyboard(site, visit, world, foreign, grace):
    page = scene.enrol(visit(world.key()), scene.link(site, grace))
    expect(page.get_by_role("heading", level=1)).to_have_text("Key for Ping of the house")
    page.get_by_role("button", name="Use this browser instead").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="In this browser")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Enrol a key")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="With the desk agent")).to_be_focused()
    page.get_by_text("Later", exact=True).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Leave it for later")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your key is enrolled")


def test_a_tab_that_was_left_behind_is_told_what_another_one_did(
    site, visit, world, foreign, grace
):
    visitor = visit(world.key())
    first = scene.begin(visitor, scene.link(site, grace))
    second = visitor.context.new_page()
    second.goto("/enrol?step=touch")
    first.get_by_role("button", name="Enrol a key").click()
    expect(first.get_by_role("heading", level=1)).to_have_text("Key for Ping of the house")
    second.get_by_role("button", name="Enrol a key").click()
    expect(second.get_by_role("alert")).to_contain_text("This step is done already")
    first.go_back()
    first.reload()
    expect(first.get_by_role("heading", level=1)).to_have_text("Key for Ping of the house")
    assert len(passkeys(site, grace)) == 1
