"""Changing the policy: what is offered, what is said before, who may, and what is kept."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import replace
from html import unescape

import pytest
from sqlalchemy import select

from models import AttestationPolicy, AuditEvent
from services import policies, policy_changes
from services.attestation.hid import HID_CRESCENDO
from services.policies import Kind
from tests.blueprints.conftest import said

START = "/admin/policies"
EDIT = f"{START}/edit"
YUBIKEY = "cb69481e-8ff7-4039-93ec-0a2729a154a8"
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
SUBJECT = re.compile(r'data-subject="([^"]+)"')


@pytest.fixture
def in_force(portal):
    def read():
        with portal.database.read() as session:
            return policies.current(session)

    return read


@pytest.fixture
def rows(portal):
    def read() -> list[AttestationPolicy]:
        with portal.database.read() as session:
            return list(session.scalars(select(AttestationPolicy).order_by(AttestationPolicy.id)))

    return read


def filled(page) -> dict[str, str | list[str]]:
    """What the first form of a page would send, its boxes as they are."""
    form = page.text.partition('<form method="post" action="/admin/policies/edit"')[2]
    form = form.partition("</form>")[0]
    fields: dict[str, str | list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        values = {name: unescape(value) for name, value in re.findall(r'(\w+)="([^"]*)"', tag)}
        name, kind = values.get("name"), values.get("type")
        if name in (None, "csrf_token", "ceremony", "response"):
            continue
        if kind in ("radio", "checkbox") and " checked" not in tag:
            continue
        if kind == "checkbox" and name in ("models", "approved"):
            fields.setdefault(name, []).append(values["value"])
        else:
            fields[name] = values.get("value", "")
    return fields


def propose(visitor, **changes):
    """CONTINUE with what the page has, but for the changes; None takes a field away."""
    fields = filled(visitor.get(EDIT)) | changes
    return visitor.send(EDIT, {name: value for name, value in fields.items() if value is not None})


def confirm(visitor, page, subject=None, **changes):
    """CONFIRM with a touch of the key."""
    form = page.text.partition('class="ceremony"')[2].partition("</form>")[0]
    fields: dict[str, list[str] | str] = {}
    for name, value in HIDDEN.findall(form):
        if name in ("models", "approved"):
            fields.setdefault(name, []).append(value)
        elif name != "csrf_token":
            fields[name] = value
    about = SUBJECT.search(page.text).group(1) if subject is None else subject
    begun = visitor.options("confirm", subject=about)
    assert begun.status_code == 200, begun.text
    fields |= touch(visitor, begun)
    return visitor.send(f"{START}/save", {**fields, **changes}), {**fields, **changes}


def touch(visitor, begun) -> dict[str, str]:
    response = visitor.key.get(begun.json["options"], origin=visitor.origin)
    return {"ceremony": begun.json["ceremony"], "response": json.dumps(response)}


def newcomer(portal, *, name="HID Crescendo Key V9"):
    """Let metadata have one more model of HID."""
    added = replace(portal.metadata.model(next(iter(HID_CRESCENDO))), aaguid=uuid.UUID(int=9))
    added = replace(added, name=name)
    portal.metadata._models[added.aaguid] = added
    return added


def test_the_page_begins_with_what_is_in_force(administrator):
    fields = filled(administrator.get(EDIT))
    assert fields["kind"] == "hid_crescendo"
    assert {uuid.UUID(one) for one in fields["models"]} == set(HID_CRESCENDO)
    assert fields["device_bound"] == fields["counter"] == "y"


def test_models_are_found_and_told_apart(administrator):
    page = propose(administrator, kind="chosen", models=None, search="y", q="crescendo key v3")
    assert page.status_code == 200
    words = said(page)
    for aaguid in ("7991798a-a7f3-487f-98c0-3faf7a458a04", "87c13177-85d6-40ac-8c61-fe7ab3de9dfb"):
        assert aaguid in words
    assert "262144" in words and "262656" in words and "certified L1" in words
    assert "No model is chosen yet" in words
    assert filled(page)["kind"] == "chosen"


def test_a_search_keeps_what_was_ticked_and_typed(administrator):
    first = propose(administrator, kind="chosen", models=[YUBIKEY], search="y", q="nothing like it")
    assert "No model that is not chosen already matches" in said(first)
    again = filled(first)
    assert again["models"] == [YUBIKEY] and again["q"] == "nothing like it"


def test_chosen_models_are_confirmed_and_put_in_force(administrator, in_force, rows, portal):
    page = propose(administrator, kind="chosen", models=[YUBIKEY], counter=None)
    words = said(page)
    assert page.status_code == 200
    assert "Accepted from then on (1)" in words and "Not accepted any more (14)" in words
    assert "1 existing passkey would not be accepted today" in words
    assert "What was accepted stays" in words
    assert in_force().name == "HID Crescendo only"  # nothing changes before it is confirmed
    answer, _ = confirm(administrator, page)
    assert answer.location == START
    policy = in_force()
    assert policy.allowed_models == {uuid.UUID(YUBIKEY)}
    assert policies.kind_of(policy) is Kind.CHOSEN
    assert policy.demand_attestation and policy.demand_device_bound
    assert not policy.refuse_counter_regress
    assert [row.ended_at is None for row in rows()] == [False, True]
    with portal.database.read() as session:
        event = session.scalars(
            select(AuditEvent).where(AuditEvent.tag == "policy.chosen").order_by(AuditEvent.id)
        ).all()[-1]
    assert event.actor_id is not None
    assert len(event.detail["before"]["allowed_models"]) == 14
    assert event.detail["after"]["allowed_models"] == [YUBIKEY]
    # The passkey that would not be accepted still signs in.
    assert administrator.sign_in().status_code == 303


def test_any_authenticator_is_confirmed_as_an_evaluation(administrator, in_force):
    page = propose(administrator, kind="any", device_bound=None)
    assert "Every model is accepted from then on" in said(page)
    assert "Every existing passkey would be accepted today as well." in said(page)
    confirm(administrator, page)
    assert in_force().allowed_models is None and not in_force().demand_attestation
    page = propose(administrator, kind="hid_crescendo")
    assert "Only these models are accepted from then on" in said(page)


def test_every_hid_model_is_kept_as_a_list_and_newcomers_wait(administrator, in_force, portal):
    confirm(administrator, propose(administrator, kind="hid"))
    before = in_force()
    assert before.name == "Every HID model"
    assert before.allowed_models == policy_changes.hid_models(portal.metadata)
    added = newcomer(portal)
    try:
        page = said(administrator.get(START))
        assert "1 model waits for approval" in page and added.name in page
        assert added.aaguid not in in_force().allowed_models
        edit = administrator.get(EDIT)
        assert "Waiting for your approval" in said(edit)
        assert "approved" not in filled(edit)  # nothing is approved for anybody
        assert "Nothing is different" in said(
            administrator.get(propose(administrator).location, follow_redirects=True)
        )
        page = propose(administrator, approved=[str(added.aaguid)])
        assert "Accepted from then on (1)" in said(page)
        confirm(administrator, page)
        assert in_force().allowed_models == before.allowed_models | {added.aaguid}
        assert "waits for approval" not in said(administrator.get(START))
    finally:
        del portal.metadata._models[added.aaguid]


def test_a_newcomer_is_no_part_of_hid_crescendo_only(administrator, in_force, portal):
    added = newcomer(portal)
    try:
        assert propose(administrator, kind="hid_crescendo").location == START
        assert added.aaguid not in in_force().allowed_models
    finally:
        del portal.metadata._models[added.aaguid]


def test_going_back_keeps_everything(administrator):
    page = propose(administrator, kind="chosen", models=[YUBIKEY], device_bound=None, q="yubi")
    form = page.text.rpartition('action="/admin/policies/edit"')[2]
    sent: dict[str, list[str]] = {}
    for name, value in HIDDEN.findall(form):
        sent.setdefault(name, []).append(value)
    sent.pop("csrf_token")
    back = filled(administrator.send(EDIT, {**sent, "back": "y"}))
    assert back["kind"] == "chosen" and back["models"] == [YUBIKEY] and back["q"] == "yubi"
    assert "device_bound" not in back and back["counter"] == "y"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"kind": "chosen", "models": None}, "Choose at least one model"),
        ({"kind": "chosen", "models": ["no-aaguid"]}, "One of the models is not known"),
        ({"kind": "chosen", "models": [str(uuid.UUID(int=7))]}, "One of the models is not known"),
        ({"kind": "hid", "approved": [YUBIKEY]}, "One of the models is not known"),
        ({"kind": "made up"}, "Not a valid choice"),
    ],
)
def test_what_cannot_be_a_policy_is_refused_and_nothing_is_lost(
    administrator, rows, changes, sentence
):
    page = propose(administrator, **changes, counter=None)
    assert page.status_code == 422
    assert sentence in said(page)
    assert "counter" not in filled(page)
    assert len(rows()) == 1


def test_without_a_touch_nothing_changes(administrator, rows):
    page = propose(administrator, kind="any")
    fields = filled(page) | {"kind": "any", "base": str(rows()[0].uuid)}
    answer = administrator.send(f"{START}/save", fields)
    assert answer.status_code == 422 and "The policy was not changed" in said(answer)
    assert 'value="any"' in answer.text
    assert len(rows()) == 1


def test_a_touch_for_something_else_does_not_count(administrator, rows):
    page = propose(administrator, kind="any")
    for subject in (f"policy:{uuid.UUID(int=3)}", f"directory:{rows()[0].uuid}"):
        answer, _ = confirm(administrator, page, subject=subject)
        assert "challenge_other_subject" in said(answer)
    assert len(rows()) == 1


def test_a_touch_counts_once(administrator, rows, portal):
    page = propose(administrator, kind="any")
    answer, sent = confirm(administrator, page)
    assert answer.status_code == 303
    assert administrator.send(f"{START}/save", sent).status_code == 303  # a double click
    assert len(rows()) == 2
    # The same touch for another policy: it was about the one that is gone.
    answer = administrator.send(f"{START}/save", sent | {"kind": "hid_crescendo"})
    assert answer.status_code == 409 and "Somebody else changed the policy" in said(answer)
    assert len(rows()) == 2


def test_a_change_made_meanwhile_is_not_overwritten(administrator, portal, rows):
    page = propose(administrator, kind="chosen", models=[YUBIKEY])
    with portal.database.write() as session:
        policies.choose(session, "any", actor=None, now=portal.now())
    answer, _ = confirm(administrator, page)
    assert answer.status_code == 409
    assert "Somebody else changed the policy meanwhile" in said(answer)
    again = filled(answer)
    assert again["models"] == [YUBIKEY] and again["base"] == str(rows()[-1].uuid)
    assert len(rows()) == 2


def test_nobody_else_may(administrator, somebody, rows):
    page = propose(administrator, kind="any")
    sent = filled(page) | {"kind": "any", "base": str(rows()[0].uuid)}
    begun = somebody.options("confirm", subject=f"policy:{rows()[0].uuid}")
    sent |= touch(somebody, begun)
    assert somebody.get(EDIT).status_code == 403
    assert somebody.send(EDIT, sent).status_code == 403
    assert somebody.send(f"{START}/save", sent).status_code == 403
    # Nor with somebody else's touch in the administrator's own session.
    answer = administrator.send(f"{START}/save", sent)
    assert answer.status_code == 422 and "The policy was not changed" in said(answer)
    assert len(rows()) == 1


def test_a_forged_form_is_refused(administrator, rows):
    page = propose(administrator, kind="any")
    answer, _ = confirm(administrator, page, csrf_token="forged")
    assert answer.status_code == 400 and "form_stale" in answer.text
    assert len(rows()) == 1
