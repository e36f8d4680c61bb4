"""Iterated self-alignment: `luigi --module pipeline SelfAlignment` lets each tuned model make the next dataset.

Round 1 tunes the base model on the dataset that it made. In every further round the model of the round before takes
the base model's place: it names concepts, writes instructions and answers them, few-shot as any base model (the
prompt of tuning has no concepts), and is tuned further, always on responses with their tests. Each model is scored
on the first pack of [evaluation], a tuned one with the prompt of its tuning. A round is the last one if its gain on the
round before is not above 0 with its whole 95 % interval over the tasks, or if its model makes fewer rows than are to
be tuned on.

All work is done by child processes with the command that a user would type: a killed run resumes with what is missing.
Out: `artifacts/self_alignment/<recipe>/` with rounds.json and rounds.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import luigi

from pipeline.config import Overrides
from pipeline.loop.arms import BASE, of_seed
from pipeline.loop.comparison import VariantsTask, base_evaluations
from pipeline.loop.comparison_report import signed
from pipeline.loop.finetuning import FineTunedModel, plan, require_libraries
from pipeline.loop.statistics import bootstrap
from pipeline.project.project import Project
from pipeline.stages.selection import Selection
from targets import Recipe, ShardPaths, publish
from targets.atomic import json_bytes

# The settings of every round, and the only ones of the first: a model that is tuned on responses alone writes no tests
# in the next round.
EVERY_ROUND: Overrides = {("finetuning", "tests"): True}


class SelfAlignment(VariantsTask):
    """The rounds, until one does not help, [comparison] rounds at most."""

    stage, version = "self_alignment", 4

    @property
    def recipe(self) -> Recipe:
        project = self.project
        settings = project.settings
        ingredients = {
            "version": self.version,
            "rounds": settings.comparison.rounds,
            "stop": settings.comparison.stop,
            "selection": Selection.of(project).recipe.digest,
            "rows": settings.finetuning.rows,
            "base": base_evaluations(project, settings.finetuning.seed),
            "plan": plan(project),
        }
        return Recipe(self.stage, ingredients)

    @property
    def report(self) -> Path:
        """The figures as a JSON document."""
        return self.recipe.folder(self.project.artifacts) / "rounds.json"

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(str(self.report))

    def foreseen(self) -> Iterator[Recipe]:
        tuning, overrides = self.project.settings.finetuning, EVERY_ROUND
        for _ in range(self.project.settings.comparison.rounds):
            yield Selection.of(self.project.variant(overrides)).recipe
            models = list(self.tuned(overrides, tuning.seed, tuning.rows))
            yield from models
            if not models or not self._is_made(models[0]):
                return  # the next round's base model is not there
            overrides = following(self.project, overrides)

    def _is_made(self, model: Recipe) -> bool:
        return (model.folder(self.project.artifacts) / "model.gguf").exists()

    def require_ready(self) -> None:
        require_libraries()
        self.project.model.require_file()

    def run(self) -> None:
        project = self.project
        section, tuning = project.settings.comparison, project.settings.finetuning
        before = self.score(BASE, {}, tuning.seed, tuning.rows)[0]
        rounds: list[dict[str, Any]] = [{"round": 0, **asdict(bootstrap([before]))}]
        overrides = EVERY_ROUND
        for number in range(1, section.rounds + 1):
            title = f"round {number}"
            about = {"round": number, **_dataset(self.select(title, overrides))}
            if number > 1 and about["rows"] < max(1, tuning.rows):
                rounds.append(about)
                break
            after = self.score(title, overrides, tuning.seed, tuning.rows)[0]
            gained = gain(before, after)
            rounds.append({**about, **asdict(bootstrap([after])), "gain": gained})
            if section.stop and gained["low"] <= 0:
                break
            before, overrides = after, following(project, overrides)
        pack = project.evaluated_pack()
        self._write({"pack": pack.name, "tasks": len(before), "rounds": rounds})

    def _write(self, document: dict[str, Any]) -> None:
        folder = self.report.parent
        publish(folder / "rounds.md", [table(document).encode()])
        publish(self.report, [json_bytes(document)])
        self.reporter.say(table(document))
        self.reporter.say(f"self-alignment: {folder}")


def gain(before: Sequence[float], after: Sequence[float]) -> dict[str, float]:
    """The gain of a round on the one before, task by task, with its interval."""
    return asdict(bootstrap([[new - old for old, new in zip(before, after, strict=True)]]))


def _dataset(selected: ShardPaths) -> dict[str, Any]:
    """The dataset of a round: rows, and the share of the responses that passed their tests."""
    meta = selected.read_meta()
    made, failed = meta["units"], meta["rules"].get("not_passed", 0)
    return {"rows": meta["kept"], "passed": round((made - failed) / made, 4) if made else 0.0}


def following(project: Project, overrides: Overrides) -> Overrides:
    """The settings of the next round: the tuned model in the base model's place, everything else as before.

    Values that are automatic for the base model are made explicit, because its descendants are other models.
    """
    tuning = project.settings.finetuning
    of_round = {**overrides, **of_seed(tuning.seed, tuned=True, rows=tuning.rows)}
    tuned = FineTunedModel(project=project.variant(of_round)).folder
    return {
        **EVERY_ROUND,
        ("model", "path"): str(tuned / "model.gguf"),
        ("model", "repo_id"): "",
        ("model", "filename"): "",
        ("model", "sha256"): "",
        ("prompts", "exemplars"): project.exemplars_choice.name,
        ("finetuning", "model"): str(tuned / "model"),
        ("finetuning", "learning_rate"): plan(project)["learning_rate"],
    }


def table(document: dict[str, Any]) -> str:
    """The rounds as Markdown."""
    lines = [
        f"pass@1 on {document['pack']} ({document['tasks']} tasks); 95 % intervals over the tasks",
        "",
        "| round | score | interval | gain on the round before | rows | responses that pass |",
        "|---:|---:|---|---|---:|---:|",
    ]
    for entry in document["rounds"]:
        cells = [str(entry["round"]), "too few rows to tune on", "", ""]
        if "mean" in entry:
            cells[1:3] = f"{entry['mean']:.3f}", f"{entry['low']:.3f} to {entry['high']:.3f}"
        if "gain" in entry:
            cells[3] = signed(entry["gain"])
        cells += [str(entry["rows"]), f"{entry['passed']:.1%}"] if entry["round"] else ["", ""]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
