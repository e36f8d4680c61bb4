"""The configuration as a whole: every section of luigi.cfg, read and checked.

Luigi itself only warns about a misspelt key and ignores a misspelt section; `load` refuses both, and names the
nearest right one. Every key can be overridden on the command line (`[responses] samples` is `--responses-samples`).
"""

from __future__ import annotations

import difflib
import typing
from dataclasses import dataclass
from typing import Any

import luigi
from luigi.configuration import get_config
from luigi.task_register import Register

from pipeline.config import sections
from pipeline.config.location import refuse_unread
from pipeline.errors import ConfigError


@dataclass(frozen=True)
class Settings:
    """One checked instance of every section, by its name."""

    project: sections.project
    seeds: sections.seeds
    model: sections.model
    prompts: sections.prompts
    judgements: sections.judgements
    concepts: sections.concepts
    instructions: sections.instructions
    responses: sections.responses
    executions: sections.executions
    verification: sections.verification
    sandbox: sections.sandbox
    decontamination: sections.decontamination
    selection: sections.selection
    finetuning: sections.finetuning
    evaluation: sections.evaluation
    comparison: sections.comparison
    engine: sections.engine


# Every section, in the order in which they are read and listed.
SECTIONS: tuple[type[luigi.Config], ...] = tuple(typing.get_type_hints(Settings).values())


def load() -> Settings:
    """Read and check the whole configuration, command-line overrides included.

    Raises ConfigError that names the section and key, and the nearest right name for an unknown one.
    """
    refuse_unread()
    _refuse_unknown()
    read: dict[str, Any] = {section.__name__: _read(section) for section in SECTIONS}
    settings = Settings(**read)
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
    instance = section()
    for key, parameter in section.get_params():
        _check_range(section.__name__, key, parameter, getattr(instance, key))
    return instance


def _check_range(section: str, key: str, parameter: luigi.Parameter[Any], value: Any) -> None:
    bounds = sections.bounds(parameter)
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
