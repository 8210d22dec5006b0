"""Nobody asks for ever, and nobody uses up what is somebody else's."""

from __future__ import annotations

import inspect
import uuid

import pytest
from sqlalchemy import delete

import config
from blueprints import limits
from blueprints.access import ACCESS, Door
from blueprints.limits import LIMITS, Rate, network, rate
from models import LimitCounter
from tests.blueprints.conftest import said
from tests.visitor import Visitor

CEREMONIES = {"ceremonies.options", "enrol.index", "proof.options", "proof.run"}
"""Besides those whose view itself asks for a touch or takes the answer of one."""
TOUCH = ("confirming.demand(", "ceremonies.finish_")
TWICE = Rate(address="2/minute", account="2/minute")


@pytest.fixture
def few(monkeypatch):
    """Every limited endpoint may be asked twice a minute."""
    for endpoint in ACCESS:
        if rate(endpoint):
            monkeypatch.setitem(LIMITS, endpoint, TWICE)


def routes(app):
    """Each limited route: endpoint, method, and an address."""
    values = {
        "token": "no-such-token",
        "purpose": "sign-in",
        "topic": "browser",
        "page": "touch",
        "kind": "ory",
    }
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            own = {name: values.get(name, str(uuid.UUID(int=7))) for name in rule.arguments}
            path = app.url_map.bind("localhost").build(rule.endpoint, own, method=min(rule.methods))
            for method in sorted(rule.methods & {"GET", "POST"}):
                yield rule.endpoint, method, path


def forget(portal):
    with portal.database.write() as session:
        session.execute(delete(LimitCounter))


def ask(visitor, method, path, **more):
    return visitor.get(path, **more) if method == "GET" else visitor.send(path, **more)


def test_every_open_endpoint_and_every_ceremony_has_a_limit(app):
    public = {endpoint for endpoint, door in ACCESS.items() if door is Door.PUBLIC}
    assert {endpoint for endpoint in public if rate(endpoint) is None} == {"static", "icons.show"}
    touched = {
        endpoint
        for endpoint, view in app.view_functions.items()
        if any(words in inspect.getsource(inspect.unwrap(view)) for words in TOUCH)
    }
    assert {"passkeys.new", "passkeys.remove", "directories.delete", "sign_in.index"} <= touched
    # These hand over to a function that asks.
    touched |= {"policies.save", "policies.save_group"}
    for endpoint in CEREMONIES | touched:
        assert rate(endpoint), endpoint
    assert LIMITS.keys() <= ACCESS.keys()


def test_every_open_endpoint_refuses_the_third_of_two(app, administrator, few, portal):
    walked = set()
    for endpoint, method, path in list(routes(app)):
        if ACCESS[endpoint] is not Door.PUBLIC or rate(endpoint) is None:
            continue
        visitor = Visitor(app)
        forget(portal)
        visitor.get("/sign-in")
        forget(portal)
        answers = [ask(visitor, method, path) for _ in range(3)]
        assert [answer.status_code == 429 for answer in answers] == [False, False, True], path
        assert 1 <= int(answers[2].headers["Retry-After"]) <= 61
        assert answers[2].headers["Content-Security-Policy"]
        walked.add(endpoint)
    assert walked == {name for name, door in ACCESS.items() if door is Door.PUBLIC} - (
        limits.UNLIMITED
    )


@pytest.mark.parametrize("endpoint", ["proof.options", "proof.run", "passkeys.new"])
def test_a_ceremony_of_ones_own_refuses_the_third_of_two(app, somebody, few, endpoint):
    path = next(path for name, method, path in routes(app) if name == endpoint and method == "POST")
    assert [somebody.send(path).status_code == 429 for _ in range(3)] == [False, False, True]


def test_a_person_reads_a_page_and_a_script_the_json_shape(app, few):
    visitor = Visitor(app)
    for _ in range(2):
        visitor.get("/sign-in")
        visitor.options("sign-in")
    page, json = visitor.get("/sign-in"), visitor.options("sign-in")
    seconds = page.headers["Retry-After"]
    assert f"Wait {seconds} seconds, then try again" in said(page)
    assert json.status_code == 429 and json.headers["Retry-After"]
    assert json.json["error"]["code"] == "http_429"


