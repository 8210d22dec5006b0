"""The connection test: each check by name, and what they amount to (Ory contract section 8)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from directories.base import (
    Check,
    CheckState,
    ConnectionReport,
    DirectoryError,
    Misconfigured,
    NotFound,
)
from directories.ory import client, organizations
from directories.ory.api import OryApi
from directories.ory.documents import encode
from directories.ory.mapping import check_mapping
from directories.ory.patch import origins_patch, relying_party_patch
from directories.ory.proof import passkey_options
from directories.ory.schema import IdentitySchema, WalkedSchema, walk
from directories.ory.settings import Auth, Flavour, OrySettings
from directories.outcomes import failed, passed, unknown

NEEDED = frozenset(("ory.ready", "ory.identities", "ory.schemas", "ory.schema", "ory.mapping"))
"""Checks without which a delivery cannot work."""

CLIENT = "ory.oauth2_client"
"""Needed only where the client's tokens open the admin API."""

CHOSEN_LATER = frozenset(("ory.schema", "ory.mapping"))
"""Those of them that look at what is chosen after connecting."""

_LAST_WITHOUT_IMPORT = (26, 2, 0)
"""The newest release of open-source Kratos that cannot import passkeys (section 3.1)."""

UPGRADE = "Upgrade Kratos beyond v26.2.0, or Ory Enterprise License to v26.2.4."

_UNKNOWN_FIELD = re.compile(r'unknown field "([A-Za-z_]{1,40})"')
_PROBE_FIELD = "latchkey_probe"
_PROBE_SCHEMA = "latchkey-probe-of-a-schema-that-is-not-there"


