"""Graph's provisioning of passkeys: creation options, and the registration (entra.md 2.1, 2.3)."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from emulators.entra import bodies, creation, permissions, registration
from emulators.entra.emulator import Entra
from emulators.entra.errors import bad_request
from emulators.entra.gate import answer, require
from emulators.entra.methods_api import METHODS
from emulators.entra.passkeys import shown

OPTIONS = f"{METHODS}/creationOptions"
TIMEOUT = "challengeTimeoutInMinutes"
USUAL, LONGEST = 5, 43200
"""Minutes (entra.md 0 [D S1 S3])."""


def registration_api(entra: Entra, version: str) -> Blueprint:
    """The routes of one version; only beta takes a timeout."""
    routes = Blueprint(f"registration_{version.replace('.', '_')}", __name__)

    def serve(user_key: str, minutes: int) -> Response:
        require(permissions.PASSKEYS_WRITE)
        user = entra.directory.user(user_key)
        creation.check_allowed(entra, user, registering=False)
        options = creation.options(entra, user, minutes=minutes)
        if entra.variants["wrapped_options"] == "in value":
            return answer({"value": options})
        kind = "#microsoft.graph.webauthnCredentialCreationOptions"
        context = f"{request.host_url}{version}/$metadata{kind}"
        return answer({"@odata.context": context, **options})

    @routes.get(OPTIONS)
    @routes.get(f"{OPTIONS}()")
    def options(user_key: str) -> ResponseReturnValue:
        given = request.args.get(TIMEOUT)
        if given is None:
            return serve(user_key, USUAL)
        if version == "beta":
            if entra.variants["beta_timeout"] == "in parentheses":
                raise bad_request(f"The parameter '{TIMEOUT}' is not known.", code="BadRequest")
            return serve(user_key, _minutes(given))
        if entra.variants["v1_timeout"] == "refused":
            raise bad_request(f"The parameter '{TIMEOUT}' is not known.", code="BadRequest")
        return serve(user_key, USUAL)

    @routes.get(f"{OPTIONS}({TIMEOUT}=<minutes>)")
    def options_with_timeout(user_key: str, minutes: str) -> ResponseReturnValue:
        if version != "beta" or entra.variants["beta_timeout"] == "as a query":
            raise bad_request("Resource not found for the segment.", code="BadRequest")
        return serve(user_key, _minutes(minutes))

    @routes.post(METHODS)
    def register(user_key: str) -> ResponseReturnValue:
        require(permissions.PASSKEYS_WRITE)
        user = entra.directory.user(user_key)
        creation.check_allowed(entra, user, registering=True)
        given = registration.read(entra, bodies.read())
        method = registration.register(entra, user, given)
        context = f"{request.host_url}{version}/$metadata"
        context += f"#users('{user['id']}')/authentication/fido2Methods/$entity"
        return answer({"@odata.context": context, **shown(method)}, 201)

    return routes


def _minutes(text: str) -> int:
    if not text.isdecimal() or not USUAL <= int(text) <= LONGEST:
        raise bad_request(f"'{TIMEOUT}' must be between {USUAL} and {LONGEST}.", code="BadRequest")
    return int(text)
