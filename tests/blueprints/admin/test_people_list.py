"""The list of people, narrowed and downloaded in the portal."""

from __future__ import annotations

from services import people, role_changes, roles
from tests.blueprints.conftest import said


def test_the_filters_stand_in_the_address_and_stay(administrator, somebody, portal):
    with portal.database.write() as session:
        for name in ("Mary", "Radia"):
            names = people.Names(name, "Example", f"{name} Example", f"{name}@example.com")
            people.add(session, names, actor=None, now=portal.now())
    page = administrator.get("/admin/people?keys=without&q=example")
    text = said(page)
    assert "Mary Example" in text and "Grace" not in text
    assert "/admin/people?q=example&amp;show=suspended&amp;keys=without" in page.text
    assert "/admin/people/download?q=example&amp;keys=without" in page.text
    assert "Nobody is in this view" in said(administrator.get("/admin/people?show=left"))
    assert "Ada King" in said(administrator.get("/admin/people?role=administrator"))
    assert "Grace Hopper" not in said(administrator.get("/admin/people?role=administrator"))


def test_what_no_filter_means_is_as_unsaid(administrator, somebody):
    text = said(administrator.get("/admin/people?show=x&keys=y&role=z&older=q"))
    assert "Ada King" in text and "Grace Hopper" in text


def test_the_list_is_downloaded_as_it_is_narrowed(administrator, somebody):
    answer = administrator.get("/admin/people/download?q=grace")
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"] == "attachment; filename=people.csv"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.data.startswith(b"\xef\xbb\xbfemail,")
    assert "grace@example.com" in answer.text and "ada@example.com" not in answer.text


def test_whoever_may_only_look_is_offered_no_file(administrator, somebody, portal):
    with portal.database.write() as session:
        grace = people.by_email(session, "grace@example.com")
        role_changes.grant(session, grace, roles.VIEW_ONLY, now=portal.now())
    assert "Download" not in said(somebody.get("/admin/people"))
    assert somebody.get("/admin/people/download").status_code == 403
