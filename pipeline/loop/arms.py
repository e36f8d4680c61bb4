"""The arms of a comparison: each is the same pipeline under a few other settings.

An arm's settings are by section and key, as in luigi.cfg and on the command line
(`[selection] among = failing` is `--selection-among failing`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import luigi

from pipeline.config import SECTIONS, Settings
from pipeline.errors import ConfigError
from pipeline.text.lists import as_list

BASE, DISTILLED = "base", "distilled"
Overrides = dict[tuple[str, str], Any]
# The base model itself answers, whoever else [responses] names.
_SELF: Overrides = {("responses", "base_url"): ""}


def _paper(among: str) -> Overrides:
    """The paper's selection: a random response of each instruction, its tests taken as they are."""
    return {
        ("verification", "enabled"): False,
        ("selection", "among"): among,
        ("selection", "choose"): "random",
    }


def _verified(choose: str) -> Overrides:
    """Ours: of the responses that pass and whose tests are worth something, the best."""
    return {
        ("verification", "enabled"): True,
        ("selection", "among"): "passing",
        ("selection", "choose"): choose,
    }


ARMS: dict[str, Overrides] = {
    # Which responses: the paper's random passing one, any, failing ones, and our best verified one
    # (`verified`: equals are drawn, the shorter is not preferred).
    "passing": _paper("passing"),
    "random": _paper("all"),
    "failing": _paper("failing"),
    "best": _verified("best"),
    "verified": _verified("verified"),
    # Instructions made in another way, to be compared with `passing`: from the snippet itself (OSS-Instruct),
    # evolved from earlier ones (Evol-Instruct), from commits (OctoPack; only seeds of `commits:` sources have one).
    **{
        source: {**_paper("passing"), ("instructions", "source"): source}
        for source in ("snippet", "evolved", "commits")
    },
    # Answers of the model that [responses] base_url serves: distillation, to be compared with `passing`.
    DISTILLED: _paper("passing"),
}


def chosen(settings: Settings) -> dict[str, Overrides]:
    """The arms that [comparison] names. Raises ConfigError for a name that there is not."""
    names = as_list(settings.comparison.arms)
    unknown = [name for name in names if name not in ARMS]
    if unknown or not names:
        raise ConfigError(
            f"[comparison] arms: there is no arm {', '.join(unknown)}",
            f"there are {', '.join(ARMS)}",
        )
    if DISTILLED in names and not settings.responses.base_url:
        raise ConfigError(
            "[comparison] arms: distilled needs a model that answers",
            "set [responses] base_url to a completions server; the other arms do not use it",
        )
    return {name: {**({} if name == DISTILLED else _SELF), **ARMS[name]} for name in names}


def of_seed(seed: int, *, tuned: bool, rows: int) -> Overrides:
    """The settings of one of an arm's evaluations."""
    return {
        **({} if tuned else _SELF),
        ("finetuning", "rows"): rows,
        ("finetuning", "seed"): seed,
        ("evaluation", "seed"): seed,
        ("evaluation", "prompt"): "auto",
        ("evaluation", "model"): "tuned" if tuned else "base",
    }


def apply(settings: Settings, overrides: Overrides) -> Settings:
    """The settings with the overrides in place."""
    sections: dict[str, luigi.Config] = {}
    for (name, key), value in overrides.items():
        section = sections.get(name, getattr(settings, name))
        sections[name] = type(section)(**{**section.param_kwargs, key: value})
    return replace(settings, **sections)


def options(settings: Settings) -> list[str]:
    """The settings as options of luigi's command line, all of them: a child may not see its parent's."""
    return [
        part
        for section in SECTIONS
        for key, parameter in section.get_params()
        for part in (
            f"--{section.__name__}-{key.replace('_', '-')}",
            parameter.serialize(getattr(getattr(settings, section.__name__), key)),
        )
    ]
