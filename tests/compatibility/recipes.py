"""The recipes of every stage and goal under named configurations, as documents that can be compared with golden ones.

The interpreter's version is an ingredient of a recipe: here it is always 3.11, so that one golden file serves
every interpreter.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from pipeline import config
from pipeline.loop.comparison import Comparison
from pipeline.loop.evaluation import Evaluation
from pipeline.loop.self_alignment import SelfAlignment
from pipeline.packs.find import PackFile
from pipeline.project import session
from pipeline.project.model import Model
from pipeline.project.session import Session
from pipeline.prompts.exemplars import load_set
from pipeline.stages import recipes
from targets import Recipe

STANDARD = load_set(Path(recipes.__file__).parents[1] / "prompts" / "standard")
MODEL = Model("m", 100_000, Path("m.gguf"), "0" * 64, "llama")
SERVED = Model("s", 100_000, served="s (vllm, root org/s)")
SNAPSHOT = "0123456789abcdef"
PACK = PackFile("he", "packs/he.jsonl", Path("packs/he.jsonl"), "1" * 64)

# Configurations by name: settings as section__key, the model of the run, the models of stages with their own.
CASES: dict[str, dict[str, Any]] = {
    "default": {},
    "unjudged": {"judgements__judge": "off"},
    "judged": {"judgements__judge": "on", "judgements__threshold": 0.7},
    "snippet": {"instructions__source": "snippet"},
    "evolved": {"instructions__source": "evolved", "instructions__temperature": 0.3},
    "commits": {"instructions__source": "commits"},
    "limits": {"responses__max_tokens": 300, "executions__timeout": 5.0, "concepts__attempt": 2},
    "selection": {"selection__choose": "verified", "selection__max_per_concept": 3},
    "served": {"model": SERVED},
    "own_responder": {"own": {"responses": SERVED}},
    "decontaminated": {"packs": [PACK]},
}


def settings(**changes: Any) -> config.Settings:
    """The shipped configuration but for `changes`."""
    by_section: dict[str, dict[str, Any]] = {section.__name__: {} for section in config.SECTIONS}
    for path, value in changes.items():
        section, key = path.split("__")
        by_section[section][key] = value
    sections = {
        section.__name__: section(**by_section[section.__name__]) for section in config.SECTIONS
    }
    return config.Settings(**sections)


def dataset_recipe(case: dict[str, Any]) -> Recipe:
    """The recipe of the dataset, which holds those of all stages, with the standard exemplars."""
    case = dict(case)
    model, own, packs = case.pop("model", MODEL), case.pop("own", {}), case.pop("packs", [])
    chosen = settings(**case)

    def count_characters(texts: Any) -> list[int]:
        return [len(text) for text in texts]

    plans = {
        stage: recipes.plan_generation(stage, chosen, STANDARD, model.window, count_characters)
        for stage in recipes.generating(chosen)
    }
    built = recipes.build(chosen, STANDARD, model, plans, packs, own)
    return recipes.dataset(recipes.selection(chosen, built, SNAPSHOT))


def demo_recipes(folder: Path) -> dict[str, Recipe]:
    """The recipes of the demo model's dataset and goals over an empty folder of sources, by name."""
    (folder / "empty").mkdir()
    chosen = settings(
        project__artifacts=str(folder / "artifacts"), seeds__sources=str(folder / "empty")
    )
    run = Session(chosen, folder)
    session.use(run)
    return {
        "demo": recipes.dataset(recipes.selection(chosen, run.recipes, SNAPSHOT)),
        "evaluation": Evaluation().recipe,
        "comparison": Comparison().recipe,
        "self_alignment": SelfAlignment().recipe,
    }


def document(recipe: Recipe) -> list[dict[str, Any]]:
    """The recipe and all that it was made from, the last stage first, each with its digest and kin."""
    words = on_python_311(recipe.in_words())
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


def on_python_311(words: Any) -> Any:
    """A recipe's document as the interpreter 3.11 writes it."""
    if isinstance(words, dict):
        return {
            key: "3.11" if key == "python" else on_python_311(value) for key, value in words.items()
        }
    return words
