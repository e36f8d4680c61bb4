"""What users can type, set, meet or find is documented."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import errors
from pipeline.__main__ import COMMANDS
from pipeline.project import _LUIGI_DEFAULTS

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "artifacts" / "README.md",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented_and_has_help(command):
    assert f"\n## {command}\n" in (ROOT / "docs" / "commands.md").read_text()
    shown = subprocess.run(
        [sys.executable, "-m", "pipeline", command, "--help"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert shown.returncode == 0, shown.stderr


def test_every_exit_code_is_documented():
    page = (ROOT / "docs" / "exit-codes.md").read_text()
    codes = {kind.exit_code for kind in vars(errors).values() if hasattr(kind, "exit_code")}
    codes |= {int(code) for code in _LUIGI_DEFAULTS["retcode"].values()}
    for code in codes | {0, 2, 130, 143}:
        assert f"| {code} | " in page, code


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        if not target.startswith("https://"):
            assert (page.parent / target).exists(), target


def test_files_that_the_docs_name_exist():
    text = "\n".join(
        page.read_text() for page in (ROOT / "README.md", ROOT / "docs" / "architecture.md")
    )
    for name in re.findall(
        r"\b(?:pipeline|targets|sandbox|docs|tests|benchmarks)/[\w/.-]*\w", text
    ):
        assert (ROOT / name).exists(), name


def test_every_dependency_has_its_reason():
    readme = (ROOT / "README.md").read_text()
    setup = (ROOT / "setup.cfg").read_text()
    required = re.search(r"install_requires =\n((?:    .+\n)+)", setup)
    assert required
    for line in required[1].splitlines():
        name = re.split(r"[<>=!~]", line.strip())[0]
        assert f"| {name} | " in readme, name
