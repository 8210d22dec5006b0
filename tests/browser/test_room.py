"""Two keys and one room at Ory: an operator looks, decides, and the key is there."""

from __future__ import annotations

from playwright.sync_api import expect

from models import Person
from services.deliveries import outbox
from tests.browser import looks, scene
from tests.emulators.key import Key
from tests.records import Records


def owed(site, owner: Person) -> str:
    """A key with a handle that is no text, on its way; its name."""
    with site.portal.database.write() as session:
        records = Records(session, site.portal.now)
        passkey = records.passkey(
            session.get_one(Person, owner.id), user_handle=b"\xb0\xc2\x00\xff" * 8, nickname="Blue"
        )
        outbox.owe(session, passkey, cause="passkey.registered", now=site.portal.now())
    site.portal.wake()
    return "Blue"


def test_an_operator_replaces_what_leaves_a_key_no_room(site, visit, world):
    key = world.key()
    scene.administrator(site, key)
    scene.ory(site)
    grace = scene.person(site)
    other = Key(handle=b"\x01\xff" * 8)
    body = {
        "schema_id": "default",
        "traits": {"email": grace.email},
        "credentials": {"webauthn": other.passkey(display_name="Old key")},
    }
    kratos = site.ory.ory
    there = kratos.identities.create(body, now=kratos.now())["id"]
    name = owed(site, grace)

    visitor = visit(key, bypass_csp=True)  # axe styles what it measures
    scene.sign_in(visitor)
    page = visitor.go("/admin/deliveries?show=held")
    choice = page.get_by_role("button", name="Keep or replace").or_(
        page.get_by_role("link", name="Keep or replace")
    )
    for _ in range(20):
        if choice.count():
            break
        page.wait_for_timeout(250)
        page.reload()
    choice.click()
    main = page.get_by_role("main")
    expect(main).to_contain_text("What is there now")
    expect(main).to_contain_text("Old key")
    assert looks.problems(page) == []

    page.get_by_role("button", name="Replace what is there").click()
    page.wait_for_url("**/admin/deliveries")
    expect(page.get_by_role("main")).to_contain_text(f"is made to take {name} instead")
    for _ in range(20):
        entries = next(one for one in site.ory.control.identities() if one["id"] == there)[
            "credentials"
        ]["webauthn"]["config"]["credentials"]
        if [one["display_name"] for one in entries] == [name]:
            break
        page.wait_for_timeout(250)
    assert [one["display_name"] for one in entries] == [name]
