"""The headers of every page, and that no page needs more than they allow."""

from __future__ import annotations

import re

import pytest

import config
from app import create_app
from blueprints.headers import CONTENT_SECURITY_POLICY
from tests.authenticator.world import CRESCENDO_KEY
from tests.blueprints.conftest import said
from tests.visitor import Visitor

INLINE = (
    re.compile(r"<script(?![^>]*\bsrc=)", re.IGNORECASE),
    re.compile(r"<style\b", re.IGNORECASE),
    re.compile(r"<[^>]+\s(?:style|on[a-z]+)=", re.IGNORECASE),
    re.compile(r"(?:href|src|action)=[\"']?\s*javascript:", re.IGNORECASE),
)


def pages(visitor, portal):
    """Every page without a parameter, those of errors, and one of each kind that has one."""
    for rule in visitor.client.application.url_map.iter_rules():
        if "GET" in rule.methods and not rule.arguments and rule.endpoint != "home.health":
            yield visitor.get(rule.rule)
    yield visitor.get("/help/leftover")
    yield visitor.get("/nothing-here")
    yield visitor.get("/links/no-such-token")
    yield visitor.send("/health")
    yield visitor.send("/admin/people/new", {"email": "not an address"})
    yield visitor.send("/sign-in", {"ceremony": "no such ceremony"})
    yield visitor.get(f"/admin/people/{person(portal).uuid}")
    yield visitor.client.post("/sign-out", base_url=visitor.origin)


def person(portal):
    from services import people

    with portal.database.read() as session:
        return people.by_email(session, "ada@example.com")


def test_every_page_has_the_headers_and_nothing_inline(administrator, portal):
    seen = 0
    for response in pages(administrator, portal):
        headers = response.headers
        assert headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "publickey-credentials-create=(self)" in headers["Permissions-Policy"]
        assert "publickey-credentials-get=(self)" in headers["Permissions-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert "Strict-Transport-Security" not in headers
        for pattern in INLINE:
            assert not pattern.search(response.text), (response.request.path, pattern.pattern)
        seen += 1
    assert seen > 15


def test_every_page_has_a_title_of_its_own(administrator, portal):
    titles: dict[str, set[str]] = {}
    for response in pages(administrator, portal):
        if response.status_code == 200 and "<html" in response.text:
            title = re.search(r"<title>\s*(.*?)\s*</title>", response.text, re.DOTALL).group(1)
            titles.setdefault(title, set()).add(response.request.path)
            assert said(response)
    assert len(titles) > 10
    assert [paths for paths in titles.values() if len(paths) > 1] == []


def test_static_files_may_be_kept_and_carry_the_policy_too(client):
    with client.get("/static/css/app.css") as response:
        assert response.data
    assert response.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert response.headers["Cache-Control"] != "no-store"


def icon(portal):
    return next(model for model in portal.metadata.models() if model.icon)


def test_a_models_picture_can_do_nothing_but_be_seen(client, portal):
    model = icon(portal)
    response = client.get(f"/models/{model.aaguid}/icon")
    assert response.status_code == 200
    assert response.data == model.icon
    assert response.mimetype == model.icon_type
    assert response.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("aaguid", ["00000000-0000-0000-0000-000000000000", "nonsense"])
def test_a_model_without_a_picture_has_none(client, aaguid):
    assert client.get(f"/models/{aaguid}/icon").status_code == 404


@pytest.fixture
def production(tmp_path, database_url):
    trial = config.load({}, data_dir=tmp_path / "keys", database_url=database_url)
    return config.load(
        {},
        environment="production",
        data_dir=tmp_path / "instance",
        origins="https://keys.example.com",
        database_url=database_url,
        secret_keys=tuple(key.get_secret_value() for key in trial.secret_keys),
        sealing_keys=tuple(key.get_secret_value() for key in trial.sealing_keys),
    )


def test_production_is_https_only(production):
    app = create_app(production)
    response = Visitor(app).get("/sign-in")
    assert response.headers["Strict-Transport-Security"] == "max-age=31536000"
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("__Host-latchkey=")
    assert {part.strip() for part in cookie.split(";")[1:]} == {
        "Secure",
        "HttpOnly",
        "Path=/",
        "SameSite=Lax",
    }
    app.extensions["portal"].close()


@pytest.mark.parametrize(
    ("proxies", "forwarded", "status"),
    [
        (0, {}, 400),
        (0, {"X-Forwarded-Host": "keys.example.com", "X-Forwarded-Proto": "https"}, 400),
        (1, {"X-Forwarded-Host": "keys.example.com", "X-Forwarded-Proto": "https"}, 200),
        (1, {"X-Forwarded-Host": "keys.example.com, evil.example"}, 400),
        (1, {"X-Forwarded-Host": "evil.example"}, 400),
    ],
)
def test_a_forwarded_host_counts_from_a_proxy_of_ours_only(production, proxies, forwarded, status):
    app = create_app(production.model_copy(update={"trusted_proxies": proxies}))
    answer = app.test_client().get("/", headers={"Host": "internal:8000", **forwarded})
    assert answer.status_code == status
    assert "evil" not in answer.text
    app.extensions["portal"].close()


def test_production_has_no_development_page(production):
    app = create_app(production)
    assert Visitor(app).get("/components/").status_code == 404
    app.extensions["portal"].close()


def test_a_trial_says_that_models_come_from_a_file(administrator, portal):
    assert portal.metadata.model(CRESCENDO_KEY).from_file
    assert "Security key models from a file are trusted here" in administrator.get("/passkeys").text
