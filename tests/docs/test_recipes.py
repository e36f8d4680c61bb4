"""Every recipe of the documentation runs, with its sources and its model replaced by six functions and the demo model."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.projects import Project
from tests.support.scripted_server import completed, scripted_server

ROOT = Path(__file__).parents[2]
RECIPES = {path.stem: path.read_text() for path in sorted((ROOT / "docs" / "recipes").glob("*.md"))}
INDEX = RECIPES.pop("README")
FUNCTIONS = {
    "longest": ("The longest word.", "words", "max(words, key=len)"),
    "evens": ("Keep the even numbers.", "items", "[item for item in items if item % 2 == 0]"),
    "doubled": ("Double each number.", "items", "[2 * item for item in items]"),
    "backwards": ("The items in reverse order.", "items", "items[::-1]"),
    "total": ("The sum of the squares.", "numbers", "sum(number**2 for number in numbers)"),
    "initials": ("The first letter of each word.", "text", "[word[0] for word in text.split()]"),
}
# What a chat model answers: one right function, whatever it is given.
ANSWER = """Twice.

```python
def twice(x):
    # two times x
    return 2 * x
```

### Tests
```python
assert twice(2) == 4
assert twice(0) == 0
```
"""
MOST_SAMPLES = 3
# Six tasks of the demo model give no pair and no repair, and a form without rows has no file: tests/e2e/test_export.py has
# pairs, tests/e2e/test_repairs.py repairs.
MAY_BE_EMPTY = {"preference", "repairs"}


def block(page: str, language: str) -> str:
    found = re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return found[0] if found else ""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One project for all recipes: what two of them share is made once."""
    made = Project(tmp_path_factory.mktemp("recipes"))
    parts = list(FUNCTIONS.items())
    for number, name in enumerate(("code", "first", "second", "third")):
        folder = made.root / name
        folder.mkdir()
        for function, (doc, argument, result) in parts if name == "code" else parts[2 * number - 2 : 2 * number]:
            text = f'def {function}({argument}):\n    """{doc}"""\n    return {result}\n'
            (folder / f"{function}.py").write_text(text)
        if name != "code":
            git = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@t"]
            subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
            subprocess.run([*git, "add", "."], check=True)
            subprocess.run([*git, "commit", "-q", "-m", "functions"], check=True)
    (made.root / "benchmarks").mkdir()
    shutil.copy(ROOT / "tests" / "sandbox" / "problems.jsonl", made.root / "benchmarks" / "problems.jsonl")
    return made


def configure(project: Project, page: str, url: str) -> configparser.RawConfigParser:
    """Write the recipe's luigi.cfg and rules, with what this machine does not have replaced; return the recipe's own."""
    recipe = configparser.RawConfigParser()
    recipe.read_string(block(page, "ini"))
    sections = {name: dict(recipe[name]) for name in recipe.sections() if name != "model"}
    sources = recipe["seeds"]["sources"].split()
    repositories = ["git:first@main", "git:second@main", "git:third@main"]
    sections["seeds"]["sources"] = (
        ", ".join(repositories) if all(source.startswith("git:") for source in sources) else "code"
    )
    if "licences" in sections["seeds"]:
        sections["seeds"]["licences"] = "any"
    responses = sections.setdefault("responses", {})
    responses["samples"] = str(min(int(responses.get("samples", MOST_SAMPLES)), MOST_SAMPLES))
    if "base_url" in responses:
        responses |= {"base_url": url, "model": "scripted"}
    if "prompts" in sections:
        sections["prompts"].pop("exemplars", None)
    if "decontamination" in sections:
        sections["decontamination"]["packs"] = "benchmarks"
    sections.setdefault("selection", {}).pop("trust", None)
    project.configure(**sections)
    (project.root / "rules.py").write_text(block(page, "python"))
    return recipe


def answered(body: dict) -> dict:
    answer = completed("")
    if "messages" in body:
        answer["choices"] = [{"message": {"content": ANSWER}, "finish_reason": "stop"}]
    return answer


def test_every_recipe_is_in_the_index():
    assert re.findall(r"\]\(([\w-]+)\.md\)", INDEX) and sorted(re.findall(r"\]\(([\w-]+)\.md\)", INDEX)) == list(
        RECIPES
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_gives_rows_and_its_exports(project: Project, name: str):
    page = RECIPES[name]
    exports = re.findall(r"^ {4}selfcodealign (export .*?)(?: *#.*)?$", page, re.MULTILINE)
    with scripted_server() as server:
        server.answer = answered
        configure(project, page, server.url)
        code, output = project.run(task="FinalDataset" if exports else "Selected", CHAT_API_KEY="none")
    assert code == 0, output
    (kept,) = re.findall(r"selection: .* (\d+) kept", output)
    assert int(kept) > 0
    for line in exports:
        folder = project.root / "out" / name
        code, output = project.ask(*line.split(), "--to", str(folder))
        assert code == 0, output
        for form in re.findall(r"rl|verifiers|preference|chat|parquet|repairs|monologues|execution", line):
            assert form in MAY_BE_EMPTY or any((folder / form).iterdir()), form
