"""Vendored files are the ones that their README records, and no others."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT / "static" / "vendor", ROOT / "tests" / "vendor")
ROW = re.compile(r"^\| (\S+) \| ([0-9a-f]{64}) \|$", re.MULTILINE)


def recorded(folder: Path) -> dict[str, str]:
    return dict(ROW.findall((folder / "README.md").read_text(encoding="utf-8")))


def present(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "README.md"
    }


@pytest.mark.parametrize("folder", FOLDERS, ids=["static", "tests"])
def test_every_vendored_file_is_as_recorded(folder):
    assert recorded(folder), "the README lists files"
    assert present(folder) == recorded(folder)


@pytest.mark.parametrize("name", ["simplewebauthn", "pico", "lucide"])
def test_a_licence_lies_beside_each_package(name):
    assert list((FOLDERS[0] / name).glob("LICENSE*"))


def test_every_vendored_icon_is_used():
    sources = "\n".join(
        path.read_text(encoding="utf-8")
        for folder, ending in (("templates", "*.html"), ("blueprints", "*.py"))
        for path in (ROOT / folder).rglob(ending)
    )
    icons = {path.stem for path in (FOLDERS[0] / "lucide").glob("*.svg")}
    assert {name for name in icons if f'"{name}"' not in sources} == set()
