"""The sections of luigi.cfg: a class each, its keys with their defaults and the values that make sense.

A section's class is named as the section (`[responses]` is `responses`), because Luigi takes the names of sections
and of command-line flags from its classes: `[responses] samples` is `--responses-samples`. The shipped luigi.cfg
documents each key.
"""

from __future__ import annotations

import math
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import luigi


class Whole(luigi.IntParameter):
    """An integer from `low` to `high`, both included."""

    def __init__(self, default: int, low: float = -math.inf, high: float = math.inf) -> None:
        super().__init__(default=default)
        self.low, self.high = low, high


class Real(luigi.FloatParameter):
    """A number from `low` to `high`, both included."""

    def __init__(self, default: float, low: float = -math.inf, high: float = math.inf) -> None:
        super().__init__(default=default)
        self.low, self.high = low, high


class Flag(luigi.BoolParameter):
    """`true` or `false`; on the command line of `luigi` a flag without a value is true."""

    def __init__(self, default: bool) -> None:
        super().__init__(default=default, parsing=luigi.BoolParameter.EXPLICIT_PARSING)


class Threshold(luigi.Parameter[Any]):
    """A number from 0 to 1, or `top N%` for a share of what is compared."""

    def parse(self, text: str) -> float | str:
        if (share := top_share(text)) is not None:
            number = 100 * share
        else:
            number = 100 * float(text)
        if not 0 <= number <= 100:
            raise ValueError(text)
        return " ".join(text.split()) if share is not None else number / 100


class Samples(luigi.Parameter[Any]):
    """How many samples are drawn: a whole number, or `2..10` for as many as the evidence needs; `high` at most."""

    def __init__(self, default: int, high: int) -> None:
        super().__init__(default=default)
        self.low, self.high = 1, high

    def parse(self, text: str) -> int | str:
        if "." not in text:
            return int(text)
        least, most = least_and_most(text)
        if least >= most:
            raise ValueError(text)
        return f"{least}..{most}"


def least_and_most(samples: int | str) -> tuple[int, int]:
    """The two ends of a number of samples, or of a range. Raises ValueError for another text."""
    least, dots, most = str(samples).partition("..")
    return int(least), int(most if dots else least)


def top_share(threshold: float | str) -> float | None:
    """The share that `top N%` names, 0 to 1; None for a number."""
    found = re.fullmatch(r"\s*top\s+(\d+(?:\.\d+)?)\s*%\s*", str(threshold))
    return float(found[1]) / 100 if found else None


def bounds(parameter: luigi.Parameter[Any]) -> tuple[float, float] | None:
    """The smallest and the largest value of a key; None for a key that is not a number."""
    return (parameter.low, parameter.high) if isinstance(parameter, (Whole, Real, Samples)) else None


def expected(parameter: luigi.Parameter[Any]) -> str:
    """What the value of a key has to be; empty for a text."""
    if isinstance(parameter, luigi.ChoiceParameter):
        return f"one of {', '.join(sorted(map(str, parameter._choices)))}"
    kinds: dict[type, str] = {
        Whole: "a whole number",
        Real: "a number",
        Flag: "true or false",
        Samples: "a whole number or a range such as 2..10",
        Threshold: "a number from 0 to 1 or a share such as top 60%",
    }
    return kinds.get(type(parameter), "")


class project(luigi.Config):
    artifacts = luigi.Parameter(default="artifacts")
    shard_size = Whole(default=256, low=1, high=100_000)
    stop_when_hopeless = luigi.ChoiceParameter(default="auto", choices=("auto", "on", "off"))
    stages = luigi.Parameter(default="")
    metrics = luigi.Parameter(default="")
    hours = Real(default=0.0, low=0, high=1_000_000)
    tokens = Whole(default=0, low=0, high=1_000_000_000_000_000)


class prices(luigi.Config):
    million_prompt_tokens = Real(default=0.0, low=0, high=1_000_000)
    million_new_tokens = Real(default=0.0, low=0, high=1_000_000)
    hour = Real(default=0.0, low=0, high=1_000_000)
    currency = luigi.Parameter(default="")


class seeds(luigi.Config):
    sources = luigi.Parameter(default="python-stdlib")
    stdlib_share = Real(default=1.0, low=0, high=1)
    include = luigi.Parameter(default="")
    kinds = luigi.Parameter(default="functions")
    generators = Flag(default=False)
    helpers = Flag(default=False)
    licences = luigi.Parameter(default="")
    max_lines = Whole(default=150, low=1, high=100_000)
    denied_imports = luigi.Parameter(
        default="argparse, os, subprocess, sys, setuptools, distutils, matplotlib, seaborn"
    )
    type_check = Flag(default=True)
    near_duplicates = Real(default=0.5, low=0, high=1)
    limit = Whole(default=0, low=0, high=1_000_000_000)
    vanished = luigi.ChoiceParameter(default="stop", choices=("stop", "drop"))
    rules = luigi.Parameter(default="")


