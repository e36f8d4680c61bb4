"""Fine-tuning: `luigi --module pipeline FineTunedModel` tunes the base model on the rows of the selection.

In: the current selection (the rows of the dataset) and `[finetuning]`. Out: `artifacts/finetuning/<recipe>/`
with `model/` (safetensors and tokenizer, as transformers reads them) and, last of all, `model.gguf`, which the
engine runs. PyTorch, transformers, TRL and PEFT do the work in a child process (train.py) that leaves checkpoints in
`work/`: a killed one resumes from the last checkpoint. Needs the extra `train`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import luigi

from pipeline.dataset.monologues import read_monologues, shards_of
from pipeline.errors import ConfigError, MachineError, MissingDataError
from pipeline.export.split import TRAIN, side
from pipeline.loop.foreign_rows import read_pairs
from pipeline.loop.gguf_file import write_gguf
from pipeline.project.project import Project
from pipeline.prompts import tuned
from pipeline.prompts.render import response_with_tests
from pipeline.records import Row
from pipeline.run.subprocesses import run_child
from pipeline.stages.chain import Goal, Selected
from pipeline.stages.selection import Selection
from pipeline.text import extras
from pipeline.text.hashing import rank
from targets import Recipe, ShardPaths, publish
from targets.atomic import json_bytes, jsonl_lines

# The paper's rates are for billions of parameters (arXiv 2410.24198, "Training"); the demo model has four million.
# Data of other models get twice the rate there.
DEMO_LEARNING_RATE, PAPER_LEARNING_RATE, PAPER_RATE_FOR_OTHERS = 1e-3, 1e-5, 2e-5


def plan(project: Project) -> dict[str, Any]:
    """The settings that determine the tuned weights, beside model, rows and prompt. Raises ConfigError."""
    section = project.settings.finetuning
    if section.batch % section.micro_batch:
        raise ConfigError(
            f"[finetuning] batch = {section.batch} is no multiple of micro_batch = {section.micro_batch}",
            "make it one",
        )
    return {
        "learning_rate": section.learning_rate or automatic_rate(project),
        "optimizer": section.optimizer,
        "clipping": section.clipping,
        "dropout": section.dropout,
        "epochs": section.epochs,
        "batch": section.batch,
        "warmup": section.warmup,
        "max_length": section.max_length,
        "lora_rank": section.lora_rank,
        "seed": section.seed,
    }


def automatic_rate(project: Project) -> float:
    """The learning rate of `learning_rate = 0`, by the model and by who wrote the responses."""
    if project.model.is_demo:
        return DEMO_LEARNING_RATE
    of_others = project.settings.finetuning.data or project.settings.responses.base_url
    return PAPER_RATE_FOR_OTHERS if of_others else PAPER_LEARNING_RATE


class FineTunedModel(Goal):
    """The base model, tuned on the currently selected rows, or on those of [finetuning] data.

    The recipe hashes the training rows, not how they were selected: a setting that selects the same rows does not
    tune again.
    """

    stage, version = "finetuning", 3
    needs_sandbox = False  # `Selected`, which it requires, checks for the sandbox of its stages

    def requires(self) -> list[luigi.Task]:  # type: ignore[override]
        return [] if self.project.settings.finetuning.data else [self.clone(Selected)]

    @property
    def recipe(self) -> Recipe:
        """Raises MissingDataError where the selection has fewer rows than are to be tuned on."""
        ingredients = {
            "version": self.version,
            "model": self.project.model.provenance,
            "weights": self.project.settings.finetuning.model,
            "rows": hashlib.sha256(b"".join(jsonl_lines(chosen_rows(self.project)))).hexdigest(),
            "plan": plan(self.project),
        }
        return Recipe(self.stage, ingredients)

    @property
    def folder(self) -> Path:
        """The folder of the model's files."""
        return self.recipe.folder(self.project.artifacts)

    @property
    def gguf(self) -> Path:
        """The tuned model in the format of the engine."""
        return self.folder / "model.gguf"

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(str(self.gguf))

    def is_made(self) -> bool:
        return self.is_there() if self.project.settings.finetuning.data else super().is_made()

    def is_there(self) -> bool:
        return all(task.is_there() for task in self.requires() if isinstance(task, Selected)) and super().is_there()

    def require_ready(self) -> None:
        require_libraries()
        self.project.model.require_file()

    def run(self) -> None:
        project = self.project
        uses = [] if project.settings.finetuning.data else [Selection.of(project).recipe]
        folder = self.recipe.write(project.artifacts, uses=uses)
        rows, base = chosen_rows(project), project.model.require_file()
        publish(folder / "rows.jsonl", jsonl_lines(rows))
        section = project.settings.finetuning
        job = {
            "model": section.model or str(base),
            "rows": str(folder / "rows.jsonl"),
            "work": str(folder / "work"),
            "out": str(folder / "model"),
            "threads": section.threads or project.settings.engine.n_threads,
            "chat_template": [tuned.template(adds_bos) for adds_bos in (False, True)],
            "plan": {
                **plan(project),
                "micro_batch": section.micro_batch,
                "checkpoint_every": section.checkpoint_every,
            },
        }
        publish(folder / "job.json", [json_bytes(job)])
        self.reporter.say(f"finetuning: {len(rows)} rows, {folder}")
        run_child(
            "fine-tuning",
            ["-m", "pipeline.loop.train", str(folder / "job.json")],
            folder / "train.log",
        )
        write_gguf(folder / "model", base, self.gguf)
        shutil.rmtree(folder / "work")
        self.reporter.say(f"finetuning: {self.gguf}")


