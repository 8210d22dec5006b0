"""Requests held against Microsoft's own metadata of Graph, where the excerpt is present."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

FILE = Path(__file__).resolve().parents[4] / "shared" / "data" / "msgraph-fido2-excerpt.json"
OVERRIDES = json.loads((Path(__file__).parent / "graph_overrides.json").read_text())
PRESENT = FILE.is_file()
ABSENT = "the excerpt of Graph's metadata is not beside this repository"

OPTIONS = {"$select", "$top", "$filter", "$search", "$count", "$expand", "$skiptoken"}
BODIES = {
    "/fido2Methods": ("fido2AuthenticationMethod", {"displayName", "publicKeyCredential"}),
    "/temporaryAccessPassMethods": (
        "temporaryAccessPassAuthenticationMethod",
        {"startDateTime", "lifetimeInMinutes", "isUsableOnce"},
    ),
}
"""What is written: a type of the metadata, and those of its members that may be sent."""
BATCHED = {"id", "method", "url", "headers", "body", "dependsOn"}
SIMPLE = {"Edm.String": str, "Edm.Boolean": bool, "Edm.Int32": int}


@cache
def excerpt() -> dict:
    found = json.loads(FILE.read_text())
    found["paths"] |= OVERRIDES["paths"]
    return found


def problems(method: str, url: str, headers, body: bytes | None) -> list[str]:
    """How a request departs from the metadata; empty when it does not.

    Requests to the sign-in service are not described there.
    """
    parts = urlsplit(url)
    if parts.path.endswith("/oauth2/v2.0/token"):
        return []
    given = None if not body else json.loads(body)
    return _of(method, parts.path, parts.query, dict(headers), given)


def _of(method: str, path: str, query: str, headers: dict, body) -> list[str]:
    found = _operation(method, path)
    if found is None:
        return [f"{method} {path} is not described"]
    template, operation = found
    said = _query(template, operation, query)
    lower = {name.lower(): value for name, value in headers.items()}
    wanted = dict(operation.get("headers", {}))
    if "$search" in query:
        wanted["ConsistencyLevel"] = "eventual"
    said += [
        f"needs the header {name}: {value}"
        for name, value in wanted.items()
        if lower.get(name.lower()) != value
    ]
    if body is not None and lower.get("content-type") != "application/json":
        said.append("has a body that is not called JSON")
    said += _body(template, operation, body)
    return [f"{method} {template}: {one}" for one in said]


def _operation(method: str, path: str):
    # A fixed path wins over one with variables in it.
    for template in sorted(excerpt()["paths"], key=lambda one: one.count("{")):
        form = re.sub(r"\\\{[^/]+?\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(form, unquote(path)):
            operation = excerpt()["paths"][template].get(method.lower())
            return None if operation is None else (template, operation)
    return None


def _query(template: str, operation: dict, query: str) -> list[str]:
    given = dict(parse_qsl(query, keep_blank_values=True))
    known = OPTIONS | set(operation.get("parameters", ()))
    said = [f"does not know {name}" for name in given if name not in known]
    said += [
        f"needs {name}={value}"
        for name, value in operation.get("query", {}).items()
        if given.get(name) != value
    ]
    kind = re.sub(r"Collection\((.+)\)", r"\1", operation.get("returns", ""))
    for name in given.get("$select", "").split(","):
        if name and name not in _members(kind, "properties"):
            said.append(f"{kind} has no property {name}")
    for name in given.get("$expand", "").split(","):
        if name and name not in _members(kind, "navigation"):
            said.append(f"{kind} has no navigation {name}")
    return said


def _members(kind: str, which: str) -> dict:
    entity = excerpt()["entityTypes"].get(kind)
    if entity is None:
        return {}
    return _members(entity["base"], which) | entity[which]


def _body(template: str, operation: dict, body) -> list[str]:
    if "body" not in operation:
        return [] if body is None else ["takes no body"]
    if body is None:
        return ["needs a body"]
    if template.endswith("/$batch"):
        return _batch(body)
    if template.endswith("/checkMemberGroups"):
        return [] if set(body) == {"groupIds"} and len(body["groupIds"]) <= 20 else ["odd body"]
    kind, members = BODIES["/" + template.rpartition("/")[2]]
    said = [f"does not know {name}" for name in body if name not in members]
    properties = excerpt()["entityTypes"][kind]["properties"]
    for name in members & set(body):
        said += _typed(name, body[name], properties[name]["type"])
    return said


def _typed(where: str, value, kind: str) -> list[str]:
    """How a value departs from its type in the metadata."""
    if kind in SIMPLE:
        return [] if isinstance(value, SIMPLE[kind]) else [f"{where} is no {kind}"]
    described = excerpt()["complexTypes"][kind]
    if not isinstance(value, dict):
        return [f"{where} is no {kind}"]
    said = []
    for name, inner in value.items():
        if name in described["properties"]:
            said += _typed(f"{where}.{name}", inner, described["properties"][name]["type"])
        elif not described["open"]:
            said.append(f"{where} does not know {name}")
    return said


def _batch(body: dict) -> list[str]:
    requests = body.get("requests", [])
    said = [f"does not know {name}" for name in body if name != "requests"]
    if not 1 <= len(requests) <= 20:
        said.append(f"has {len(requests)} requests")
    if len({one["id"] for one in requests}) != len(requests):
        said.append("repeats an id")
    for one in requests:
        said += [f"does not know {name} in a request" for name in one if name not in BATCHED]
        path, _, query = one["url"].partition("?")
        if not path.startswith("/"):
            said.append(f"{path} is not relative to the version")
        said += _of(one["method"], f"/v1.0{path}", query, one.get("headers", {}), one.get("body"))
    return said
