"""Graph's policy of FIDO2 keys, for reading (entra.md 4)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from emulators.entra import permissions
from emulators.entra.emulator import Entra
from emulators.entra.errors import GraphError, bad_request
from emulators.entra.gate import answer, require
from emulators.entra.policy import DEPRECATED

POLICY = "/policies/authenticationMethodsPolicy"
TYPE = "#microsoft.graph.fido2AuthenticationMethodConfiguration"
EXPANDABLE = ("includeTargets", "passkeyProfiles")


def policy_api(entra: Entra, version: str) -> Blueprint:
    """The routes of one version."""
    routes = Blueprint(f"policy_{version.replace('.', '_')}", __name__)

    @routes.get(f"{POLICY}/authenticationMethodConfigurations/<name>")
    def fido2(name: str) -> ResponseReturnValue:
        require(permissions.POLICY)
        if name.lower() != "fido2":
            raise GraphError(404, "resourceNotFound", f"There is no configuration '{name}'.")
        if entra.variants["cloud"] == "china":
            # entra.md 4 [D S32]: not listed for China.
            raise bad_request("Resource not found for the segment 'fido2'.", code="BadRequest")
        asked = _expanded()
        context = f"{request.host_url}{version}/$metadata#authenticationMethodConfigurations"
        return answer({"@odata.context": f"{context}/$entity", **shown(entra, asked)})

    @routes.get(POLICY)
    def policy() -> ResponseReturnValue:
        require(permissions.POLICY)
        begin = f"{request.host_url}{version}/$metadata#policies/authenticationMethodsPolicy"
        return answer(
            {
                "@odata.context": f"{begin}/$entity",
                "id": "authenticationMethodsPolicy",
                "displayName": "Authentication Methods Policy",
                "description": "The tenant-wide policy that controls which methods are allowed.",
                "lastModifiedDateTime": "2026-01-02T03:04:05Z",
                "policyVersion": "1.5",
                "policyMigrationState": "migrationComplete",
                "authenticationMethodConfigurations": [shown(entra, ())],
            }
        )

    return routes


def shown(entra: Entra, expanded: tuple[str, ...]) -> dict[str, Any]:
    """The configuration as the switches have it."""
    fields = dict(entra.policy.all())
    how = entra.variants["passkey_profiles"]
    if how == "not known" or (how != "in the answer" and "passkeyProfiles" not in expanded):
        fields.pop("passkeyProfiles")
        if how == "not known":
            fields.pop("defaultPasskeyProfile")
            fields["includeTargets"] = [
                {name: value for name, value in target.items() if name != "allowedPasskeyProfiles"}
                for target in fields["includeTargets"]
            ]
    if entra.variants["deprecated_restrictions"] == "gone":
        fields |= dict.fromkeys(DEPRECATED)
    return {"@odata.type": TYPE, **fields}


def _expanded() -> tuple[str, ...]:
    for name in request.args:
        if name.startswith("$") and name != "$expand":
            raise bad_request(f"The query option '{name}' is not supported.", code="BadRequest")
    names = tuple(name.strip() for name in request.args.get("$expand", "").split(",") if name)
    for name in names:
        if name not in EXPANDABLE:
            raise bad_request(
                f"Parsing OData Select and Expand failed: '{name}' cannot be expanded.",
                code="BadRequest",
            )
    return names
