"""What the agent's own folder promises."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

import latchkey_agent
from latchkey_agent import ceremony, cli
from latchkey_agent.stop import MEANINGS, Exit

ROOT = Path(__file__).resolve().parents[2]
AGENT = ROOT / "agent"
PROJECT = tomllib.loads((AGENT / "pyproject.toml").read_text())["project"]
MODULES = sorted((AGENT / "latchkey_agent").glob("*.py"))
ALLOWED = {"latchkey_agent", "fido2", "smartcard"}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_it_imports_nothing_of_the_portals(module):
    import sys

    for node in ast.walk(ast.parse(module.read_text())):
        names = (
            [one.name for one in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        for name in names:
            top = name.partition(".")[0]
            assert top in ALLOWED or top in sys.stdlib_module_names, f"{module.name}: {name}"


def test_its_version_is_written_once():
    assert PROJECT["version"] == latchkey_agent.__version__


def pins(page: Path) -> dict[str, str]:
    lines = (line.strip() for line in page.read_text().splitlines())
    return dict(line.split("==") for line in lines if "==" in line)


def test_it_is_tested_with_what_it_is_installed_with():
    ours, its = pins(ROOT / "requirements.txt"), pins(AGENT / "constraints.txt")
    readers = its.pop("pyscard")
    assert its == {name: ours[name] for name in its}
    assert PROJECT["dependencies"] == [f"fido2=={its['fido2']}"]
    assert PROJECT["optional-dependencies"]["pcsc"] == [
        f"fido2[pcsc]=={its['fido2']}",
        f"pyscard=={readers}",
    ]


def test_its_command_leads_to_it():
    module, _, function = PROJECT["scripts"]["latchkey-agent"].partition(":")
    assert (module, getattr(cli, function)) == (cli.__name__, cli.main)


@pytest.mark.parametrize("code", list(Exit), ids=lambda code: code.name)
def test_every_exit_code_is_documented(code):
    page = (ROOT / "docs" / "desk-agent.md").read_text()
    assert f"| {int(code)} | {MEANINGS[code]} |" in page


def test_every_code_of_the_agents_is_documented():
    page = (ROOT / "docs" / "desk-agent.md").read_text()
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Stop", "Again"):
                code = node.args[1].value
                assert re.search(rf"`{code}`", page), code


def test_help_lists_the_exit_codes(capsys):
    with pytest.raises(SystemExit) as left:
        cli.main(["--help"])
    assert left.value.code == Exit.DONE
    shown = " ".join(capsys.readouterr().out.split())
    assert all(meaning in shown for meaning in MEANINGS.values())


@pytest.mark.parametrize(
    "arguments", [[], ["enrol"], ["enrol", "x", "--min-pin-length", "3"], ["other"]]
)
def test_a_command_that_is_not_understood_exits_as_others_do(arguments, capsys):
    with pytest.raises(SystemExit) as left:
        cli.main(arguments)
    assert left.value.code == Exit.USAGE
    assert "usage" in capsys.readouterr().err


def test_no_address_of_a_portal_exits_as_a_wrong_command(capsys):
    assert cli.main(["enrol", "https://example.com/"]) == Exit.USAGE
    assert "[address_wrong]" in capsys.readouterr().err


def test_keys_are_driven_directly_everywhere_but_on_windows(monkeypatch):
    monkeypatch.setattr(ceremony, "on_windows", lambda: False)
    assert not ceremony.needs_windows()
