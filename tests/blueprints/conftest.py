from __future__ import annotations

import re
from html import unescape

import pytest

import config
from models import LinkPurpose
from services import links, people, setup
from tests.authenticator.world import World
from tests.blueprints.memory import Memory
from tests.visitor import Visitor


@pytest.fixture(scope="session")
def world() -> World:
    return World()


@pytest.fixture(scope="session")
def metadata_file(world, tmp_path_factory):
    return world.write(tmp_path_factory.mktemp("metadata") / "extra.json")


@pytest.fixture
def settings(tmp_path, database_url, metadata_file, secrets_of_the_run):
    return config.load(
        {},
        data_dir=tmp_path / "instance",
        database_url=database_url,
        metadata_file=metadata_file,
        **secrets_of_the_run,
    )


@pytest.fixture
def setup_link(portal) -> str:
    """The printed set-up link, as a path."""
    with portal.database.write() as session:
        return f"/links/{setup.make_link(session, now=portal.now()).token}"


@pytest.fixture(scope="session")
def memory() -> Memory:
    return Memory()


@pytest.fixture
def administrator(app, portal, world, memory, request) -> Visitor:
    """Ada: she set the portal up, and is signed in."""
    visitor = Visitor(app, world.key())
    if "setup_link" in request.fixturenames:  # it cannot be made when she has come by another
        request.getfixturevalue("setup_link")

    def take() -> None:
        assert visitor.set_up(request.getfixturevalue("setup_link")).location == "/enrol/done"
        assert visitor.sign_in().location == "/admin/"

    memory.walk("Ada sets up", visitor, portal, take)
    return visitor


@pytest.fixture
def invite(portal, administrator):
    """Add a person and make a link for them; its path."""

    def made(name: str = "Grace Hopper", **more) -> str:
        given, _, family = name.partition(" ")
        with portal.database.write() as session:
            email = f"{given.lower()}@example.com"
            person = people.by_email(session, email) or people.add(
                session, people.Names(given, family, name, email), actor=None, now=portal.now()
            )
            made = links.make(
                session,
                **{
                    "purpose": LinkPurpose.ENROL,
                    "person": person,
                    "actor": None,
                    "lifetime": links.TIME_TO_FINISH * 24,
                    "now": portal.now(),
                    **more,
                },
            )
        return f"/links/{made.token}"

    return made


@pytest.fixture
def somebody(app, portal, world, memory, invite) -> Visitor:
    """Grace: she enrolled by a link, holds no role, and is signed in."""
    visitor = Visitor(app, world.key())

    def take() -> None:
        visitor.open_link(invite())
        assert visitor.enrol().location == "/enrol/done"
        assert visitor.sign_in().location == "/passkeys"

    memory.walk("Grace enrols", visitor, portal, take)
    return visitor


def said(response) -> str:
    """The text of a page's main part, without markup, in single spaces."""
    main = re.search(r"<main.*?</main>", response.text, re.DOTALL)
    text = re.sub(r"<[^>]+>", " ", main.group() if main else response.text)
    return " ".join(unescape(text).split())
