"""The recipes of the stages: what determines the bytes of each, gathered from settings, prompts and model."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from pipeline.config import Settings, sections
from pipeline.errors import ConfigError
from pipeline.packs.find import PackFile
from pipeline.project.model import Model
from pipeline.prompts.exemplars import JUDGEMENTS, ExemplarSet
from pipeline.prompts.render import STOPS, example, judgements_context
from pipeline.text.lists import as_list
from sandbox import PROTOCOL
from targets import Recipe

# The stages that exist once a shard, in their order; the selection is made from the last.
SHARDED = (
    "concepts",
    "instructions",
    "responses",
    "executions",
    "verifications",
    "decontamination",
)

# Raise a stage's number when its code would write something else from the same input.
VERSIONS = {
    "seeds": 2,
    "judgements": 1,
    "concepts": 3,
    "drafts": 1,
    "instructions": 3,
    "responses": 3,
    "executions": 1,
    "verifications": 2,
    "decontamination": 2,
    "selection": 5,
    "dataset": 4,
}

DRAFTS = "drafts"

# [instructions] source -> the form of the prompts (pipeline/prompts/render.py).
FORMS = {
    "concepts": "instructions",
    "snippet": "inspired",
    "evolved": "evolved",
    "commits": "committed",
}

# The part of the window (after max_tokens) that a stage's own tail may need: a snippet is long, the
# properties of an instruction are a few lines.
_TAIL_SHARE = {
    "concepts": 0.4,
    "instructions": 0.1,
    "inspired": 0.4,
    "evolved": 0.2,
    "committed": 0.4,
    "responses": 0.25,
}


def section_of(stage: str) -> str:
    """The section that a generating stage is configured in: drafts are instructions as well."""
    return "instructions" if stage == DRAFTS else stage


def generating(settings: Settings) -> dict[str, str]:
    """The generating stages in their order, each with the form of its prompts."""
    source = settings.instructions.source
    drafts = {DRAFTS: FORMS["concepts"]} if source == "evolved" else {}
    return {
        "concepts": "concepts",
        **drafts,
        "instructions": FORMS[source],
        "responses": "responses",
    }


@dataclass(frozen=True, slots=True)
class GenerationPlan:
    """What a generating stage runs with, defaults resolved: lengths in tokens.

    `form` is the form of its prompts: the stage's own or, for instructions, the one of their source.
    """

    stage: str
    form: str
    shots: int
    wanted_shots: int
    max_tokens: int
    window: int
    temperature: float
    top_k: int
    top_p: float
    min_p: float


def plan_generation(
    stage: str,
    settings: Settings,
    exemplars: ExemplarSet,
    window: int,
    count_tokens: Callable[[Sequence[str]], list[int]],
) -> GenerationPlan:
    """Resolve a stage's settings; a context that would not fit the window gets fewer exemplars.

    Raises ConfigError when not even one exemplar fits.
    """
    form = generating(settings)[stage]
    name = section_of(stage)
    section = getattr(settings, name)
    wanted = section.shots or exemplars.shots[name]
    there = len(exemplars.of(form)) if form in exemplars.intro else 0
    if wanted > there:
        raise ConfigError(
            f"[{name}] shots = {wanted}, the exemplar set {exemplars.name} has {there} that can show it",
            f"lower it or add exemplars, and an introduction {form} in set.json (docs/prompts.md)",
        )
    max_tokens = section.max_tokens or exemplars.max_tokens[name]
    room = int((window - max_tokens) * (1 - _TAIL_SHARE[form]))
    shots = _fitting(form, exemplars, wanted, room, count_tokens)
    if shots == 0:
        raise ConfigError(
            f"[{name}] no exemplar fits: the window is {window} tokens, max_tokens {max_tokens}",
            "lower max_tokens, or use a model with a longer window",
        )
    return GenerationPlan(
        stage=stage,
        form=form,
        shots=shots,
        wanted_shots=wanted,
        max_tokens=max_tokens,
        window=window,
        temperature=section.temperature,
        top_k=section.top_k,
        top_p=section.top_p,
        min_p=section.min_p,
    )


def _fitting(
    form: str,
    exemplars: ExemplarSet,
    wanted: int,
    room: int,
    count_tokens: Callable[[Sequence[str]], list[int]],
) -> int:
    """The largest number of shots, up to `wanted`, whose longest possible draw fits into `room` tokens."""
    header = "## Example 00\n"
    intro, *examples = count_tokens(
        [exemplars.intro[form], *(header + example(form, item) for item in exemplars.of(form))]
    )
    used = intro
    for shots, length in enumerate(sorted(examples, reverse=True)[:wanted], start=1):
        used += length
        if used > room:
            return shots - 1
    return wanted


def build(
    settings: Settings,
    exemplars: ExemplarSet,
    model: Model,
    plans: dict[str, GenerationPlan],
    packs: Sequence[PackFile] = (),
    own: Mapping[str, Model] | None = None,
) -> dict[str, Recipe]:
    """The recipes of all stages whose input does not depend on the scanned sources, by stage.

    `own` are the models of stages that ask another one than `model`.
    """
    recipes: dict[str, Recipe] = {}
    own = own or {}
    # What [seeds] asks of a seed decides which seeds there are, not what one looks like: intake.py.
    recipes["seeds"] = Recipe("seeds", {"version": VERSIONS["seeds"]})
    if judges(settings, exemplars):
        recipes[JUDGEMENTS] = Recipe(
            JUDGEMENTS,
            {
                "version": VERSIONS[JUDGEMENTS],
                "model": model.identity,
                "cache": cache_types(settings, model),
                "prompt_sha256": hashlib.sha256(judgements_context(exemplars).encode()).hexdigest(),
                "threshold": settings.judgements.threshold,
            },
            recipes["seeds"],
        )
    recipes["concepts"] = _generation(
        plans["concepts"], settings, exemplars, own.get("concepts", model),
        recipes.get(JUDGEMENTS, recipes["seeds"]),
    )  # fmt: skip
    before = recipes["concepts"]
    for stage in (DRAFTS, "instructions"):
        if stage in plans:
            recipes[stage] = before = _generation(
                plans[stage], settings, exemplars, own.get(stage, model), before,
                categories=categories(settings, exemplars), difficulties=difficulties(settings, exemplars),
            )  # fmt: skip
    recipes["responses"] = _generation(
        plans["responses"], settings, exemplars, own.get("responses", model), recipes["instructions"],
        samples=settings.responses.samples,
    )  # fmt: skip
    recipes["executions"] = Recipe(
        "executions",
        {
            "version": VERSIONS["executions"],
            "sandbox": PROTOCOL,
            "python": f"{sys.version_info.major}.{sys.version_info.minor}",
            "packages": sorted(as_list(settings.sandbox.packages)),
        },
        recipes["responses"],
        limits={
            "timeout_s": settings.executions.timeout,
            "memory_mb": settings.executions.memory_mb,
            "attempt": settings.executions.attempt,
        },
    )
    recipes["verifications"] = Recipe(
        "verifications",
        {
            "version": VERSIONS["verifications"],
            **{
                key: getattr(settings.verification, key)
                for key, _ in sections.verification.get_params()
            },
        },
        recipes["executions"],
    )
    recipes["decontamination"] = Recipe(
        "decontamination",
        {
            "version": VERSIONS["decontamination"],
            "packs": {pack.name: pack.revision for pack in packs},
            "resembles": settings.decontamination.resembles,
            "suspect": settings.decontamination.suspect,
            "execute": settings.decontamination.execute,
        },
        recipes["verifications"],
    )
    return recipes


def judges(settings: Settings, exemplars: ExemplarSet) -> bool:
    """Whether the model judges seeds. Raises ConfigError when it should and the exemplar set cannot."""
    wanted = settings.judgements.judge
    if wanted == "on" and not exemplars.judged:
        raise ConfigError(
            f"[judgements] judge = on, but the exemplar set {exemplars.name} has no folder judge",
            "add one like pipeline/prompts/standard/judge, or set it to auto",
        )
    return wanted != "off" and bool(exemplars.judged)


def selection(settings: Settings, stages: Mapping[str, Recipe], snapshot: str) -> Recipe:
    """The recipe of the selection over the seeds that are there now; `stages` are those of `build`."""
    ingredients = {
        "version": VERSIONS["selection"],
        **{key: getattr(settings.selection, key) for key, _ in sections.selection.get_params()},
        "snapshot": snapshot,
    }
    return Recipe("selection", ingredients, stages[SHARDED[-1]])


def dataset(selected: Recipe) -> Recipe:
    """The recipe of the dataset made from a selection."""
    return Recipe("dataset", {"version": VERSIONS["dataset"]}, selected)


def categories(settings: Settings, exemplars: ExemplarSet) -> list[str]:
    """The categories that instructions are drawn from; one named twice is drawn twice as often."""
    return as_list(settings.instructions.categories) or list(exemplars.categories)


def difficulties(settings: Settings, exemplars: ExemplarSet) -> list[str]:
    """The difficulties that instructions are drawn from."""
    return as_list(settings.instructions.difficulties) or list(exemplars.difficulties)


def _generation(
    plan: GenerationPlan,
    settings: Settings,
    exemplars: ExemplarSet,
    model: Model,
    parent: Recipe,
    **own: Any,
) -> Recipe:
    ingredients = {
        "version": VERSIONS[plan.stage],
        "model": model.identity,
        "cache": cache_types(settings, model),
        "prompt": {
            "exemplars": exemplars.name,
            "exemplars_sha256": exemplars_digest(plan.form, exemplars),
            "shots": plan.shots,
            "shots_wanted": plan.wanted_shots,
            "fewshot_contexts": settings.prompts.fewshot_contexts,
            "stops": list(STOPS[plan.form]),
        },
        "sampling": {
            "temperature": plan.temperature,
            "top_k": plan.top_k,
            "top_p": plan.top_p,
            "min_p": plan.min_p,
        },
        **own,
    }
    limits = {
        "max_tokens": plan.max_tokens,
        "window": plan.window,
        "attempt": getattr(settings, section_of(plan.stage)).attempt,
    }
    return Recipe(plan.stage, ingredients, parent, limits)


def cache_types(settings: Settings, model: Model) -> dict[str, str]:
    """How exactly the model's cache holds what it has read; a server keeps that to itself."""
    section = settings.engine
    return {} if model.served else {"type_k": section.type_k, "type_v": section.type_v}


def exemplars_digest(form: str, exemplars: ExemplarSet) -> str:
    """Digest of the texts that prompts of a form are made of."""
    shown = exemplars.of(form)
    texts = [exemplars.intro[form], *(example(form, item) for item in shown)]
    names = [item.name for item in shown]
    return hashlib.sha256(orjson.dumps([texts, names])).hexdigest()
