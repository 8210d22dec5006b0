"""The project's OAuth2 client, through the pages: connected, replaced, forgotten."""

from __future__ import annotations

import json

import pytest

from directories import oauth
from emulators.ory.running import running
from services.directories.records import SEALED_CLIENT_FOR
from tests.blueprints.admin.conftest import START
from tests.blueprints.conftest import said


@pytest.fixture(autouse=True)
def nothing_kept():
    oauth.forget_all()
    yield
    oauth.forget_all()


@pytest.fixture
def gated():
    """A self-hosted server behind an OAuth2 gateway."""
    with running(flavour="self-hosted", gateway=True) as started:
        yield started


@pytest.fixture
def opened(portal, stored):
    """The client's secret as it is stored, opened."""

    def read(name: str) -> str | None:
        sealed = stored(name).sealed_client_secret
        return sealed and portal.sealer.open(SEALED_CLIENT_FOR, sealed)

    return read


def client(ory) -> dict[str, str]:
    return dict(ory.ory.client)


def behind(gated, **changes) -> dict[str, str]:
    return {
        "flavour": "self_hosted",
        "endpoint": gated.url,
        "admin_endpoint": gated.admin_url,
        "auth": "oauth2",
        "token_url": gated.token_url,
        "secret": "",
        **client(gated),
        **changes,
    }


def add(wizard, **typed) -> None:
    assert wizard.connect(**typed).status_code == 303
    wizard.choose()
    assert wizard.map().location == wizard.page


def test_a_client_beside_the_key_of_ory_network_is_tried(wizard, ory, opened):
    add(wizard, **client(ory))
    page = wizard.open()
    assert "The OAuth2 client gets a token" in said(page)
    assert client(ory)["client_id"] in said(page)
    assert opened(wizard.directory) == client(ory)["client_secret"]
    assert client(ory)["client_secret"] not in page.text


def test_no_client_is_needed_on_ory_network(wizard, stored):
    add(wizard)
    assert stored(wizard.directory).sealed_client_secret is None
    assert "OAuth2 client" not in said(wizard.open())


def test_a_wrong_client_is_told_when_it_is_connected(wizard, ory):
    answer = wizard.connect(**client(ory) | {"client_secret": "wrong-and-secret"})
    assert answer.status_code == 422
    assert "Client authentication failed" in said(answer)
    assert "wrong-and-secret" not in answer.text
    assert "Ory of the house" not in said(wizard.visitor.get(START))  # nothing was stored


def test_a_client_that_stops_working_blocks_nothing_on_ory_network(wizard, ory, stored):
    add(wizard, **client(ory))
    ory.ory.clients.delete(client(ory)["client_id"])
    wizard.step("test", {})
    assert stored(wizard.directory).verified_at is not None
    assert "Client authentication failed" in said(wizard.open())


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"client_id": "alone", "client_secret": ""}, "Give the client's secret."),
        ({"client_id": "", "client_secret": "alone"}, "Give the ID of the OAuth2 client as well."),
    ],
)
def test_half_a_client_is_refused_at_its_field(wizard, typed, sentence):
    answer = wizard.connect(**typed)
    assert answer.status_code == 422
    assert sentence in said(answer)


def test_the_emulated_ory_brings_its_client(wizard, portal, opened, ory):
    folder = portal.settings.data_dir / "emulators" / "ory"
    folder.mkdir(parents=True)
    written = {"endpoint": ory.url, "api_key": ory.api_key, **client(ory)}
    (folder / "connection.json").write_text(json.dumps(written))
    answer = wizard.visitor.send(wizard.begin(), {"use_emulated": "1"})
    assert answer.status_code == 303
    assert opened(answer.location.split("/")[3]) == client(ory)["client_secret"]


def test_a_kratos_behind_a_gateway_takes_deliveries(wizard, gated, deliver, stored):
    add(wizard, **behind(gated))
    assert stored(wizard.directory).verified_at is not None
    assert stored(wizard.directory).sealed_secret is None
    wizard.step("deliver-existing", {})
    deliver()
    assert any("passkey" in one["credentials"] for one in gated.control.identities())


