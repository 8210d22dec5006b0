"""Scenes to begin a test in: made through services, so that a test drives only its own pages."""

from __future__ import annotations

import json
import re
import secrets
from datetime import timedelta

from playwright.sync_api import Page, expect

from models import Directory, DirectoryType, LinkPurpose, Passkey, Person
from services import ceremonies, directories, links, people, policies, role_changes, roles, setup
from services.ceremonies import Purpose
from tests.authenticator import SoftwareKey
from tests.browser.conftest import Site, Visitor

ADA = people.Names("Ada", "Lovelace", "Ada Lovelace", "ada@example.com")
GRACE = people.Names("Grace", "Hopper", "Grace Hopper", "grace@example.com")


def names(text: str) -> people.Names:
    """The names of somebody else."""
    given, _, family = text.partition(" ")
    return people.Names(given, family, text, f"{text.replace(' ', '.').lower()}@example.com")


def setup_link(site: Site) -> str:
    """The path of a set-up link, as the command prints it."""
    with site.portal.database.write() as session:
        return f"/links/{setup.make_link(session, now=site.portal.now()).token}"


def choose(site: Site, kind: policies.Kind = policies.Kind.HID_CRESCENDO) -> None:
    """Put a policy in force."""
    with site.portal.database.write() as session:
        policies.choose(session, kind, actor=None, now=site.portal.now())


def person(site: Site, names: people.Names = GRACE) -> Person:
    """Somebody with a record and nothing else."""
    with site.portal.database.write() as session:
        known = people.by_email(session, names.email)
        return known or people.add(session, names, actor=None, now=site.portal.now())


def passkey(site: Site, owner: Person, key: SoftwareKey) -> Passkey:
    """The key registered for its owner by a whole ceremony."""
    browser = secrets.token_bytes(32)
    begun = ceremonies.begin_registration(
        site.portal, purpose=Purpose.ADD, person_id=owner.id, session_hash=browser
    )
    return ceremonies.finish_registration(
        site.portal,
        purpose=Purpose.ADD,
        ceremony=str(begun.ceremony),
        response=json.dumps(key.create(begun.options, origin=site.url)),
        session_hash=browser,
        person_id=owner.id,
    )


def administrator(site: Site, key: SoftwareKey) -> Person:
    """Ada, who set the portal up with this key, HID Crescendo only."""
    choose(site)
    ada = person(site, ADA)
    with site.portal.database.write() as session:
        role_changes.grant(
            session, session.get_one(Person, ada.id), roles.ADMINISTRATOR, now=site.portal.now()
        )
    passkey(site, ada, key)
    return ada


def set_up(site: Site, key: SoftwareKey) -> Person:
    """Ada, as `administrator`, by the set-up link: from then on the portal counts as set up."""
    path, browser = setup_link(site), secrets.token_urlsafe(32)
    portal = site.portal
    with portal.database.write() as session:
        link = links.exchange(session, path.rpartition("/")[2], browser, now=portal.now())
        own = links.Enrolment(link, links.session_hash(link, browser))
        ada = setup.describe(session, own, ADA, policies.Kind.HID_CRESCENDO, now=portal.now())
    begun = ceremonies.begin_registration(
        portal, purpose=Purpose.ENROL, person_id=ada.id, session_hash=own.session_hash
    )
    ceremonies.finish_registration(
        portal,
        purpose=Purpose.ENROL,
        ceremony=str(begun.ceremony),
        response=json.dumps(key.create(begun.options, origin=site.url)),
        session_hash=own.session_hash,
        person_id=ada.id,
        finish=lambda session, passkey: setup.finish(session, own, passkey, now=portal.now()),
    )
    return ada


def link(site: Site, owner: Person, *, lifetime: timedelta = timedelta(hours=24)) -> str:
    """The path of an enrolment link."""
    with site.portal.database.write() as session:
        made = links.make(
            session,
            purpose=LinkPurpose.ENROL,
            person=session.get_one(Person, owner.id),
            actor=None,
            lifetime=lifetime,
            now=site.portal.now(),
        )
    return f"/links/{made.token}"


def ory(site: Site, name: str = "Staff sign-in") -> Directory:
    """The emulated Ory, connected, tested and serving everyone."""
    portal = site.portal
    settings = {
        "flavour": "network",
        "endpoint": site.ory.url,
        "schema_id": "default",
        "mapping": {
            "email": "email",
            "given_name": "name.first",
            "family_name": "name.last",
        },
    }
    with portal.database.write() as session:
        begun = directories.draft(
            session,
            portal.sealer,
            type=DirectoryType.ORY,
            name=name,
            settings=settings,
            secret=site.ory.api_key,
            actor=None,
            now=portal.now(),
        )
        directories.add(session, begun, actor=None, now=portal.now())
    tested = directories.run_test(portal, begun.uuid, probe=False, actor=None)
    assert tested.report.verified, tested.report
    return begun


def sign_in(visitor: Visitor) -> Page:
    """Sign in by the button."""
    page = visitor.go("/sign-in")
    page.get_by_role("button", name="Sign in with a key").click()
    page.wait_for_url(re.compile(r"/(passkeys|admin/)$"))
    return page


def begin(visitor: Visitor, path: str) -> Page:
    """Open an enrolment link and go on to the touch."""
    page = visitor.go(path)
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("button", name="Continue").click()
    expect(page).to_have_title(re.compile("Touch your key"))
    return page


def enrol(visitor: Visitor, path: str) -> Page:
    """Enrol the visitor's key by a link, up to whatever page that ends on."""
    page = begin(visitor, path)
    page.get_by_role("button", name="Enrol a key").click()
    return page
