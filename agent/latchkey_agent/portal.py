"""The portal's interface for agents, by HTTP.

Redirects are not followed, answers are bounded, and no cookie is sent. A request that got no
answer is sent again: every one of them may be, without doing its work twice.
"""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Callable
from typing import Any, Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

from latchkey_agent import __version__
from latchkey_agent.link import Link
from latchkey_agent.stop import Exit, Refused, Stop

TIMEOUT_SECONDS = 90
"""A directory is asked for the options, or given the answer, while we wait."""
LIMIT_BYTES = 1024 * 1024
PAUSES_SECONDS = (1, 2, 4, 8)
"""Between the tries of a request that got no answer."""
BUSY = frozenset({502, 503, 504})
"""What a proxy says, in words of its own, while the portal behind it is being restarted."""


class Opener(Protocol):
    """What `urllib.request.build_opener` gives."""

    def open(self, fullurl: Request, data: None = None, timeout: float = ...) -> Any:
        """Send a request."""


class _NoRedirects(HTTPRedirectHandler):
    """A redirect would carry the token to wherever it points."""

    def redirect_request(self, *_args: Any, **_more: Any) -> None:
        return None


class Portal:
    """One portal, and the secret that it gave for the link's token.

    Args:
        opener: sends requests; the standard library's when left out, with the proxies and the
            certificates of the machine.
        sleep: waits between tries.
    """

    def __init__(
        self,
        link: Link,
        *,
        opener: Opener | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.link = link
        self.secret = ""
        self._opener = opener or build_opener(_NoRedirects())
        self._sleep = sleep

    def post(self, what: str, **fields: str) -> dict[str, Any]:
        """Send a form to one of the interface's addresses.

        Args:
            what: the last part of the address, as `options`.

        Raises:
            Refused: with the portal's code and sentence.
            Stop: `portal_unreachable`, `portal_untrusted` or `portal_unreadable`.
        """
        return self._ask(what, urlencode(fields).encode())

    def get(self, what: str) -> dict[str, Any]:
        """Read one of the interface's addresses; raises as `post` does."""
        return self._ask(what, None)

    def _ask(self, what: str, data: bytes | None) -> dict[str, Any]:
        for pause in (*PAUSES_SECONDS, None):
            answer = self._once(what, data)
            if answer is not None:
                return answer
            if pause is not None:
                self._sleep(pause)
        raise Stop(
            Exit.UNREACHABLE,
            "portal_unreachable",
            f"{self.link.host} does not answer. Check your network, then try again.",
        )

    def _once(self, what: str, data: bytes | None) -> dict[str, Any] | None:
        """One try; None when it got no answer."""
        request = Request(  # noqa: S310 -- the link's address is https, or this very machine's
            f"{self.link.portal}/agent/{what}",
            data=data,
            headers={"Accept": "application/json", "User-Agent": f"latchkey-agent/{__version__}"},
        )
        if self.secret:
            request.add_header("Authorization", f"Bearer {self.secret}")
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as response:
                return self._read(response.read(LIMIT_BYTES + 1))
        except HTTPError as error:
            with error:
                refusal = self._refusal(error.read(LIMIT_BYTES + 1))
                if error.code in BUSY and not isinstance(refusal, Refused):
                    return None
                raise refusal from None
        except URLError as error:
            if isinstance(error.reason, ssl.SSLCertVerificationError):
                raise Stop(
                    Exit.UNREACHABLE,
                    "portal_untrusted",
                    f"The certificate of {self.link.host} is not one that this machine trusts, "
                    "so nothing was sent.",
                ) from None
            return None
        except (OSError, http.client.HTTPException):
            return None

    def _refusal(self, body: bytes) -> Stop:
        try:
            error = self._read(body).get("error")
        except Stop as unreadable:
            return unreadable
        if not isinstance(error, dict):
            return self._unreadable()
        return Refused(str(error.get("code", "")), str(error.get("message", "")))

    def _read(self, body: bytes) -> dict[str, Any]:
        try:
            if len(body) > LIMIT_BYTES:
                raise ValueError(len(body))
            values = json.loads(body)
        except ValueError:
            raise self._unreadable() from None
        if not isinstance(values, dict):
            raise self._unreadable()
        return values

    def _unreadable(self) -> Stop:
        return Stop(
            Exit.UNREACHABLE,
            "portal_unreadable",
            f"{self.link.host} did not answer as a portal does. Check the address.",
        )
