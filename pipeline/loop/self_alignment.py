"""Self-alignment again and again: `luigi --module pipeline SelfAlignment` has each tuned model make the next dataset.

Round 1 is the base model tuned on its own dataset. In every further round the model that the last one tuned takes
the base model's place: it names concepts, writes instructions and answers them, few-shot as any base model (the
prompt of tuning knows no concepts), and is tuned on from there, always on responses with their tests. Each is scored
on the pack of [evaluation], a tuned one with its own prompt. The first round that does not gain on the one before,
with its whole 95 % interval over the tasks, is the last one, and so is one whose model makes fewer rows than are to
be tuned on.

All work is done by children with the command that a user would type, so a killed run goes on with what is missing.
Out: `artifacts/self_alignment/<recipe>/` with rounds.json and rounds.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import luigi

from pipeline import demo
from pipeline.loop.arms import BASE, Overrides, of_seed
from pipeline.loop.comparison import evaluation_recipe, run_task, score, selected, variant
from pipeline.loop.evaluation import pack
from pipeline.loop.finetuning import FineTunedModel, plan, require_libraries
from pipeline.loop.statistics import bootstrap
from pipeline.project import session
from pipeline.stages import selection
from pipeline.stages.base import PipelineTask
from pipeline.stages.seeds import Seeds
from targets import Recipe, publish
from targets.atomic import json_bytes

STAGE = "self_alignment"
VERSION = 3
# The settings of every round, and all that the first changes: a model that is tuned on responses alone ends its next ones without tests.
EVERY_ROUND: Overrides = {("finetuning", "tests"): True}


class SelfAlignment(PipelineTask):
    """The rounds, until one does not help, [comparison] rounds at most."""

    def requires(self) -> luigi.Task:
        return Seeds()

    def is_made(self) -> bool:
        if Seeds().complete() and super().is_made():
            return True
        session.current().preflight()
        return False

    @property
    def recipe(self) -> Recipe:
        settings = session.current().settings
        ingredients = {
            "version": VERSION,
            "rounds": settings.comparison.rounds,
            "stop": settings.comparison.stop,
            "selection": selection.recipe().digest,
            "rows": settings.finetuning.rows,
            "base": evaluation_recipe(settings.finetuning.seed),
            "plan": plan(),
        }
        return Recipe(STAGE, ingredients)

    def output(self) -> luigi.LocalTarget:
        folder = self.recipe.folder(session.current().artifacts)
        return luigi.LocalTarget(str(folder / "rounds.json"))

    def run(self) -> None:
        require_libraries()
        run = session.current()
        run.model.require_file()
        section, tuning = run.settings.comparison, run.settings.finetuning
        before = score(BASE, {}, tuning.seed, tuning.rows)
        rounds: list[dict[str, Any]] = [{"round": 0, **asdict(bootstrap([before]))}]
        overrides = EVERY_ROUND
        for number in range(1, section.rounds + 1):
            run_task("Selected", f"round {number}", overrides)
            about = {"round": number, **_dataset(overrides)}
            if number > 1 and about["rows"] < max(1, tuning.rows):
                rounds.append(about)
                break
            after = score(f"round {number}", overrides, tuning.seed, tuning.rows)
            gained = gain(before, after)
            rounds.append({**about, **asdict(bootstrap([after])), "gain": gained})
            if section.stop and gained["low"] <= 0:
                break
            before, overrides = after, following(overrides)
        self._write({"pack": pack().name, "tasks": len(pack().tasks), "rounds": rounds})

    def _write(self, found: dict[str, Any]) -> None:
        run, folder = session.current(), self.recipe.write(session.current().artifacts)
        publish(folder / "rounds.md", [table(found).encode()])
        publish(folder / "rounds.json", [json_bytes(found)])
        run.reporter.say(table(found))
        run.reporter.say(f"self-alignment: {folder}")


def gain(before: Sequence[float], after: Sequence[float]) -> dict[str, float]:
    """What a round added, task by task, with its interval."""
    return asdict(bootstrap([[new - old for old, new in zip(before, after, strict=True)]]))


def _dataset(overrides: Overrides) -> dict[str, Any]:
    """What a round's model made: rows, and the share of its responses that passed their tests."""
    meta = selected(overrides).read_meta()
    made, failed = meta["units"], meta["rules"].get("not_passed", 0)
    return {"rows": meta["kept"], "passed": round((made - failed) / made, 4) if made else 0.0}


def following(overrides: Overrides) -> Overrides:
    """The settings of the round after: the tuned model in the base model's place, all else as it was.

    What is automatic for the base model is said in words, because its descendants are other models.
    """
    run = session.current()
    tuning, exemplars = run.settings.finetuning, run.settings.prompts.exemplars
    if exemplars == "auto":
        exemplars = str(demo.EXEMPLARS) if run.model.is_demo else "standard"
    own = {**overrides, **of_seed(tuning.seed, tuned=True, rows=tuning.rows)}
    with session.using(variant(own)):
        tuned = FineTunedModel().folder
    return {
        **EVERY_ROUND,
        ("model", "path"): str(tuned / "model.gguf"),
        ("model", "repo_id"): "",
        ("model", "filename"): "",
        ("model", "sha256"): "",
        ("prompts", "exemplars"): exemplars,
        ("finetuning", "model"): str(tuned / "model"),
        ("finetuning", "learning_rate"): plan()["learning_rate"],
    }


def table(found: dict[str, Any]) -> str:
    """The rounds as Markdown."""
    lines = [
        f"pass@1 on {found['pack']} ({found['tasks']} tasks); 95 % intervals over the tasks",
        "",
        "| round | score | interval | gain on the round before | rows | responses that pass |",
        "|---:|---:|---|---|---:|---:|",
    ]
    for each in found["rounds"]:
        cells = [str(each["round"]), "too few rows to tune on", "", ""]
        if "mean" in each:
            cells[1:3] = f"{each['mean']:.3f}", f"{each['low']:.3f} to {each['high']:.3f}"
        if gained := each.get("gain"):
            cells[3] = f"{gained['mean']:+.3f} ({gained['low']:+.3f} to {gained['high']:+.3f})"
        cells += [str(each["rows"]), f"{each['passed']:.1%}"] if each["round"] else ["", ""]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
