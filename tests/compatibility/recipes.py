"""The recipes of every stage and goal under named configurations, as documents that can be compared with golden ones.

The versions of the interpreter and of the detector of secrets are ingredients of a recipe: here they are always the same,
so that one golden file serves every machine.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from pipeline.loop.comparison import Comparison
from pipeline.loop.evaluation import PackEvaluation
from pipeline.loop.self_alignment import SelfAlignment
from pipeline.packs.find import PackFile
from pipeline.project.model import Model
from pipeline.project.project import Project
from pipeline.stages.dataset import FinalDataset
from pipeline.stages.selection import Selection
from targets import Recipe
from tests.support.pinned import PinnedProject, settings

SERVED = Model("s", 100_000, served="s (vllm, root org/s)")
_VERSIONS = {"python": "3.11", "secrets": "detect-secrets"}
SNAPSHOT = "0123456789abcdef"
PACK = PackFile("he", "packs/he.jsonl", Path("packs/he.jsonl"), "1" * 64)

# Configurations by name: settings as section__key, the model of the run, the models of stages with their own.
CASES: dict[str, dict[str, Any]] = {
    "default": {},
    "unjudged": {"judgements__judge": "off"},
    "judged": {"judgements__judge": "on", "judgements__threshold": 0.7},
    "snippet": {"instructions__source": "snippet"},
    "adaptive": {"responses__samples": "2..10"},
    "evolved": {"instructions__source": "evolved", "instructions__temperature": 0.3},
    "commits": {"instructions__source": "commits"},
    "repaired": {"repairs__samples": 2},
    "limits": {"responses__max_tokens": 300, "executions__timeout": 5.0, "concepts__attempt": 2},
    "selection": {"selection__choose": "verified", "selection__max_per_concept": 3},
    "served": {"model": SERVED},
    "own_responder": {"own": {"responses": SERVED}},
    "decontaminated": {"packs": [PACK]},
}


def dataset_recipe(case: dict[str, Any]) -> Recipe:
    """The recipe of the dataset, which holds those of all stages, with the standard exemplars."""
    given = {"packs": [], **{key: case[key] for key in ("model", "own", "packs") if key in case}}
    changes = {key: value for key, value in case.items() if key not in given}
    return with_snapshot(PinnedProject(settings(**changes), **given))


def with_snapshot(project: Project) -> Recipe:
    """The recipe of a project's dataset over the pinned snapshot."""
    selected = Selection(snapshot=SNAPSHOT, project=project).recipe
    return Recipe(FinalDataset.stage, {"version": FinalDataset.version}, selected)


def demo_recipes(folder: Path) -> dict[str, Recipe]:
    """The recipes of the demo model's dataset and goals over an empty folder of sources, by name."""
    (folder / "empty").mkdir()
    chosen = settings(project__artifacts=str(folder / "artifacts"), seeds__sources=str(folder / "empty"))
    project = Project(chosen, folder)
    return {
        "demo": with_snapshot(project),
        "evaluation": PackEvaluation(project=project).recipe,
        "comparison": Comparison(project=project).recipe,
        "self_alignment": SelfAlignment(project=project).recipe,
    }


def document(recipe: Recipe) -> list[dict[str, Any]]:
    """The recipe and all that it was made from, the last stage first, each with its digest and kin."""
    words = pinned_versions(recipe.in_words())
    lines = []
    pinned: Recipe | None = Recipe.from_words(words)
    while pinned is not None:
        text = repr((list(pinned.ingredients.items()), list(pinned.limits.items())))
        lines.append(
            {
                "stage": pinned.stage,
                "digest": pinned.digest,
                "kin": pinned.kin,
                # Of the ingredients in their order: recipe.json shows them so.
                "in_order": hashlib.sha256(text.encode()).hexdigest()[:12],
            }
        )
        pinned = pinned.parent
    return lines


def pinned_versions(words: Any) -> Any:
    """A recipe's document as the interpreter 3.11 writes it, with any version of the detector of secrets."""
    if isinstance(words, dict):
        return {key: _VERSIONS.get(key) or pinned_versions(value) for key, value in words.items()}
    return words
