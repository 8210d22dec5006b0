"""Ory's HTTP calls, one method each, and which of them carry the key or a token.

They go to the admin API only. Public self-service calls read `Authorization` as a session
token, and need none (Ory contract sections 3.6 and 4.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, quote, urljoin, urlsplit

from requests.utils import parse_header_links

from directories.answers import Answer
from directories.base import Misconfigured, NotFound
from directories.http import DirectorySession
from directories.oauth import Tokens
from directories.ory.documents import Form, IdentityDocument
from directories.ory.schema import IdentitySchema
from directories.ory.settings import Auth, OrySettings

PAGE_SIZE = 25
"""Identities a page: what somebody reads at once."""
SCHEMA_PAGE_SIZE = 250
MOST_SCHEMA_PAGES = 20
MOST_SCHEMAS = 500
"""A project has a few. Each is walked for the page that offers them."""

_SIGN_IN_REFUSED = (400, 401, 403, 404, 410, 422)
"""How Ory refuses a sign-in. None of them is about our key: a public call carries none."""


class OryApi:
    """One Ory project or Kratos server.

    Args:
        settings: where it is.
        secret: the key; None where the admin API takes none.
        session: carries the calls. It must know the secret, to keep it out of what is shown.
        tokens: of the OAuth2 client, where there is one.
    """

    def __init__(
        self,
        settings: OrySettings,
        secret: str | None,
        session: DirectorySession,
        tokens: Tokens | None = None,
    ) -> None:
        self._settings = settings
        self._secret = secret or ""
        self._session = session
        self._tokens = tokens

    # -- the admin API --------------------------------------------------------------------------

    def identities(self, **query: str) -> tuple[list[IdentityDocument], str | None]:
        """One page of identities, and the token of the next page."""
        url = f"{self._settings.admin}/admin/identities"
        try:
            answer = self._admin("GET", url, params=query)
        except NotFound as error:
            raise Misconfigured(
                "There is no Ory admin API at this address: check the host or the project's slug.",
                code="ory.wrong_address",
                said=error.said,
                request_id=error.request_id,
                status=error.status,
            ) from None
        if not isinstance(answer.data, list):
            raise Misconfigured(
                "What came back is not a list of identities, so this is not Ory's admin API.",
                code="ory.not_ory",
                request_id=answer.request_id,
            )
        found = [IdentityDocument.read(entry) for entry in answer.data]
        return found, next_page(answer, url)

    def identity(self, remote_id: str, *, with_passkeys: bool) -> IdentityDocument:
        """One identity by Ory's own id."""
        query = {"include_credential": [form.value for form in Form]} if with_passkeys else None
        return IdentityDocument.read(
            self._admin("GET", self._identity_url(remote_id), params=query).data
        )

    def identity_by_external_id(self, external_id: str) -> IdentityDocument:
        """One identity by our own id (Kratos v25.4.0 and later; before: not found)."""
        url = f"{self._settings.admin}/admin/identities/by/external/{quote(external_id, safe='')}"
        return IdentityDocument.read(self._admin("GET", url).data)

    def create(self, body: Mapping[str, Any]) -> IdentityDocument:
        """Make an identity."""
        url = f"{self._settings.admin}/admin/identities"
        return IdentityDocument.read(self._admin("POST", url, json=body).data)

    def probe_import(self, body: Mapping[str, Any]) -> Answer:
        """Send a create that cannot succeed, and hand back what Ory says of it."""
        url = f"{self._settings.admin}/admin/identities"
        return self._admin("POST", url, json=body, accept=(400,))

    def replace(self, remote_id: str, body: Mapping[str, Any]) -> None:
        """Replace an identity's contents."""
        self._admin("PUT", self._identity_url(remote_id), json=body)

    def patch(self, remote_id: str, operations: list[dict[str, Any]]) -> None:
        """Apply a JSON Patch (RFC 6902; Kratos knows add, remove and replace)."""
        self._admin("PATCH", self._identity_url(remote_id), json=operations)

    def delete(self, remote_id: str) -> None:
        """Delete an identity with everything in it."""
        self._admin("DELETE", self._identity_url(remote_id))

    def ready(self) -> Answer:
        """Whether a self-hosted server is ready to work."""
        return self._admin("GET", f"{self._settings.admin}/health/ready", accept=(503,))

    def version(self) -> str:
        """The version, in Ory's own form; empty where the answer holds none."""
        data = self._admin("GET", f"{self._settings.admin}/version").data
        found = data.get("version") if isinstance(data, Mapping) else None
        return found[:64] if isinstance(found, str) else ""

    def try_client(self) -> None:
        """Have the OAuth2 client fetch a new token, whether or not one is at hand."""
        if self._tokens is not None:
            self._tokens.renewed()

    # -- the public API -------------------------------------------------------------------------

    def identity_schemas(self) -> tuple[IdentitySchema, ...]:
        """Every identity schema, following pages."""
        url = f"{self._settings.endpoint}/schemas"
        query = {"page_size": str(SCHEMA_PAGE_SIZE)}
        found: dict[str, IdentitySchema] = {}
        for _ in range(MOST_SCHEMA_PAGES):
            answer = self._session.exchange("GET", url, params=query)
            for schema in _schemas(answer):
                if len(found) < MOST_SCHEMAS:
                    found.setdefault(schema.id, schema)
            token = next_page(answer, url)
            if token is None or token == query.get("page_token"):
                break
            query["page_token"] = token
        return tuple(found.values())

    def login_flow(self) -> Answer:
        """Begin a native sign-in flow."""
        url = f"{self._settings.endpoint}/self-service/login/api"
        return self._session.exchange("GET", url)

    def submit_login(self, flow: str, body: Mapping[str, Any], hide: tuple[str, ...]) -> Answer:
        """Answer a sign-in flow. A refusal comes back as an answer too."""
        url = f"{self._settings.endpoint}/self-service/login"
        return self._session.exchange(
            "POST", url, params={"flow": flow}, json=body, accept=_SIGN_IN_REFUSED, hide=hide
        )

    def whoami(self, token: str) -> Answer:
        """Whose session a token opens."""
        url = f"{self._settings.endpoint}/sessions/whoami"
        return self._session.exchange(
            "GET", url, headers={"X-Session-Token": token}, accept=(401, 403), hide=(token,)
        )

    def log_out(self, token: str) -> None:
        """End a session."""
        url = f"{self._settings.endpoint}/self-service/logout/api"
        self._session.exchange("DELETE", url, json={"session_token": token}, hide=(token,))

    # -- both -----------------------------------------------------------------------------------

    def _admin(self, method: str, url: str, **more: Any) -> Answer:
        if self._settings.auth is Auth.CLIENT and self._tokens is not None:
            return self._tokens.exchange(method, url, **more)
        return self._session.exchange(method, url, headers=self._key(), **more)

    def _key(self) -> dict[str, str]:
        if self._settings.auth in (Auth.NONE, Auth.CLIENT) or not self._secret:
            return {}
        if self._settings.auth is Auth.BEARER:
            return {"Authorization": f"Bearer {self._secret}"}
        return {self._settings.header_name: self._secret}

    def _identity_url(self, remote_id: str) -> str:
        return f"{self._settings.admin}/admin/identities/{quote(remote_id, safe='')}"


