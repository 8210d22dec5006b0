"""Prove it: a sign-in at the directory with one's own passkey, relayed by the portal."""

from __future__ import annotations

import json
import uuid

import pytest
from sqlalchemy import select

from models import AuditEvent, Challenge, Directory, Passkey, Placement, PlacementState
from tests.blueprints.conftest import said
from tests.visitor import Visitor


@pytest.fixture
def delivered(wizard, portal, deliver):
    """Ada's passkey is in the emulated Ory; returns the address of its proof."""
    wizard.add()
    wizard.step("deliver-existing", {})
    deliver()
    with portal.database.read() as session:
        passkey = session.scalars(select(Passkey).order_by(Passkey.id)).first()
    return f"/passkeys/{passkey.uuid}/placements/{wizard.directory}/proof"


def begin(visitor: Visitor, address: str):
    visitor.get(address)
    return visitor.client.post(
        f"{address}/options", headers={"X-CSRFToken": visitor.token}, base_url=visitor.origin
    )


def sign(visitor: Visitor, address: str, **twists) -> dict[str, str]:
    begun = begin(visitor, address)
    assert begun.status_code == 200, begun.text
    response = visitor.key.get(begun.json["options"], origin=visitor.origin, **twists)
    return {"ceremony": begun.json["ceremony"], "response": json.dumps(response)}


def proofs(portal) -> list[AuditEvent]:
    with portal.database.read() as session:
        return list(session.scalars(select(AuditEvent).where(AuditEvent.tag == "sign_in.proved")))


def test_a_passkey_that_was_delivered_signs_in_there(administrator, delivered, portal, ory):
    assert "Sign in to Ory of the house" in said(administrator.get(delivered))
    answer = administrator.send(delivered, sign(administrator, delivered))
    assert answer.status_code == 303
    page = said(administrator.get(answer.location))
    assert "signed in to Ory of the house" in page
    assert "ada@example.com" in page and "aal1" in page and "passkey" in page
    assert "You were signed out there again at once." in page
    (event,) = proofs(portal)
    assert event.detail["assurance"] == "aal1" and event.detail["expected"] is True
    assert event.detail["signed_out"] is True


def test_the_relay_carries_neither_an_origin_nor_a_cookie(administrator, delivered, ory):
    administrator.send(delivered, sign(administrator, delivered))
    (sent,) = ory.control.requests(method="POST", path="/self-service/login")
    names = {name.lower() for name in sent.headers}
    assert not names & {"origin", "cookie", "authorization"}


def test_only_this_passkey_is_asked_for(administrator, delivered):
    options = begin(administrator, delivered).json["options"]
    (allowed,) = options["allowCredentials"]
    assert allowed["id"] == sign_id(administrator)
    assert options["rpId"] == "localhost"


def sign_id(visitor: Visitor) -> str:
    from tests.authenticator.key import encoded

    return encoded(visitor.key.credentials[-1].id)


def test_the_page_of_the_passkey_leads_here(administrator, delivered):
    passkey = delivered.rpartition("/placements")[0]
    assert f'href="{delivered}"' in administrator.get(passkey).text


def test_another_passkey_proves_nothing(administrator, delivered, portal, ory):
    fields = sign(administrator, delivered, credential_id=b"another-credential")
    answer = administrator.send(delivered, fields)
    assert answer.status_code == 422
    assert "That was another passkey than the one to prove." in said(answer)
    assert ory.control.requests(method="POST", path="/self-service/login") == []
    assert proofs(portal) == []


def test_the_directorys_refusal_is_shown_with_what_to_do(administrator, delivered, portal):
    answer = administrator.send(delivered, sign(administrator, delivered, signature=b"\x30\x00"))
    assert answer.status_code == 422
    page = said(answer)
    assert "Ory did not let this passkey sign in." in page
    assert "The directory said:" in page and "What to do:" in page
    assert proofs(portal) == []


def test_an_origin_that_the_directory_does_not_list_is_explained(administrator, delivered, ory):
    ory.control.relying_party("localhost", "https://elsewhere.example.com")
    answer = administrator.send(delivered, sign(administrator, delivered))
    assert answer.status_code == 422
    assert "lists this page’s origin" in said(answer) or "lists this page's origin" in said(answer)


def test_another_relying_party_is_told_before_the_browser_asks(administrator, delivered, ory):
    ory.control.relying_party("elsewhere.example.com", "https://elsewhere.example.com")
    answer = begin(administrator, delivered)
    assert answer.status_code == 502
    assert answer.json["error"]["code"] == "proof.other_relying_party"
    assert "elsewhere.example.com" in answer.json["error"]["message"]


