"""Who may call the admin API (ory.md 1, 7)."""

from __future__ import annotations

import hmac

from flask import Response, request
from flask.typing import ResponseReturnValue

from emulators.ory.clients import SCOPES
from emulators.ory.emulator import Ory
from emulators.ory.errors import OryError

PAGE = "<!doctype html><title>{code}</title><h1>{text}</h1>"


def guard_network(ory: Ory) -> ResponseReturnValue | None:
    """Ory Network: a project key opens the admin API, a workspace key does not (ory.md 1 [D])."""
    if not request.path.startswith("/admin/"):
        return None
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        keys = ory.keys
        for name in ("project", "project_second"):
            if hmac.compare_digest(keys[name].encode(), token.encode()):
                return None
        if token.startswith("ory_wak_"):
            return _turned_away(ory, 403, "The requested action was forbidden")
    return _turned_away(ory, 401, "The request could not be authorized")


def guard_gateway(ory: Ory) -> ResponseReturnValue | None:
    """An OAuth2 gateway before a self-hosted admin port: a live token of a client with the scopes.

    Whose gateway that is, is not Ory's to say; the answers are those of Ory Oathkeeper [U].
    """
    if not ory.gateway:
        return None
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    scopes = ory.clients.live(token, now=ory.now()) if scheme.lower() == "bearer" else None
    if scopes is None:
        raise OryError(401, "Access credentials are invalid")
    if not scopes >= set(SCOPES.split()):
        raise OryError(403, "Access credentials are not sufficient to access this resource")
    return None


def guard_proxy(ory: Ory) -> ResponseReturnValue | None:
    """A self-hosted admin port has no authentication, but a proxy before it may (ory.md 1)."""
    name, value = ory.proxy_header
    if not name or hmac.compare_digest(request.headers.get(name, "").encode(), value.encode()):
        return None
    return Response(PAGE.format(code=401, text="Unauthorized"), status=401, mimetype="text/html")


def _turned_away(ory: Ory, code: int, message: str) -> ResponseReturnValue:
    """The body of the edge's refusal is not known (ory.md 7 [U]): a switch says."""
    kind = ory.variants["unauthorized_body"]
    if kind == "html":
        return Response(PAGE.format(code=code, text=message), status=code, mimetype="text/html")
    if kind == "empty":
        return Response(status=code)
    raise OryError(code, message)
