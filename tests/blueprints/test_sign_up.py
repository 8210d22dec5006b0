"""Signing up in a browser: one answer for every address, and a code that opens only what is new."""

from __future__ import annotations

import logging
import re

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from app import create_app
from models import AuditEvent, Passkey, Person, SignUpCode
from services import people, sign_up_mail
from tests.blueprints.conftest import said
from tests.mail_server import mail_server
from tests.visitor import Visitor

GRACE, ADA = "grace@example.com", "ada@example.com"


@pytest.fixture
def server():
    with mail_server() as running:
        yield running


@pytest.fixture
def settings(settings, server):
    return settings.model_copy(
        update={
            "smtp_url": SecretStr(server.url),
            "mail_from": "keys@example.com",
            "sign_up_domains": ("example.com", "example.net"),
        }
    )


@pytest.fixture
def site(administrator, portal):
    """A portal that Ada has set up; its worker works at once."""
    portal.wake = lambda: sign_up_mail.work(portal, worker="w")
    return portal


@pytest.fixture
def grace(site, app, world) -> Visitor:
    """She has a key in her hand, and no account."""
    return Visitor(app, world.key())


def ask(visitor, email=GRACE):
    visitor.get("/sign-in")
    return visitor.send("/sign-up", {"email": email})


def enter(visitor, code):
    visitor.get("/sign-up/code")
    return visitor.send("/sign-up/code", {"code": code})


def name(visitor, given="Grace", family="Hopper"):
    visitor.get("/sign-up/name")
    return visitor.send("/sign-up/name", {"given_name": given, "family_name": family})


def wrong(code) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def rows(portal, table):
    with portal.database.read() as session:
        return list(session.scalars(select(table).order_by(table.id)))


def bare(response) -> str:
    """A page without what belongs to this one browser."""
    return re.sub(r'(name="csrf_token" value=")[^"]+', r"\1", response.text)


def test_from_the_address_to_the_key_and_in(grace, server, site):
    assert "Sign in or sign up" in said(grace.get("/sign-in"))
    assert ask(grace).location == "/sign-up/code"
    assert "grace@example.com" in said(grace.get("/sign-up/code"))
    [code] = server.codes()
    assert enter(grace, f" {code[:3]} {code[3:]} ").location == "/sign-up/name"
    assert name(grace).location == "/enrol"
    assert "Enrol a security key, Grace" in said(grace.get("/enrol"))
    assert grace.enrol().location == "/enrol/done"
    assert "Your key is enrolled" in said(grace.get("/enrol/done"))
    assert grace.sign_in().location == "/passkeys"
    assert "Grace Hopper" in grace.get("/passkeys").text
    assert [event.tag for event in rows(site, AuditEvent)][-2:] == [
        "link.finished",
        "session.opened",
    ]


def test_the_answer_is_the_same_for_whoever_has_an_account(app, site, server):
    """Every page and every header, until the mail was read; and the work of the web process."""
    answers = []
    for email in ("alan@example.com", ADA, "alba@example.com"):
        if email == "alba@example.com":
            with site.database.write() as session:
                names = people.Names("A", "B", "A B", email)
                people.add(session, names, actor=None, now=site.now())
        visitor = Visitor(app)
        walked = [ask(visitor, email), visitor.get("/sign-up/code")]
        walked += [enter(visitor, "999999") for _ in range(6)]
        walked.append(ask(visitor, email))
        answers.append(
            [
                (
                    one.status_code,
                    one.location,
                    sorted(set(one.headers.keys())),
                    bare(one).replace(email, "(address)"),
                )
                for one in walked
            ]
        )
    assert answers[0] == answers[1] == answers[2]
    assert len(server.codes()) == 2, "only the stranger's mails brought one"
    told = {row.email: (row.tries, row.state) for row in rows(site, SignUpCode)}
    assert len(set(told.values())) == 1


def test_an_account_is_told_by_mail_to_sign_in_or_to_recover(grace, server):
    ask(grace, ADA)
    [text] = server.texts()
    assert "Hello Ada King" in text
    assert "Sign in with your security key" in text
    assert "one to recover" in text


def test_a_domain_that_is_not_allowed_is_said_plainly(grace, site):
    answer = ask(grace, "grace@example.org")
    assert answer.status_code == 422
    assert "Only addresses that end in example.com or example.net can sign up here" in said(answer)
    assert 'value="grace@example.org"' in answer.text
    assert rows(site, SignUpCode) == []


