"""Chromium, the portal on a real socket with a worker beside it, and a software key in the page."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

import config
from app import create_app
from emulators.ory.running import Running, running
from services.deliveries.jobs import JOBS
from services.portal import Portal, open_portal
from tests.authenticator import BrowserError, SoftwareKey
from tests.authenticator.world import World
from tests.ports import free_row

CHROMIUM = next(
    (
        found
        for name in ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
        if (found := shutil.which(name))
    ),
    None,
)
"""Chromium without windows where it is installed: the same engine for half of the work."""
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SOFTWARE_KEY = (Path(__file__).parent / "software_key.js").read_text()
PATIENCE_MS = 15_000
expect.set_options(timeout=PATIENCE_MS)
A_WHILE = timedelta(hours=1)
"""How long a browser keeps styles and scripts: it asks for each of some fifty files once."""
ABANDONED = "ignore:Exception ignored in. <_io.FileIO:pytest.PytestUnraisableExceptionWarning"
"""A browser that moves on leaves the development server with a file half sent."""


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.filterwarnings(ABANDONED))
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="no Chromium here; see script/test"))


INSECURE_HOST = "portal.test"
"""A name that leads here without https, so that the browser offers no security keys."""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    names = f"--host-resolver-rules=MAP {INSECURE_HOST} 127.0.0.1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, names])
        yield browser
        browser.close()


class Quiet(WSGIRequestHandler):
    def log(self, type, message, *args):
        """Say nothing."""


@dataclass
class Site:
    """The portal as a visitor finds it, and what stands behind it."""

    url: str
    portal: Portal
    ory: Running


@contextmanager
def serving(app, port: int) -> Iterator[None]:
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = A_WHILE
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def working(portal: Portal, woken: threading.Event) -> Iterator[None]:
    """A worker beside the site: what the worker process does, without its schedule."""
    stopping = threading.Event()

    def loop() -> None:
        while not stopping.is_set():
            woken.wait(0.5)  # whatever is due at once wakes it; a retry may wait
            woken.clear()
            for job in JOBS:
                job.work(portal, worker="browser-tests")

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        woken.set()
        thread.join()


@pytest.fixture(scope="session")
def world() -> World:
    return World()


@pytest.fixture(scope="session")
def metadata_file(world, tmp_path_factory) -> Path:
    return world.write(tmp_path_factory.mktemp("metadata") / "extra.json")


@pytest.fixture
def key(world) -> SoftwareKey:
    """A key that attests as HID's do: only its leaf, under an intermediate that is the anchor."""
    return world.key()


@contextmanager
def open_site(
    folder: Path, migrated: Path, metadata_file: Path, *, host: str = "localhost", **more: Any
) -> Iterator[Site]:
    """A portal of its own, with an emulated Ory and a worker, until the block ends.

    Args:
        more: further settings, by their fields' names.
    """
    database = folder / "latchkey.db"
    shutil.copy(migrated, database)
    port = free_row()
    url = f"http://{host}:{port}"
    data_dir = folder / "instance"
    settings = config.load(
        {},
        data_dir=data_dir,
        database_url=f"sqlite:///{database}",
        port=port,
        origins=url,
        metadata_file=metadata_file,
        **more,
    )
    with running(rp_id=host, origins=(url,), data_dir=data_dir / "emulators" / "ory") as ory:
        app = create_app(settings)
        portal = app.extensions["portal"]
        woken = threading.Event()
        portal.wake = woken.set
        worker = open_portal(settings)
        with serving(app, port), working(worker, woken):
            yield Site(url, portal, ory)
        worker.close()
        portal.close()


@pytest.fixture
def site(tmp_path, migrated_sqlite, metadata_file) -> Iterator[Site]:
    with open_site(tmp_path, migrated_sqlite, metadata_file) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared_site(tmp_path_factory, migrated_sqlite, metadata_file) -> Iterator[Site]:
    """One portal for the tests of a module that do not mind each other's people."""
    folder = tmp_path_factory.mktemp("site")
    with open_site(folder, migrated_sqlite, metadata_file) as opened:
        yield opened


@dataclass
class Visitor:
    """One person at one browser, with a key in their hand."""

    context: BrowserContext
    page: Page
    key: SoftwareKey | None
    twists: dict[str, Any] = field(default_factory=dict)
    """For the next touch only; see `tests.authenticator.key.Twists`."""
    problems: list[str] = field(default_factory=list)
    """What the browser's console complained of."""

    def go(self, path: str) -> Page:
        self.page.goto(path)
        return self.page


@pytest.fixture
def visit(chromium, site) -> Iterator[Any]:
    """Make visitors: `visit(key)` has its own browser profile and holds `key`."""
    made: list[Visitor] = []

    def visitor(key: SoftwareKey | None = None, **options: Any) -> Visitor:
        context = chromium.new_context(base_url=site.url, **options)
        context.set_default_timeout(PATIENCE_MS)
        one = Visitor(context, context.new_page(), key)
        if key is not None:
            hold(one)
        one.page.on("console", lambda message: _note(one, message))
        one.page.on("pageerror", lambda error: one.problems.append(str(error)))
        made.append(one)
        return one

    yield visitor
    for one in made:
        one.context.close()
    assert [problem for one in made for problem in one.problems] == []


def _note(visitor: Visitor, message) -> None:
    # A 4xx page is a page: the browser's own note of it is not a fault of ours.
    if message.type == "error" and "Failed to load resource" not in message.text:
        visitor.problems.append(message.text)


def hold(visitor: Visitor) -> None:
    """Put the visitor's key behind the browser's WebAuthn calls."""

    def answer(source, verb: str, options: dict[str, Any]) -> dict[str, Any]:
        parts = urlsplit(source["frame"].url)
        twists, visitor.twists = visitor.twists, {}
        touch = visitor.key.create if verb == "create" else visitor.key.get
        try:
            return {
                "credential": touch(options, origin=f"{parts.scheme}://{parts.netloc}", **twists)
            }
        except BrowserError as error:
            return {"error": error.name, "message": str(error)}

    visitor.context.expose_binding("softwareKey", answer)
    visitor.context.add_init_script(SOFTWARE_KEY)
