"""The connection test: the steps of PingOne contract section 5, and HID's prescription (6b)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from directories.base import Check, CheckState, ConnectionReport, DirectoryError
from directories.outcomes import failed, passed, unknown
from directories.pingone import fido_checks, policies, sign_on, worker
from directories.pingone.api import PingOneApi
from directories.pingone.documents import flag, inner, text
from directories.pingone.findings import broken, unreadable
from directories.pingone.links import Item
from directories.pingone.policies import FidoPolicy, MfaPolicy
from directories.pingone.relying_party import consequence
from directories.pingone.settings import PingOneSettings

CHOSEN_LATER = frozenset(("pingone.mfa_policy", "pingone.relying_party"))
"""Checks of what is chosen only after the connection works."""

NEEDED = CHOSEN_LATER | {
    "pingone.token",
    "pingone.environment",
    "pingone.users",
    "pingone.role_identity",
}
"""Checks without which a delivery cannot work."""

_BASE = frozenset(("pingone.token", "pingone.environment", "pingone.users"))
"""Checks whose call itself must work. Every other only cannot be read."""

_ASKED = "A browser here can enrol: "


@dataclass
class ConnectionTest:
    """One run of the checks."""

    api: PingOneApi
    settings: PingOneSettings
    origins: tuple[str, ...]
    checks: list[Check] = field(default_factory=list)
    organization_id: str = ""
    worker: Item | None = None
    policies: tuple[MfaPolicy, ...] | None = None
    fido: FidoPolicy | None = None
    hosted: tuple[str, ...] | None = None

    def run(self) -> ConnectionReport:
        """Run every check that can be run, and conclude."""
        self._check("pingone.token", "The worker gets a token", self._token)
        if self.checks[0].state is CheckState.PASSED:
            self._environment_and_people()
            self._worker_and_roles()
            self._mfa_and_fido()
            self._sign_on()
            self._limits()
        return self._conclude()

    def _environment_and_people(self) -> None:
        self._check("pingone.environment", "The environment is there", self._environment)
        self._check("pingone.users", "People can be read", self._users)
        self._check("pingone.populations", "Populations can be read", self._populations)

    def _worker_and_roles(self) -> None:
        self._check("pingone.worker", "The application is a worker", self._worker)
        if self.worker is None:
            return
        found = worker.auth_method(self.worker, self.settings)
        self._add("pingone.auth_method", "Client Secret Post", found)
        self._check("pingone.role_identity", "The role Identity Data Admin", self._role, True)
        self._check("pingone.role_configuration", "A role that reads policies", self._role, False)

    def _mfa_and_fido(self) -> None:
        self._check("pingone.mfa_policy", "The MFA policy takes new keys", self._mfa_policy)
        self._check("pingone.fido_policy", "The FIDO policy behind it", self._fido_policy)
        fido, pinned = self.fido, self.settings.relying_party_id
        if pinned:
            found = fido_checks.pinned(fido, pinned)
            self._add("pingone.relying_party", "The relying party ID is as it was", found)
        if fido is not None:
            found = fido_checks.discoverable(fido)
            self._add("pingone.discoverable", "Keys keep the passkey themselves", found)
            found = fido_checks.attachment(fido)
            self._add("pingone.attachment", "Security keys are taken", found)
        self._check("pingone.custom_domain", "Custom domains", self._custom_domains)
        here = fido_checks.enrolment(self._theirs(), self.settings.region, self.origins)
        self._add("pingone.enrols_here", "A browser here can enrol", here)

    def _sign_on(self) -> None:
        if not self.settings.mfa_policy_id:
            return
        found: dict[str, str] = {}

        def step() -> Check:
            found.update(sign_on.asking(self.api, self.settings.mfa_policy_id))
            return sign_on.step(found)

        self._check("pingone.sign_on_step", "Signing on asks for keys", step)
        if self.checks[-1].state is not CheckState.UNKNOWN:
            self._check(
                "pingone.sign_on_assigned",
                "The application uses such a policy",
                sign_on.assigned,
                self.api,
                self.settings,
                found,
            )

    def _limits(self) -> None:
        self._check("pingone.licence", "The licence has FIDO2", self._licence)
        self._check("pingone.device_limit", "How many devices a person may have", self._most)
        self._add(
            "pingone.devices",
            "The worker may add keys",
            unknown(
                "Nothing that only reads can prove it. The first key that is enrolled does.",
            ),
        )

    # -- how a check runs -----------------------------------------------------------------------

    def _check(self, code: str, name: str, look: Callable[..., Check], *given: object) -> None:
        try:
            found = look(*given)
        except DirectoryError as error:
            hidden = code == "pingone.environment" and error.code == "http.forbidden"
            rests = code in _BASE and not hidden
            found = broken(error, self.settings) if rests else unreadable(error)
        self._add(code, name, found)

    def _add(self, code: str, name: str, check: Check) -> None:
        self.checks.append(replace(check, code=code, name=name))

    # -- the environment and its people ---------------------------------------------------------

    def _token(self) -> Check:
        self.api.renew_token()  # one that is kept would not show a secret that ended
        return passed(f"By {self.settings.auth_method.label}.")

    def _environment(self) -> Check:
        found = self.api.environment()
        self.organization_id = text(found, "organization", "id")
        region = text(found, "region")
        name = text(found, "name") or self.settings.environment_id
        if region and region != self.settings.region.value:
            return failed(
                f"{name} is in the region {region}, and this connection says "
                f"{self.settings.region.value}.",
                "Make a new connection with that region.",
            )
        kind = text(found, "type").lower()
        return passed(", ".join(word for word in (name, region, kind) if word))

    def _users(self) -> Check:
        found = self.api.users("", None, limit=1).items
        return passed("It lists people." if found else "It answers; there are none yet.")

    def _populations(self) -> Check:
        found = self.api.populations()
        return passed(", ".join(text(one, "name") for one in found)[:500] or "There is none.")

    # -- the worker -----------------------------------------------------------------------------

    def _worker(self) -> Check:
        self.worker = worker.find(self.api, self.settings)
        return worker.application(self.worker)

    def _role(self, identity: bool) -> Check:
        roles = self.api.roles()
        assignments = self.api.worker_roles(text(self.worker or {}, "id"))
        builtin = {text(role, "id") for role in roles}
        held = worker.held(
            assignments,
            roles,
            worker.IDENTITY if identity else worker.CONFIGURATION,
            environment_id=self.settings.environment_id,
            organization_id=self.organization_id,
        )
        scopes = {text(one, "scope", "type") for one in assignments}
        judge = worker.identity_role if identity else worker.configuration_role
        return judge(
            held,
            custom=any(text(one, "role", "id") not in builtin for one in assignments),
            blind=not self.organization_id and "ORGANIZATION" in scopes,
        )

    # -- policies -------------------------------------------------------------------------------

    def _mfa_policy(self) -> Check:
        wanted = self.settings.mfa_policy_id
        self.policies = policies.read(self.api)
        if not wanted:
            return unknown("None is chosen yet.", "Choose one.")
        found = policies.chosen(self.policies, wanted)
        if found is None:
            return failed(
                f"The MFA policy {self.settings.mfa_policy_name or wanted} is not there any more.",
                "Choose another.",
            )
        self.fido = found.fido_policy
        where = f"Authentication, MFA, {found.name}, FIDO2"
        if not found.fido2_enabled:
            return failed(f"FIDO2 is switched off in {found.name}.", f"Switch it on: {where}.")
        if found.pairing_disabled:
            return failed(
                f"{found.name} lets nobody pair new FIDO2 devices.", f"Allow pairing: {where}."
            )
        return passed(f"{found.name}: FIDO2 is on, and pairing is allowed.")

    def _theirs(self) -> str:
        """The relying party ID that keys are enrolled for; empty where it is not known."""
        return self.fido.relying_party_id if self.fido else self.settings.relying_party_id

    def _fido_policy(self) -> Check:
        if self.fido is not None:
            default = " (the environment's default)" if self.fido.default else ""
            return passed(f"{self.fido.name}{default}: {self.fido.values()}.")
        if not self.settings.mfa_policy_id:
            return unknown("No MFA policy is chosen yet.")
        policies.fido_policies(self.api)  # raises where they cannot be read
        return unknown("No FIDO policy of the newer kind is behind this MFA policy.")

    def _custom_domains(self) -> Check:
        self.hosted = sign_on.hosts(self.api, self.settings)
        return passed(", ".join(self.hosted[1:]) or "None is active.")

    # -- limits ---------------------------------------------------------------------------------

    def _licence(self) -> Check:
        found = flag(self.api.capabilities(), "canUseMfaFido2Devices")
        if found is None:
            return unknown("The environment does not tell.")
        if found:
            return passed("FIDO2 devices can be used.")
        return failed(
            "The licence of this environment has no FIDO2 devices.", "Ask Ping Identity for it."
        )

    def _most(self) -> Check:
        found = inner(self.api.mfa_settings(), "pairing", "maxAllowedDevices")
        if not isinstance(found, int) or isinstance(found, bool):
            return unknown("The environment does not tell.")
        return passed(f"{found}, of every kind together.")

    # -- what they amount to --------------------------------------------------------------------

    def _conclude(self) -> ConnectionReport:
        by_code = {check.code: check for check in self.checks}
        blocking = [
            check
            for check in self.checks
            if check.state is CheckState.FAILED and check.code in NEEDED
        ]
        verdict = by_code.get("pingone.enrols_here")
        signs_in: bool | None = None
        if blocking:
            signs_in = False
            sentence = f"{_ASKED}no, because of this: {blocking[0].evidence}"
        elif verdict is None or verdict.state is CheckState.UNKNOWN:
            chosen = "the FIDO policy cannot be read"
            why = chosen if self.settings.mfa_policy_id else "no MFA policy is chosen yet"
            sentence = f"{_ASKED}not known, because {why}."
        else:
            signs_in = verdict.state is CheckState.PASSED
            sentence = f"{verdict.evidence} {consequence(self._theirs(), self.hosted)}"
        return ConnectionReport(
            checks=tuple(self.checks),
            verified=bool(self.settings.mfa_policy_id) and not blocking,
            signs_in=signs_in,
            sentence=sentence,
        )