class model(luigi.Config):
    path = luigi.Parameter(default="")
    repo_id = luigi.Parameter(default="")
    filename = luigi.Parameter(default="")
    revision = luigi.Parameter(default="main")
    sha256 = luigi.Parameter(default="")


class prompts(luigi.Config):
    exemplars = luigi.Parameter(default="auto")
    fewshot_contexts = luigi.Parameter(default="4")


class judgements(luigi.Config):
    judge = luigi.ChoiceParameter(default="auto", choices=("auto", "on", "off"))
    threshold = Threshold(default=0.5)


class Sampled:
    """The keys of every generating stage; 0 shots or tokens: the number of the exemplar set.

    With a `base_url` the completions server there generates, not the model of [model] or [engine].
    """

    shots = Whole(default=0, low=0, high=1000)
    max_tokens = Whole(default=0, low=0, high=1_000_000)
    temperature = Real(default=0.7, low=0, high=10)
    top_k = Whole(default=0, low=0, high=1_000_000)
    top_p = Real(default=1.0, low=0, high=1)
    min_p = Real(default=0.0, low=0, high=1)
    attempt = Whole(default=1, low=1, high=1_000_000)
    base_url = luigi.Parameter(default="")
    model = luigi.Parameter(default="")
    api = luigi.ChoiceParameter(default="completions", choices=("completions", "chat"))


class concepts(Sampled, luigi.Config):
    pass


class instructions(Sampled, luigi.Config):
    source = luigi.ChoiceParameter(
        default="concepts", choices=("concepts", "snippet", "evolved", "commits", "docstring", "magpie")
    )
    mix = Real(default=0.0, low=0, high=1)
    categories = luigi.Parameter(default="")
    difficulties = luigi.Parameter(default="")


class responses(Sampled, luigi.Config):
    samples = Samples(default=4, high=1000)
    reasoning = luigi.ChoiceParameter(default="cut", choices=("cut", "keep"))


class repairs(Sampled, luigi.Config):
    samples = Whole(default=0, low=0, high=1000)


class executions(luigi.Config):
    timeout = Real(default=10.0, low=0.1, high=3600)
    memory_mb = Whole(default=1024, low=64, high=1_000_000)
    workers = Whole(default=0, low=0, high=1024)
    attempt = Whole(default=1, low=1, high=1_000_000)


class verification(luigi.Config):
    enabled = Flag(default=True)
    max_mutants = Whole(default=16, low=0, high=1000)
    max_others = Whole(default=8, low=0, high=1000)
    repeats = Whole(default=20, low=0, high=1000)
    hash_seeds = Whole(default=5, low=0, high=100)
    timeout = Real(default=10.0, low=1, high=3600)


class sandbox(luigi.Config):
    packages = luigi.Parameter(default="")


class decontamination(luigi.Config):
    packs = luigi.Parameter(default="packs")
    resembles = Real(default=1.0, low=0, high=2)
    suspect = Real(default=0.28, low=0, high=2)
    execute = Flag(default=True)


class selection(luigi.Config):
    among = luigi.ChoiceParameter(default="passing", choices=("passing", "all", "failing"))
    rows = Whole(default=0, low=0, high=1_000_000_000)
    choose = luigi.ChoiceParameter(default="best", choices=("best", "verified", "random", "shortest", "curated"))
    then = luigi.ChoiceParameter(default="none", choices=("none", "rare"))
    per_instruction = Whole(default=1, low=1, high=1000)
    keep = luigi.ChoiceParameter(default="earlier", choices=("earlier", "best"))
    min_agreement = Real(default=0.0, low=0, high=1)
    trivial = Flag(default=True)
    trust = Real(default=0.0, low=0, high=1)
    near_duplicates = Real(default=0.7, low=0.3, high=1)
    max_instruction_words = Whole(default=200, low=1, high=100_000)
    max_same_names = Whole(default=1, low=0, high=1_000_000)
    max_per_concept = Whole(default=0, low=0, high=1_000_000_000)
    max_per_category = Whole(default=0, low=0, high=1_000_000_000)
    max_per_difficulty = Whole(default=0, low=0, high=1_000_000_000)
    reject = luigi.Parameter(default="")
    rules = luigi.Parameter(default="")
    score = luigi.Parameter(default="")


class shaping(luigi.Config):
    tests = Real(default=0.0, low=0, high=1)
    most_tests = Whole(default=5, low=1, high=100)
    stub = Real(default=0.0, low=0, high=1)
    reasoning = Real(default=1.0, low=0, high=1)
    explanation = Real(default=1.0, low=0, high=1)
    comments = Real(default=1.0, low=0, high=1)
    tags = Flag(default=True)
    own_tests = Flag(default=False)


class ratings(luigi.Config):
    enabled = Flag(default=False)


