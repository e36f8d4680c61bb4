"""Plans a whole run: a pilot's estimate, stored for `doctor` and for the comparison with the dataset afterwards.

In: the project, of which a few seeds go through all stages (pilot.py). Out: `artifacts/pilot/plan.json`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from pipeline.dataset.calibration import in_words
from pipeline.dataset.cost import Prices
from pipeline.dataset.finished import FinishedDataset
from pipeline.errors import ConfigError, MissingDataError
from pipeline.operations.estimate import compare, estimate
from pipeline.operations.judge_ability import ability
from pipeline.operations.pilot import Log, run_pilot
from pipeline.project.project import Project
from pipeline.stages import trust
from pipeline.stages.judgements import judges
from targets import publish
from targets.atomic import json_bytes


def plan_file(artifacts: Path) -> Path:
    """Where the last plan is stored; the pilot's files are beside it."""
    return artifacts / "pilot" / "plan.json"


def make_plan(project: Project, seeds: int, log: Log, rows: int = 0) -> dict[str, Any]:
    """Run a pilot of `seeds` seeds, two at least, and estimate the whole run by it: see `estimate`.

    `rows` are those that a run is to give, as `[selection] rows`; 0: that key's number.

    The plan has `pilot_seeds`, the number of seeds in the pilot, and `recipe`, the digest of the executions.
    `trust` states how many of the rows were measured to be right.
    Raises MissingDataError where the sources hold no seed.
    """
    piloted = run_pilot(project, plan_file(project.artifacts).parent, seeds, log)
    rows = rows or project.settings.selection.rows
    prices = Prices.of(project.settings.prices)
    plan = estimate(piloted.pilot, piloted.seeds, piloted.contexts, rows, project.settings.project.shard_size, prices)
    plan["disk_bytes"] += piloted.seed_bytes
    # A matter of the model and the exemplars alone: no seed changes it.
    plan["judge"] = ability(project.base.engine, project.exemplars).as_json() if judges(project) else None
    plan["pilot_seeds"] = len(piloted.pilot.rows)
    plan["recipe"] = piloted.recipe
    plan["trust"] = in_words(trust.measured(project))
    publish(plan_file(project.artifacts), [json_bytes(plan)])
    return plan


def compare_with_dataset(artifacts: Path) -> list[dict[str, Any]]:
    """The last plan against the newest dataset: see `compare`.

    Raises MissingDataError without a plan or a dataset, ConfigError where they are of different recipes.
    """
    path = plan_file(artifacts)
    try:
        plan = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        raise MissingDataError(f"there is no {path}", "make a plan first: without --compare") from None
    dataset = FinishedDataset(artifacts)
    if dataset.artifacts.recipe_of("executions").digest != plan["recipe"]:
        raise ConfigError(
            "the plan and the last dataset were made with other settings, models or prompts",
            "plan again, or run again",
        )
    return compare(plan, dataset.manifest)
