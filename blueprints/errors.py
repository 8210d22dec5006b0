"""How the portal says no: pages for people, one JSON shape for scripts.

Every failure that a service foresees is a `Refusal`; everything else that HTTP knows is a
`HTTPException`; what nobody foresaw is a 500 whose page depends on nothing that may be broken.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote

from flask import Flask, current_app, jsonify, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError
from werkzeug.sansio.utils import get_host
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from services.refusal import Refusal

View = TypeVar("View", bound=Callable[..., Any])

SENTENCES = {
    400: ("Bad request", "The browser sent something that Latchkey does not understand."),
    401: ("Sign in first", "You are signed out. Sign in and try again."),
    403: ("Not allowed", "You may not open this page. Ask an administrator if you need it."),
    404: ("Not found", "There is nothing at this address. Check it, or start from the first page."),
    405: ("Not possible here", "This address does not take that kind of request."),
    413: ("Too large", "What was sent is larger than Latchkey takes. Send less and try again."),
    415: (
        "Not possible here",
        "Latchkey takes what its own pages send: the fields of a form, and nothing else.",
    ),
    429: ("Too many requests", "Wait a moment, then try again."),
    500: ("Something went wrong", "Try again. If it goes on, tell your administrator."),
}
HELP = {"link": "link", "enrolment": "link", "setup": "link", "sign_up": "link"}
"""What code a refusal begins with, and the help page (`home.topic`) that says more."""
STALE = "This page was open for too long, or you signed in or out in another tab."
UNSENDABLE = {"csrf_token", "secret"}
"""What is not handed back: the old token, and a typed key, which no page ever shows."""


def json_endpoint(view: View) -> View:
    """Mark a view whose failures are answered in JSON, because a script reads them."""
    view.__dict__["answers_json"] = True
    return view


def answers_json(app: Flask, endpoint: str | None) -> bool:
    """Whether the endpoint's failures are answered in JSON."""
    view = app.view_functions.get(endpoint) if endpoint else None
    return bool(getattr(view, "answers_json", False))


def answer(
    status: int, code: str, title: str, sentence: str, *, detail: str = "", **page: Any
) -> tuple[Response | str, int]:
    """A refusal as the endpoint's readers want it: the JSON shape, or a page.

    Args:
        code: stable, for tests and support.
        title: of the page.
        sentence: what was wrong and what to do.
        detail: for whoever debugs; never a secret.
        page: further values for the page's template.
    """
    if answers_json(current_app, request.endpoint):
        error = {"code": code, "message": sentence, "detail": detail}
        return jsonify(error=error), status
    body = render_template(
        "errors/error.html", status=status, code=code, title=title, sentence=sentence, **page
    )
    return body, status


def _bare(status: int, title: str, sentence: str, **page: Any) -> Response:
    """A page that needs neither the database, nor a session, nor an address that can be trusted."""
    template = current_app.jinja_env.get_template("errors/bare.html")
    body = template.render(title=title, sentence=sentence, **page)
    return Response(body, status, content_type="text/html; charset=utf-8")


def _refusal(error: Refusal) -> tuple[Response | str, int]:
    title = SENTENCES.get(error.status, ("That did not work", ""))[0]
    if error.status in (410, 422):
        title = "That did not work"
    topic = next((page for word, page in HELP.items() if error.code.startswith(f"{word}_")), "")
    return answer(error.status, error.code, title, error.sentence, topic=topic)


def _http(error: HTTPException) -> Any:
    status = error.code or 500
    if status < 400 or error.response is not None:
        return error
    title, sentence = SENTENCES.get(status, (error.name, error.description or error.name))
    body, status = answer(status, f"http_{status}", title, sentence)
    response = current_app.make_response((body, status))
    for name, value in error.get_headers(request.environ):
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _unforeseen(error: InternalServerError) -> Any:
    title, sentence = SENTENCES[500]
    if answers_json(current_app, request.endpoint):
        return jsonify(error={"code": "http_500", "message": sentence, "detail": ""}), 500
    return _bare(500, title, sentence)


def _stale_form(error: CSRFError) -> tuple[Response | str, int]:
    """A form whose token no longer fits.

    Where the browser itself says that one of our own pages sent it, nothing is lost: the page
    offers to send the same again. Otherwise it may be forged, and nothing of it is shown.
    """
    if answers_json(current_app, request.endpoint):
        sentence = f"{STALE} Load it again, then repeat what you did."
        return answer(400, "form_stale", "", sentence)
    ours = request.headers.get("Origin") in current_app.config["LATCHKEY"].origins
    fields = [
        (name, value)
        for name, values in request.form.lists()
        if name not in UNSENDABLE
        for value in values
    ]
    again = {"action": request.path, "fields": fields} if ours else None
    sentence = (
        f"{STALE} Nothing was changed, and nothing you typed is lost: send it again."
        if ours
        else f"{STALE} Nothing was changed. Open the page again, then repeat what you did."
    )
    return answer(400, "form_stale", "Please send that again", sentence, again=again)


def _wrong_host(error: SecurityError) -> Response:
    """A host name that is not ours: this machine goes to the configured origin, others are told."""
    origin = current_app.config["LATCHKEY"].base_url
    host = get_host("", request.headers.get("Host"))
    address = _address(host)
    if address and address.is_loopback and request.method in ("GET", "HEAD"):
        query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
        return redirect(f"{origin}{quote(request.path)}{query}")
    if address:
        return _bare(
            400,
            "Open this page by its name",
            "The address you opened is a number. Security keys work only where a site has a name. "
            "Open the address below instead.",
            origin=origin,
        )
    return _bare(
        400,
        "This is not Latchkey's address",
        "Latchkey answers only at the addresses in its settings. Open the address below instead.",
        origin=origin,
    )


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address in a Host header; None where it is a name."""
    name = host.partition("]")[0].removeprefix("[") if "[" in host else host.partition(":")[0]
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def init_app(app: Flask) -> None:
    """Answer every failure in our own words."""
    app.register_error_handler(Refusal, _refusal)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(InternalServerError, _unforeseen)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(SecurityError, _wrong_host)
