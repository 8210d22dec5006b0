"""PingOne's HTTP calls, one method each (PingOne contract sections 2, 3, 4 and 6b).

Reading groups is in Ping's "Read All Groups": `GET /environments/{envID}/groups`, filtered by
`name` with eq and sw
(developer.pingidentity.com/pingone-api/platform/groups/read-all-groups.html).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from directories.answers import Answer
from directories.base import Misconfigured, NotFound, Refused
from directories.oauth import Tokens
from directories.pingone.errors import TOLD, problem
from directories.pingone.links import QUERY, Item, an_object, next_page, no_environment, segment
from directories.pingone.settings import PingOneSettings

PAGE_SIZE: Final = 25
MOST_PAGES: Final = 20
MOST_ITEMS: Final = 5000
"""Of a list that is read whole, such as policies or applications."""

ACTIVATE: Final = "application/vnd.pingidentity.device.activate+json"


class Items(NamedTuple):
    """One page of a list, and the query of the next one."""

    items: list[Item]
    following: str | None


class PingOneApi:
    """One PingOne environment.

    Args:
        settings: where it is.
        tokens: carries the calls.
        now: the clock, for answers that name a date.
    """

    def __init__(
        self,
        settings: PingOneSettings,
        tokens: Tokens,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._tokens = tokens
        self._now = now

    def renew_token(self) -> None:
        """Get a new access token, whatever is kept."""
        self._tokens.renewed()

    # -- the environment ------------------------------------------------------------------------

    def environment(self) -> Item:
        """The environment itself."""
        return self._one(self._here())

    def capabilities(self) -> Item:
        """What the environment's licence lets it do."""
        return self._one(f"{self._here()}/capabilities")

    def custom_domains(self) -> list[Item]:
        """The environment's custom domains."""
        return self._whole("customDomains")

    def mfa_settings(self) -> Item:
        """Settings for every MFA policy, such as how many devices a person may have."""
        return self._one(f"{self._here()}/mfaSettings")

    # -- people ---------------------------------------------------------------------------------

    def users(self, filter: str, following: str | None, *, limit: int) -> Items:
        """One page of users.

        Args:
            filter: a SCIM filter; empty for everyone.
            following: from the page before, which has filter and limit in it.
            limit: users on a page, at most 1000.
        """
        return self._page("users", filter, following, limit)

    def user(self, user_id: str) -> Item:
        """One user."""
        return self._one(f"{self._here()}/users/{segment(user_id)}")

    def set_enabled(self, user_id: str, enabled: bool) -> None:
        """Let a user sign in, or not."""
        url = f"{self._here()}/users/{segment(user_id)}/enabled"
        self._call("PUT", url, json={"enabled": enabled})

    def mfa_enabled(self, user_id: str) -> bool:
        """Whether a user is asked for MFA."""
        return self._one(self._mfa_enabled(user_id)).get("mfaEnabled") is True

    def enable_mfa(self, user_id: str) -> None:
        """Have a user asked for MFA. Changing the user itself does not do it (section 2)."""
        self._call("PUT", self._mfa_enabled(user_id), json={"mfaEnabled": True})

    def populations(self) -> list[Item]:
        """Every population that the worker may see."""
        return self._whole("populations")

    def groups(self, filter: str, following: str | None, *, limit: int) -> Items:
        """One page of groups."""
        return self._page("groups", filter, following, limit)

    # -- devices --------------------------------------------------------------------------------

    def devices(self, user_id: str) -> list[Item]:
        """Every MFA device of a user, FIDO2 or not."""
        return self._all(self._devices(user_id), "devices")

    def device(self, user_id: str, device_id: str) -> Item:
        """One device."""
        return self._one(f"{self._devices(user_id)}/{segment(device_id)}")

    def create_device(self, user_id: str, body: Item) -> Answer:
        """Begin to pair a device. A 429 comes back as it is: it may be no rate limit."""
        return self._call("POST", self._devices(user_id), json=body, accept=(429,))

    def activate_device(self, user_id: str, device_id: str, body: Item) -> Item:
        """Finish pairing a device."""
        url = f"{self._devices(user_id)}/{segment(device_id)}"
        return an_object(self._call("POST", url, json=body, headers={"Content-Type": ACTIVATE}))

    def name_device(self, user_id: str, device_id: str, nickname: str) -> None:
        """Give a device a nickname."""
        url = f"{self._devices(user_id)}/{segment(device_id)}/nickname"
        self._call("PUT", url, json={"nickname": nickname})

    def delete_device(self, user_id: str, device_id: str) -> None:
        """Remove a device."""
        self._call("DELETE", f"{self._devices(user_id)}/{segment(device_id)}")

    # -- policies -------------------------------------------------------------------------------

    def mfa_policies(self) -> list[Item]:
        """Every MFA policy."""
        return self._whole("deviceAuthenticationPolicies")

    def fido_policies(self) -> list[Item]:
        """Every FIDO policy of the newer kind."""
        return self._whole("fido2Policies")

    def authenticators(self) -> list[Item]:
        """The table of authenticators that policies name theirs from."""
        return self._whole("fidoDevicesMetadata")

    def sign_on_policies(self) -> list[Item]:
        """Every sign-on policy, which the console calls authentication policy."""
        return self._whole("signOnPolicies")

    def sign_on_actions(self, policy_id: str) -> list[Item]:
        """The steps of a sign-on policy."""
        url = f"{self._here()}/signOnPolicies/{segment(policy_id)}/actions"
        return self._all(url, "actions")

    # -- applications and roles -----------------------------------------------------------------

    def worker(self, application_id: str) -> Item:
        """An application of the worker's own environment."""
        return self._one(f"{self._workers()}/applications/{segment(application_id)}")

    def workers(self) -> list[Item]:
        """Every application of the worker's own environment."""
        return self._all(f"{self._workers()}/applications", "applications")

    def worker_roles(self, application_id: str) -> list[Item]:
        """The roles that an application has, each with its scope."""
        url = f"{self._workers()}/applications/{segment(application_id)}/roleAssignments"
        return self._all(url, "roleAssignments")

    def roles(self) -> list[Item]:
        """Every built-in role."""
        return self._all(f"{self._settings.api}/roles", "roles")

    def applications(self) -> list[Item]:
        """Every application of the environment."""
        return self._whole("applications")

    def sign_on_assignments(self, application_id: str) -> list[Item]:
        """The sign-on policies of an application."""
        url = f"{self._here()}/applications/{segment(application_id)}/signOnPolicyAssignments"
        return self._all(url, "signOnPolicyAssignments")

    # -- beneath --------------------------------------------------------------------------------

    def _here(self) -> str:
        return f"{self._settings.api}/environments/{segment(self._settings.environment_id)}"

    def _workers(self) -> str:
        return f"{self._settings.api}/environments/{segment(self._settings.token_environment)}"

    @contextmanager
    def _environment_there(self) -> Iterator[None]:
        """See whether it is the environment that is not there when one of its own lists fails.

        Below one that is not there, everything answers 400, 401, 403 or 404; only the environment
        itself tells (section 1.3).
        """
        try:
            yield
        except NotFound as error:
            raise no_environment(error) from None
        except (Refused, Misconfigured) as error:
            if error.status in (400, 401, 403):
                self.see_environment()
            raise

    def see_environment(self) -> None:
        """Raise `Misconfigured` when the environment is not there; nothing where that is unseen."""
        try:
            self.environment()
        except NotFound as error:
            raise no_environment(error) from None
        except Misconfigured:
            pass  # the worker may not see it, which tells nothing

    def _mfa_enabled(self, user_id: str) -> str:
        return f"{self._here()}/users/{segment(user_id)}/mfaEnabled"

    def _devices(self, user_id: str) -> str:
        return f"{self._here()}/users/{segment(user_id)}/devices"

    def _call(self, method: str, url: str, *, accept: tuple[int, ...] = (), **more: Any) -> Answer:
        answer = self._tokens.exchange(method, url, accept=TOLD, **more)
        if answer.status not in accept and (error := problem(answer, self._now())) is not None:
            raise error
        return answer

    def _one(self, url: str) -> Item:
        return an_object(self._call("GET", url))

    def _page(self, name: str, filter: str, following: str | None, limit: int) -> Items:
        """One page of a list of the environment's own."""
        url = f"{self._here()}/{name}"
        with self._environment_there():
            if following is None:
                query = {"limit": str(limit)} | ({"filter": filter} if filter else {})
                return self._listed(url, name, params=query)
            if QUERY.fullmatch(following):
                return self._listed(f"{url}?{following}", name)
        raise Refused("This is no page of a list.", code="pingone.cursor")

    def _whole(self, name: str) -> list[Item]:
        """A whole list of the environment's own."""
        with self._environment_there():
            return self._all(f"{self._here()}/{name}", name)

    def _all(self, url: str, name: str) -> list[Item]:
        """A whole list, page by page, within bounds."""
        found, following = self._listed(url, name)
        for _ in range(MOST_PAGES - 1):
            if following is None or len(found) >= MOST_ITEMS:
                break
            more, following = self._listed(f"{url}?{following}", name)
            found += more
        return found[:MOST_ITEMS]

    def _listed(self, url: str, name: str, **more: Any) -> Items:
        answer = self._call("GET", url, **more)
        data = answer.data if isinstance(answer.data, Mapping) else {}
        embedded = data.get("_embedded")
        items = embedded.get(name) if isinstance(embedded, Mapping) else None
        if items is None and data.get("count", data.get("size")) == 0:
            items = []
        if not isinstance(items, list):
            raise Misconfigured(
                f"What came back is no list of {name}, so this is not PingOne's API.",
                code="pingone.not_pingone",
                request_id=answer.request_id,
            )
        listed: list[Item] = [one for one in items if isinstance(one, Mapping)]
        return Items(listed, next_page(answer, url))
