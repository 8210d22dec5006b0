"""Adding people from a file in the portal."""

from __future__ import annotations

import html
import re

from services import people, role_changes, roles
from tests.blueprints.conftest import said

PAGE = "/admin/people/import"
FILE = "email,display_name\nmary@example.com,Mary Somerville\nada@example.com,Ada\n"


def sealed(answer) -> str:
    found = re.search(r'name="sealed" value="([^"]+)"', answer.text)
    return html.unescape(found.group(1))


def known(portal, address: str) -> bool:
    with portal.database.read() as session:
        return people.by_email(session, address) is not None


def test_nothing_is_written_before_it_is_confirmed(administrator, portal):
    administrator.get(PAGE)
    answer = administrator.send(PAGE, {"text": FILE})
    assert answer.status_code == 200
    text = said(answer)
    assert "To be added: 1" in text and "Is here already" in text
    assert not known(portal, "mary@example.com")
    done = administrator.send(f"{PAGE}/confirm", {"sealed": sealed(answer)})
    assert (done.status_code, done.location) == (303, "/admin/people")
    assert "Added: 1. Left out: 1" in said(administrator.get("/admin/people"))
    assert known(portal, "mary@example.com")


def test_a_file_that_cannot_be_used_says_why_and_stays(administrator):
    administrator.get(PAGE)
    answer = administrator.send(PAGE, {"text": "name\nAda\n"})
    assert answer.status_code == 422
    assert "The first line must name the columns" in said(answer)
    assert "Ada" in answer.text
    assert administrator.send(PAGE, {"text": ""}).status_code == 422


def test_what_somebody_else_looked_at_is_not_confirmed(administrator, somebody, portal):
    with portal.database.write() as session:
        grace = people.by_email(session, "grace@example.com")
        role_changes.grant(session, grace, roles.USER_ADMINISTRATOR, now=portal.now())
    administrator.get(PAGE)
    looked = sealed(administrator.send(PAGE, {"text": FILE}))
    somebody.get(PAGE)
    for value in (looked, "", "x", "\u00e9"):
        answer = somebody.send(f"{PAGE}/confirm", {"sealed": value})
        assert answer.status_code == 422
        assert "was not looked at by you" in said(answer)
    assert not known(portal, "mary@example.com")


def test_a_cell_with_markup_is_only_text(administrator):
    administrator.get(PAGE)
    answer = administrator.send(PAGE, {"text": "email,display_name\nm@example.com,<b>M</b>\n"})
    assert "<b>M</b>" not in answer.text
