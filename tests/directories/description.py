"""Requests of the connector held against Kratos' own OpenAPI description, where it is present."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from jsonschema import Draft7Validator

FILE = Path(__file__).resolve().parents[3] / "shared" / "data" / "ory-kratos-openapi.json"
OVERRIDES = json.loads((Path(__file__).parent / "openapi_overrides.json").read_text())
PRESENT = FILE.is_file()
ABSENT = "the OpenAPI description of Kratos is not beside this repository"
TOKENS = "/oauth2/token"
"""Hydra's, whose own description leaves out what RFC 6749 sections 2.3.1 and 4.4.2 have it take."""
BYTES = {"format": "uint8", "type": "integer"}


@cache
def description() -> dict:
    """The description, strict about unknown fields, with the overrides in place."""
    described = _strict(json.loads(FILE.read_text()))
    for name, override in OVERRIDES["fields"].items():
        where = described["components"]["schemas"][override["where"]]
        where["properties"][name] = override["schema"]
    return described


def _strict(value):
    if isinstance(value, list):
        return [_strict(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("type") == "array" and value.get("items") == BYTES:
        return OVERRIDES["binary"]["instead"]
    value = {name: _strict(item) for name, item in value.items()}
    if value.get("nullable") is True and isinstance(value.get("type"), str):
        value["type"] = [value["type"], "null"]
    if isinstance(value.get("properties"), dict) and value.get("type") == "object":
        value.setdefault("additionalProperties", False)
    return value


def problems(method: str, url: str, body: bytes | None) -> list[str]:
    """How a request departs from the description; empty when it does not."""
    parts = urlsplit(url)
    if parts.path == TOKENS:
        return []
    found = _operation(method, parts.path)
    if found is None:
        return [f"{method} {parts.path} is not described"]
    template, operation = found
    where = f"{method} {template}"
    said = [
        *_query(operation.get("parameters", []), parts.query),
        *_body(operation.get("requestBody"), body),
    ]
    return [f"{where}: {one}" for one in said]


def _operation(method: str, path: str):
    # A fixed path wins over one with variables in it.
    for template in sorted(description()["paths"], key=lambda one: one.count("{")):
        form = re.sub(r"\{\w+\}", "[^/]+", template)
        if re.fullmatch(form, path):
            operation = description()["paths"][template].get(method.lower())
            return None if operation is None else (template, operation)
    return None


def _query(parameters: list[dict], query: str) -> list[str]:
    given = parse_qsl(query, keep_blank_values=True)
    known = {one["name"]: one for one in parameters if one["in"] == "query"}
    said = [
        f"needs {name}"
        for name, one in known.items()
        if one.get("required") and name not in dict(given)
    ]
    for name, text in given:
        if name not in known:
            said.append(f"does not know {name}")
            continue
        schema = known[name]["schema"]
        schema = schema.get("items", schema)
        value = int(text) if schema.get("type") == "integer" else unquote(text)
        said += [error.message for error in Draft7Validator(schema).iter_errors(value)]
    return said


def _body(described: dict | None, body: bytes | None) -> list[str]:
    if not body:
        needed = described is not None and described.get("required")
        return ["needs a body"] if needed else []
    if described is None:
        return ["takes no body"]
    schema = described["content"]["application/json"]["schema"]
    components = description()["components"]
    validator = Draft7Validator({"allOf": [schema], "components": components})
    return [
        f"{error.json_path}: {error.message[:300]}"
        for error in validator.iter_errors(json.loads(body))
    ]
