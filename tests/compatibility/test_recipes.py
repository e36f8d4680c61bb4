"""The recipe digests of every stage and goal are the golden ones: no folder of artifacts is made again.

`recipes.json` is that of 218ee72 for the stages before executions; the verdicts have been of version 4 since. A digest that changes costs every user hours of GPU time: a stage whose
bytes really change gets a higher version, and the golden file the new digests in the same commit.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.compatibility import recipes

GOLDEN = json.loads(Path(__file__).with_name("recipes.json").read_text())


@pytest.mark.parametrize("case", recipes.CASES)
def test_recipes_of_the_stages_have_the_golden_digests(case):
    assert recipes.document(recipes.dataset_recipe(recipes.CASES[case])) == GOLDEN[case]


@pytest.mark.slow
def test_recipes_of_the_demo_and_of_its_goals_have_the_golden_digests(tmp_path):
    for name, recipe in recipes.demo_recipes(tmp_path).items():
        assert recipes.document(recipe) == GOLDEN[name], name


def test_every_golden_case_is_compared():
    assert GOLDEN.keys() == {*recipes.CASES, "demo", "evaluation", "comparison", "self_alignment"}
