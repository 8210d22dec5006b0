"""A portal where people sign up, its mail server, and each step of a sign-up."""

from __future__ import annotations

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from models import EnrolmentLink, Passkey, Person, SignUpCode
from services import (
    links,
    sign_up,
    sign_up_mail,
)
from tests.mail_server import mail_server
from tests.records import Records

BROWSER, OTHER = b"b" * 32, b"o" * 32
GRACE = "grace@example.com"


@pytest.fixture
def server():
    with mail_server() as running:
        yield running


@pytest.fixture
def portal(any_portal, server):
    any_portal.settings = any_portal.settings.model_copy(
        update={
            "smtp_url": SecretStr(server.url),
            "mail_from": "keys@example.com",
            "sign_up_domains": ("example.com", "xn--bcher-kva.example"),
        }
    )
    return any_portal


def ask(portal, email=GRACE, browser=BROWSER, network="192.0.2.1") -> SignUpCode:
    with portal.database.write() as session:
        return sign_up.ask(
            session,
            portal.settings,
            email=email,
            browser=browser,
            network=network,
            now=portal.now(),
        )


def mailed(portal, server, email=GRACE, browser=BROWSER, **more) -> str:
    """Ask, and let the worker send: the code of the newest mail."""
    ask(portal, email, browser, **more)
    sign_up_mail.work(portal, worker="w")
    return server.codes()[-1]


def enter(portal, code, browser=BROWSER) -> bool:
    with portal.database.write() as session:
        return sign_up.enter(session, portal.sealer, browser, code, now=portal.now())


def begin(portal, browser=BROWSER, enrolment="her browser", given="Grace") -> EnrolmentLink:
    with portal.database.write() as session:
        return sign_up.begin(
            session,
            browser,
            given_name=given,
            family_name="Hopper",
            enrolment=enrolment,
            now=portal.now(),
        )


def finish(portal, link, enrolment="her browser") -> Passkey:
    """Register a key in the enrolment."""
    with portal.database.write() as session:
        own = links.enrolment(session, link.uuid, enrolment, now=portal.now())
        passkey = Records(session, portal.now).passkey(session.get_one(Person, link.person_id))
        sign_up.finish(session, own, passkey, now=portal.now())
        return passkey


def rows(portal, table):
    with portal.database.read() as session:
        return list(session.scalars(select(table).order_by(table.id)))


def wrong(code) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"
