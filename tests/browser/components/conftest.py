"""The components page of a trial, served for all tests of this folder, without a directory."""

from __future__ import annotations

import shutil

import pytest

import config
from app import create_app
from tests.browser.conftest import PATIENCE_MS, serving
from tests.ports import free_row


@pytest.fixture(scope="session")
def components(tmp_path_factory, migrated_sqlite) -> str:
    """The address of the components page."""
    folder = tmp_path_factory.mktemp("components")
    shutil.copy(migrated_sqlite, folder / "latchkey.db")
    port = free_row()
    settings = config.load(
        {}, data_dir=folder, database_url=f"sqlite:///{folder / 'latchkey.db'}", port=port
    )
    app = create_app(settings)
    with serving(app, port):
        yield f"http://localhost:{port}/components/"
    app.extensions["portal"].close()


@pytest.fixture
def look(chromium, components):
    """Open a page below the components page: `look("touch", color_scheme="dark")`.

    Whatever the browser's console calls an error fails the test at its end, except what the
    server meant: its 4xx and 5xx answers.
    """
    contexts, problems = [], []

    def opened(path: str = "", *, before: str = "", **options):
        context = chromium.new_context(base_url=components, **options)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        if before:
            context.add_init_script(before)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console",
            lambda message: (
                problems.append(message.text)
                if message.type == "error" and "Failed to load resource" not in message.text
                else None
            ),
        )
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert problems == []
