"""Every code that a ceremony can be refused with, over HTTP, as the person sees it."""

from __future__ import annotations

import html
import json
import uuid
from urllib.parse import urlencode

import pytest
from sqlalchemy import delete, select

from models import AttestationPolicy, Challenge, Passkey, Person
from services.ceremonies import CODES
from tests.authenticator.cases import CASES, OTHER_ID, Before, Ceremony, HandIn
from tests.visitor import Visitor

PAGES = {Ceremony.ENROL: "/enrol", Ceremony.SIGN_IN: "/sign-in"}
ROWS = [case for case in CASES if case.ceremony in PAGES]


@pytest.fixture
def stage(app, portal, world, administrator, invite, clock):
    """Act a case out, up to the page's answer."""

    def enrolled(key, **twists) -> Visitor:
        visitor = Visitor(app, key)
        visitor.open_link(invite("Radia Perlman"))
        assert visitor.enrol(**twists).location == "/enrol/done"
        return visitor

    def forget_policy() -> None:
        with portal.database.write() as session:
            session.execute(delete(AttestationPolicy))

    def subject(ceremony: str) -> str:
        with portal.database.read() as session:
            found = select(Challenge.subject).where(Challenge.uuid == uuid.UUID(ceremony))
            return session.scalar(found)

    def answer(visitor, case, options) -> str:
        made = case.make(visitor.key, options, visitor.origin)
        return made if isinstance(made, str) else json.dumps(made)

    def enrol(case, key):
        visitor = Visitor(app, key)
        visitor.open_link(invite())
        if case.before is Before.KNOWN:
            enrolled(case.key(world), credential_id=OTHER_ID)
        if case.before is Before.NO_POLICY:
            forget_policy()
            return visitor.options("enrol")
        purpose = "enrol"
        if case.hand_in is HandIn.OTHER_PURPOSE:
            administrator.key, visitor, purpose = key, administrator, "add"
        begun = visitor.options(purpose).json
        return visitor, begun["ceremony"], answer(visitor, case, begun["options"])

    def sign_in(case, key):
        if case.before is Before.NOT_REGISTERED:
            visitor = Visitor(app, key)
            visitor.open_link(invite())
            visitor.answer("enrol")
        else:
            visitor = enrolled(key)
        if case.before is Before.ENDED:
            with portal.database.write() as session:
                for passkey in session.query(Passkey):
                    passkey.ended_at = clock()
        if case.before is Before.SUSPENDED:
            with portal.database.write() as session:
                for person in session.query(Person):
                    person.suspended_at = clock()
        begun = visitor.options("sign-in").json
        return visitor, begun["ceremony"], answer(visitor, case, begun["options"])

    def play(case):
        page = PAGES[case.ceremony]
        acted = (enrol if case.ceremony is Ceremony.ENROL else sign_in)(case, case.key(world))
        if not isinstance(acted, tuple):
            return acted
        visitor, ceremony, response = acted
        match case.hand_in:
            case HandIn.UNKNOWN:
                ceremony = str(uuid.uuid4())
            case HandIn.LATE:
                clock.forward(minutes=10)
            case HandIn.AFTER_ANOTHER:
                visitor.send(page, {"ceremony": ceremony, "response": "{}"})
            case HandIn.CANCELLED:
                fields = {"ceremony": ceremony, "subject": subject(ceremony)}
                assert visitor.send("/ceremonies/enrol/cancel", fields).status_code == 200
            case HandIn.OTHER_SESSION | HandIn.OTHER_PERSON | HandIn.OTHER_PURPOSE:
                visitor = Visitor(app)
                visitor.open_link(invite("Barbara Liskov"))
        fields = {"csrf_token": visitor.token, "ceremony": ceremony, "response": response}
        return visitor.client.post(
            page,
            data=urlencode(fields, errors="surrogatepass"),
            content_type="application/x-www-form-urlencoded",
            base_url=visitor.origin,
        )

    return play


@pytest.mark.parametrize("case", ROWS, ids=str)
def test_is_said_on_a_page_with_its_code(stage, case):
    answer = stage(case)
    assert answer.status_code == 422
    code = case.code
    if case.hand_in in (HandIn.OTHER_PERSON, HandIn.OTHER_PURPOSE):
        # Whoever is somebody else, or there for something else, is in another session first.
        code = "challenge_other_session"
    if answer.is_json:
        assert answer.json["error"]["code"] == code
        assert answer.json["error"]["message"] == CODES[code]
    else:
        assert f'data-code="{code}"' in answer.text
        assert CODES[code] in html.unescape(answer.text)