class monologues(luigi.Config):
    enabled = Flag(default=False)
    forms = luigi.ChoiceParameter(default="both", choices=("both", "forward", "backward"))
    calls = Whole(default=2, low=1, high=16)
    steps = Whole(default=200, low=1, high=10_000)


class engine(luigi.Config):
    backend = luigi.ChoiceParameter(default="llama", choices=("llama", "server"))
    n_ctx = Whole(default=0, low=0, high=10_000_000)
    n_seq = Whole(default=0, low=0, high=192)
    n_cells = Whole(default=0)
    n_contexts = Whole(default=8)
    n_batch = Whole(default=0, low=0, high=1_000_000)
    n_threads = Whole(default=0, low=0, high=1024)
    sample_threads = Whole(default=0)
    n_gpu_layers = Whole(default=-1, low=-1, high=10_000)
    main_gpu = Whole(default=0)
    tensor_split = luigi.Parameter(default="")
    flash_attn = luigi.ChoiceParameter(default="auto", choices=("auto", "on", "off"))
    type_k = luigi.Parameter(default="f16")
    type_v = luigi.Parameter(default="f16")
    step_timeout = Real(default=600.0, low=1, high=1_000_000)
    base_url = luigi.Parameter(default="")
    model = luigi.Parameter(default="")
    concurrency = Whole(default=16, low=1, high=10_000)
    timeout = Real(default=600.0, low=1, high=100_000)
    max_retries = Whole(default=6, low=0, high=100)
    unanswered = luigi.ChoiceParameter(default="stop", choices=("stop", "drop"))
    api_key_env = luigi.Parameter(default="OPENAI_API_KEY")


class finetuning(luigi.Config):
    model = luigi.Parameter(default="")
    data = luigi.Parameter(default="")
    rows = Whole(default=0, low=0, high=100_000_000)
    held_out = Real(default=0.0, low=0, high=0.99)
    monologues = Real(default=0.0, low=0, high=0.99)
    tests = Flag(default=False)
    learning_rate = Real(default=0.0, low=0, high=1)
    clipping = Real(default=0.0, low=0, high=1_000_000)
    dropout = Real(default=0.0, low=0, high=0.99)
    optimizer = luigi.Parameter(default="adafactor")
    epochs = Whole(default=4, low=1, high=1000)
    batch = Whole(default=64, low=1, high=100_000)
    micro_batch = Whole(default=4, low=1, high=100_000)
    warmup = Real(default=0.05, low=0, high=0.99)
    max_length = Whole(default=1280, low=16, high=1_000_000)
    lora_rank = Whole(default=0, low=0, high=4096)
    checkpoint_every = Whole(default=50, low=1, high=1_000_000)
    threads = Whole(default=0, low=0, high=1024)
    seed = Whole(default=1)


class evaluation(luigi.Config):
    model = luigi.Parameter(default="base")
    pack = luigi.Parameter(default="")
    since = luigi.Parameter(default="")
    until = luigi.Parameter(default="")
    answers = luigi.Parameter(default="")
    prompt = luigi.ChoiceParameter(default="auto", choices=("auto", "few_shot", "completion", "tuned", "chat"))
    wording = luigi.ChoiceParameter(default="plain", choices=("plain", "reference", "evalplus"))
    instruction_prefix = luigi.Parameter(default="")
    response_prefix = luigi.Parameter(default="")
    samples = Whole(default=1, low=1, high=10_000)
    k = luigi.Parameter(default="1")
    max_tokens = Whole(default=0, low=0, high=1_000_000)
    temperature = Real(default=0.0, low=0, high=10)
    top_p = Real(default=1.0, low=0, high=1)
    seed = Whole(default=1)


class comparison(luigi.Config):
    arms = luigi.Parameter(default="passing, random, failing, best")
    rates = luigi.Parameter(default="")
    seeds = Whole(default=3, low=1, high=1000)
    rows = Whole(default=0, low=0, high=100_000_000)
    publish = luigi.Parameter(default="")
    rounds = Whole(default=3, low=1, high=1000)
    stop = Flag(default=True)


@dataclass(frozen=True)
class Settings:
    """One checked instance of every section, by its name."""

    project: project
    prices: prices
    seeds: seeds
    model: model
    prompts: prompts
    judgements: judgements
    concepts: concepts
    instructions: instructions
    responses: responses
    executions: executions
    repairs: repairs
    verification: verification
    sandbox: sandbox
    decontamination: decontamination
    selection: selection
    shaping: shaping
    ratings: ratings
    monologues: monologues
    finetuning: finetuning
    evaluation: evaluation
    comparison: comparison
    engine: engine
    # Sections that stages of other packages have, by name.
    others: Mapping[str, luigi.Config] = field(default_factory=dict)


# Every section of the pipeline's own, in the order in which they are read and listed.
SECTIONS: tuple[type[luigi.Config], ...] = tuple(
    section for name, section in typing.get_type_hints(Settings).items() if name != "others"
)
