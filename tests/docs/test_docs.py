"""What users can type, set, meet or find is documented."""

from __future__ import annotations

import configparser
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import errors
from pipeline.commands.parsers import COMMANDS
from pipeline.config import SECTIONS
from pipeline.config.location import _LUIGI_DEFAULTS

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "profiles" / "README.md",
    ROOT / "artifacts" / "README.md",
]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.slow
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
    for code in codes | {0, 2, 129, 130, 143}:
        assert f"| {code} | " in page, code


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.__name__)
def test_every_key_is_documented_with_its_default(section):
    reference = (ROOT / "docs" / "reference" / "configuration.md").read_text()
    _, found, page = reference.partition(f"\n## [{section.__name__}]\n")
    assert found, f"docs/reference/configuration.md: no section [{section.__name__}]"
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+?) \| .", page.partition("\n## ")[0], re.MULTILINE))
    shipped = configparser.RawConfigParser()
    shipped.read(ROOT / "luigi.cfg")
    for key, parameter in section.get_params():
        assert key in rows, f"docs/reference/configuration.md: [{section.__name__}] has no {key}"
        default = rows.pop(key).strip("`").replace("empty", "")
        assert shipped[section.__name__][key] == default, f"[{section.__name__}] {key}"
        assert parameter.parse(default) == parameter._default, f"[{section.__name__}] {key}"
    assert not rows, f"docs/reference/configuration.md: [{section.__name__}] has {rows} too many"


def test_every_page_is_in_the_index_of_the_documentation():
    index = (ROOT / "docs" / "README.md").read_text()
    for page in (ROOT / "docs").rglob("*.md"):
        name = str(page.relative_to(ROOT / "docs"))
        assert f"({name})" in index or name.startswith(("README", "decisions/", "recipes/")), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        if not target.startswith("https://"):
            assert (page.parent / target).exists(), target


def test_files_that_the_docs_name_exist():
    text = "\n".join(page.read_text() for page in (ROOT / "README.md", ROOT / "docs" / "architecture.md"))
    for name in re.findall(r"\b(?:pipeline|targets|sandbox|docs|tests|benchmarks)/[\w/.-]*\w", text):
        assert (ROOT / name).exists(), name


def test_every_dependency_has_its_reason():
    readme = (ROOT / "README.md").read_text()
    setup = (ROOT / "setup.cfg").read_text()
    required = re.search(r"install_requires =\n((?:    .+\n)+)", setup)
    assert required
    for line in required[1].splitlines():
        name = re.split(r"[<>=!~]", line.strip())[0]
        assert f"| {name} | " in readme, name
