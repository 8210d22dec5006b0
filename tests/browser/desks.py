"""Desks for browser tests and pictures: requests staged, and people enrolled beside the browser."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from models import Directory, Driver, Person, ProvisioningRequest, RequestPerson
from services import ceremonies, links, role_changes, roles
from services.ceremonies import Purpose
from services.enrolment import steps
from services.provisioning import desk, desk_steps, drafts, minting, policy_for, rounds, sources
from tests.authenticator import SoftwareKey
from tests.browser import scene
from tests.browser.conftest import Site, Visitor


def staged(
    site: Site, chosen: Sequence[Person], *directories: Directory, name: str = "At the desk"
) -> ProvisioningRequest:
    """A request of Ada's at a desk, its people taken in."""
    portal = site.portal
    choices = drafts.Choices(
        name=name,
        driver=Driver.DESK,
        last_day=(portal.now() + timedelta(days=10)).date(),
        directories=[one.uuid for one in directories],
    )
    with portal.database.write() as session:
        ada = session.scalars(select(Person).where(Person.email == scene.ADA.email)).one()
        request = drafts.begin(session, choices, actor=ada, now=portal.now())
        found = [session.get_one(Person, one.id) for one in chosen]
        sources.add_people(session, request, found, actor=ada)
        drafts.confirm(session, request, actor=ada, now=portal.now())
    rounds.work(portal, worker="test")
    return request


def people(site: Site, count: int) -> list[Person]:
    """So many people, with a number for a family name."""
    return [
        scene.person(site, scene.names(f"Person {number:02}")) for number in range(1, count + 1)
    ]


def operator(site: Site, key: SoftwareKey, text: str = "Uma Operator") -> Person:
    """Somebody else who may carry requests out."""
    person = scene.person(site, scene.names(text))
    with site.portal.database.write() as session:
        role_changes.grant(
            session,
            session.get_one(Person, person.id),
            roles.USER_ADMINISTRATOR,
            now=site.portal.now(),
        )
    scene.passkey(site, person, key)
    return person


def address(request: ProvisioningRequest) -> str:
    return f"/admin/requests/{request.uuid}/desk"


def mint(site: Site, place: RequestPerson, by: Person) -> str:
    """The token of a person's link."""
    with site.portal.database.write() as session:
        ada = session.get_one(Person, by.id)
        return minting.mint(session, place.id, actor=ada, now=site.portal.now()).token


def places(site: Site, request: ProvisioningRequest) -> list[RequestPerson]:
    with site.portal.database.read() as session:
        return list(
            session.scalars(
                select(RequestPerson)
                .where(RequestPerson.request_id == request.id)
                .order_by(RequestPerson.position)
            )
        )


def enrol_next(site: Site, request: ProvisioningRequest, by: Person, key: SoftwareKey) -> None:
    """The next person's key, at a desk without a browser."""
    portal, browser = site.portal, secrets.token_bytes(32)
    with portal.database.write() as session:
        who = session.get_one(Person, by.id)
        order = session.get_one(ProvisioningRequest, request.id)
        place = desk.take(session, portal, order, operator=who, now=portal.now())
        assert place is not None
        subject = desk_steps.steps(session, portal, place)[0].subject
        begun = desk.begin(session, portal, subject, operator=who, now=portal.now())
    bound = {"purpose": Purpose.DESK, "session_hash": browser, "subject": subject}
    options = ceremonies.begin_registration(
        portal, person_id=begun.person_id, exclude=begun.exclude, actor_id=by.id, **bound
    )
    ceremonies.finish_registration(
        portal,
        person_id=begun.person_id,
        ceremony=str(options.ceremony),
        response=json.dumps(key.create(options.options, origin=site.url)),
        finish=lambda session, passkey: desk.finish(
            session, portal, subject, passkey, operator=who, now=portal.now()
        ),
        actor_id=by.id,
        **bound,
    )


def enrol_by_link(site: Site, token: str, key: SoftwareKey) -> None:
    """The key of whoever has this link, without a browser."""
    portal, browser = site.portal, secrets.token_urlsafe(32)
    with portal.database.write() as session:
        link = links.exchange(session, token, browser, now=portal.now())
        own = links.Enrolment(link, links.session_hash(link, browser))
        (step,) = steps.of_link(session, portal, link, now=portal.now())
        policy = policy_for(session, link)
    bound = {
        "purpose": Purpose.ENROL,
        "session_hash": own.session_hash,
        "subject": str(step.uuid),
        "person_id": link.person_id,
    }
    begun = ceremonies.begin_registration(portal, policy=policy, **bound)
    ceremonies.finish_registration(
        portal,
        ceremony=str(begun.ceremony),
        response=json.dumps(key.create(begun.options, origin=site.url)),
        finish=lambda session, passkey: steps.finish(session, own, step, passkey, now=portal.now()),
        **bound,
    )


def never_answer(visitor: Visitor) -> None:
    """The key of the open page is waited for without end."""
    visitor.page.evaluate("() => { navigator.credentials.create = () => new Promise(() => {}); }")
