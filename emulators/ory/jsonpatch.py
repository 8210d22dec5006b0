"""JSON Patch as Kratos applies it (ory.md 2.3, [K] oryx/jsonx/patch.go)."""

from __future__ import annotations

import copy
from typing import Any

from emulators.ory.errors import OryError

FAILED = "failed to apply JSON patch"


def refused(message: str) -> OryError:
    """ory.md 2.3: reason "failed to apply JSON patch", the cause in `message`."""
    return OryError(400, message, FAILED)


def apply(document: dict[str, Any], patch: Any, *, denied: tuple[str, ...]) -> dict[str, Any]:
    """The patched copy of a document.

    Only add, remove and replace; `replace` of a missing non-array path adds; intermediate objects
    are made.

    Args:
        document: not changed.
        patch: the parsed body.
        denied: lower-case paths; one that ends in `/**` covers everything below it.

    Raises:
        OryError: 400.
    """
    if not isinstance(patch, list):
        raise refused("json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    for step in patch:
        _check(step, denied)
    result = copy.deepcopy(document)
    for step in patch:
        parts = [part.replace("~1", "/").replace("~0", "~") for part in step["path"][1:].split("/")]
        _step(result, step["op"], parts, step.get("value"), step["path"])
    return result


def _check(step: Any, denied: tuple[str, ...]) -> None:
    if not isinstance(step, dict) or not isinstance(step.get("path"), str):
        raise refused("error in patch: missing path")
    operation, path = step.get("op"), step["path"]
    if operation not in ("add", "remove", "replace"):
        raise refused(f"unsupported operation: {operation}")
    if not path.startswith("/"):
        raise refused(f"unsupported path: {path}")
    folded = path.lower()  # ory.md 2.3: case-insensitive
    for pattern in denied:
        below = pattern.removesuffix("/**")
        if folded == pattern or (pattern != below and folded.startswith(below + "/")):
            raise refused(f"patch includes denied path: {path}")


def _step(document: Any, operation: str, parts: list[str], value: Any, path: str) -> None:
    parent = document
    for part in parts[:-1]:
        parent = _child(parent, part, make=operation != "remove", path=path)
    last = parts[-1]
    if isinstance(parent, list):
        _in_list(parent, operation, last, value, path)
    elif isinstance(parent, dict):
        if operation != "remove":
            parent[last] = value
        elif last in parent:
            del parent[last]
        else:
            raise refused(f'error in remove for path: "{path}": unable to remove nonexistent key')
    else:
        raise refused(f'error in {operation} for path: "{path}": not a container')


def _child(parent: Any, part: str, *, make: bool, path: str) -> Any:
    if isinstance(parent, list):
        return parent[_index(parent, part, path)]
    if isinstance(parent, dict):
        if make and parent.get(part) is None:
            parent[part] = {}
        if part in parent:
            return parent[part]
    raise refused(f'error for path: "{path}": missing value')


def _in_list(parent: list[Any], operation: str, last: str, value: Any, path: str) -> None:
    if operation == "add":
        if last == "-":
            parent.append(value)
        else:
            parent.insert(_index(parent, last, path, end=True), value)
    elif operation == "replace":
        parent[_index(parent, last, path)] = value
    else:
        del parent[_index(parent, last, path)]


def _index(parent: list[Any], part: str, path: str, *, end: bool = False) -> int:
    if not part.isdigit() or int(part) >= len(parent) + end:
        raise refused(f'error for path: "{path}": invalid index: {part}')
    return int(part)