def chosen_rows(project: Project) -> tuple[dict[str, str], ...]:
    """Prompts and completions of the rows to train on: see `[finetuning] rows`, `held_out`, `monologues` and `tests`.

    Raises MissingDataError where the selection has fewer rows, ConfigError where it has no monologues.
    """
    section = project.settings.finetuning
    if section.data:
        if section.monologues or section.held_out:
            raise ConfigError("[finetuning] data: rows of a file have no seeds and no monologues", _OF_THE_SELECTION)
        return _chosen_rows(project.path(section.data), (), section.rows, section.seed, section.tests, 0.0, 0.0)
    selection = Selection.of(project)
    if section.monologues and not project.settings.monologues.enabled:
        raise ConfigError(f"[finetuning] monologues = {section.monologues}: no row is traced", _ENABLE)
    traced = shards_of(selection.candidates, selection.paths) if section.monologues else ()
    return _chosen_rows(
        selection.paths, traced, section.rows, section.seed, section.tests, section.held_out, section.monologues
    )


_OF_THE_SELECTION = "set monologues and held_out to 0, or leave data empty"
_ENABLE = "set [monologues] enabled = true"


# Cached: recipe, completeness and work read the same selection.
@lru_cache(maxsize=1)
def _chosen_rows(
    source: ShardPaths | Path,
    traced: tuple[ShardPaths, ...],
    count: int,
    seed: int,
    with_tests: bool,
    held_out: float,
    share: float,
) -> tuple[dict[str, str], ...]:
    def completion(row: Mapping[str, Any]) -> str:
        response: str = row["response"]
        return response_with_tests(response, row["tests"]) if with_tests and row.get("tests") else response

    def drawn(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        return sorted(rows, key=lambda row: rank(str(seed), row["id"]))

    rows = drawn(read_pairs(source) if isinstance(source, Path) else source.read())
    if held_out:
        rows = [row for row in rows if side(cast(Row, row), held_out) == TRAIN]
    told = round(share * (count or len(rows) / (1 - share)))
    answers = count - told if count else len(rows)
    if not rows or len(rows) < answers:
        where = source if isinstance(source, Path) else "the selection"
        raise MissingDataError(
            f"[finetuning] rows = {count}, {where} has {len(rows)}", "lower it, or make a larger dataset"
        )
    monologues: list[Mapping[str, Any]] = []
    if told and isinstance(source, ShardPaths):
        of_rows = {row["id"] for row in rows}
        monologues = drawn(row for row in read_monologues(traced, source) if row["row"] in of_rows)
        if len(monologues) < told:
            raise MissingDataError(
                f"[finetuning] monologues = {share} of {answers + told} rows are {told}, there are {len(monologues)}",
                "lower it, or raise [monologues] calls or steps",
            )
    mixed = drawn([*rows[:answers], *monologues[:told]]) if told else rows[:answers]
    return tuple({"prompt": tuned.prompt(row["instruction"]), "completion": completion(row)} for row in mixed)


def require_libraries() -> None:
    """Raises MachineError when the extra `train` is not installed."""
    missing = [
        name for name in ("torch", "transformers", "trl", "peft", "gguf") if importlib.util.find_spec(name) is None
    ]
    if missing:
        raise MachineError(f"fine-tuning needs {', '.join(missing)}", extras.remedy("train"))