def test_the_fifth_wrong_try_kills_the_code_and_all_wrong_answers_are_one(grace, server, clock):
    ask(grace)
    [code] = server.codes()
    wrongs = [enter(grace, wrong(code)) for _ in range(5)]
    dead = enter(grace, code)
    assert {answer.status_code for answer in (*wrongs, dead)} == {422}
    assert len({bare(answer) for answer in (*wrongs, dead)}) == 1
    assert "That code does not lead on" in said(dead)
    ask(grace)
    clock.forward(minutes=10)
    assert bare(enter(grace, server.codes()[-1])) == bare(dead)


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345a", "１２３４５６", "-1 2 3 4"])
def test_what_is_not_six_digits_uses_up_no_try(grace, site, typed):
    ask(grace)
    answer = enter(grace, typed)
    assert answer.status_code == 422
    assert "Enter the" in said(answer)
    assert rows(site, SignUpCode)[0].tries == 0


def test_a_code_works_in_no_other_browser(grace, app, server):
    ask(grace)
    thief = Visitor(app)
    assert thief.get("/sign-up/code").location == "/sign-in"
    assert thief.get("/sign-up/name").location == "/sign-in"
    ask(thief, "else@example.com")
    assert enter(thief, server.codes()[0]).status_code == 422
    assert enter(grace, server.codes()[0]).location == "/sign-up/name"


def test_the_cookie_of_another_browser_is_all_that_binds_it(grace, app, server):
    """Whoever reads the mail but lacks the cookie gets nowhere; with it, it is one browser."""
    ask(grace)
    copy = Visitor(app)
    copy.client.set_cookie("latchkey", grace.client.get_cookie("latchkey").value)
    assert enter(copy, server.codes()[0]).location == "/sign-up/name"
    assert enter(grace, server.codes()[0]).location == "/sign-up/name", "one browser, gone on"


def test_no_step_can_be_skipped(grace, server):
    assert name(grace).location == "/sign-in"
    ask(grace)
    assert name(grace).location == "/sign-up/code"
    assert grace.get("/enrol").status_code == 404


def test_a_replayed_form_makes_no_second_person(grace, server, site):
    ask(grace)
    enter(grace, server.codes()[0])
    assert name(grace).location == name(grace, given="Else").location == "/enrol"
    grace.enrol()
    assert name(grace).location == "/enrol"
    assert grace.get("/enrol").location == "/enrol/done"
    assert len(rows(site, Person)) == len(rows(site, Passkey)) == 2, "Ada's and hers"


def test_the_second_of_two_browsers_is_refused_politely(grace, app, world, server, site):
    other = Visitor(app, world.key())
    for visitor in (grace, other):
        ask(visitor)
        enter(visitor, server.codes()[-1])
    name(grace)
    grace.enrol()
    answer = name(other)
    assert answer.status_code == 409
    assert "There is an account with your address by now" in said(answer)
    assert "sign_up_known" in answer.text


def test_an_enrolment_that_a_newer_code_took_over_says_so(grace, app, world, server, site):
    other = Visitor(app, world.key())
    for visitor in (grace, other):
        ask(visitor)
        enter(visitor, server.codes()[-1])
        name(visitor)
    answer = grace.get("/enrol")
    assert answer.status_code == 410
    assert "This sign-up was begun again with a newer code" in said(answer)
    assert other.enrol().location == "/enrol/done"
    assert len(rows(site, Passkey)) == 2


def test_an_enrolment_that_was_left_too_long_says_how_to_begin_again(grace, server, clock):
    ask(grace)
    enter(grace, server.codes()[0])
    name(grace)
    clock.forward(hours=1)
    assert "Ask for a new code" in said(grace.get("/enrol"))


def test_it_is_never_mixed_with_whoever_is_signed_in(administrator, server, site, world):
    """Ada lends her browser: the key is Grace's, and Ada stays signed in."""
    visitor = administrator
    visitor.get("/passkeys")
    visitor.send("/sign-up", {"email": GRACE})
    enter(visitor, server.codes()[0])
    name(visitor)
    assert "You are signed in as Ada King" in said(visitor.get("/enrol"))
    visitor.key = world.key()
    visitor.enrol()
    assert visitor.get("/admin/").status_code == 200
    passkey = rows(site, Passkey)[-1]
    with site.database.read() as session:
        assert session.get_one(Person, passkey.person_id).email == GRACE


