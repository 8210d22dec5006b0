"""Answers of the emulator held against Kratos' own OpenAPI description, where it is present."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

from jsonschema import Draft7Validator

FILE = Path(__file__).resolve().parents[3] / "shared" / "data" / "ory-kratos-openapi.json"

# Answers that the description does not name, each with its reason.
UNDESCRIBED = {
    401: "Ory Network's edge answers before Kratos does",
    403: "Ory Network's edge answers before Kratos does",
    429: "Ory Network's edge answers before Kratos does",
}


def present() -> bool:
    return FILE.is_file()


@cache
def _description() -> dict:
    return _nullable(json.loads(FILE.read_text()))


def _nullable(value):
    """OpenAPI 3.0 says `nullable` where JSON Schema lists null among the types."""
    if isinstance(value, list):
        return [_nullable(item) for item in value]
    if not isinstance(value, dict):
        return value
    value = {name: _nullable(item) for name, item in value.items()}
    if value.get("nullable") is True and isinstance(value.get("type"), str):
        value["type"] = [value["type"], "null"]
    return value


def schema_of(method: str, path: str, status: int) -> dict | None:
    """The schema of an answer; None where it has no JSON body."""
    description = _description()
    for template, operations in description["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) and template.count(
            "{"
        ) == _variables(path, template):
            responses = operations[method.lower()]["responses"]
            answer = responses.get(str(status)) or responses["default"]
            if "$ref" in answer:
                answer = description["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
            content = answer.get("content", {})
            return content.get("application/json", {}).get("schema")
    raise AssertionError(f"no path {path} in the description")


def _variables(path: str, template: str) -> int:
    pairs = zip(path.split("/"), template.split("/"), strict=False)
    return sum(given != named for given, named in pairs)


def problems(method: str, path: str, status: int, body) -> list[str]:
    """How an answer departs from the description."""
    if status in UNDESCRIBED and path.startswith("/admin/"):
        return []
    schema = schema_of(method, path, status)
    if schema is None:
        return [] if body is None else [f"{method} {path} {status}: a body, described as none"]
    validator = Draft7Validator({"allOf": [schema], "components": _description()["components"]})
    return [
        f"{method} {path} {status}: {error.json_path}: {error.message}"
        for error in validator.iter_errors(body)
    ]
