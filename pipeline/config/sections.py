"""The configuration: the sections of luigi.cfg, each a class here, read and checked as a whole.

Luigi itself only warns about a misspelt key and keeps silent about a misspelt section; `load` refuses
both, and names the nearest right one. Every key can be overridden on the command line
(`[responses] samples` is `--responses-samples`). The shipped luigi.cfg documents each key.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any

import luigi
from luigi.configuration import get_config
from luigi.task_register import Register

from pipeline.config.location import refuse_unread
from pipeline.errors import ConfigError


class project(luigi.Config):
    artifacts = luigi.Parameter(default="artifacts")
    shard_size = luigi.IntParameter(default=256)


class seeds(luigi.Config):
    sources = luigi.Parameter(default="python-stdlib")
    stdlib_share = luigi.FloatParameter(default=1.0)
    include = luigi.Parameter(default="")
    kinds = luigi.Parameter(default="functions")
    licences = luigi.Parameter(default="")
    max_lines = luigi.IntParameter(default=150)
    denied_imports = luigi.Parameter(
        default="argparse, os, subprocess, sys, setuptools, distutils, matplotlib, seaborn"
    )
    type_check = luigi.BoolParameter(default=True, parsing=luigi.BoolParameter.EXPLICIT_PARSING)
    near_duplicates = luigi.FloatParameter(default=0.5)
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
    threshold = luigi.FloatParameter(default=0.5)


class _Sampled:
    """What every generating stage has; 0 shots or tokens means what the exemplar set says.

    With a `base_url` the stage asks that completions server, and not the model of [model] or [engine].
    """

    shots = luigi.IntParameter(default=0)
    max_tokens = luigi.IntParameter(default=0)
    temperature = luigi.FloatParameter(default=0.7)
    top_k = luigi.IntParameter(default=0)
    top_p = luigi.FloatParameter(default=1.0)
    min_p = luigi.FloatParameter(default=0.0)
    attempt = luigi.IntParameter(default=1)
    base_url = luigi.Parameter(default="")
    model = luigi.Parameter(default="")


class concepts(_Sampled, luigi.Config):
    pass


class instructions(_Sampled, luigi.Config):
    source = luigi.ChoiceParameter(
        default="concepts", choices=("concepts", "snippet", "evolved", "commits")
    )
    categories = luigi.Parameter(default="")
    difficulties = luigi.Parameter(default="")


class responses(_Sampled, luigi.Config):
    samples = luigi.IntParameter(default=4)


class executions(luigi.Config):
    timeout = luigi.FloatParameter(default=10.0)
    memory_mb = luigi.IntParameter(default=1024)
    workers = luigi.IntParameter(default=0)
    attempt = luigi.IntParameter(default=1)


class verification(luigi.Config):
    enabled = luigi.BoolParameter(default=True, parsing=luigi.BoolParameter.EXPLICIT_PARSING)
    max_mutants = luigi.IntParameter(default=16)
    max_others = luigi.IntParameter(default=8)
    repeats = luigi.IntParameter(default=20)
    hash_seeds = luigi.IntParameter(default=5)
    timeout = luigi.FloatParameter(default=10.0)


class sandbox(luigi.Config):
    packages = luigi.Parameter(default="")


class decontamination(luigi.Config):
    packs = luigi.Parameter(default="packs")
    resembles = luigi.FloatParameter(default=0.42)
    suspect = luigi.FloatParameter(default=0.28)
    execute = luigi.BoolParameter(default=True, parsing=luigi.BoolParameter.EXPLICIT_PARSING)


class selection(luigi.Config):
    among = luigi.ChoiceParameter(default="passing", choices=("passing", "all", "failing"))
    choose = luigi.ChoiceParameter(
        default="best", choices=("best", "verified", "random", "shortest")
    )
    keep = luigi.ChoiceParameter(default="earlier", choices=("earlier", "best"))
    near_duplicates = luigi.FloatParameter(default=0.7)
    max_instruction_words = luigi.IntParameter(default=200)
    max_same_names = luigi.IntParameter(default=1)
    max_per_concept = luigi.IntParameter(default=0)
    max_per_category = luigi.IntParameter(default=0)
    max_per_difficulty = luigi.IntParameter(default=0)


class engine(luigi.Config):
    backend = luigi.ChoiceParameter(default="llama", choices=("llama", "server"))
    n_ctx = luigi.IntParameter(default=0)
    n_seq = luigi.IntParameter(default=0)
    n_cells = luigi.IntParameter(default=0)
    n_contexts = luigi.IntParameter(default=8)
    n_batch = luigi.IntParameter(default=0)
    n_threads = luigi.IntParameter(default=0)
    sample_threads = luigi.IntParameter(default=0)
    n_gpu_layers = luigi.IntParameter(default=-1)
    main_gpu = luigi.IntParameter(default=0)
    tensor_split = luigi.Parameter(default="")
    flash_attn = luigi.ChoiceParameter(default="auto", choices=("auto", "on", "off"))
    type_k = luigi.Parameter(default="f16")
    type_v = luigi.Parameter(default="f16")
    step_timeout = luigi.FloatParameter(default=600.0)
    base_url = luigi.Parameter(default="")
    model = luigi.Parameter(default="")
    concurrency = luigi.IntParameter(default=16)
    timeout = luigi.FloatParameter(default=600.0)
    max_retries = luigi.IntParameter(default=6)
    api_key_env = luigi.Parameter(default="OPENAI_API_KEY")


class finetuning(luigi.Config):
    model = luigi.Parameter(default="")
    rows = luigi.IntParameter(default=0)
    tests = luigi.BoolParameter(default=False, parsing=luigi.BoolParameter.EXPLICIT_PARSING)
    learning_rate = luigi.FloatParameter(default=0.0)
    optimizer = luigi.Parameter(default="adafactor")
    epochs = luigi.IntParameter(default=4)
    batch = luigi.IntParameter(default=64)
    micro_batch = luigi.IntParameter(default=4)
    warmup = luigi.FloatParameter(default=0.05)
    max_length = luigi.IntParameter(default=1280)
    lora_rank = luigi.IntParameter(default=0)
    checkpoint_every = luigi.IntParameter(default=50)
    threads = luigi.IntParameter(default=0)
    seed = luigi.IntParameter(default=1)


class evaluation(luigi.Config):
    model = luigi.Parameter(default="base")
    pack = luigi.Parameter(default="")
    prompt = luigi.ChoiceParameter(default="auto", choices=("auto", "few_shot", "tuned"))
    samples = luigi.IntParameter(default=1)
    k = luigi.Parameter(default="1")
    max_tokens = luigi.IntParameter(default=0)
    temperature = luigi.FloatParameter(default=0.0)
    top_p = luigi.FloatParameter(default=1.0)
    seed = luigi.IntParameter(default=1)


class comparison(luigi.Config):
    arms = luigi.Parameter(default="passing, random, failing, best")
    seeds = luigi.IntParameter(default=3)
    rows = luigi.IntParameter(default=0)
    publish = luigi.Parameter(default="")
    rounds = luigi.IntParameter(default=3)
    stop = luigi.BoolParameter(default=True, parsing=luigi.BoolParameter.EXPLICIT_PARSING)


SECTIONS: tuple[type[luigi.Config], ...] = (
    project, seeds, model, prompts, judgements, concepts, instructions, responses,
    executions, verification, sandbox, decontamination, selection, finetuning, evaluation, comparison, engine,
)  # fmt: skip

# [section] key -> smallest and largest value that make sense.
_RANGES: dict[tuple[str, str], tuple[float, float]] = {
    ("project", "shard_size"): (1, 100_000),
    ("seeds", "stdlib_share"): (0, 1),
    ("seeds", "max_lines"): (1, 100_000),
    ("seeds", "near_duplicates"): (0, 1),
    ("judgements", "threshold"): (0, 1),
    ("responses", "samples"): (1, 1000),
    ("executions", "timeout"): (0.1, 3600),
    ("executions", "memory_mb"): (64, 1_000_000),
    ("executions", "workers"): (0, 1024),
    ("executions", "attempt"): (1, 1_000_000),
    ("verification", "max_mutants"): (0, 1000),
    ("verification", "max_others"): (0, 1000),
    ("verification", "repeats"): (0, 1000),
    ("verification", "hash_seeds"): (0, 100),
    ("verification", "timeout"): (1, 3600),
    ("decontamination", "resembles"): (0, 2),
    ("decontamination", "suspect"): (0, 2),
    ("selection", "near_duplicates"): (0.3, 1),
    ("selection", "max_instruction_words"): (1, 100_000),
    ("selection", "max_same_names"): (0, 1_000_000),
    ("selection", "max_per_concept"): (0, 1_000_000_000),
    ("selection", "max_per_category"): (0, 1_000_000_000),
    ("selection", "max_per_difficulty"): (0, 1_000_000_000),
    ("finetuning", "rows"): (0, 100_000_000),
    ("finetuning", "learning_rate"): (0, 1),
    ("finetuning", "epochs"): (1, 1000),
    ("finetuning", "batch"): (1, 100_000),
    ("finetuning", "micro_batch"): (1, 100_000),
    ("finetuning", "warmup"): (0, 0.99),
    ("finetuning", "max_length"): (16, 1_000_000),
    ("finetuning", "lora_rank"): (0, 4096),
    ("finetuning", "checkpoint_every"): (1, 1_000_000),
    ("finetuning", "threads"): (0, 1024),
    ("evaluation", "samples"): (1, 10_000),
    ("evaluation", "max_tokens"): (0, 1_000_000),
    ("evaluation", "temperature"): (0, 10),
    ("evaluation", "top_p"): (0, 1),
    ("comparison", "seeds"): (1, 1000),
    ("comparison", "rows"): (0, 100_000_000),
    ("comparison", "rounds"): (1, 1000),
    ("engine", "n_ctx"): (0, 10_000_000),
    ("engine", "n_seq"): (0, 192),
    ("engine", "n_batch"): (0, 1_000_000),
    ("engine", "n_threads"): (0, 1024),
    ("engine", "n_gpu_layers"): (-1, 10_000),
    ("engine", "step_timeout"): (1, 1_000_000),
    ("engine", "concurrency"): (1, 10_000),
    ("engine", "timeout"): (1, 100_000),
    ("engine", "max_retries"): (0, 100),
    **{
        (stage, key): bounds
        for stage in ("concepts", "instructions", "responses")
        for key, bounds in {
            "shots": (0, 1000),
            "max_tokens": (0, 1_000_000),
            "temperature": (0, 10),
            "top_k": (0, 1_000_000),
            "top_p": (0, 1),
            "min_p": (0, 1),
            "attempt": (1, 1_000_000),
        }.items()
    },
}


@dataclass(frozen=True)
class Settings:
    """One checked instance of every section."""

    project: Any
    seeds: Any
    model: Any
    prompts: Any
    judgements: Any
    concepts: Any
    instructions: Any
    responses: Any
    executions: Any
    verification: Any
    sandbox: Any
    decontamination: Any
    selection: Any
    finetuning: Any
    evaluation: Any
    comparison: Any
    engine: Any

    @staticmethod
    def section_of(stage: str) -> str:
        """The section that a generating stage is configured in: drafts are instructions as well."""
        return "instructions" if stage == "drafts" else stage


def load() -> Settings:
    """Read and check the whole configuration, command-line overrides included.

    Raises ConfigError that names the section and key, and the nearest right name for an unknown one.
    """
    refuse_unread()
    _refuse_unknown()
    sections = {}
    for section in SECTIONS:
        name = section.__name__
        sections[name] = instance = _read(section)
        for key, _ in section.get_params():
            _check_range(name, key, getattr(instance, key))
    settings = Settings(**sections)
    contexts = settings.prompts.fewshot_contexts
    if contexts != "per_record" and not (contexts.isdigit() and int(contexts) > 0):
        raise ConfigError(
            f"[prompts] fewshot_contexts = {contexts} is neither a positive number nor per_record",
            "set it to 4",
        )
    if bool(settings.model.repo_id) != bool(settings.model.filename):
        raise ConfigError(
            "[model] repo_id and filename belong together, one of them is empty", "set both or none"
        )
    if settings.model.repo_id and settings.model.path:
        raise ConfigError("[model] has both path and repo_id", "keep the one that you mean")
    return settings


def as_list(text: str) -> list[str]:
    """A value with several entries, one a line or separated by commas."""
    return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]


def _read(section: type[luigi.Config]) -> luigi.Config:
    for key, parameter in section.get_params():
        # One by one: Luigi's own errors for a whole section do not name the key.
        try:
            parameter.task_value(section.__name__, key)
        except Exception as error:
            raise ConfigError(
                f"[{section.__name__}] {key}: {error}",
                "see the comment on this key in the shipped luigi.cfg",
            ) from None
    return section()


def _check_range(section: str, key: str, value: Any) -> None:
    bounds = _RANGES.get((section, key))
    if bounds and not bounds[0] <= value <= bounds[1]:
        raise ConfigError(
            f"[{section}] {key} = {value} is not between {bounds[0]} and {bounds[1]}",
            "set a value in this range",
        )


def _refuse_unknown() -> None:
    """Compare the sections and keys that are set with those that exist, Luigi's own included."""
    parser = get_config()
    ours = {section.__name__: {key for key, _ in section.get_params()} for section in SECTIONS}
    known = set(ours) | _luigi_sections()
    for name in parser.sections():
        if name not in known:
            raise ConfigError(
                f"luigi.cfg: there is no section [{name}]", _nearest(name, known, "[{}]")
            )
        if name not in ours:
            continue
        for key in parser.options(name):
            if key.replace("-", "_") not in ours[name]:
                raise ConfigError(
                    f"luigi.cfg: [{name}] has no key {key}", _nearest(key, ours[name], "{}")
                )


def _luigi_sections() -> set[str]:
    """Sections that Luigi itself reads: its own settings and parameters of tasks."""
    own = {
        "core",
        "worker",
        "scheduler",
        "retcode",
        "logging",
        "email",
        "execution_summary",
        "resources",
    }
    return own | set(Register.task_names())


def _nearest(name: str, known: set[str], form: str) -> str:
    close = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    if close:
        return f"did you mean {form.format(close[0])}?"
    return f"the ones that exist are {', '.join(form.format(item) for item in sorted(known))}"