@dataclass
class ConnectionTest:
    """One run of the checks."""

    api: OryApi
    settings: OrySettings
    secret: str | None
    rp_id: str
    origins: tuple[str, ...]
    checks: list[Check] = field(default_factory=list)
    schemas: tuple[IdentitySchema, ...] | None = None
    version: str = ""
    patch: str = ""
    sso_domains: tuple[str, ...] = ()

    def run(self, *, probe: bool) -> ConnectionReport:
        """Run every check that can be run, and conclude."""
        if self.settings.client_id:
            self._check("ory.oauth2_client", "The OAuth2 client gets a token", self._client)
        locked_out = self._needs_client and self._has_failed(CLIENT)
        if not locked_out:
            self._admin_api()
        self._check("ory.schemas", "Identity schemas can be read", self._schemas)
        if self.settings.schema_id and self.schemas is not None:
            self._check("ory.schema", "The chosen identity schema is there", self._schema)
            if (schema := self._chosen()) is not None:
                walked = walk(schema.schema)
                self._check("ory.mapping", "The mapping fits the schema", self._mapping, walked)
                self._check(
                    "ory.display_name", "Ory can name its own passkeys", self._display_name, walked
                )
        if not locked_out:
            self._check("ory.import", "Passkeys can be imported", self._import)
            if not self._has_failed("ory.identities"):
                name = "No people under an organization's single sign-on"
                self._check("ory.organizations", name, self._organizations)
        if probe:
            self._check("ory.rp_id", "Ory signs in with our relying party ID", self._rp_id)
        self._add(self._origins())
        return self._conclude(probe=probe)

    def _admin_api(self) -> None:
        if self.settings.flavour is Flavour.SELF_HOSTED:
            self._check("ory.ready", "The server is ready", self._ready)
        self._check("ory.version", "Version", self._version)
        self._check("ory.identities", "The admin API lists identities", self._identities)

    @property
    def _needs_client(self) -> bool:
        return self.settings.auth is Auth.CLIENT

    def _has_failed(self, code: str) -> bool:
        return any(one.code == code and one.state is CheckState.FAILED for one in self.checks)

    # -- how a check runs -----------------------------------------------------------------------

    def _check(
        self, code: str, name: str, look: Callable[..., Check], *given: WalkedSchema
    ) -> None:
        try:
            found = look(*given)
        except DirectoryError as error:
            undecided = code in ("ory.version", "ory.import", "ory.organizations")
            found = Check(
                code,
                name,
                CheckState.UNKNOWN if undecided else CheckState.FAILED,
                evidence=error.reason,
                said=error.said,
                request_id=error.request_id,
                remedy=client.remedy(error)
                if code == CLIENT
                else self._remedy(error, public=code in ("ory.schemas", "ory.rp_id")),
            )
        self._add(replace(found, code=code, name=name))

    def _add(self, check: Check) -> None:
        self.checks.append(check)

    def _remedy(self, error: DirectoryError, *, public: bool) -> str:
        """What to do about a failed call."""
        network = self.settings.flavour is Flavour.NETWORK
        if error.code in ("http.key", "http.forbidden", "oauth.token_refused"):
            return self._remedy_for_key(network)
        if error.code == "http.redirect" and not network and not public:
            return "Give the admin address; Kratos' public port redirects admin calls to it."
        if error.code == "http.redirect" and not network:
            return "Give the public address as the endpoint; Kratos' admin port redirects to it."
        if isinstance(error, Misconfigured | NotFound):
            if error.code == "http.destination":
                return "Name this host or network in LATCHKEY_PRIVATE_DESTINATIONS, or use https."
            if network:
                return "Use the project's own endpoint, https://<slug>.projects.oryapis.com."
            return "Check the address, and what stands in front of it."
        return "Try again; if it stays so, see whether the server runs and can be reached."

    def _remedy_for_key(self, network: bool) -> str:
        if self._needs_client:
            return client.REMEDY_FOR_GATEWAY
        if not network:
            return "Kratos itself asks for no key: the proxy in front of it refused this one."
        if (self.secret or "").startswith("ory_wak_"):
            return (
                "This is a workspace API key. Make a project API key (it begins with ory_pat_ or "
                "ory_apikey_) in the Ory Console and use that."
            )
        return "Make a project API key for this very project in the Ory Console and use that."

    # -- the checks -----------------------------------------------------------------------------

    def _client(self) -> Check:
        self.api.try_client()
        purpose = (
            "Calls to the admin API carry it."
            if self._needs_client
            else "Ory Network's admin API takes the API key, not this."
        )
        return passed(f"For the scopes {client.SCOPES}. {purpose}")

    def _ready(self) -> Check:
        answer = self.api.ready()
        if answer.status == 200:
            return passed("It says that it is ready.")
        return replace(
            failed("It says that it is not ready.", "See its own log: often its database is down."),
            said=answer.said,
            request_id=answer.request_id,
        )

    def _version(self) -> Check:
        self.version = self.api.version()
        if not self.version:
            return unknown("The answer names no version.")
        return passed(self.version)

    def _identities(self) -> Check:
        found, _ = self.api.identities(page_size="1")
        return passed("It lists identities." if found else "It answers; there are none yet.")

    def _schemas(self) -> Check:
        self.schemas = self.api.identity_schemas()
        if not self.schemas:
            return failed("There is no identity schema.", "Add one in Ory.")
        return passed(", ".join(schema.id for schema in self.schemas)[:500])

    def _schema(self) -> Check:
        if self._chosen() is None:
            return failed(
                f"There is no identity schema {self.settings.schema_id} any more.",
                "Choose another schema.",
            )
        return passed(self.settings.schema_id)

    def _chosen(self) -> IdentitySchema | None:
        return next((one for one in self.schemas or () if one.id == self.settings.schema_id), None)

    def _mapping(self, walked: WalkedSchema) -> Check:
        if problems := check_mapping(walked, self.settings.mapping):
            return failed(
                " ".join(problem.sentence for problem in problems), "Correct the mapping."
            )
        trait = walked.trait(self.settings.mapping.email)
        if trait is not None and not trait.identifier:
            return passed(
                f"Everything required is filled. Ory does not look people up by {trait.path}, so "
                "existing ones are found by our own id only."
            )
        return passed(" ".join(("Everything required is filled.", *walked.notes)))

    def _display_name(self, walked: WalkedSchema) -> Check:
        trait = walked.passkey_display_name
        if trait is not None:
            return passed(trait.path)
        return failed(
            "No trait is marked passkey.display_name. Imported passkeys sign in all the same.",
            'Mark one with "ory.sh/kratos" if people should also enrol passkeys in Ory itself.',
        )

    def _import(self) -> Check:
        if self.settings.flavour is Flavour.NETWORK:
            return passed("Ory Network imports passkeys.")
        answers = [self.api.probe_import(body) for body in probe_bodies()]
        named = [_UNKNOWN_FIELD.findall(answer.said) for answer in answers]
        if ["passkey"] in named:
            state = failed("Its strict decoder does not know passkeys.", UPGRADE)
        elif all(fields == [_PROBE_FIELD] for fields in named):
            state = passed("Its strict decoder knows passkeys.")
        else:
            state = import_by_version(self.version)
        return replace(state, said=answers[0].said, request_id=answers[0].request_id)

    def _organizations(self) -> Check:
        found, self.sso_domains = organizations.look(self.api, self.settings)
        return found

    def _rp_id(self) -> Check:
        answer = self.api.login_flow()
        options = passkey_options(answer)
        if options is None:
            return replace(
                failed(
                    "Its sign-in flow offers no passkey.",
                    "Switch the passkey method on. Before v26.2.0 native flows never show it.",
                ),
                request_id=answer.request_id,
            )
        theirs = options.get("rpId")
        if theirs == self.rp_id:
            return passed(f"Its relying party ID is {self.rp_id}.")
        self.patch = relying_party_patch(
            self.settings.flavour, rp_id=self.rp_id, origins=self.origins
        )
        return replace(
            failed(
                f"Its relying party ID is {str(theirs)[:255]}, ours is {self.rp_id}.",
                "Apply the patch. Passkeys that exist there under the other ID stop working.",
            ),
            request_id=answer.request_id,
        )

    def _origins(self) -> Check:
        return Check(
            "ory.origins",
            "Ory accepts our origins",
            CheckState.UNKNOWN,
            evidence="Ory does not tell its origins to a project. Its sign-in page's origin must "
            "be among them; ours only to prove a sign-in from here.",
            remedy="Apply the patch that adds ours.",
            patch="" if self.patch else origins_patch(self.settings.flavour, self.origins),
        )

    # -- what they amount to --------------------------------------------------------------------

    def _conclude(self, *, probe: bool) -> ConnectionReport:
        failures = {check.code: check for check in self.checks if check.state is CheckState.FAILED}
        needed = NEEDED | {CLIENT} if self._needs_client else NEEDED
        blocking = [check for code, check in failures.items() if code in needed]
        chosen = bool(self.settings.schema_id)
        reasons = [check.evidence for check in blocking]
        reasons += [
            failures[code].evidence for code in ("ory.import", "ory.rp_id") if code in failures
        ]
        open_questions = [] if chosen else ["no identity schema is chosen yet"]
        if not probe:
            open_questions.append("its sign-in was not tried (run the test with the sign-in probe)")
        states = {check.code: check.state for check in self.checks}
        if states.get("ory.import") is CheckState.UNKNOWN:
            open_questions.append("whether it imports passkeys could not be told")
        asked = "Passkeys made here will sign in there: "
        if reasons:
            signs_in, sentence = False, f"{asked}no, because {_as_clause(reasons)}"
        elif open_questions:
            signs_in = None
            sentence = f"{asked}not known, because {' and '.join(open_questions)}."
        else:
            signs_in, sentence = True, f"{asked}yes."
        return ConnectionReport(
            checks=tuple(self.checks),
            verified=chosen and not blocking,
            signs_in=signs_in,
            sentence=sentence,
            patch=self.patch,
            sso_domains=self.sso_domains,
        )


