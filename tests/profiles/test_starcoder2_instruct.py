"""The profile of StarCoder2-Instruct's way: a dataset made with it, of a server that writes in its form, has that form."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest

from pipeline.text.markdown import code_blocks
from tests.support.projects import Project
from tests.support.scripted_server import completed, scripted_server

PROFILE = Path(__file__).parents[2] / "profiles" / "starcoder2-instruct.cfg"
RECIPE = Path(__file__).parents[2] / "docs" / "recipes" / "starcoder2-instruct.md"
SEEDS = ("alpha", "beta", "gamma", "delta", "omega", "sigma", "kappa", "theta")
REASONING, EXPLANATION = "Look at it from the other side first.", "That covers the numbers below zero as well."
CODE = '''def {name}(x):
    """Add {number}."""
    return x + {number}  # all of it
'''
SAMPLES = 3


def answer(body: dict) -> dict:
    prompt = str(body["prompt"])
    last = prompt.rpartition("## Example")[2]
    seed = next((name for name in SEEDS if name in last), "")
    if not seed:  # what the engine sends to see whether the server answers
        return completed(" x")
    number = 10 + SEEDS.index(seed)
    if prompt.endswith("### Concepts\n"):
        return completed(f"arithmetic, {seed} sums\n")
    if prompt.endswith("### Instruction\n"):
        return completed(f"Write a function `{seed}_plus(x)` that returns a number which is larger by {number}.")
    code = CODE.format(name=f"{seed}_plus", number=number)
    parts = f"[Reasoning]\n{REASONING}\n\n[Implementation]\n```python\n{code}```\n\n[Explanation]\n{EXPLANATION}"
    if body["seed"] % SAMPLES == 0:
        parts = parts.replace("[Explanation]\n", "")
    tests = "".join(f"assert {seed}_plus({n}) == {n + number}\n" for n in range(3))
    return completed(f"{parts}\n\n### Tests\n```python\n{tests}```")


def settings() -> dict[str, dict[str, str]]:
    profile = configparser.RawConfigParser()
    profile.read(PROFILE)
    return {name: dict(profile[name]) for name in profile.sections() if name != "model"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A dataset under the profile, with the prompts that its instructions were made from."""
    project = Project(tmp_path_factory.mktemp("starcoder2"))
    (project.root / "code").mkdir()
    for number, name in enumerate(SEEDS):
        body = "".join(f"    values.append({number} * {name}_{step})\n" for step in range(number, number + 3))
        head = f"def {name}(values, {', '.join(f'{name}_{step}' for step in range(number, number + 3))}):\n"
        (project.root / "code" / f"{name}.py").write_text(
            f'{head}    """Extend by {name}."""\n{body}    return values\n'
        )
    with scripted_server() as server:
        server.answer = answer
        given = settings()
        given["seeds"]["sources"] = "code"
        given["responses"]["samples"] = str(SAMPLES)
        given["judgements"] = {"judge": "off"}
        given["engine"] = {"backend": "server", "base_url": server.url, "n_ctx": "8192"}
        project.configure(**given)
        code, output = project.run()
        assert code == 0, output
        prompts = [body["prompt"] for body in server.bodies if str(body["prompt"]).endswith("### Instruction\n")]
    return project, prompts


def test_rows_have_its_form(made):
    project, _ = made
    rows = project.rows()
    assert len(rows) >= 6
    for row in rows:
        has = {name: name in row["shape"] for name in ("no_reasoning", "no_explanation", "tests")}
        assert "no_comments" in row["shape"]
        assert (REASONING in row["response"]) is not has["no_reasoning"]
        assert (EXPLANATION in row["response"]) is not has["no_explanation"]
        assert ("Your code should pass" in row["instruction"]) is has["tests"]
        (code,) = code_blocks(row["response"])
        assert not re.search(r'#|"""|^\[', row["response"], re.MULTILINE)
        assert re.fullmatch(r"def (\w+)_plus\(x\):\n    return x \+ \d+\n", code)
    # Drawn with a share of a half.
    assert 0 < sum("tests" in row["shape"] for row in rows) < len(rows)


def test_a_response_without_one_of_the_parts_is_rejected(made):
    project, _ = made
    assert {rejected["rule"] for rejected in project.rejected("responses")} == {"parts_missing"}


def test_the_properties_of_an_instruction_stand_in_its_order(made):
    _, prompts = made
    for prompt in prompts:
        properties = prompt.rsplit("### Properties\n", 1)[1].split("\n")
        assert [line.partition(":")[0] for line in properties[:4]] == ["category", "language", "concepts", "difficulty"]
        assert properties[0] == "category: code generation (function implementation)"


def test_the_recipe_of_the_documentation_is_the_profile_but_for_sources_and_machine():
    recipe = configparser.RawConfigParser()
    recipe.read_string(re.findall(r"^```ini\n(.*?)^```$", RECIPE.read_text(), re.MULTILINE | re.DOTALL)[0])
    expected = {name: values for name, values in settings().items() if name not in ("seeds", "engine")}
    assert {name: dict(recipe[name]) for name in recipe.sections() if name not in ("seeds", "model")} == expected
