"""Answers held against Graph's own metadata, where it is present."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from tests.authenticator import SoftwareKey
from tests.emulators.graph import AAGUID, FIDO2, Graph

FILE = Path(__file__).resolve().parents[3] / "shared" / "data" / "msgraph-fido2-excerpt.json"
pytestmark = pytest.mark.skipif(not FILE.is_file(), reason="Graph's metadata is not here")

KINDS = {
    "Edm.String": str, "Edm.Guid": str, "Edm.DateTimeOffset": str, "Edm.Boolean": bool,
    "Edm.Int32": int,
}  # fmt: skip


@cache
def metadata() -> dict:
    return json.loads(FILE.read_text())


def members(kind: str) -> tuple[dict, bool]:
    """The members of a type with those it inherits, and whether it takes others."""
    types = metadata()["entityTypes"] | metadata()["complexTypes"]
    found = types[kind]
    fields = {name: one["type"] for name, one in found["properties"].items()}
    fields |= found["navigation"]
    if found["base"]:
        inherited, _ = members(found["base"])
        fields = inherited | fields
    return fields, found["open"]


def problems(value, kind: str, place: str = "") -> list[str]:
    """How a value departs from its type; null is always left out."""
    if value is None:
        return []
    if kind.startswith("Collection("):
        if not isinstance(value, list):
            return [f"{place}: no list"]
        return [text for one in value for text in problems(one, kind[11:-1], place)]
    if kind in KINDS:
        return [] if type(value) is KINDS[kind] else [f"{place}: {value!r} is no {kind}"]
    if kind in metadata()["enums"]:
        known = metadata()["enums"][kind]
        return [f"{place}: {v}" for v in str(value).split(",") if v not in known]
    if kind not in metadata()["entityTypes"] | metadata()["complexTypes"]:
        return []  # a type beyond the excerpt
    named = str(value.get("@odata.type", "")).rpartition(".")[2]
    fields, _ = members(named if named in metadata()["entityTypes"] else kind)
    found = []
    for name, inner in value.items():
        if "@odata." in name:
            continue
        if name not in fields:
            if kind not in OPEN_HERE:
                found.append(f"{place}.{name} is not known")
            continue
        found += problems(inner, fields[name], f"{place}.{name}")
    return found


# Types that are open, or trimmed in the excerpt to what a provisioning tool reads.
OPEN_HERE = {"webauthnAuthenticationExtensionsClientInputs", "user", "group", "organization"}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/users?$top=5", "user"),
        ("/users?$top=5&$select=id,accountEnabled,userType,proxyAddresses,createdDateTime", "user"),
        ("/groups", "group"),
        ("/organization", "organization"),
        ("/servicePrincipals(appId='{client}')/appRoleAssignedTo", "appRoleAssignment"),
        ("/users/{holder}/authentication/fido2Methods", "fido2AuthenticationMethod"),
    ],
)
def test_collections_hold_what_the_metadata_describes(graph, path, kind):
    value = graph.get(filled(graph, path)).json()["value"]
    assert value
    assert problems(value, f"Collection({kind})") == []


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/users/{holder}", "user"),
        ("/users/{holder}/authentication/fido2Methods/{method}", "fido2AuthenticationMethod"),
        (
            "/users/{holder}/authentication/fido2Methods/creationOptions",
            "webauthnCredentialCreationOptions",
        ),
        (FIDO2, "fido2AuthenticationMethodConfiguration"),
        ("/policies/authenticationMethodsPolicy", "authenticationMethodsPolicy"),
        ("/servicePrincipals(appId='{client}')", "servicePrincipal"),
    ],
)
def test_objects_hold_what_the_metadata_describes(graph, path, kind):
    assert problems(graph.get(filled(graph, path)).json(), kind) == []


def test_what_is_made_is_described_too(graph):
    method = graph.register(graph.made(SoftwareKey(aaguid=AAGUID))).json()
    assert problems(method, "fido2AuthenticationMethod") == []
    path = f"/users/{graph.person['id']}/authentication/temporaryAccessPassMethods"
    made = graph.call("POST", path, json={}).json()
    assert problems(made, "temporaryAccessPassAuthenticationMethod") == []


def test_the_check_finds_what_is_wrong():
    assert problems({"aaGuid": 7}, "fido2AuthenticationMethod")
    assert problems({"colour": "red"}, "fido2AuthenticationMethod")
    assert problems({"passkeyType": "pink"}, "fido2AuthenticationMethod")
    assert problems({"attestationCertificates": "x"}, "fido2AuthenticationMethod")


def test_the_permissions_are_those_of_the_metadata(graph):
    """The roles that the paths name open them."""
    for path, methods in metadata()["paths"].items():
        for method, described in methods.items():
            roles = described.get("appPermissions", [])
            if method != "get" or "delta" in path or not path.startswith("/v1.0"):
                continue
            for role in roles:
                asked = path.replace("{id}", "nobody").removeprefix("/v1.0")
                answer = graph.as_only(role).get(asked)
                assert answer.status_code in (200, 404), (path, role, answer.text)


def filled(graph: Graph, path: str) -> str:
    holder = next(
        user["id"]
        for user in graph.entra.control.users()
        if graph.entra.control.passkeys(user["id"])
    )
    method = graph.entra.control.passkeys(holder)[0]["id"]
    path = path.replace("{client}", graph.entra.client_id)
    return path.replace("{holder}", holder).replace("{method}", method)
