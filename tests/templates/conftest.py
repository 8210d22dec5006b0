"""A small app that can render any macro, without the portal behind it."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask, render_template_string
from flask_wtf import CSRFProtect

from blueprints import filters

ROOT = Path(__file__).parents[2]
ADDRESSES = {
    "home.index": "/",
    "home.topic": "/help/<topic>",
    "sign_in.index": "/sign-in",
    "sign_in.sign_out": "/sign-out",
    "passkeys.index": "/passkeys",
    "overview.index": "/admin/",
    "ceremonies.options": "/ceremonies/<purpose>/options",
    "icons.show": "/models/<aaguid>/icon",
}
"""What layouts and macros link to."""
IMPORTS = '{% import "macros/forms.html" as forms %}{% import "macros/ui.html" as ui %}'


@pytest.fixture
def bare_app() -> Flask:
    app = Flask(
        __name__,
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
    )
    app.config.update(SECRET_KEY="for tests", TESTING=True, WTF_CSRF_ENABLED=False)
    CSRFProtect(app)
    filters.register(app)
    app.jinja_env.globals["may_visit"] = lambda address: True
    for endpoint, address in ADDRESSES.items():
        app.add_url_rule(address, endpoint, lambda **_: "")
    return app


@pytest.fixture
def render(bare_app):
    """Render a piece of template that calls macros."""
    with bare_app.test_request_context():
        yield lambda source, **values: render_template_string(IMPORTS + source, **values)
