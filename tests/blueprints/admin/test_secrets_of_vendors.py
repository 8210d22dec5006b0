"""No secret, key or token of Entra ID and PingOne in any page, log line or row, at DEBUG."""

from __future__ import annotations

import pytest

from directories import oauth
from emulators.entra.running import running as run_entra
from emulators.pingone.running import running as run_pingone
from tests.blueprints.admin.conftest import START, beside
from tests.blueprints.admin.test_secrets import Reader, Walked, log  # noqa: F401 -- a fixture
from tests.blueprints.admin.test_wizard_entra import EntraWizard
from tests.blueprints.admin.test_wizard_pingone import PingWizard
from tests.blueprints.conftest import said

WRONG, ECHOED = "wrong~and~secret~value", "echoed~and~secret~value"


@pytest.fixture
def tenant(portal):
    oauth.forget_all()
    with run_entra(people=3, data_dir=beside(portal, "entra")) as started:
        yield started


@pytest.fixture
def ping(portal):
    oauth.forget_all()
    with run_pingone(people=3, data_dir=beside(portal, "pingone")) as started:
        yield started


def body_line(pem: str) -> str:
    """A line of a key that nothing else holds."""
    return pem.strip().splitlines()[1]


@pytest.fixture
def walked(administrator, portal, tenant, ping, log):  # noqa: F811
    """Connect badly and well, test, fail, and change what signs in; with what must not show."""
    administrator.__class__ = Reader
    administrator.pages = []
    entra = EntraWizard(administrator, tenant, portal)
    entra.connect(secret=WRONG)
    tenant.control.fail(status=400, path="/oauth2/", body={"error_description": ECHOED})
    entra.connect(secret=ECHOED)
    tenant.control.clear_faults()
    entra.connect(**entra.by_certificate(private_key=WRONG))
    entra.add()
    tenant.control.fail(status=500, path="/v1.0/users", body={"error": {"message": ECHOED}})
    entra.step("test", {})
    tenant.control.clear_faults()
    entra.edit(secret=WRONG)
    entra.edit(secret=tenant.client_secret)
    entra.edit(**entra.by_certificate())
    for page in ("", "/edit", "/delete", "/people", "/rules"):
        administrator.get(entra.page + page)
    pingone = PingWizard(administrator, ping, portal)
    pingone.connect(secret=WRONG)
    ping.control.fail(status=400, path="/as/token", body={"error_description": ECHOED})
    pingone.connect(secret=ECHOED)
    ping.control.clear_faults()
    pingone.add()
    pingone.step("test", {})
    pingone.step(
        "edit",
        {"name": "Ping", "client_id": ping.client_id, "auth_method": "post", "secret": WRONG},
    )
    for page in ("", "/edit", "/mfa-policy", "/people", "/rules"):
        administrator.get(pingone.page + page)
    for page in (START, "/admin/", "/admin/audit"):
        administrator.get(page)
    return Walked(administrator.pages, log.text)


@pytest.fixture
def secrets(tenant, ping) -> set[str]:
    return {
        WRONG,
        ECHOED,
        tenant.client_secret,
        body_line(tenant.private_key),
        ping.client_secret,
    }


def test_not_in_the_log(walked, secrets):
    assert "urllib3" in walked.log
    assert not [secret for secret in secrets if secret in walked.log]
    assert "Bearer eyJ" not in walked.log and "client_assertion" not in walked.log


def test_not_in_a_page(walked, secrets):
    assert len(walked.pages) > 30
    assert not [secret for secret in secrets for page in walked.pages if secret in page]


def test_not_in_a_row(walked, secrets, portal):
    with portal.database.read() as session:
        connection = session.connection()
        listed = "SELECT name FROM sqlite_master WHERE type = 'table'"
        for table in connection.exec_driver_sql(listed).scalars().all():
            rows = str(connection.exec_driver_sql(f'SELECT * FROM "{table}"').all())
            assert not [secret for secret in secrets if secret in rows], table


def test_the_walk_came_to_its_pages(administrator, walked):
    page = administrator.get(START)
    assert "Entra of the house" in said(page) and "Ping PingOne not verified" in said(page)
