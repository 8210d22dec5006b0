"""A visitor without script: reads pages, sends forms, and runs ceremonies with a software key."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from tests.authenticator import SoftwareKey

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Visitor:
    """One browser, at the first configured origin. `key` is in the person's hand."""

    def __init__(self, app: Flask, key: SoftwareKey | None = None) -> None:
        self.client = app.test_client()
        self.origin = app.config["LATCHKEY"].base_url
        self.key = key
        self.token = ""

    def get(self, path: str, **more: Any) -> TestResponse:
        """Open a page, and keep the form token it carries."""
        return self._kept(self.client.get(path, base_url=self.origin, **more))

    def send(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        """Send a form as a page of ours would."""
        fields = {"csrf_token": self._token(), **(data or {})}
        answer = self._kept(self.client.post(path, data=fields, base_url=self.origin, **more))
        if path in ("/sign-in", "/sign-out") and answer.status_code == 303:
            self.token = ""  # it went with the session that it belonged to
        return answer

    def options(self, purpose: str, **fields: str) -> TestResponse:
        """Ask for the options of a ceremony, as the script does."""
        return self.client.post(
            f"/ceremonies/{purpose}/options",
            data=fields,
            headers={"X-CSRFToken": self._token()},
            base_url=self.origin,
        )

    def answer(self, purpose: str, **twists: Any) -> dict[str, str]:
        """Options asked for and answered by the key: the two fields of a ceremony's form."""
        begun = self.options(purpose)
        assert begun.status_code == 200, begun.text
        options = begun.json["options"]
        touch = self.key.create if "rp" in options else self.key.get
        response = touch(options, origin=self.origin, **twists)
        return {"ceremony": begun.json["ceremony"], "response": json.dumps(response)}

    def set_up(self, link: str, **answers: str) -> TestResponse:
        """From the set-up link to the registered key: the last page's answer."""
        path = link.removeprefix(self.origin)
        self.get(path)
        self.send(path)
        self.get("/setup")
        names = {
            "given_name": "Ada",
            "family_name": "King",
            "display_name": "Ada King",
            "email": "ada@example.com",
            "kind": "hid_crescendo",
        }
        self.send("/setup", {**names, **answers})
        return self.enrol()

    def open_link(self, link: str) -> TestResponse:
        """Open an enrolment link and begin."""
        path = link.removeprefix(self.origin)
        self.get(path)
        return self.send(path)

    def enrol(self, **twists: Any) -> TestResponse:
        """Register the key in the enrolment session."""
        self.get("/enrol?step=touch")
        return self.send("/enrol", self.answer("enrol", **twists))

    def sign_in(self, going_on: str = "", **twists: Any) -> TestResponse:
        """Sign in with the key."""
        self.get("/sign-in")
        return self.send("/sign-in", {**self.answer("sign-in", **twists), "next": going_on})

    def _token(self) -> str:
        """The form token; from the page that the browser comes to, where it has none yet."""
        if not self.token:
            self.get("/sign-in", follow_redirects=True)
        return self.token

    def _kept(self, response: TestResponse) -> TestResponse:
        if response.mimetype == "text/html" and (found := TOKEN.search(response.text)):
            self.token = unescape(found.group(1))
        return response