def test_a_directory_that_is_down_is_told_in_three_parts(administrator, delivered, ory):
    ory.control.fail(times=50, status=503, path="/self-service", headers={"X-Request-Id": "r-1"})
    answer = begin(administrator, delivered)
    assert answer.status_code == 502
    message = answer.json["error"]["message"]
    assert "Failed on request" in message and "r-1" in message and "administrator" in message


def test_a_double_click_signs_in_once_and_gets_the_same_answer(
    administrator, delivered, portal, ory
):
    fields = sign(administrator, delivered)
    first, second = administrator.send(delivered, fields), administrator.send(delivered, fields)
    assert first.location == second.location and first.status_code == 303
    assert len(ory.control.requests(method="POST", path="/self-service/login")) == 1
    assert len(proofs(portal)) == 1


def test_a_ceremony_of_another_session_is_refused(app, administrator, delivered, ory):
    fields = sign(administrator, delivered)
    elsewhere = Visitor(app, administrator.key)
    elsewhere.sign_in()
    answer = elsewhere.send(delivered, fields)
    assert answer.status_code == 422
    assert "begun in another browser or another sign-in" in said(answer)
    assert ory.control.requests(method="POST", path="/self-service/login") == []


def test_the_result_is_shown_to_the_session_that_asked_only(app, administrator, delivered):
    answer = administrator.send(delivered, sign(administrator, delivered))
    elsewhere = Visitor(app, administrator.key)
    elsewhere.sign_in()
    assert "signed in to Ory of the house" not in said(elsewhere.get(answer.location))


def test_one_that_came_too_late_is_refused(administrator, delivered, clock):
    fields = sign(administrator, delivered)
    clock.forward(minutes=7)
    answer = administrator.send(delivered, fields)
    assert answer.status_code == 422 and "That took too long." in said(answer)


@pytest.mark.parametrize("response", ["", "{", '{"id": 1}', "[]"])
def test_what_no_browser_sends_is_refused(administrator, delivered, response):
    ceremony = begin(administrator, delivered).json["ceremony"]
    answer = administrator.send(delivered, {"ceremony": ceremony, "response": response})
    assert answer.status_code == 422


def test_nobody_proves_somebody_elses_passkey(somebody, delivered):
    assert somebody.get(delivered).status_code == 404
    assert begin(somebody, delivered).status_code == 404
    assert (
        somebody.send(delivered, {"ceremony": str(uuid.uuid4()), "response": "{}"}).status_code
        == 404
    )


def test_a_placement_that_is_not_confirmed_cannot_be_proved(administrator, delivered, portal):
    with portal.database.write() as session:
        session.scalars(select(Placement)).one().actual = PlacementState.ABSENT
    assert administrator.get(delivered).status_code == 404


def test_a_directory_out_of_service_cannot_be_proved(administrator, delivered, portal):
    with portal.database.write() as session:
        session.scalars(select(Directory)).one().verified_at = None
    assert administrator.get(delivered).status_code == 404


def test_no_token_of_the_directory_is_kept(administrator, delivered, portal):
    administrator.send(delivered, sign(administrator, delivered))
    with portal.database.read() as session:
        rows = session.scalars(select(Challenge).where(Challenge.purpose == "proof")).all()
        events = session.scalars(select(AuditEvent)).all()
        kept = json.dumps([[row.outcome, row.remote] for row in rows] + [e.detail for e in events])
    assert "ory_st_" not in kept and "session_token" not in kept


def offer(ory, challenge: str) -> None:
    """Let the directory begin sign-ins with a challenge of its choice."""
    options = {"challenge": challenge, "rpId": "localhost"}
    attributes = {"name": "passkey_challenge", "value": json.dumps({"publicKey": options})}
    flow = {"id": str(uuid.uuid4()), "ui": {"nodes": [{"attributes": attributes}]}}
    ory.control.fail(status=200, path="/self-service/login/api", body=json.dumps(flow))


def test_a_directory_cannot_have_our_own_challenge_signed(app, administrator, delivered, ory):
    """Whoever runs it could begin a sign-in here, and finish it with the answer that is relayed."""
    robber = Visitor(app)
    robber.get("/sign-in")
    offer(ory, robber.options("sign-in").json["options"]["challenge"])
    answer = begin(administrator, delivered)
    assert answer.status_code == 502
    assert answer.json["error"]["code"] == "proof.challenge_known"


@pytest.mark.parametrize("challenge", ["é", "A", "", "A" * 4000, "===="])
def test_a_challenge_that_is_none_is_the_directorys_failure(
    administrator, delivered, ory, challenge
):
    offer(ory, challenge)
    answer = begin(administrator, delivered)
    assert answer.status_code == 502
    assert answer.json["error"]["code"] == "proof.no_challenge"