def next_page(answer: Answer, url: str) -> str | None:
    """The token of the next page, from the Link header (RFC 8288); None on the last one.

    Only the token is taken, and only from a link to the same host, so that no header can send the
    key elsewhere. Its path is not compared: a proxy in front may have put a prefix before ours.

    Raises:
        Misconfigured: when the link leads to another host.
    """
    for link in parse_header_links(answer.headers.get("link", "")):
        if link.get("rel") != "next":
            continue
        try:
            target = urlsplit(urljoin(url, link.get("url", "")))
            same = target.hostname == urlsplit(url).hostname
        except ValueError:  # no address at all, such as one with half a bracket
            same = False
        if not same:
            raise Misconfigured(
                "The next page is said to be at another address, so the base URL is wrong.",
                code="ory.foreign_link",
                request_id=answer.request_id,
            )
        return next(iter(parse_qs(target.query).get("page_token", [])), None)
    return None


def _schemas(answer: Answer) -> Iterator[IdentitySchema]:
    if not isinstance(answer.data, list):
        raise Misconfigured(
            "What came back is not a list of identity schemas, so this is not Ory's public API.",
            code="ory.not_ory",
            request_id=answer.request_id,
        )
    for entry in answer.data:
        if not isinstance(entry, Mapping):
            continue
        name, schema = entry.get("id"), entry.get("schema")
        if isinstance(name, str) and name and isinstance(schema, Mapping):
            yield IdentitySchema(name, schema)