def probe_bodies() -> tuple[dict[str, object], ...]:
    """Creates that cannot succeed, whose refusals tell whether passkeys can be imported.

    Go's strict decoder names one unknown field, the first in body order as far as can be seen
    (section 8 item 5). Sent in both orders, a passkey that is unknown is named once in any case.
    The schema does not exist either, in case a decoder is not strict.
    """
    config = {"user_handle": encode(b"latchkey"), "credentials": []}
    first = {"schema_id": _PROBE_SCHEMA, "traits": {}}
    passkey = {"credentials": {"passkey": {"config": config}}}
    unknown = {_PROBE_FIELD: True}
    return {**first, **passkey, **unknown}, {**first, **unknown, **passkey}


def import_by_version(version: str) -> Check:
    """Whether a version of Kratos imports passkeys, for want of better evidence."""
    numbers = re.match(r"v?(\d{1,4})\.(\d{1,4})\.(\d{1,4})", version)
    if numbers is None:
        return unknown("Neither its answer nor its version tells.")
    if tuple(int(number) for number in numbers.groups()) > _LAST_WITHOUT_IMPORT:
        return passed(f"By its version, {version}.")
    return failed(f"{version} does not import passkeys.", UPGRADE)


def _as_clause(reasons: list[str]) -> str:
    text = " ".join(reasons)
    return text[:1].lower() + text[1:] if text[:2].istitle() else text
