"""The sections of luigi.cfg: a class each, its keys with their defaults and the values that make sense.

A section's class is named as the section (`[responses]` is `responses`), because Luigi takes the names of sections
and of command-line flags from its classes: `[responses] samples` is `--responses-samples`. The shipped luigi.cfg
documents each key.
"""

from __future__ import annotations

import math
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
    """`true` or `false`, always spelt out: a flag without a value is refused on the command line too."""

    def __init__(self, default: bool) -> None:
        super().__init__(default=default, parsing=luigi.BoolParameter.EXPLICIT_PARSING)


def bounds(parameter: luigi.Parameter[Any]) -> tuple[float, float] | None:
    """The smallest and the largest value of a key; None for a key that is not a number."""
    return (parameter.low, parameter.high) if isinstance(parameter, (Whole, Real)) else None


class project(luigi.Config):
    artifacts = luigi.Parameter(default="artifacts")
    shard_size = Whole(256, low=1, high=100_000)


class seeds(luigi.Config):
    sources = luigi.Parameter(default="python-stdlib")
    stdlib_share = Real(1.0, low=0, high=1)
    include = luigi.Parameter(default="")
    kinds = luigi.Parameter(default="functions")
    licences = luigi.Parameter(default="")
    max_lines = Whole(150, low=1, high=100_000)
    denied_imports = luigi.Parameter(
        default="argparse, os, subprocess, sys, setuptools, distutils, matplotlib, seaborn"
    )
    type_check = Flag(True)
    near_duplicates = Real(0.5, low=0, high=1)
    vanished = luigi.ChoiceParameter(default="stop", choices=("stop", "drop"))


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
    threshold = Real(0.5, low=0, high=1)


class Sampled:
    """What every generating stage has; 0 shots or tokens means what the exemplar set says.

    With a `base_url` the stage asks that completions server, and not the model of [model] or [engine].
    """

    shots = Whole(0, low=0, high=1000)
    max_tokens = Whole(0, low=0, high=1_000_000)
    temperature = Real(0.7, low=0, high=10)
    top_k = Whole(0, low=0, high=1_000_000)
    top_p = Real(1.0, low=0, high=1)
    min_p = Real(0.0, low=0, high=1)
    attempt = Whole(1, low=1, high=1_000_000)
    base_url = luigi.Parameter(default="")
    model = luigi.Parameter(default="")


class concepts(Sampled, luigi.Config):
    pass


class instructions(Sampled, luigi.Config):
    source = luigi.ChoiceParameter(
        default="concepts", choices=("concepts", "snippet", "evolved", "commits")
    )
    categories = luigi.Parameter(default="")
    difficulties = luigi.Parameter(default="")


class responses(Sampled, luigi.Config):
    samples = Whole(4, low=1, high=1000)


class executions(luigi.Config):
    timeout = Real(10.0, low=0.1, high=3600)
    memory_mb = Whole(1024, low=64, high=1_000_000)
    workers = Whole(0, low=0, high=1024)
    attempt = Whole(1, low=1, high=1_000_000)


class verification(luigi.Config):
    enabled = Flag(True)
    max_mutants = Whole(16, low=0, high=1000)
    max_others = Whole(8, low=0, high=1000)
    repeats = Whole(20, low=0, high=1000)
    hash_seeds = Whole(5, low=0, high=100)
    timeout = Real(10.0, low=1, high=3600)


class sandbox(luigi.Config):
    packages = luigi.Parameter(default="")


class decontamination(luigi.Config):
    packs = luigi.Parameter(default="packs")
    resembles = Real(0.42, low=0, high=2)
    suspect = Real(0.28, low=0, high=2)
    execute = Flag(True)


class selection(luigi.Config):
    among = luigi.ChoiceParameter(default="passing", choices=("passing", "all", "failing"))
    choose = luigi.ChoiceParameter(
        default="best", choices=("best", "verified", "random", "shortest")
    )
    keep = luigi.ChoiceParameter(default="earlier", choices=("earlier", "best"))
    near_duplicates = Real(0.7, low=0.3, high=1)
    max_instruction_words = Whole(200, low=1, high=100_000)
    max_same_names = Whole(1, low=0, high=1_000_000)
    max_per_concept = Whole(0, low=0, high=1_000_000_000)
    max_per_category = Whole(0, low=0, high=1_000_000_000)
    max_per_difficulty = Whole(0, low=0, high=1_000_000_000)


class engine(luigi.Config):
    backend = luigi.ChoiceParameter(default="llama", choices=("llama", "server"))
    n_ctx = Whole(0, low=0, high=10_000_000)
    n_seq = Whole(0, low=0, high=192)
    n_cells = Whole(0)
    n_contexts = Whole(8)
    n_batch = Whole(0, low=0, high=1_000_000)
    n_threads = Whole(0, low=0, high=1024)
    sample_threads = Whole(0)
    n_gpu_layers = Whole(-1, low=-1, high=10_000)
    main_gpu = Whole(0)
    tensor_split = luigi.Parameter(default="")
    flash_attn = luigi.ChoiceParameter(default="auto", choices=("auto", "on", "off"))
    type_k = luigi.Parameter(default="f16")
    type_v = luigi.Parameter(default="f16")
    step_timeout = Real(600.0, low=1, high=1_000_000)
    base_url = luigi.Parameter(default="")
    model = luigi.Parameter(default="")
    concurrency = Whole(16, low=1, high=10_000)
    timeout = Real(600.0, low=1, high=100_000)
    max_retries = Whole(6, low=0, high=100)
    api_key_env = luigi.Parameter(default="OPENAI_API_KEY")


class finetuning(luigi.Config):
    model = luigi.Parameter(default="")
    rows = Whole(0, low=0, high=100_000_000)
    tests = Flag(False)
    learning_rate = Real(0.0, low=0, high=1)
    optimizer = luigi.Parameter(default="adafactor")
    epochs = Whole(4, low=1, high=1000)
    batch = Whole(64, low=1, high=100_000)
    micro_batch = Whole(4, low=1, high=100_000)
    warmup = Real(0.05, low=0, high=0.99)
    max_length = Whole(1280, low=16, high=1_000_000)
    lora_rank = Whole(0, low=0, high=4096)
    checkpoint_every = Whole(50, low=1, high=1_000_000)
    threads = Whole(0, low=0, high=1024)
    seed = Whole(1)


class evaluation(luigi.Config):
    model = luigi.Parameter(default="base")
    pack = luigi.Parameter(default="")
    prompt = luigi.ChoiceParameter(default="auto", choices=("auto", "few_shot", "tuned"))
    samples = Whole(1, low=1, high=10_000)
    k = luigi.Parameter(default="1")
    max_tokens = Whole(0, low=0, high=1_000_000)
    temperature = Real(0.0, low=0, high=10)
    top_p = Real(1.0, low=0, high=1)
    seed = Whole(1)


class comparison(luigi.Config):
    arms = luigi.Parameter(default="passing, random, failing, best")
    seeds = Whole(3, low=1, high=1000)
    rows = Whole(0, low=0, high=100_000_000)
    publish = luigi.Parameter(default="")
    rounds = Whole(3, low=1, high=1000)
    stop = Flag(True)
