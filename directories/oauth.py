"""OAuth2 client credentials (RFC 6749 section 4.4): access tokens, and calls that carry them.

Tokens are kept for the whole process and renewed once when one is refused. How a token is asked
for is `directories.oauth_client`.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final

from directories.answers import Answer, failure, read, scrub
from directories.base import DirectoryError, Misconfigured, Transient
from directories.http import DirectorySession
from directories.oauth_client import Assertion, Grant, client_of

EARLY: Final = timedelta(seconds=60)
"""A token is not used in the last minute of its life: the call would arrive too late."""
BRIEFLY: Final = timedelta(seconds=60)
"""How long a token is kept whose answer does not say how long it lives."""
LONGEST: Final = timedelta(days=1)
MOST_GRANTS: Final = 256
LARGEST_ANSWER: Final = 256 * 1024
LONGEST_TOKEN: Final = 32 * 1024


class Tokens:
    """Access tokens of one grant, and calls that carry them.

    Tokens are kept for the whole process, by the whole grant, so that a changed secret never gets
    the token of the one before.

    Args:
        session: carries the calls.
        grant: who asks for what.
        explain: makes the token endpoint's refusal into an error, with what its vendor's codes
            mean. Redirects, pages, rate limits and failures of the server never reach it.
        now: the clock.
    """

    def __init__(
        self,
        session: DirectorySession,
        grant: Grant,
        *,
        explain: Callable[[Answer], DirectoryError],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._session = session
        self._grant = grant
        self._explain = explain
        self._now = now
        self._key = _cache_key(grant)

    def token(self) -> str:
        """An access token that is still good, fetched where there is none.

        Raises:
            DirectoryError: when the server gives none.
        """
        kept = _kept_for(self._key)
        with kept.fetching:
            if kept.until is None or kept.until <= self._now():
                self._renew(kept)
            return kept.token

    def renewed(self) -> str:
        """A token fetched at this moment, for a test of the grant.

        Raises:
            DirectoryError: when the server gives none.
        """
        kept = _kept_for(self._key)
        with kept.fetching:
            self._renew(kept)
            return kept.token

    def exchange(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        accept: Collection[int] = (),
        hide: Collection[str] = (),
        **more: Any,
    ) -> Answer:
        """Send a request with a token, once more with a new one if the first is refused.

        The arguments are those of `DirectorySession.exchange`. A request answered with 401 was
        not carried out, so it is safe to send again.

        Raises:
            DirectoryError: for whatever else comes back; `Misconfigured` for a second 401.
        """
        for _ in range(2):
            token = self.token()
            answer = self._session.exchange(
                method,
                url,
                headers={**(headers or {}), "Authorization": f"Bearer {token}"},
                accept=(*accept, HTTPStatus.UNAUTHORIZED),
                hide=(*hide, token),
                **more,
            )
            if answer.status != HTTPStatus.UNAUTHORIZED:
                return answer
            self._forget(token)
        if HTTPStatus.UNAUTHORIZED in accept:
            return answer
        raise Misconfigured(
            "The directory did not accept the access token, nor a new one.",
            code="oauth.token_refused",
            said=answer.said,
            request_id=answer.request_id,
            status=answer.status,
        )

    def _forget(self, token: str) -> None:
        """Drop a token that was refused, unless another call has already renewed it."""
        kept = _kept_for(self._key)
        with kept.fetching:
            if kept.token == token:
                kept.until = None

    def _renew(self, kept: _Kept) -> None:
        """Fetch a token; the caller holds the lock. A failure leaves none behind."""
        kept.until = None
        kept.token, lifetime = self._fetched()
        kept.until = self._now() + lifetime

    def _fetched(self) -> tuple[str, timedelta]:
        """A new token, and how long it may be used."""
        client = client_of(self._session, self._grant, self._now())
        response = client.fetch_token(
            self._grant.token_url,
            headers={"Accept": "application/json"},
            grant_type="client_credentials",
        )
        if len(response.content) > LARGEST_ANSWER:
            raise Misconfigured(
                "The token endpoint's answer is too large, so this is no token endpoint.",
                code="http.too_large",
                status=response.status_code,
            )
        answer = read(response, client.hidden)
        if (problem := self._problem(answer)) is not None:
            problem.said = scrub(problem.said, client.hidden)
            raise problem
        return _token_in(answer)

    def _problem(self, answer: Answer) -> DirectoryError | None:
        """What is wrong with a token endpoint's answer as a whole."""
        if 300 <= answer.status < 400:
            return Misconfigured(
                "The token endpoint answered with a redirect, so its address is wrong.",
                code="http.redirect",
                said=answer.said,
                request_id=answer.request_id,
                status=answer.status,
            )
        error = failure(answer, self._now())
        if isinstance(error, Transient) or (error is not None and answer.html):
            return error
        refused = isinstance(answer.data, Mapping) and "error" in answer.data
        if answer.status >= 400 or refused:
            return self._explain(answer)
        return error


def forget_all() -> None:
    """Drop every token of this process (tests)."""
    with _all_kept_lock:
        _all_kept.clear()


@dataclass
class _Kept:
    """The token of one grant, and the lock of whoever fetches it."""

    fetching: threading.Lock = field(default_factory=threading.Lock)
    token: str = field(default="", repr=False)
    until: datetime | None = None


_all_kept: OrderedDict[bytes, _Kept] = OrderedDict()
_all_kept_lock = threading.Lock()


def _kept_for(key: bytes) -> _Kept:
    with _all_kept_lock:
        kept = _all_kept.setdefault(key, _Kept())
        _all_kept.move_to_end(key)
        while len(_all_kept) > MOST_GRANTS:
            _all_kept.popitem(last=False)
        return kept


def _cache_key(grant: Grant) -> bytes:
    """A name for the whole grant that shows nothing of it."""
    proof = grant.proof
    parts = [grant.token_url, grant.client_id, grant.scope, type(proof).__name__]
    if isinstance(proof, Assertion):
        parts += [proof.private_key, proof.certificate]
    else:
        parts.append(proof.secret)
    return sha256(json.dumps(parts).encode()).digest()


def _token_in(answer: Answer) -> tuple[str, timedelta]:
    """The token in an answer (RFC 6749 section 5.1), and how long it may be used."""
    data = answer.data if isinstance(answer.data, Mapping) else {}
    token, kind = data.get("access_token"), data.get("token_type")
    if not isinstance(token, str) or not _fits_a_header(token):
        problem = "What came back holds no access token, so this is no token endpoint."
    elif not isinstance(kind, str) or kind.lower() != "bearer":
        problem = "The access token is not of type Bearer, the only one there is a use for."
    else:
        return token, _usable_for(data.get("expires_in"))
    raise Misconfigured(
        problem, code="oauth.no_token", request_id=answer.request_id, status=answer.status
    )


def _fits_a_header(token: str) -> bool:
    printable = all(0x21 <= ord(character) <= 0x7E for character in token)
    return 0 < len(token) <= LONGEST_TOKEN and printable


def _usable_for(expires_in: Any) -> timedelta:
    """How long a token may be used; one that lives briefly is used for half of its life."""
    try:
        seconds = int(expires_in) if not isinstance(expires_in, bool) else 0
    except (TypeError, ValueError, OverflowError):
        seconds = 0
    if seconds <= 0:
        return BRIEFLY
    life = min(timedelta(seconds=min(seconds, 10**6)), LONGEST)
    return max(life - EARLY, min(life / 2, EARLY))
