"""The arms of a comparison: each is the same pipeline with a few settings replaced.

An arm's settings are by section and key, as in luigi.cfg and on the command line
(`[selection] among = failing` is `--selection-among failing`).
"""

from __future__ import annotations

from pipeline.config import SECTIONS, Overrides, Settings
from pipeline.errors import ConfigError
from pipeline.text.lists import as_list

BASE, DISTILLED = "base", "distilled"
FILE = "file:"  # an arm of rows that others have published: its name is this with the path of a file
# The base model generates the responses, even where [responses] names a server.
_BASE_RESPONDS: Overrides = {
    (section, key): value
    for section in ("responses", "repairs")
    for key, value in (("base_url", ""), ("api", "completions"))
}

_ROWS_ALONE: Overrides = {("finetuning", "data"): "", ("finetuning", "monologues"): 0.0}


def _paper(among: str) -> Overrides:
    """The paper's selection: a random response of each instruction, without verification of its tests."""
    return {
        ("repairs", "samples"): 0,
        ("verification", "enabled"): False,
        ("selection", "among"): among,
        ("selection", "choose"): "random",
        ("selection", "min_agreement"): 0.0,
        ("selection", "trivial"): True,
        ("selection", "per_instruction"): 1,
    }


def _verified(choose: str) -> Overrides:
    """This pipeline's selection: the best of the responses that pass and whose tests are verified."""
    return {
        ("repairs", "samples"): 0,
        ("verification", "enabled"): True,
        ("selection", "among"): "passing",
        ("selection", "choose"): choose,
        ("selection", "per_instruction"): 1,
    }


ARMS: dict[str, Overrides] = {
    # Which response of an instruction: a random passing one (the paper), any, a failing one, the best verified one;
    # `verified` draws among equals, where `best` takes the shorter.
    "passing": _paper("passing"),
    "random": _paper("all"),
    "failing": _paper("failing"),
    "best": _verified("best"),
    "verified": _verified("verified"),
    # Of an instruction without a passing response, the two best attempts get another try.
    "repaired": {**_verified("verified"), ("repairs", "samples"): 2},
    # Up to three rows of an instruction, different in shape.
    "several": {**_verified("verified"), ("selection", "per_instruction"): 3},
    # Half of the instructions that may show some of their tests do.
    "shaped": {**_verified("verified"), ("shaping", "tests"): 0.5},
    # Instructions made in another way, to be compared with `passing`: from the snippet itself (OSS-Instruct),
    # evolved from earlier instructions (Evol-Instruct), from commits (OctoPack; only seeds of `commits:` sources
    # have one).
    **{
        source: {**_paper("passing"), ("instructions", "source"): source}
        for source in ("snippet", "evolved", "commits")
    },
    # Half of the instructions from concepts of two seeds.
    "mixed": {**_paper("passing"), ("instructions", "mix"): 0.5},
    # A fifth of the rows are monologues on what the code of the others does (SemCoder), to be compared with `best`.
    "semcoder": {**_verified("best"), ("monologues", "enabled"): True, ("finetuning", "monologues"): 0.2},
    # By diversity, and by the model's ratings, corrected by those of similar rows (DS2).
    "rare": {**_verified("verified"), ("selection", "then"): "rare"},
    "curated": {**_verified("curated"), ("ratings", "enabled"): True, ("selection", "then"): "rare"},
    # What an aligned model writes in the place of the user (Magpie); [model] has to be one.
    "magpie": {**_paper("passing"), ("instructions", "source"): "magpie"},
    # Responses of the model that [responses] base_url serves: distillation, to be compared with `passing`.
    DISTILLED: _paper("passing"),
}


def chosen(settings: Settings) -> dict[str, Overrides]:
    """The arms that [comparison] names. Raises ConfigError for an unknown name, or a missing server."""
    names = as_list(settings.comparison.arms)
    unknown = [name for name in names if name not in ARMS and not name.startswith(FILE)]
    if unknown or not names:
        raise ConfigError(
            f"[comparison] arms: there is no arm {', '.join(unknown)}",
            f"there are {', '.join(ARMS)}, and {FILE}PATH",
        )
    rates = _rates(settings.comparison.rates, names)
    if DISTILLED in names and not settings.responses.base_url:
        raise ConfigError(
            "[comparison] arms: distilled needs a model that answers",
            "set [responses] base_url to a completions server; the other arms do not use it",
        )
    return {name: {**_of_arm(name), **rates.get(name, {})} for name in names}


def _of_arm(name: str) -> Overrides:
    if path := file_of(name):
        return {**_BASE_RESPONDS, **_ROWS_ALONE, ("finetuning", "held_out"): 0.0, ("finetuning", "data"): path}
    return {**({} if name == DISTILLED else _BASE_RESPONDS), **_ROWS_ALONE, **ARMS[name]}


def file_of(name: str) -> str:
    """The path of the rows of an arm `file:PATH`; empty for any other arm."""
    return name.removeprefix(FILE).strip() if name.startswith(FILE) else ""


def _rates(text: str, names: list[str]) -> dict[str, Overrides]:
    """The learning rates of [comparison] rates by arm. Raises ConfigError."""
    rates: dict[str, Overrides] = {}
    for entry in as_list(text):
        name, _, rate = (part.strip() for part in entry.rpartition(" "))
        if name not in names:
            raise ConfigError(f"[comparison] rates: {name or entry} is no arm of [comparison] arms", _RATES)
        try:
            value = float(rate)
        except ValueError:
            value = 0.0
        if not 0 < value <= 1:
            raise ConfigError(f"[comparison] rates: {rate} is no learning rate", _RATES)
        rates[name] = {("finetuning", "learning_rate"): value}
    return rates


_RATES = "write an arm and its rate, separated by a space: distilled 2e-5, file:rows.jsonl 2e-5"


def of_seed(seed: int, *, tuned: bool, rows: int) -> Overrides:
    """The settings of one of an arm's evaluations."""
    return {
        **({} if tuned else _BASE_RESPONDS),
        ("finetuning", "rows"): rows,
        ("finetuning", "seed"): seed,
        ("evaluation", "seed"): seed,
        ("evaluation", "prompt"): "auto",
        ("evaluation", "model"): "tuned" if tuned else "base",
    }


def options(settings: Settings) -> list[str]:
    """All settings as options of luigi's command line: a child does not see those of its parent's command line."""
    return [
        part
        for section in SECTIONS
        for key, parameter in section.get_params()
        for part in (
            f"--{section.__name__}-{key.replace('_', '-')}",
            parameter.serialize(getattr(getattr(settings, section.__name__), key)),
        )
    ]
