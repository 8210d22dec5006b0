"""Letters: who is on the next page of them. On both databases."""

from __future__ import annotations

import pytest

from services import role_changes
from services.provisioning import papers
from tests.records import Records

pytestmark = pytest.mark.usefixtures("house")


@pytest.fixture
def page(do, clock):
    """The names on the next page of letters of the request Keys, for somebody."""

    def read(by, after=None):
        def act(session, found):
            shown = papers.next_page(
                session, found["Keys"], actor=found[by], after=after, now=clock()
            )
            return [one.person.given_name for one in shown], shown[-1].uuid if shown else None

        return do(act)

    return read


def test_whoever_may_be_sent_no_letter_leaves_no_gap_on_a_page(
    request_for, work, page, do, clock, monkeypatch
):
    """A page that is not full says that nobody comes after it."""
    monkeypatch.setattr(papers, "SIZE", 2)

    def runner(session, found):
        rows = Records(session, clock)
        role = rows.role(privileges=["requests.run"])
        role_changes.grant(session, rows.person("ned", roles=[]), str(role.uuid), now=clock())
        rows.person("dee", roles=[])

    do(runner)
    request_for("Ada", "Uma", "Bob", "Cy", "Dee", by="Ada")
    work()
    names, last = page("Ned")
    assert names == ["Bob", "Cy"]
    assert page("Ned", after=last)[0] == ["Dee"]
    assert page("Ada")[0] == ["Ada", "Uma"]
