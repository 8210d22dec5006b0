"""Client credentials for tests: a grant, its token endpoint's answers, and what was sent there."""

from __future__ import annotations

import datetime as dt
import json
from urllib.parse import parse_qs

from directories.base import DirectoryError, Refused
from directories.oauth import Tokens
from directories.oauth_client import Grant, SecretPost
from tests.directories.calls import NOW, session
from tests.directories.raw import answer

SECRET = "kept out/of+every:log & page=%C3%A9"
TOKEN = "token-nobody-may-read.AAAA"


class Clock:
    def __init__(self) -> None:
        self.moment = NOW

    def __call__(self) -> dt.datetime:
        return self.moment


def given(token: str = TOKEN, **changes) -> bytes:
    body = {"access_token": token, "token_type": "Bearer", "expires_in": 3600} | changes
    return answer(body=json.dumps({k: v for k, v in body.items() if v is not None}).encode())


def explain(found) -> DirectoryError:
    return Refused("It said no.", code="explained", said=found.said, status=found.status)


def tokens(raw, proof=None, *, now=lambda: NOW, scope="", **changes) -> Tokens:
    grant = Grant(
        **(
            {
                "token_url": f"{raw.url}/token",
                "client_id": "client 1",
                "scope": scope,
                "proof": proof or SecretPost(SECRET),
            }
            | changes
        )
    )
    return Tokens(session(), grant, explain=explain, now=now)


def form(request: bytes) -> dict[str, str]:
    body = request.partition(b"\r\n\r\n")[2].decode("ascii")
    return {name: value for name, (value,) in parse_qs(body, strict_parsing=True).items()}


def head(request: bytes, name: str) -> str:
    for line in request.partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")[1:]:
        found, _, value = line.partition(": ")
        if found.lower() == name.lower():
            return value
    return ""
