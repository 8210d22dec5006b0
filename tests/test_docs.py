"""The pages of docs/ keep up with the code, and their links lead somewhere."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from click import Group
from werkzeug.routing import Rule

from app import COMMANDS
from blueprints.access import ACCESS, Door, needs
from services import privilege_words, roles
from services.ceremonies import CODES
from services.roles import Action

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def literal_codes() -> set[str]:
    """The first argument of every `Refusal("…")` in the code."""
    found = set()
    for folder in ("services", "blueprints"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if (
                    isinstance(node, ast.Call)
                    and getattr(node.func, "id", "") == "Refusal"
                    and node.args
                    and isinstance(node.args[0], ast.Constant)
                ):
                    found.add(node.args[0].value)
    return found


def test_every_code_of_refusal_is_documented():
    page = (ROOT / "docs" / "refusals.md").read_text()
    documented = set(re.findall(r"`([a-z_.]+)`", page))
    assert literal_codes() | CODES.keys() <= documented
    for code, sentence in CODES.items():
        assert f"| `{code}` | {sentence} |" in page


def test_every_check_and_reason_of_ory_is_documented():
    page = (ROOT / "docs" / "ory.md").read_text()
    checks = (ROOT / "directories" / "ory" / "checks.py").read_text()
    for code in re.findall(r'_check\(\s*"(ory\.\w+)"', checks):
        assert f"`{code}`" in page


def test_every_check_and_code_of_entra_is_documented():
    page = (ROOT / "docs" / "entra.md").read_text()
    for module in (ROOT / "directories" / "entra").glob("*.py"):
        for code in re.findall(r'"(entra\.[a-z_]+)"', module.read_text()):
            assert f"`{code}`" in page, code


def test_every_check_and_code_of_pingone_is_documented():
    page = (ROOT / "docs" / "pingone.md").read_text()
    for module in (ROOT / "directories" / "pingone").glob("*.py"):
        for code in re.findall(r'"(pingone\.[a-z_]+)"', module.read_text()):
            assert f"`{code}`" in page, code


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_the_readme_names_every_command():
    readme = (ROOT / "README.md").read_text()
    for group in COMMANDS:
        assert isinstance(group, Group)
        for name in group.commands:
            assert f"flask {group.name} {name}" in readme


def route_row(rule: Rule) -> str:
    """The row of docs/routes.md for a route: methods, address, and who may open it."""
    needed = ACCESS[rule.endpoint]
    if isinstance(needed, Door):
        who = needed.value
    else:
        names = (
            f"`<type>.{need.value}`" if isinstance(need, Action) else f"`{need.value}`"
            for need in needs(rule.endpoint)
        )
        who = ", ".join(names)
    methods = ", ".join(sorted(rule.methods - {"HEAD", "OPTIONS"}))
    return f"| {methods} | `{rule.rule}` | {who} |"


def test_every_route_is_documented_with_who_may_open_it(app):
    page = (ROOT / "docs" / "routes.md").read_text().splitlines()
    documented = {line for line in page if line.startswith(("| GET", "| POST"))}
    routes = {route_row(rule) for rule in app.url_map.iter_rules()}
    assert sorted(routes - documented) == [], "add these rows to docs/routes.md"
    assert sorted(documented - routes) == [], "these rows of docs/routes.md are of no route"


def test_the_table_of_roles_says_what_the_code_does():
    page = (ROOT / "docs" / "roles.md").read_text()
    names = " | ".join(roles.NAMES[role] for role in roles.ROLES)
    assert f"| privilege | what it allows | {names} |" in page
    rows = re.findall(r"^\| `[a-z_.]+` \|.*$", page, re.MULTILINE)
    assert rows == [
        f"| `{one.value}` | {privilege_words.SENTENCES[one]} | "
        + " | ".join("yes" if one in held else "–" for held in roles.ROLES.values())
        + " |"
        for area in privilege_words.AREAS
        for one in area.privileges
    ]


def test_the_index_of_the_documentation_leads_to_every_page():
    index = (ROOT / "docs" / "README.md").read_text()
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert {name for name in pages if f"]({name})" not in index} == set()
