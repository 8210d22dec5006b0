"""Connectors on emulated tenants; every request is held against Graph's metadata."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

import pytest

from directories import oauth
from directories.base import RemoteIdentity
from directories.entra.connector import EntraConnector
from directories.entra.settings import Credential, EntraSettings
from directories.http import Limits
from emulators.entra.running import Running, running
from tests.directories.conftest import QUICK
from tests.directories.entra import description
from tests.directories.entra.stub import HERE

PEOPLE = 120


@pytest.fixture(autouse=True)
def no_tokens():
    """Tokens are kept for the whole process: each test begins and ends without any."""
    oauth.forget_all()
    yield
    oauth.forget_all()


@pytest.fixture(autouse=True)
def described(sent, request):
    """Hold each request against the metadata, in tests with an emulated tenant."""
    yield
    if description.PRESENT and "tenant" in request.fixturenames:
        said = [
            problem
            for one in sent.requests
            for problem in description.problems(one.method, one.url, one.headers, one.body)
        ]
        assert not said, said


@pytest.fixture
def tenant() -> Running:
    with ExitStack() as stack:
        yield stack.enter_context(running(people=PEOPLE))


def settings_for(tenant: Running, **changes) -> EntraSettings:
    settings = EntraSettings(
        tenant_id=tenant.tenant_id,
        client_id=tenant.client_id,
        login_url=tenant.url,
        graph_url=tenant.url,
    )
    return replace(settings, **changes)


def connect(
    tenant: Running, *, secret: str = "", limits: Limits = QUICK, **changes
) -> EntraConnector:
    secret = secret or tenant.client_secret
    return EntraConnector(settings_for(tenant, **changes), secret, HERE, limits=limits)


def connect_by_certificate(tenant: Running) -> EntraConnector:
    return connect(
        tenant,
        secret=tenant.private_key,
        credential=Credential.CERTIFICATE,
        certificate=tenant.certificate,
    )


@pytest.fixture
def connector(tenant) -> EntraConnector:
    return connect(tenant)


def identity_of(user: dict) -> RemoteIdentity:
    return RemoteIdentity(user["id"], user["userPrincipalName"])


@pytest.fixture
def somebody(tenant) -> RemoteIdentity:
    return identity_of(tenant.control.add_user(displayName="Key Holder"))


def every(listed) -> list:
    """All items of a listing, following its cursors; `listed` takes a cursor."""
    found, cursor = [], None
    while True:
        page = listed(cursor)
        found += page.items
        cursor = page.cursor
        if cursor is None:
            return found
