"""Deleting a directory: what is said before, what confirms it, and what is left."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from models import AuditEvent, Delivery, DeliveryState, Directory
from services.deliveries import worker
from services.directories import blockers
from tests.blueprints.admin.conftest import START
from tests.blueprints.conftest import said

WORDS = "permanently delete"


def touch(visitor, subject: str) -> dict[str, str]:
    begun = visitor.options("confirm", subject=subject)
    assert begun.status_code == 200, begun.text
    response = visitor.key.get(begun.json["options"], origin=visitor.origin)
    return {"ceremony": begun.json["ceremony"], "response": json.dumps(response)}


@pytest.fixture
def row(portal, wizard):
    def read() -> Directory:
        with portal.database.read() as session:
            return session.scalars(select(Directory)).one()

    return read


@pytest.fixture
def deliveries(portal):
    def read() -> list[Delivery]:
        with portal.database.read() as session:
            return list(session.scalars(select(Delivery).order_by(Delivery.id)))

    return read


def confirmed(wizard, words: str = WORDS, **changes: str):
    fields = {"confirmation": words, **touch(wizard.visitor, f"directory:{wizard.directory}")}
    fields |= changes
    return wizard.step("delete", fields), fields


def test_the_page_says_what_happens_and_what_is_dropped(wizard, deliver):
    wizard.add()
    assert "None: nothing is on its way to it." in said(wizard.open("delete"))
    wizard.step("deliver-existing", {})
    page = wizard.open("delete")
    assert "In Ory itself, nothing" in said(page)
    assert "Ada King" in said(page) and "waiting" in said(page)
    assert f'data-word="{WORDS}"' in page.text and "data-complete" in page.text
    deliver()
    assert "1 passkey that Ory of the house has" in said(wizard.open("delete"))


def test_it_ends_here_and_nothing_changes_there(wizard, row, deliveries, portal, deliver, ory):
    wizard.add()
    wizard.step("deliver-existing", {})
    deliver()
    wizard.visitor.get("/passkeys")
    ory.control.forget_requests()
    answer, _ = confirmed(wizard)
    assert answer.location == START
    assert ory.control.requests() == []
    ended = row()
    assert ended.ended_at and ended.sealed_secret is None and ended.secret_set_at is None
    assert "Ory of the house is deleted here." in said(wizard.visitor.get(START))
    assert wizard.open().status_code == 404
    assert "Ory of the house" not in said(wizard.visitor.get("/passkeys"))
    assert "(deleted)" in said(wizard.visitor.get("/admin/deliveries"))
    with portal.database.read() as session:
        event = session.scalars(
            select(AuditEvent).where(AuditEvent.tag == "directory.deleted")
        ).one()
    assert event.detail == {"name": "Ory of the house", "dropped": 0} and event.actor_id


def test_what_waits_is_dropped(wizard, deliveries, deliver, ory):
    wizard.add()
    wizard.step("deliver-existing", {})
    confirmed(wizard)
    assert [one.state for one in deliveries()] == [DeliveryState.DROPPED]
    assert deliveries()[0].code == "directory.ended"
    ory.control.forget_requests()
    assert deliver() == 0
    assert ory.control.requests() == []


def test_a_delivery_that_runs_meanwhile_ends_and_owes_nothing_more(
    wizard, deliveries, deliver, portal, monkeypatch, row
):
    wizard.add()
    wizard.step("deliver-existing", {})
    real = worker.reconcile

    def deleted_in_the_middle(*args, **kwargs):
        monkeypatch.setattr(worker, "reconcile", real)
        page = wizard.open("delete")
        assert "running" in said(page)
        assert confirmed(wizard)[0].status_code == 303
        return real(*args, **kwargs)

    monkeypatch.setattr(worker, "reconcile", deleted_in_the_middle)
    deliver()
    assert row().ended_at
    assert {one.state for one in deliveries()} <= {DeliveryState.DONE, DeliveryState.DROPPED}
    assert deliver() == 0


@pytest.mark.parametrize("words", ["", "delete", "Permanently Delete", "permanently  delete"])
def test_other_words_do_not_delete(wizard, row, words):
    wizard.add()
    answer, _ = confirmed(wizard, words)
    assert answer.status_code == 422
    assert "exactly as it is written" in said(answer)
    assert row().ended_at is None


def test_without_a_touch_nothing_is_deleted(wizard, row):
    wizard.add()
    answer = wizard.step("delete", {"confirmation": WORDS})
    assert answer.status_code == 422
    assert f'value="{WORDS}"' in answer.text
    assert row().ended_at is None


def test_a_touch_for_something_else_does_not_count(wizard, row):
    wizard.add()
    for subject in (f"remove:{wizard.directory}", f"policy:{wizard.directory}"):
        answer, _ = confirmed(wizard, **touch(wizard.visitor, subject))
        assert "begun to confirm something else" in said(answer)
    assert row().ended_at is None


def test_a_touch_counts_once(wizard, row):
    wizard.add()
    answer, sent = confirmed(wizard, "wrong")
    assert answer.status_code == 422
    assert wizard.step("delete", sent | {"confirmation": WORDS}).status_code == 303
    first = row().ended_at
    assert wizard.step("delete", sent | {"confirmation": WORDS}).location == START  # a double click
    assert row().ended_at == first
    # The same touch does not delete the next one.
    wizard.add()
    answer = wizard.step("delete", sent | {"confirmation": WORDS})
    assert answer.status_code == 422


def test_what_stands_against_it_is_said_and_holds(wizard, row, monkeypatch):
    wizard.add()
    monkeypatch.setattr(blockers, "BLOCKERS", [lambda session, directory: "Two requests wait."])
    page = wizard.open("delete")
    assert "Two requests wait." in said(page) and "CONFIRM" not in said(page)
    answer, _ = confirmed(wizard)
    assert answer.status_code == 409
    assert row().ended_at is None


def test_a_draft_is_discarded_and_not_deleted(wizard, row):
    wizard.connect()
    assert wizard.open("delete").status_code == 404
    assert confirmed(wizard)[0].status_code == 404
    assert row().ended_at is None


def test_nobody_else_may(wizard, somebody, row):
    wizard.add()
    sent = {"confirmation": WORDS, **touch(somebody, f"directory:{wizard.directory}")}
    assert somebody.get(f"{wizard.page}/delete").status_code == 403
    assert somebody.send(f"{wizard.page}/delete", sent).status_code == 403
    assert wizard.step("delete", sent).status_code == 422  # nor with somebody else's touch
    forged, _ = confirmed(wizard, csrf_token="forged")
    assert forged.status_code == 400
    assert row().ended_at is None
