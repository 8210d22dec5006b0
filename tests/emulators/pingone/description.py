"""Answers held against the excerpt of Ping's OpenAPI descriptions, where it is present."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

from jsonschema import Draft7Validator

FILE = Path(__file__).resolve().parents[4] / "shared" / "data" / "pingone-openapi-excerpt.json"
ERRORS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    415: "UnsupportedMediaType",
    429: "TooManyRequests",
    500: "InternalServerError",
}


def present() -> bool:
    return FILE.is_file()


@cache
def _description() -> dict:
    return _loosened(json.loads(FILE.read_text()))


def _loosened(value):
    """What JSON Schema in Python takes.

    A region is "one of" an enumeration and any text: both match, so any of them does. Patterns
    with Unicode classes are left out: `re` has none.
    """
    if isinstance(value, list):
        return [_loosened(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        "anyOf" if name == "oneOf" else name: _loosened(one)
        for name, one in value.items()
        if not (name == "pattern" and isinstance(one, str) and r"\p{" in one)
    }


def problems(method: str, path: str, status: int, body) -> list[str]:
    """How an answer departs from the description; nothing where it is silent.

    Args:
        path: below `/v1`.
    """
    found = _error(status) if status in ERRORS else _success(method, path, status)
    if found is None:
        return []
    schema, components = found
    validator = Draft7Validator({"allOf": [schema], "components": components})
    return [
        f"{method} {path} {status}: {error.json_path}: {error.message}"
        for error in validator.iter_errors(body)
        if not _known(error)
    ]


def _known(error) -> bool:
    """The SDK marks email as required; people from elsewhere may have none."""
    return error.message == "'email' is a required property" and error.instance.get(
        "username", ""
    ).startswith("kiosk.")


def _error(status: int) -> tuple[dict, dict]:
    errors = _description()["errors"]
    answer = errors["responses"][f"http.{status}.{ERRORS[status]}"]
    return answer["content"]["*/*"]["schema"], errors["components"]


def _success(method: str, path: str, status: int) -> tuple[dict, dict] | None:
    for part in ("management", "mfa"):
        for template, operations in _description()[part]["paths"].items():
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
            if not re.fullmatch(pattern, path):
                continue
            answer = operations.get(method.lower(), {}).get("responses", {}).get(str(status), {})
            schema = answer.get("content", {}).get("application/json", {}).get("schema")
            if schema:
                return schema, _description()[part]["components"]
    return None
