"""An enrolment link by mail, and as a QR code: asked for on the person's page."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
import segno
from pydantic import SecretStr
from sqlalchemy import select

from config.settings import Environment
from models import Mail, Person
from services import mails
from tests.blueprints.conftest import said
from tests.mail_server import mail_server
from tests.visitor import Visitor


@pytest.fixture
def server(portal):
    with mail_server() as running:
        portal.settings = portal.settings.model_copy(
            update={"smtp_url": SecretStr(running.url), "mail_from": "keys@example.com"}
        )
        yield running


@pytest.fixture
def grace(portal, invite) -> Person:
    invite()
    with portal.database.read() as session:
        return session.scalar(select(Person).where(Person.email == "grace@example.com"))


def page_of(person) -> str:
    return f"/admin/people/{person.uuid}"


def the_mail(portal) -> Mail:
    with portal.database.read() as session:
        return session.scalar(select(Mail).order_by(Mail.id.desc()))


def test_the_link_in_the_mail_enrols(app, world, portal, administrator, grace, server):
    administrator.get(page_of(grace))
    answer = administrator.send(f"{page_of(grace)}/mails", {"lifetime": "24"})
    assert (answer.status_code, answer.location) == (303, f"{page_of(grace)}#links")
    assert "A mail to grace@example.com is on its way." in administrator.get(page_of(grace)).text
    assert mails.work(portal, worker="w") == 1
    assert "sent" in said(administrator.get(page_of(grace)))
    visitor = Visitor(app, world.key())
    visitor.open_link(server.links()[0])
    assert visitor.enrol().location == "/enrol/done"


def test_a_mailed_link_is_for_what_was_chosen(app, portal, administrator, grace, server):
    fields = {"lifetime": "24", "purpose": "recover"}
    administrator.get(page_of(grace))
    administrator.send(f"{page_of(grace)}/mails", fields)
    mails.work(portal, worker="w")
    opened = Visitor(app).get(server.links()[0])
    assert "It was made because a key was lost" in said(opened)


def test_why_a_mail_waits_is_shown_and_it_can_be_stopped(portal, administrator, grace, server):
    server.answers["RCPT"] = ["450 mailbox full"]
    administrator.get(page_of(grace))
    administrator.send(f"{page_of(grace)}/mails", {"lifetime": "24"})
    mails.work(portal, worker="w")
    shown = said(administrator.get(page_of(grace)))
    assert "The mail server answered 450: mailbox full" in shown
    stopped = administrator.send(f"/admin/mails/{the_mail(portal).uuid}/stop")
    assert stopped.location == f"{page_of(grace)}#links"
    assert "stopped" in said(administrator.get(page_of(grace)))
    assert mails.work(portal, worker="w") == 0
    administrator.send(f"/admin/mails/{the_mail(portal).uuid}/stop")
    assert "does not wait any more" in administrator.get(page_of(grace)).text


def test_a_second_click_is_told_so(portal, administrator, grace, server):
    administrator.get(page_of(grace))
    for _ in range(2):
        administrator.send(f"{page_of(grace)}/mails", {"lifetime": "24"})
    assert "on its way to this person already" in administrator.get(page_of(grace)).text


def test_without_a_mail_server_production_offers_no_mail(portal, administrator, grace):
    portal.settings = portal.settings.model_copy(update={"environment": Environment.PRODUCTION})
    shown = administrator.get(page_of(grace))
    assert "LATCHKEY_SMTP_URL" in said(shown)
    assert "Send link by mail" not in shown.text
    administrator.send(f"{page_of(grace)}/mails", {"lifetime": "24"})
    assert "No mail server is configured" in administrator.get(page_of(grace)).text
    assert the_mail(portal) is None


def test_somebody_without_the_right_sends_and_stops_nothing(
    portal, administrator, somebody, grace, server
):
    administrator.get(page_of(grace))
    administrator.send(f"{page_of(grace)}/mails", {"lifetime": "24"})
    mail = the_mail(portal)
    somebody.get("/passkeys")
    assert somebody.send(f"{page_of(grace)}/mails", {"lifetime": "24"}).status_code == 403
    assert somebody.send(f"/admin/mails/{mail.uuid}/stop").status_code == 403
    assert the_mail(portal).state == "waiting"
    assert the_mail(portal).id == mail.id


@pytest.mark.parametrize("lifetime", ["", "999999"])
def test_a_lifetime_that_is_not_offered_is_refused(portal, administrator, grace, server, lifetime):
    administrator.get(page_of(grace))
    answer = administrator.send(f"{page_of(grace)}/mails", {"lifetime": lifetime})
    assert answer.status_code == 400
    assert the_mail(portal) is None


def test_nobody_and_no_mail_are_not_found(administrator, grace, server):
    unknown = "00000000-0000-4000-8000-000000000000"
    administrator.get(page_of(grace))
    answer = administrator.send(f"/admin/people/{unknown}/mails", {"lifetime": "24"})
    assert answer.status_code == 404
    assert administrator.send(f"/admin/mails/{unknown}/stop").status_code == 404


def test_a_new_link_is_shown_once_with_its_qr_code(portal, administrator, grace):
    administrator.get(page_of(grace))
    administrator.send(f"{page_of(grace)}/links", {"lifetime": "24"})
    shown = administrator.get(page_of(grace)).text
    [address] = set(re.findall(r"http://[\w.:]+/links/[\w-]{40,}", shown))
    source, words = re.search(r'<img class="qr" src="([^"]+)" alt="([^"]+)">', shown).groups()
    assert source.startswith("data:image/svg+xml")
    assert words == "QR code of the enrolment link above"
    expected = segno.make(address, error="m", micro=False)
    drawn = unquote(source.partition(",")[2].replace("&#39;", "'"))
    path = re.search(r"d='([^']+)'", drawn).group(1)
    assert path in expected.svg_inline(scale=5, border=4, dark="#000", light="#fff")
    assert 'class="qr"' not in administrator.get(page_of(grace)).text
