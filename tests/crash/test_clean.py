"""`clean` and the loop behind a dataset: tuned models, evaluations and comparisons stay while a setting reaches them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.crash.conftest import Small
from tests.support.projects import kill_tree

# What a comparison of one arm and one seed, and self-alignment that is in its second round, leave without the hours: the selections are real, the tuned models
# are copies of the demo model, and all folders have the recipes that their tasks give them.
LOOP = """
import subprocess, sys
from pipeline import demo
from pipeline.commands import open_project
from pipeline.loop import arms
from pipeline.loop.comparison import Comparison
from pipeline.loop.answers import Answers
from pipeline.loop.evaluation import PackEvaluation
from pipeline.loop.finetuning import FineTunedModel
from pipeline.loop.self_alignment import EVERY_ROUND, SelfAlignment, following
from pipeline.stages.chain import shard_tasks

project = open_project()
(arm,) = arms.chosen(project.settings).values()
options = arms.options(project.variant(arm).settings)
subprocess.run([sys.executable, "-m", "luigi", "--module", "pipeline", "Selected", *options], check=True)
Comparison(project=project).recipe.write(project.artifacts)
for number, of_seed in enumerate([
    {("evaluation", "model"): "tuned"},
    {**arm, **arms.of_seed(1, tuned=True, rows=2)},
    {**EVERY_ROUND, **arms.of_seed(1, tuned=True, rows=0)},
    arms.of_seed(1, tuned=False, rows=0),
]):
    variant = project.variant(of_seed)
    if variant.settings.evaluation.model == "tuned":
        tuned = FineTunedModel(project=variant)
        tuned.recipe.write(project.artifacts)
        tuned.gguf.write_bytes(bytearray(demo.MODEL.read_bytes()) + bytes([number]))
    Answers(project=variant).recipe.write(project.artifacts)
    PackEvaluation(project=variant).recipe.write(project.artifacts)
SelfAlignment(project=project).recipe.write(project.artifacts)
second = project.variant(following(project, EVERY_ROUND))
shard_tasks(second)[0].recipe.write(project.artifacts)
"""


def unreached(project: Small) -> dict[str, int]:
    """How many folders of each of the loop's stages nothing reaches."""
    code, output = project.ask("clean", "--json")
    assert code == 0, output
    counts: dict[str, int] = {}
    for item in json.loads(output):
        stage = Path(item["folder"]).parent.name
        counts[stage] = counts.get(stage, 0) + 1
    return counts


def test_of_the_loop_only_what_no_setting_reaches_any_more_is_listed(project):
    comparison = {"arms": "passing", "seeds": 1, "rows": 2}
    project.configure(comparison=comparison)
    subprocess.run([sys.executable, "-c", LOOP], cwd=project.root, check=True)
    for stage, count in {"finetuning": 3, "answers": 4, "evaluation": 4, "comparison": 1}.items():
        assert len(list((project.artifacts / stage).iterdir())) == count
    assert unreached(project) == {}
    project.configure(comparison={**comparison, "seeds": 2})
    assert unreached(project) == {"comparison": 1}
    project.configure(comparison=comparison, finetuning={"learning_rate": 0.5})
    assert unreached(project) == {
        "concepts": 1, "finetuning": 3, "answers": 3, "evaluation": 3, "comparison": 1, "self_alignment": 1,
    }  # fmt: skip


def test_an_unfinished_shard_is_listed_with_its_command_and_removed_only_when_it_is_named(project):
    options = ("--responses-samples", "2")
    process = project.gated("responses", "append", "stop", *options)
    kill_tree(process)
    (journal,) = (project.artifacts / "responses").glob("*/shard-000000.journal")
    name = f"responses/{journal.parent.name}"

    listed = json.loads(project.ask("clean", "--json")[1])
    (entry,) = [item for item in listed if item["unfinished"]]
    assert entry["folder"] == str(journal.parent)
    assert entry["unfinished"]["records"] == 3
    assert "--responses-samples 2" in entry["unfinished"]["command"]
    assert entry["unfinished"]["age_seconds"] < 600

    code, output = project.ask("clean", "--yes")
    assert code == 0 and journal.exists(), output
    assert f"{name}: 3 records" in output and "--responses-samples 2" in output

    code, output = project.ask("clean", "responses/000000000000", "--yes")
    assert code == 15 and "is not among the folders" in output
    code, output = project.ask("clean", name)
    assert code == 0 and journal.exists() and "nothing was removed" in output
    code, output = project.ask("clean", name, "--yes")
    assert code == 0 and not journal.parent.exists(), output


def test_an_unfinished_shard_resumes_after_a_clean(project):
    options = ("--responses-samples", "2")
    kill_tree(project.gated("responses", "append", "stop", *options))
    project.ask("clean", "--yes")
    code, output = project.run(*options)
    assert code == 0, output
    assert "responses 000000: goes on at 3 of" in output