@pytest.mark.parametrize("missing", ["client_id", "token_url", "client_secret"])
def test_the_way_in_through_a_gateway_needs_all_of_the_client(wizard, gated, missing):
    answer = wizard.connect(**behind(gated, **{missing: ""}))
    assert answer.status_code == 422
    assert "Give the" in said(answer)


def test_a_draft_keeps_the_clients_secret_for_the_same_places_only(wizard, gated, opened):
    typed = behind(gated)
    wizard.connect(**typed)
    back = f"{START}/new/ory?attempt={wizard.directory}"
    page = wizard.visitor.get(back)
    assert "set on" in said(page)
    assert typed["client_secret"] not in page.text
    assert wizard.connect(back, **typed | {"client_secret": ""}).status_code == 303
    assert opened(wizard.directory) == typed["client_secret"]
    gated.control.forget_requests()
    moved = gated.token_url.replace("127.0.0.1", "localhost")
    answer = wizard.connect(back, **typed | {"client_secret": "", "token_url": moved})
    assert answer.status_code == 422
    assert "never sent to a new address" in said(answer)
    answer = wizard.connect(back, **typed | {"client_secret": "", "client_id": "another"})
    assert answer.status_code == 422
    assert "Give the client's secret." in said(answer)
    assert gated.control.requests() == []


def edit(wizard, **fields):
    return wizard.step("edit", {"name": "Ory of the house", "secret": "", **fields})


def test_a_client_is_given_replaced_and_forgotten_later(wizard, ory, opened, stored):
    add(wizard)
    right = client(ory)
    assert edit(wizard, **right).location == wizard.page
    assert "The OAuth2 client gets a token" in said(wizard.open())
    before = stored(wizard.directory)
    page = wizard.open("edit")
    assert right["client_id"] in page.text
    assert right["client_secret"] not in page.text
    edit(wizard, name="Renamed", client_id=right["client_id"], client_secret="")
    after = stored(wizard.directory)
    assert after.sealed_client_secret == before.sealed_client_secret
    assert after.verified_at == before.verified_at
    answer = edit(wizard, client_id="another", client_secret="")
    assert answer.status_code == 422
    assert "Give the client's secret." in said(answer)
    assert edit(wizard, client_id="", client_secret="").status_code == 303
    assert opened(wizard.directory) is None
    assert stored(wizard.directory).settings["client_id"] == ""
    assert "OAuth2 client" not in said(wizard.open())


def test_a_gateways_client_is_replaced_and_never_taken_away(wizard, gated, stored):
    add(wizard, **behind(gated))
    right = client(gated)
    assert "API key" not in said(wizard.open("edit"))
    answer = edit(wizard, client_id="", client_secret="")
    assert answer.status_code == 422
    assert "Give the ID of the OAuth2 client." in said(answer)
    assert edit(wizard, **right | {"client_secret": "wrong"}).status_code == 303
    assert stored(wizard.directory).verified_at is None
    assert "Nothing is delivered yet" in said(wizard.open())
    assert edit(wizard, **right).status_code == 303
    assert stored(wizard.directory).verified_at is not None


def test_a_connection_that_takes_no_client_keeps_none(wizard, kratos, stored):
    typed = {
        "flavour": "self_hosted",
        "endpoint": kratos.url,
        "admin_endpoint": kratos.admin_url,
        "auth": "header",
        "header_name": "X-Proxy-Key",
        "secret": "open-sesame",
    }
    add(wizard, **typed, client_id="typed", client_secret="typed-and-secret")
    found = stored(wizard.directory)
    assert found.settings["client_id"] == ""
    assert found.sealed_client_secret is None
    assert 'name="client_id"' not in wizard.open("edit").text
    assert edit(wizard, client_id="forged", client_secret="forged").status_code == 303
    assert stored(wizard.directory).sealed_client_secret is None
