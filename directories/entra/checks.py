"""The connection test: each check by name, and what they amount to (Entra contract section 6).

Nothing in it writes, and no challenge is asked for: whether passkeys can be written is told by the
token's own list of permissions only, and the test says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from urllib.parse import urlsplit

from directories.base import Check, CheckState, ConnectionReport, DirectoryError, NotFound
from directories.entra import documents, permissions, policy, policy_checks, remedies
from directories.entra.api import EntraApi
from directories.entra.credentials import GUID, expires_on
from directories.entra.settings import EntraSettings
from directories.entra.token import Claims, claims
from directories.oauth import Tokens
from directories.outcomes import failed, passed, unknown
from directories.rules import DirectoryRules

NEEDED = frozenset(
    (
        "entra.cloud",
        "entra.token",
        "entra.permissions",
        "entra.users",
        "entra.groups",
        "entra.passkeys",
        "entra.policy",
        "entra.self_service",
    )
)
"""Checks without which people cannot be listed or given keys."""

MOST_SKEW = 120
"""Seconds. An assertion is good for five minutes."""

OTHER_CLOUDS = (
    "graph.microsoft.us",
    "dod-graph.microsoft.us",
    "microsoftgraph.chinacloudapi.cn",
)
"""Where Graph has no provisioning of passkeys (section 1)."""

CEREMONY = (
    "Keys made for this portal do not sign in there: a key for Entra is made by a touch of its "
    "own, in a managed browser or with the desk agent."
)

_SOFT = frozenset(("entra.organization", "entra.policy", "entra.token_facts"))
"""Checks whose own failure to be read says nothing against the connection."""


@dataclass
class ConnectionTest:
    """One run of the checks."""

    api: EntraApi
    settings: EntraSettings
    tokens: Tokens
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    checks: list[Check] = field(default_factory=list)
    someone: str = ""
    """The id of some person there, whose passkeys are read."""
    rules: DirectoryRules | None = None

    def run(self) -> ConnectionReport:
        """Run every check that can be run, and conclude."""
        if urlsplit(self.settings.graph_url).hostname in OTHER_CLOUDS:
            self._check("entra.cloud", "The cloud has passkey provisioning", _other_cloud)
        self._check("entra.expiry", f"The {self._credential} has not expired", self._expiry)
        self._check("entra.token", "Entra signs the application in", self._token)
        if self._state("entra.token") is CheckState.PASSED:
            self._check("entra.token_facts", "The token is for this connection", self._facts)
            self._check("entra.permissions", "The permissions are granted", self._permissions)
            self._check("entra.excess", "No more is granted than is needed", self._excess)
            self._check("entra.organization", "The tenant's name", self._organization)
            self._check("entra.users", "People can be listed", self._users)
            self._check("entra.groups", "Groups can be listed", self._groups)
            self._check("entra.passkeys", "People's passkeys can be read", self._passkeys)
            self._check("entra.policy", "Passkeys are switched on there", self._policy)
            self._check("entra.self_service", "Self-service set up is on", self._self_service)
            self._check("entra.keys", "Security keys are admitted", self._keys)
            self._check("entra.passes", "Temporary Access Passes can be made", self._passes)
            self._check("entra.sessions", "People can be signed out there", self._sessions)
            self._check("entra.clock", "The clocks agree", self._clock)
            self._check("entra.write", "Passkeys can be written", self._write)
        return self._conclude()

    # -- how a check runs -----------------------------------------------------------------------

    def _check(self, code: str, name: str, look: Callable[[], Check]) -> None:
        self.api.request_id = ""
        try:
            found = look()
        except DirectoryError as error:
            found = Check(
                code,
                name,
                CheckState.UNKNOWN if code in _SOFT else CheckState.FAILED,
                evidence=error.reason,
                said=error.said,
                request_id=error.request_id,
                remedy=remedies.of(error, code),
            )
        request_id = found.request_id or self.api.request_id
        self.checks.append(replace(found, code=code, name=name, request_id=request_id))

    def _state(self, code: str) -> CheckState | None:
        return next((one.state for one in self.checks if one.code == code), None)

    @property
    def _credential(self) -> str:
        return str(self.settings.credential)

    # -- the token ------------------------------------------------------------------------------

    def _expiry(self) -> Check:
        last = expires_on(self.settings)
        if last is None:
            return unknown(
                "Nobody said when the secret expires, and Entra tells only those who may read "
                "applications.",
                f"Copy the day from {remedies.REGISTRATION} → Certificates & secrets.",
            )
        left = (last - self._today()).days
        if left >= 0:
            return passed(f"It works until {last.isoformat()}: {left} days.")
        return failed(
            f"It expired on {last.isoformat()}.",
            f"Make a new one: {remedies.REGISTRATION} → Certificates & secrets.",
        )

    def _token(self) -> Check:
        self.tokens.renewed()  # what was granted since is in a new token only
        return passed("Entra gave out a token. That proves the credential, and no permission.")

    def _facts(self) -> Check:
        found = self._claims()
        if found is None:
            return unknown("The token cannot be read. It is Graph's to read, so that may be so.")
        mismatch = found.mismatch(
            tenant_id=self.settings.tenant_id if GUID.fullmatch(self.settings.tenant_id) else "",
            client_id=self.settings.client_id,
            graph_url=self.settings.graph_url,
        )
        if mismatch:
            return unknown(mismatch, "Check the tenant, the application and the addresses.")
        until = found.expires
        return passed(
            "For this tenant, this application and Graph"
            + (f", until {until.strftime('%H:%M')} UTC." if until else ".")
        )

    def _permissions(self) -> Check:
        found = self._claims()
        if found is None or found.roles is None:
            return unknown(
                "The token names no permission: usually none was consented to yet.",
                remedies.grant(*permissions.NEEDED),
            )
        missing = [one for one in permissions.NEEDED if not found.roles & set(one)]
        if missing:
            return failed(
                f"Missing: {remedies.named(*missing)}.",
                remedies.grant(*missing),
            )
        granted = sorted(found.roles & {one for need in permissions.NEEDED for one in need})
        least, broad = permissions.PASSKEYS
        note = ""
        if broad in found.roles and least not in found.roles:
            note = f" {least} is narrower, and the one documented for removing passkeys."
        return passed(f"Granted: {', '.join(granted)}.{note}")

    def _excess(self) -> Check:
        found = self._claims()
        if found is None or found.roles is None:
            return unknown("The token names no permission.")
        if excess := sorted(found.roles - permissions.USEFUL):
            return failed(
                f"Not needed here: {', '.join(excess)[:300]}.",
                f"Remove them: {remedies.REGISTRATION} → API permissions. Whoever has the secret "
                "has them.",
            )
        return passed("Nothing that is not used here.")

    def _passes(self) -> Check:
        return self._optional(
            permissions.PASSES, "Whether the tenant's policy allows passes was not looked at."
        )

    def _sessions(self) -> Check:
        return self._optional(permissions.SESSIONS)

    def _optional(self, need: tuple[str, ...], caution: str = "") -> Check:
        """What nothing else depends on, by the token's own list: not to have it is no failure."""
        found = self._claims()
        if found is None or found.roles is None:
            return unknown("The token names no permission.", remedies.grant(need))
        if granted := sorted(found.roles & set(need)):
            return passed(f"Granted: {', '.join(granted)}. {caution}".rstrip())
        return unknown(
            f"Not granted, and nothing else depends on it: {remedies.named(need)}.",
            remedies.grant(need),
        )

    def _claims(self) -> Claims | None:
        return claims(self.tokens.token())

    # -- what can be read -----------------------------------------------------------------------

    def _organization(self) -> Check:
        entries = self.api.organization().entries
        name = documents.text(entries[0], "displayName") if entries else ""
        return passed(name) if name else unknown("The tenant does not tell its name.")

    def _users(self) -> Check:
        entries = self.api.users({}, None, top=1).entries
        self.someone = documents.object_id(entries[0]) if entries else ""
        return passed("It lists people." if self.someone else "It lists people; there are none.")

    def _groups(self) -> Check:
        self.api.groups({}, None, top=1)
        return passed("It lists groups.")

    def _passkeys(self) -> Check:
        if not self.someone:
            return unknown("There is nobody whose passkeys could be read.")
        try:
            self.api.fido2_methods(self.someone, None)
        except NotFound as gone:
            return replace(unknown(gone.reason), said=gone.said, request_id=gone.request_id)
        return passed("Read for one person.")

    # -- the policy -----------------------------------------------------------------------------

    def _policy(self) -> Check:
        self.rules = policy.rules(self.api)
        return policy_checks.switched_on(self.rules)

    def _self_service(self) -> Check:
        return policy_checks.self_service(self.rules)

    def _keys(self) -> Check:
        return policy_checks.security_keys(self.rules)

    def _clock(self) -> Check:
        skew = self.api.skew
        if skew is None:
            return unknown("Graph did not say what time it is.")
        if abs(skew) <= MOST_SKEW:
            return passed("Within two minutes.")
        way = "ahead" if skew > 0 else "behind"
        return failed(
            f"The clock here is {round(abs(skew) / 60)} minutes {way} of Graph's.",
            "Set this server's clock by NTP: assertions of a certificate are good for minutes.",
        )

    def _write(self) -> Check:
        return unknown(
            "Not tried: a test writes nothing and asks for no challenge. The token's permissions "
            "are what tells."
        )

    def _today(self) -> date:
        return self.now().astimezone(UTC).date()

    # -- what they amount to --------------------------------------------------------------------

    def _conclude(self) -> ConnectionReport:
        blocking = [
            one for one in self.checks if one.state is CheckState.FAILED and one.code in NEEDED
        ]
        if blocking:
            sentence = f"This connection cannot be used yet. {blocking[0].evidence}"
            if len(blocking) > 1:
                sentence += f" Other checks that it needs failed, too: {len(blocking) - 1}."
        else:
            sentence = f"This connection can list people and read their passkeys. {CEREMONY}"
        return ConnectionReport(
            checks=tuple(self.checks), verified=not blocking, signs_in=None, sentence=sentence
        )


def _other_cloud() -> Check:
    return failed(
        "Microsoft offers the provisioning of passkeys in its global cloud only.",
        "Connect a tenant of the global cloud.",
    )
