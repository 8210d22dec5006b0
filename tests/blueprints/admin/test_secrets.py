"""No key of a directory in any log line, page or row: every path that a key takes, at DEBUG."""

from __future__ import annotations

import logging
from typing import NamedTuple

import pytest

from directories import oauth
from emulators.ory.running import running
from tests.visitor import Visitor

WRONG, ECHOED, GATE = "ory_pat_wrong-and-secret", "ory_pat_echoed-and-secret", "open-sesame"
WRONG_CLIENT = "wrong-client-secret"


class Reader(Visitor):
    """A visitor whose every page is kept."""

    pages: list[str]

    def _kept(self, response):
        self.pages.append(response.text + str(response.headers))
        return super()._kept(response)


class Walked(NamedTuple):
    """What could be read along the way."""

    pages: list[str]
    log: str


@pytest.fixture
def gated():
    """A server behind an OAuth2 gateway, with every token that it gives."""
    oauth.forget_all()
    with running(flavour="self-hosted", gateway=True) as started:
        given = started.ory.clients.given = []
        token = started.ory.clients.token

        def kept(**how):
            answer = token(**how)
            given.append(answer["access_token"])
            return answer

        started.ory.clients.token = kept
        yield started
    oauth.forget_all()


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.DEBUG)
    for name in ("urllib3", "requests", "directories", "services"):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


@pytest.fixture
def walked(administrator, wizard, kratos, gated, deliver, ory, log):
    """Connect badly and well, test, deliver, fail, prove, and change the key."""
    administrator.__class__ = Reader
    administrator.pages = []
    wizard.connect(secret=WRONG)
    ory.control.fail(status=400, path="/admin/identities", body={"error": {"message": ECHOED}})
    wizard.connect(secret=ECHOED)
    ory.control.clear_faults()
    wizard.add()
    wizard.step("test", {"probe": "y"})
    wizard.step("deliver-existing", {})
    ory.control.fail(status=500, path="/admin/identities", body={"error": {"message": ory.api_key}})
    deliver()
    deliver()
    wizard.step("edit", {"name": "Ory of the house", "secret": WRONG})
    wizard.step("edit", {"name": "Ory of the house", "secret": ory.api_key})
    wizard.step("test", {})
    # A self-hosted one, whose proxy asks for a header.
    directory = wizard.directory
    wizard.connect(
        name="Kratos",
        flavour="self_hosted",
        endpoint=kratos.url,
        admin_endpoint=kratos.admin_url,
        auth="header",
        header_name="X-Proxy-Key",
        secret=GATE,
    )
    # One behind a gateway, with the client's secret wrong, echoed and right.
    client = gated.ory.client
    behind = {
        "name": "Gated",
        "flavour": "self_hosted",
        "endpoint": gated.url,
        "admin_endpoint": gated.admin_url,
        "auth": "oauth2",
        "token_url": gated.token_url,
        "client_id": client["client_id"],
        "secret": "",
    }
    wizard.connect(**behind, client_secret=WRONG_CLIENT)
    said = {"error": "invalid_client", "error_description": f"you sent {WRONG_CLIENT}"}
    gated.control.fail(status=401, path="/oauth2/token", body=said)
    wizard.connect(**behind, client_secret=WRONG_CLIENT)
    gated.control.clear_faults()
    assert wizard.connect(**behind, client_secret=client["client_secret"]).status_code == 303
    wizard.choose()
    wizard.map()
    gated.control.revoke_tokens()
    wizard.step("test", {})
    again = {"name": "Gated", "client_id": client["client_id"]}
    wizard.step("edit", {**again, "client_secret": WRONG_CLIENT})
    wizard.step("edit", {**again, "client_secret": client["client_secret"]})
    for page in ("", "/edit"):
        administrator.get(wizard.page + page)
    wizard.directory = directory
    for page in ("", "/schema", "/mapping", "/edit"):
        administrator.get(wizard.page + page)
    for page in ("/admin/directories", "/admin/deliveries", "/admin/audit", "/passkeys"):
        administrator.get(page)
    return Walked(administrator.pages, log.text)  # pytest forgets the log of a fixture after it


def secrets(ory, gated) -> set[str]:
    tokens = gated.ory.clients.given
    assert len(tokens) > 2
    client = gated.ory.client["client_secret"]
    return {WRONG, ECHOED, GATE, ory.api_key, WRONG_CLIENT, client, *tokens}


def test_not_in_the_log(walked, ory, gated):
    assert "services.deliveries.worker" in walked.log and "urllib3" in walked.log
    for secret in secrets(ory, gated):
        assert secret not in walked.log


def test_not_in_a_page(walked, ory, gated):
    assert len(walked.pages) > 20
    for page in walked.pages:
        for secret in secrets(ory, gated):
            assert secret not in page


def test_not_in_a_row(walked, portal, ory, gated):
    with portal.database.read() as session:
        connection = session.connection()
        listed = "SELECT name FROM sqlite_master WHERE type = 'table'"
        for table in connection.exec_driver_sql(listed).scalars().all():
            rows = str(connection.exec_driver_sql(f'SELECT * FROM "{table}"').all())
            for secret in secrets(ory, gated):
                assert secret not in rows, table
