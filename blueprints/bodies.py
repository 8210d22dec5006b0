"""What a request may carry: the fields of a form, as a browser sends them, and nothing else.

Flask-WTF would fill a form from JSON or from uploaded files just as well. Fields would then hold
numbers, lists, files and texts that no form can hold, where everything behind them expects text.
"""

from __future__ import annotations

from flask import Flask, abort, request

FORM = "application/x-www-form-urlencoded"


def _only_forms() -> None:
    """Refuse every other kind of body, before anything has read it."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    nothing = not request.mimetype and not request.content_length
    if not nothing and request.mimetype != FORM:
        abort(415)


def init_app(app: Flask) -> None:
    """Put the check before every request. Call it before the form tokens are looked at."""
    app.before_request(_only_forms)