def test_a_mailed_code_never_opens_the_account_of_who_holds_a_role(grace, site, server):
    """Not by guessing, not by asking often, not by a name that is theirs."""
    ask(grace, ADA)
    for guess in range(5):
        assert enter(grace, f"{guess:06d}").status_code == 422
    assert name(grace, "Ada", "King").location == "/sign-up/code"
    assert grace.get("/enrol").status_code == 404


def test_a_forged_form_asks_for_no_mail(grace, site):
    grace.get("/sign-in")
    answer = grace.client.post("/sign-up", data={"email": GRACE}, base_url=grace.origin)
    assert answer.status_code == 400
    assert rows(site, SignUpCode) == []


@pytest.mark.parametrize("path", ["/sign-up/code", "/sign-up/name"])
def test_the_later_forms_cannot_be_forged_either(grace, server, path):
    ask(grace)
    if path.endswith("name"):
        enter(grace, server.codes()[0])
    fields = {"code": server.codes()[0], "given_name": "G", "family_name": "H"}
    assert grace.client.post(path, data=fields, base_url=grace.origin).status_code == 400
    assert grace.get(path).status_code == 200


@pytest.mark.parametrize(
    ("given", "family"), [("", "Hopper"), ("Grace", " "), ("G" * 129, "Hopper"), ("\x00", "H")]
)
def test_a_name_is_asked_for_until_it_can_be_used(grace, server, site, given, family):
    ask(grace)
    enter(grace, server.codes()[0])
    assert name(grace, given, family).status_code == 422
    assert name(grace, "G" * 128, "H" * 128).location == "/enrol"
    assert len(rows(site, Person)[-1].display_name) == 256


def test_another_mail_can_be_asked_for_on_the_page(grace, server):
    ask(grace)
    assert 'name="again"' in grace.get("/sign-up/code").text
    assert grace.send("/sign-up", {"email": GRACE, "again": "y"}).location == "/sign-up/code"
    assert "Another mail is on its way" in said(grace.get("/sign-up/code"))
    assert enter(grace, server.codes()[1]).location == "/sign-up/name"


def test_many_mails_to_one_address_are_refused_and_told(grace, server):
    for _ in range(4):
        assert ask(grace).status_code == 303
    answer = ask(grace)
    assert answer.status_code == 429
    assert "Many codes were asked for this address lately" in said(answer)
    assert len(server.mails) == 4
    assert ask(grace, "ada.lovelace@example.com").status_code == 303


def test_an_address_opens_the_form_from_a_poster(grace):
    assert grace.get("/sign-up").location == "/sign-in"


def test_the_first_page_leads_to_it(grace):
    assert "sign up with your e-mail address" in said(grace.get("/"))


def test_where_nobody_may_sign_up_there_is_nothing(settings, portal, administrator, world):
    off = settings.model_copy(update={"sign_up_domains": ()})
    with pytest.MonkeyPatch.context() as patch:
        portal.settings = off
        patch.setattr(
            "blueprints.context.open_now", lambda app: app.extensions.update(portal=portal)
        )
        visitor = Visitor(create_app(off), world.key())
        assert "sign up" not in visitor.get("/sign-in").text.lower()
        assert "sign up" not in visitor.get("/").text
        assert visitor.get("/sign-up/code").status_code == 404
        assert visitor.send("/sign-up", {"email": GRACE}).status_code == 404
    assert rows(portal, SignUpCode) == []


def test_nobody_signs_up_before_the_portal_is_set_up(app, portal):
    visitor = Visitor(app)
    assert "sign up" not in visitor.get("/sign-in").text.lower()
    assert visitor.send("/sign-up", {"email": GRACE}).status_code == 404


def test_no_code_in_the_log_a_page_or_a_row(grace, server, site, caplog):
    caplog.set_level(logging.DEBUG)
    pages = [ask(grace).text]
    [code] = server.codes()
    # Six digits may stand in a row by chance, as a part of a time or of a hash: look for words.
    alone = re.compile(rf"(?<![\w.]){code}(?![\w.])")
    pages += [grace.get("/sign-up/code").text, enter(grace, wrong(code)).text]
    pages += [enter(grace, code).text, grace.get("/sign-up/name").text, name(grace).text]
    pages += [grace.get("/enrol").text, grace.enrol().text]
    assert "sign-up mail" in caplog.text
    with site.database.read() as session:
        connection = session.connection()
        tables = connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
        ).scalars()
        kept = [
            str(connection.exec_driver_sql(f'SELECT * FROM "{table}"').all()) for table in tables
        ]
    for text in (caplog.text, *pages, *kept):
        assert alone.search(text) is None
