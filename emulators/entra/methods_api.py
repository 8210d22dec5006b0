"""Graph's FIDO2 methods of users, for reading and deleting (entra.md 2.4)."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from emulators.entra import permissions
from emulators.entra.emulator import Entra
from emulators.entra.errors import bad_request, denied
from emulators.entra.gate import answer, holds, require
from emulators.entra.passes_api import shown as shown_pass
from emulators.entra.passkeys import shown

METHODS = "/users/<user_key>/authentication/fido2Methods"
TYPE = "#microsoft.graph.fido2AuthenticationMethod"
TAP = "#microsoft.graph.temporaryAccessPassAuthenticationMethod"


def methods_api(entra: Entra, version: str) -> Blueprint:
    """The routes of one version."""
    routes = Blueprint(f"methods_{version.replace('.', '_')}", __name__)

    def context(user_id: str) -> str:
        begin = f"{request.host_url}{version}/$metadata"
        return f"{begin}#users('{user_id}')/authentication/fido2Methods"

    def user_id(key: str) -> str:
        return str(entra.directory.user(key)["id"])

    @routes.before_request
    def only_where_there_are_any() -> None:
        """entra.md 0 [D S5]: Mooncake has no fido2Methods."""
        if entra.variants["cloud"] == "china":
            raise bad_request("Resource not found for the segment.", code="BadRequest")

    @routes.get(METHODS)
    def index(user_key: str) -> ResponseReturnValue:
        require(permissions.PASSKEYS_READ)
        owner = user_id(user_key)
        methods = entra.passkeys.of(owner, now=entra.now())
        value = [shown(method) for method in methods]
        return answer({"@odata.context": context(owner), "value": value})

    @routes.get(f"{METHODS}/<method_id>")
    def show(user_key: str, method_id: str) -> ResponseReturnValue:
        require(permissions.PASSKEYS_READ)
        owner = user_id(user_key)
        method = entra.passkeys.get(owner, method_id, now=entra.now())
        return answer({"@odata.context": f"{context(owner)}/$entity", **shown(method)})

    @routes.delete(f"{METHODS}/<method_id>")
    def delete(user_key: str, method_id: str) -> ResponseReturnValue:
        require(permissions.PASSKEYS_WRITE)
        wide_only = not holds(permissions.PASSKEYS_WRITE - {permissions.WIDE})
        if wide_only and entra.variants["delete_with_the_wide_role"] == "refused":
            raise denied()
        entra.passkeys.remove(user_id(user_key), method_id)
        return Response(status=204)

    @routes.get("/users/<user_key>/authentication/methods")
    def every(user_key: str) -> ResponseReturnValue:
        """All methods of a user; their password is one, and a pass (entra.md 5 [D S5 S36])."""
        require(permissions.METHODS_READ)
        owner = user_id(user_key)
        password = {
            "@odata.type": "#microsoft.graph.passwordAuthenticationMethod",
            "id": "28c10230-6103-485e-b985-444c60001490",
            "password": None,
            "createdDateTime": None,
        }
        keys = entra.passkeys.of(owner, now=entra.now())
        value = [password, *({"@odata.type": TYPE, **shown(key)} for key in keys)]
        if kept := entra.store.get("pass", owner):
            value.append({"@odata.type": TAP, **shown_pass(kept, entra.now())})
        begin = f"{request.host_url}{version}/$metadata"
        return answer({"@odata.context": f"{begin}#users('{owner}')/methods", "value": value})

    return routes
