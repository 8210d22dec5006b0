"""Graph's HTTP calls, one method each, and which permission each of them needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

from directories.answers import Answer
from directories.base import DirectoryError, Misconfigured
from directories.entra import cursors, permissions
from directories.entra.documents import GROUP_FIELDS, USER_FIELDS
from directories.entra.failures import refusal
from directories.entra.settings import SHORTEST_CHALLENGE, EntraSettings, OptionsForm
from directories.oauth import Tokens

PAGE_SIZE: Final = 25
BATCH_SIZE: Final = 20
"""The most requests in one batch (Entra contract section 3)."""

_READ_AS_REFUSALS: Final = (400, 403, 404, 405, 406, 409, 410, 412, 413, 415, 422, 423, 424)
"""Statuses whose body is read for Graph's own code before they become errors."""

_POLICY = "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/fido2"


@dataclass(frozen=True)
class Listing:
    """One page of a collection, and the cursor of the next."""

    entries: tuple[Any, ...]
    cursor: str | None


@dataclass(frozen=True)
class Item:
    """The answer to one request of a batch: a status of its own, and a body."""

    status: int
    body: Any


class EntraApi:
    """One tenant, seen through Graph v1.0, and through beta for what only beta can do.

    Args:
        settings: where it is.
        tokens: carry the calls.
        now: the clock.
    """

    def __init__(
        self,
        settings: EntraSettings,
        tokens: Tokens,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._base = f"{settings.graph_url}/v1.0"
        self._beta = f"{settings.graph_url}/beta"
        self._minutes, self._form = settings.challenge_minutes, settings.options_form
        self._client_id = settings.client_id
        self._tokens = tokens
        self._now = now
        self.request_id = ""
        """Graph's id of the last call, for a report."""
        self.skew: float | None = None
        """Seconds by which our clock was ahead of Graph's at the last call."""

    # -- people and groups ----------------------------------------------------------------------

    def organization(self) -> Listing:
        """The tenant itself."""
        query = {"$select": "id,displayName,verifiedDomains"}
        return self._list("/organization", query, None, permissions.ORGANIZATION)

    def users(self, narrowed: Mapping[str, str], cursor: str | None, *, top: int) -> Listing:
        """One page of people.

        Args:
            narrowed: `$search` or `$filter`; empty for everyone.
            cursor: from the page before.
            top: how many.
        """
        query = {"$select": USER_FIELDS, "$top": str(top), **narrowed}
        return self._list("/users", query, cursor, permissions.USERS, eventual=bool(narrowed))

    def user(self, user_id: str) -> Any:
        """One person by object id."""
        query = {"$select": USER_FIELDS}
        return self._call("GET", f"/users/{_step(user_id)}", permissions.USERS, query=query).data

    def groups(self, narrowed: Mapping[str, str], cursor: str | None, *, top: int) -> Listing:
        """One page of groups; arguments as those of `users`."""
        query = {"$select": GROUP_FIELDS, "$top": str(top), **narrowed}
        return self._list("/groups", query, cursor, permissions.GROUPS, eventual=bool(narrowed))

    def members(
        self, group_id: str, narrowed: Mapping[str, str], cursor: str | None, *, top: int
    ) -> Listing:
        """One page of a group's people, those of groups inside it included."""
        path = f"/groups/{_step(group_id)}/transitiveMembers/microsoft.graph.user"
        query = {"$count": "true", "$select": USER_FIELDS, "$top": str(top), **narrowed}
        return self._list(path, query, cursor, permissions.GROUPS, eventual=True)

    def assignments(self, cursor: str | None, *, top: int) -> Listing:
        """One page of who is assigned to our own application: people, groups, applications."""
        path = f"/servicePrincipals(appId='{_step(self._client_id)}')/appRoleAssignedTo"
        return self._list(path, {"$top": str(top)}, cursor, permissions.ASSIGNMENTS)

    def groups_among(self, user_id: str, group_ids: Sequence[str]) -> Any:
        """Which of up to 20 groups a person is in, those inside of others included.

        learn.microsoft.com/graph/api/user-checkmembergroups
        """
        path = f"/users/{_step(user_id)}/checkMemberGroups"
        return self._call("POST", path, permissions.GROUPS, body={"groupIds": [*group_ids]}).data

    # -- passkeys -------------------------------------------------------------------------------

    def fido2_methods(self, user_id: str, cursor: str | None) -> Listing:
        """One page of a person's passkeys; there is hardly ever a second."""
        return self._list(_methods(user_id), {}, cursor, permissions.PASSKEYS_READ)

    def delete_fido2_method(self, user_id: str, method_id: str) -> None:
        """Remove one passkey of a person."""
        path = f"{_methods(user_id)}/{_step(method_id)}"
        self._call("DELETE", path, permissions.PASSKEYS)

    def creation_options(self, user_id: str) -> Any:
        """A challenge for a new passkey of a person.

        Good for five minutes in v1.0, which takes no parameter; for longer by beta (section 2.1).
        """
        path = f"{_methods(user_id)}/creationOptions"
        url = f"{self._base}{path}"
        if self._minutes > SHORTEST_CHALLENGE:
            asked = f"challengeTimeoutInMinutes={self._minutes}"
            within = self._form is OptionsForm.PARENTHESES
            url = f"{self._beta}{path}({asked})" if within else f"{self._beta}{path}?{asked}"
        return self._send("GET", url, permissions.PASSKEYS).data

    def create_fido2_method(self, user_id: str, body: Mapping[str, Any]) -> Any:
        """Register the passkey that answers a challenge."""
        return self._call("POST", _methods(user_id), permissions.PASSKEYS, body=body).data

    # -- what else signs a person in ---------------------------------------------------------------

    def methods(self, user_id: str, cursor: str | None) -> Listing:
        """One page of everything that a person can sign in with, passkeys among it."""
        path = f"/users/{_step(user_id)}/authentication/methods"
        return self._list(path, {}, cursor, permissions.METHODS)

    def create_pass(self, user_id: str, *, minutes: int) -> Any:
        """Make a Temporary Access Pass, good for one sign-in; one from before is replaced."""
        path = f"/users/{_step(user_id)}/authentication/temporaryAccessPassMethods"
        body = {"lifetimeInMinutes": minutes, "isUsableOnce": True}
        return self._call("POST", path, permissions.PASSES, body=body).data

    def revoke_sessions(self, user_id: str) -> Any:
        """End every session of a person, within minutes."""
        path = f"/users/{_step(user_id)}/revokeSignInSessions"
        return self._call("POST", path, permissions.SESSIONS).data

    # -- policy and batches ---------------------------------------------------------------------

    def fido2_policy(self, *, expand: bool) -> Any:
        """The tenant's policy for passkeys.

        Args:
            expand: ask for the passkey profiles by name; plain answers may leave them out.
        """
        query = {"$expand": "passkeyProfiles"} if expand else {}
        return self._call("GET", _POLICY, permissions.POLICY, query=query).data

    def batch(self, requests: Sequence[Mapping[str, Any]], needs: Sequence[str]) -> list[Item]:
        """Up to 20 requests in one call; the answers in the order of the requests.

        Each has a status of its own: a good answer to the call says nothing of them. One that was
        not answered has status 0.

        Args:
            requests: `method` and `url`, the path below the version; with `body` where needed.
            needs: the permissions that they need.
        """
        numbered = [{"id": str(number), **one} for number, one in enumerate(requests, 1)]
        answer = self._call("POST", "/$batch", needs, body={"requests": numbered})
        found: dict[str, Item] = {}
        responses = answer.data.get("responses") if isinstance(answer.data, Mapping) else None
        for one in responses if isinstance(responses, list) else ():
            if not isinstance(one, Mapping):
                continue
            name, status = one.get("id"), one.get("status")
            if isinstance(name, str) and isinstance(status, int):
                found.setdefault(name, Item(status, one.get("body")))
        return [found.get(one["id"], Item(0, None)) for one in numbered]

    # -- all of them ----------------------------------------------------------------------------

    def _list(
        self,
        path: str,
        query: Mapping[str, str],
        cursor: str | None,
        needs: Sequence[str],
        *,
        eventual: bool = False,
    ) -> Listing:
        headers = {"ConsistencyLevel": "eventual"} if eventual else {}
        first = self._url(path, query)
        url = first if cursor is None else cursors.address(self._base, path, cursor)
        answer = self._send("GET", url, needs, headers=headers)
        entries = answer.data.get("value") if isinstance(answer.data, Mapping) else None
        if not isinstance(entries, list):
            raise Misconfigured(
                "What came back is not a list, so this is not Microsoft Graph.",
                code="entra.not_graph",
                request_id=answer.request_id,
            )
        return Listing(tuple(entries), cursors.following(self._base, path, answer))

    def _call(
        self,
        method: str,
        path: str,
        needs: Sequence[str],
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> Answer:
        return self._send(method, self._url(path, query or {}), needs, body=body)

    def _url(self, path: str, query: Mapping[str, str]) -> str:
        encoded = urlencode(query, quote_via=quote, safe="$,")
        return f"{self._base}{path}?{encoded}" if encoded else f"{self._base}{path}"

    def _send(
        self,
        method: str,
        url: str,
        needs: Sequence[str],
        *,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> Answer:
        try:
            answer = self._tokens.exchange(
                method, url, headers=headers, json=body, accept=_READ_AS_REFUSALS
            )
        except DirectoryError as error:
            self.request_id = error.request_id
            raise
        self.request_id = answer.request_id
        self.skew = self._skew(answer.headers.get("date", ""))
        if (refused := refusal(answer, self._now(), needs)) is not None:
            raise refused
        return answer

    def _skew(self, date: str) -> float | None:
        try:
            theirs = parsedate_to_datetime(date)
        except (ValueError, TypeError, OverflowError):
            return None
        if theirs.tzinfo is None:
            theirs = theirs.replace(tzinfo=UTC)
        return (self._now() - theirs).total_seconds()


def _methods(user_id: str) -> str:
    return f"/users/{_step(user_id)}/authentication/fido2Methods"


def _step(value: str) -> str:
    """One step of a path, percent-encoded whole."""
    return quote(value, safe="")
