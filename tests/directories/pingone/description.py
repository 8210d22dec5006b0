"""Requests of the connector held against PingOne's own OpenAPI, where the excerpt is present."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from jsonschema import Draft7Validator

FILE = Path(__file__).resolve().parents[4] / "shared" / "data" / "pingone-openapi-excerpt.json"
OVERRIDES = json.loads((Path(__file__).parent / "overrides.json").read_text())
PRESENT = FILE.is_file()
ABSENT = "the OpenAPI excerpt of PingOne is not beside this repository"
TOKEN = re.compile(r"(/[0-9a-f-]{36})?/as/token")
REPLACED = {line.rpartition(" ")[0] for line in OVERRIDES["bodies"]}


@cache
def described() -> dict:
    """The excerpt, strict about unknown fields."""
    return _strict(json.loads(FILE.read_text()))


def problems(method: str, url: str, kind: str, body: bytes | str | None) -> list[str]:
    """How a request departs from the description; empty when it does not."""
    parts = urlsplit(url)
    if method == "POST" and TOKEN.fullmatch(parts.path):
        return []  # OAuth's own endpoint, no part of the API
    path = parts.path.removeprefix("/v1")
    for template, query, components, schema in _operations(method, kind):
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            said = [*_query(query, parts.query), *_body(schema, components, body)]
            return [f"{method} {template}: {one}" for one in said]
    return [f"{method} {parts.path} with {kind or 'no body'} is not described"]


def _operations(method: str, kind: str):
    for line, override in OVERRIDES["paths"].items():
        verb, _, template = line.partition(" ")
        if verb == method:
            yield template, override.get("query", {}), {}, None
    for line, override in OVERRIDES["bodies"].items():
        verb, template, content = line.split(" ")
        if (verb, content) == (method, kind):
            yield template, {}, {}, override["schema"]
    for part in ("management", "mfa"):
        for template, operations in described()[part]["paths"].items():
            operation = operations.get(method.lower())
            if operation is None or f"{method} {template}" in REPLACED:
                continue
            query = {
                one["name"]: one["schema"]
                for one in operation.get("parameters", [])
                if one["in"] == "query"
            }
            content = operation.get("requestBody", {}).get("content", {})
            if bool(content) is bool(kind) and (not kind or kind in content):
                schema = content[kind].get("schema", {}) if kind else None
                yield template, query, described()[part]["components"], schema


def _query(known: dict, query: str) -> list[str]:
    said = []
    for name, text in parse_qsl(query, keep_blank_values=True):
        if name not in known:
            said.append(f"does not know {name}")
            continue
        value = int(text) if known[name].get("type") == "integer" else text
        said += [error.message for error in Draft7Validator(known[name]).iter_errors(value)]
    return said


def _body(schema: dict | None, components: dict, body: bytes | str | None) -> list[str]:
    if schema is None:
        return ["takes no body"] if body else []
    validator = Draft7Validator({"allOf": [schema], "components": components})
    return [
        f"{error.json_path}: {error.message[:300]}"
        for error in validator.iter_errors(json.loads(body or "null"))
    ]


def _strict(value):
    """A schema that refuses fields it does not name."""
    if isinstance(value, list):
        return [_strict(item) for item in value]
    if not isinstance(value, dict):
        return value
    value = {name: _strict(item) for name, item in value.items()}
    if isinstance(value.get("properties"), dict) and value.get("type") == "object":
        value.setdefault("additionalProperties", False)
    return value
