"""`clean` and the loop behind a dataset: tuned models, evaluations and comparisons stay while a setting reaches them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.crash.conftest import Small

# What a comparison of one arm and one seed, and self-alignment that is in its second round, leave without the hours: the selections are real, the tuned models
# are copies of the demo model, and all folders have the recipes that their tasks give them.
LOOP = """
import subprocess, sys
from pipeline import demo
from pipeline.loop import arms
from pipeline.project import session
from pipeline.commands import open_session
from pipeline.loop.comparison import Comparison
from pipeline.loop.evaluation import Answers, Evaluation
from pipeline.loop.finetuning import FineTunedModel
from pipeline.loop.self_alignment import EVERY_ROUND, SelfAlignment, following
from pipeline.project.session import Session

run = open_session()
session.use(run)
(arm,) = arms.chosen(run.settings).values()
options = arms.options(arms.apply(run.settings, arm))
subprocess.run([sys.executable, "-m", "luigi", "--module", "pipeline", "Selected", *options], check=True)
Comparison().recipe.write(run.artifacts)
for number, of_seed in enumerate([
    {("evaluation", "model"): "tuned"},
    {**arm, **arms.of_seed(1, tuned=True, rows=2)},
    {**EVERY_ROUND, **arms.of_seed(1, tuned=True, rows=0)},
    arms.of_seed(1, tuned=False, rows=0),
]):
    with session.using(Session(arms.apply(run.settings, of_seed), run.root)) as variant:
        if variant.settings.evaluation.model == "tuned":
            FineTunedModel().recipe.write(run.artifacts)
            content = bytearray(demo.MODEL.read_bytes()) + bytes([number])
            FineTunedModel().gguf.write_bytes(content)
        Answers().recipe.write(run.artifacts)
        Evaluation().recipe.write(run.artifacts)
SelfAlignment().recipe.write(run.artifacts)
second = Session(arms.apply(run.settings, following(EVERY_ROUND)), run.root)
second.recipes["concepts"].write(run.artifacts)
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