def test_it_counts_anew_when_the_minute_is_over(app, few, clock):
    visitor = Visitor(app)
    assert [visitor.get("/").status_code for _ in range(3)] == [200, 200, 429]
    clock.forward(seconds=59)
    assert visitor.get("/").status_code == 429
    clock.forward(seconds=1)
    assert [visitor.get("/").status_code for _ in range(3)] == [200, 200, 429]


def test_a_stranger_at_the_same_address_uses_up_nothing_of_who_is_signed_in(app, somebody, few):
    stranger = Visitor(app)
    for _ in range(3):
        assert stranger.get("/help/browser").status_code in (200, 429)
    assert stranger.get("/help/browser").status_code == 429
    assert [somebody.get("/help/browser").status_code for _ in range(3)] == [200, 200, 429]


def test_one_account_uses_up_nothing_of_another(app, administrator, somebody, few):
    assert [somebody.get("/help/browser").status_code for _ in range(3)] == [200, 200, 429]
    assert administrator.get("/help/browser").status_code == 200


def test_a_refused_third_does_not_end_an_enrolment(app, world, invite, monkeypatch):
    visitor = Visitor(app, world.key())
    visitor.open_link(invite())
    monkeypatch.setitem(LIMITS, "ceremonies.options", TWICE)
    assert [visitor.options("enrol").status_code for _ in range(3)] == [200, 200, 429]
    monkeypatch.undo()
    assert visitor.enrol().location == "/enrol/done"


def test_another_address_counts_for_itself(app, few):
    visitor = Visitor(app)
    near, far = ({"REMOTE_ADDR": f"192.0.2.{last}"} for last in (1, 2))
    for _ in range(2):
        assert visitor.get("/", environ_overrides=near).status_code == 200
    assert visitor.get("/", environ_overrides=near).status_code == 429
    assert visitor.get("/", environ_overrides=far).status_code == 200


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("a socket", "unknown"),
    ],
)
def test_an_address_counts_by_its_network(address, counted):
    assert network(address) == counted


@pytest.mark.parametrize("proxies", [0, 1])
def test_a_forwarded_address_counts_only_behind_a_trusted_proxy(
    settings, portal, few, monkeypatch, proxies
):
    from app import create_app

    monkeypatch.setattr(
        "blueprints.context.open_now", lambda app: app.extensions.update(portal=portal)
    )
    visitor = Visitor(create_app(settings.model_copy(update={"trusted_proxies": proxies})))
    answers = [
        visitor.get("/", headers={"X-Forwarded-For": f"198.51.100.{last}"}).status_code
        for last in range(3)
    ]
    assert answers == ([200, 200, 200] if proxies else [200, 200, 429])


@pytest.mark.parametrize(
    ("queue", "address"),
    [
        ("", "latchkey://"),
        ("redis://cache.internal:6379/2", "redis://cache.internal:6379/2"),
        ("unix:///run/redis.sock", "redis+unix:///run/redis.sock"),
    ],
)
def test_processes_count_together_where_the_settings_say(tmp_path, queue, address):
    settings = config.load({}, data_dir=tmp_path, queue_url=queue)
    assert limits.storage(settings)[0] == address


def test_a_redis_that_does_not_answer_locks_nobody_out(settings, portal, few, monkeypatch):
    from pydantic import SecretStr

    from app import create_app

    monkeypatch.setattr(
        "blueprints.context.open_now", lambda app: app.extensions.update(portal=portal)
    )
    nowhere = settings.model_copy(update={"queue_url": SecretStr("redis://127.0.0.1:1")})
    visitor = Visitor(create_app(nowhere))
    # Until it answers again each process counts for itself.
    assert [visitor.get("/").status_code for _ in range(3)] == [200, 200, 429]
