"""The one HTTP session that carries every outgoing call of every connector.

It is a `requests.Session`, so an OAuth client can be built on it, and its rules sit in `send`,
which every way of using a session goes through: no redirects, no cookies, nothing from the
environment, connect and read timeouts and an end to the whole, answers of bounded size, and only
the addresses that `directories.destinations` admits. Failures come out as `directories.base`
errors; requests' own never do, because they hold the request with its key.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final

import requests
from requests import PreparedRequest, Request, Response
from requests.exceptions import (
    ConnectionError as NoConnection,
)
from requests.exceptions import (
    ConnectTimeout,
    ContentDecodingError,
    InvalidHeader,
    InvalidSchema,
    InvalidURL,
    MissingSchema,
    RequestException,
    SSLError,
    Timeout,
)
from urllib3.exceptions import HTTPError, NameResolutionError

from directories.answers import Answer, failure, read
from directories.base import DirectoryError, Misconfigured, Transient
from directories.destinations import Destinations
from directories.transport import CheckedAdapter, Exchange

_CHUNK: Final = 64 * 1024


@dataclass(frozen=True)
class Limits:
    """How long and how large one exchange may be. Times are seconds, sizes bytes."""

    connect: float = 5.0
    read: float = 20.0
    total: float = 45.0
    size: int = 8 * 1024 * 1024


class DirectorySession(requests.Session):
    """A session that follows the rules above.

    Args:
        destinations: where calls may go.
        hide: secrets that requests carry. Should a directory echo one, its words are shown
            without it.
        limits: times and sizes.
        now: the clock, for answers that name a date.
    """

    def __init__(
        self,
        destinations: Destinations,
        *,
        hide: Collection[str] = (),
        limits: Limits | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__()
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.headers.clear()
        self.headers.update(
            {
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "User-Agent": "Latchkey",
            }
        )
        self.mount("https://", CheckedAdapter(destinations))
        self.mount("http://", CheckedAdapter(destinations))
        self._destinations = destinations
        self._hide = tuple(hide)
        self._limits = limits or Limits()
        self._now = now

    def exchange(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        accept: Collection[int] = (),
        hide: Collection[str] = (),
    ) -> Answer:
        """Send a request and return its good answer.

        Args:
            method: the HTTP method.
            url: the full address, without query.
            params: the query.
            json: the body.
            headers: more headers, such as the key.
            accept: statuses to hand back as they are, though they are errors.
            hide: secrets of this one request.

        Raises:
            DirectoryError: for whatever else comes back or goes wrong.
        """
        response = self.request(method, url, params=params, json=json, headers=headers)
        answer = read(response, (*self._hide, *hide))
        if answer.status in accept:
            return answer
        if (error := failure(answer, self._now())) is not None:
            raise error
        return answer

    def get_redirect_target(self, resp: Response) -> str | None:
        """Say that nothing redirects: requests would read the body without bounds to find out."""
        return None

    def prepare_request(self, request: Request) -> PreparedRequest:
        """Prepare a request; what requests says of a bad header would show the key."""
        try:
            return super().prepare_request(request)
        except (InvalidHeader, UnicodeError):
            pass
        except (InvalidURL, InvalidSchema, MissingSchema):
            raise Misconfigured("This is not a web address.", code="http.address") from None
        raise _bad_header()

    def send(self, request: PreparedRequest, **kwargs: Any) -> Response:
        """Send a prepared request under the rules, and read the answer within bounds."""
        if problem := self._destinations.url_problem(request.url or ""):
            raise Misconfigured(problem, code="http.destination")
        kwargs.update(
            stream=True,
            allow_redirects=False,
            timeout=(self._limits.connect, self._limits.read),
            verify=True,
            cert=None,
            proxies={},
        )
        with Exchange(self._limits.total) as exchange:
            try:
                response = super().send(request, **kwargs)
                self._read_within_bounds(response)
            except DirectoryError:
                raise
            except (RequestException, HTTPError, OSError, ValueError) as error:
                problem_found = self._explained(error, expired=exchange.expired)
            else:
                if not exchange.expired:
                    return response
                problem_found = _timed_out()
        raise problem_found

    def _read_within_bounds(self, response: Response) -> None:
        """Read the body, unpacked if it came packed, and stop when it grows too large."""
        body = bytearray()
        try:
            for chunk in response.iter_content(_CHUNK):
                body += chunk
                if len(body) > self._limits.size:
                    raise Misconfigured(
                        f"The answer is larger than {self._limits.size // 1024} KiB, so this is "
                        "not the directory's API.",
                        code="http.too_large",
                        status=response.status_code,
                    )
        finally:
            response.close()
        # What `Response.content` sets; there is no public way to hand a body over.
        response._content = bytes(body)
        response._content_consumed = True  # type: ignore[attr-defined]

    def _explained(self, error: Exception, *, expired: bool) -> DirectoryError:
        """The failure of a transport as an error that holds neither request nor key."""
        if expired or isinstance(error, Timeout) or _caused_by(error, TimeoutError):
            kind = "to connect" if isinstance(error, ConnectTimeout) else "to answer"
            return _timed_out(kind)
        if isinstance(error, UnicodeError):
            return _bad_header()
        if _caused_by(error, NameResolutionError):
            return Transient("The host name does not resolve.", code="http.unresolved")
        if isinstance(error, SSLError) or _caused_by(error, ssl.SSLError):
            if _caused_by(error, ssl.SSLEOFError) or _caused_by(error, ssl.SSLZeroReturnError):
                return Transient("The secure connection was cut.", code="http.connection")
            return Misconfigured(
                "No secure connection: the certificate is not one for this host that is publicly "
                "trusted, or the port does not speak TLS.",
                code="http.tls",
            )
        if isinstance(error, ContentDecodingError):
            return Misconfigured("The answer cannot be unpacked.", code="http.not_json")
        if isinstance(error, InvalidURL | InvalidSchema | MissingSchema):
            return Misconfigured("This is not a web address.", code="http.address")
        if isinstance(error, NoConnection) and _caused_by(error, ConnectionRefusedError):
            return Transient("Nothing answers at this address.", code="http.connection")
        return Transient(
            "The connection broke before the answer was whole.", code="http.connection"
        )


def _timed_out(doing: str = "to answer") -> Transient:
    return Transient(f"The directory took too long {doing}.", code="http.timeout")


def _bad_header() -> Misconfigured:
    return Misconfigured(
        "The key or a header has characters that HTTP does not allow.", code="http.header"
    )


def _caused_by(error: BaseException, kind: type[BaseException]) -> bool:
    """Whether an error of this kind is somewhere inside: urllib3 and requests wrap in each way."""
    seen: set[int] = set()
    left: list[BaseException] = [error]
    while left:
        current = left.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        if isinstance(current, kind):
            return True
        inner = (*current.args, getattr(current, "reason", None), current.__cause__)
        left += [one for one in (*inner, current.__context__) if isinstance(one, BaseException)]
    return False
