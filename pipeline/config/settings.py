"""The configuration as a whole: every section of luigi.cfg, read and checked.

Luigi itself only warns about a misspelt key and ignores a misspelt section; `load` refuses both, and names the
nearest right one. Every key can be overridden on the command line (`[responses] samples` is `--responses-samples`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import luigi
from luigi.cmdline_parser import CmdlineParser
from luigi.configuration import get_config
from luigi.task_register import Register

from pipeline import entry_points
from pipeline.config import sections
from pipeline.config.descriptions import descriptions
from pipeline.config.location import location, require
from pipeline.config.sections import SECTIONS, Settings
from pipeline.config.syntax import place
from pipeline.errors import ConfigError
from pipeline.text.lists import as_list
from pipeline.text.nearest import nearest

# [section] key -> another value.
Overrides = Mapping[tuple[str, str], Any]


def override(settings: Settings, overrides: Overrides) -> Settings:
    """A copy of the settings with some values replaced. Sections without a replaced value are shared."""
    changed: dict[str, Any] = {}
    for (name, key), value in overrides.items():
        section = changed.get(name) or settings.others.get(name) or getattr(settings, name)
        changed[name] = type(section)(**{**section.param_kwargs, key: value})
    others = {name: changed.pop(name, section) for name, section in settings.others.items()}
    return replace(settings, **changed, others=others)


def load() -> Settings:
    """Read and check the whole configuration, command-line overrides included.

    Raises ConfigError that names the section and key, and the nearest right name for an unknown one.
    """
    require()
    added = _added_sections()
    _refuse_unknown(added)
    read: dict[str, Any] = {section.__name__: _read(section) for section in SECTIONS}
    settings = Settings(**read, others={section.__name__: _read(section) for section in added})
    if not settings.project.artifacts.strip():
        # It would be the project's folder itself, among whose files `clean` looks for what it may remove.
        raise ConfigError("[project] artifacts is empty", "name a folder, artifacts for example")
    require_possible_agreement(settings)
    require_evidence(settings)
    contexts = settings.prompts.fewshot_contexts
    if contexts != "per_record" and not (contexts.isdigit() and int(contexts) > 0):
        raise ConfigError(
            f"[prompts] fewshot_contexts = {contexts} is neither a positive number nor per_record",
            "set it to 4",
        )
    if bool(settings.model.repo_id) != bool(settings.model.filename):
        raise ConfigError("[model] repo_id and filename belong together, one of them is empty", "set both or none")
    if settings.model.repo_id and settings.model.path:
        raise ConfigError("[model] has both path and repo_id", "keep the one that you mean")
    return settings


def most_agreement(settings: Settings) -> float:
    """The largest agreement that every instruction can reach (pipeline/verification/agreement.py).

    Of a range of samples no more than the least may be drawn.
    """
    if not settings.verification.enabled:
        return 0.0
    least, _ = sections.least_and_most(settings.responses.samples)
    others = min(least - 1, settings.verification.max_others)
    return others / (others + 1)


def require_evidence(settings: Settings) -> None:
    """Raise ConfigError for a range of samples that nothing could end before its most."""
    least, most = sections.least_and_most(settings.responses.samples)
    verification = settings.verification
    if least < most and not (verification.enabled and verification.max_others):
        raise ConfigError(
            f"[responses] samples = {settings.responses.samples}: no further samples are drawn where others agree, "
            "and [verification] compares none",
            "set [verification] enabled = true and max_others above 0, or a number of samples",
        )


def require_possible_agreement(settings: Settings) -> None:
    """Raise ConfigError for a least agreement that no response can have."""
    least, most = settings.selection.min_agreement, most_agreement(settings)
    if least > most:
        raise ConfigError(
            f"[selection] min_agreement = {least}: under these settings no response can have more than {most:.2f}",
            "lower it, or raise [responses] samples and [verification] max_others; [verification] enabled must be true",
        )


def _read(section: type[luigi.Config]) -> luigi.Config:
    for key, parameter in section.get_params():
        # One by one: Luigi's errors for a whole section do not name the key.
        try:
            parameter.task_value(section.__name__, key)
        except Exception as error:  # noqa: BLE001  of whatever kind a parameter raises
            wanted = sections.expected(parameter)
            problem = f"{_written(section.__name__, key)} is not {wanted}" if wanted else str(error)
            raise ConfigError(f"[{section.__name__}] {key}: {problem}", _meaning(section.__name__, key)) from None
    instance = section()
    for key, parameter in section.get_params():
        _check_range(section.__name__, key, parameter, getattr(instance, key))
        _check_homes(section.__name__, key, getattr(instance, key))
    return instance


def _written(section: str, key: str) -> str:
    """The value of a key as it was given: on the command line of `luigi`, or in luigi.cfg."""
    parser = CmdlineParser.get_instance()
    given = getattr(parser.known_args, f"{section}_{key}", None) if parser else None
    return str(given if given is not None else get_config().get(section, key, "the value"))


def _meaning(section: str, key: str) -> str:
    """What a key means, as the remedy for a wrong value."""
    return descriptions().keys.get((section, key), "set another value")


def _check_range(section: str, key: str, parameter: luigi.Parameter[Any], value: Any) -> None:
    bounds = sections.bounds(parameter)
    ends = sections.least_and_most(value) if isinstance(parameter, sections.Samples) else (value,)
    if bounds and not all(bounds[0] <= end <= bounds[1] for end in ends):
        raise ConfigError(
            f"[{section}] {key} = {value} is not between {bounds[0]} and {bounds[1]}", _meaning(section, key)
        )


def _check_homes(section: str, key: str, value: Any) -> None:
    for entry in as_list(value) if isinstance(value, str) else ():
        home = re.match(r"(?:\w+:)?(~[^/]*)", entry)
        if home and home[1] == os.path.expanduser(home[1]):
            raise ConfigError(f"[{section}] {key}: {home[1]} is no user's home", "write the path out")


def _added_sections() -> list[type[luigi.Config]]:
    """The sections that stages of other packages have: the class that is such a stage's `settings`."""
    names = as_list(getattr(_read(sections.project), "stages"))  # noqa: B009  Luigi's type has no keys
    named = entry_points.named("stages", names, "[project] stages")
    return [stage.settings for stage in named if hasattr(stage, "settings")]


def _refuse_unknown(added: Iterable[type[luigi.Config]]) -> None:
    """Raise ConfigError for a section or key that neither this pipeline nor Luigi has."""
    parser = get_config()
    keys = {section.__name__: {key for key, _ in section.get_params()} for section in (*SECTIONS, *added)}
    names = set(keys) | _luigi_sections()
    for name in parser.sections():
        if name not in names:
            raise ConfigError(f"{_place(name)}: there is no section [{name}]", nearest(name, names, "[{}]"))
        if name not in keys:
            continue
        written = parser.options(name)
        for key in written:
            # Luigi reads a key with dashes as well, if the one with underscores is not there.
            known = key.replace("-", "_")
            if known not in keys[name]:
                raise ConfigError(f"{_place(name, key)}: [{name}] has no key {key}", nearest(key, keys[name]))
            if known != key and known in written:
                raise ConfigError(f"{_place(name, key)}: [{name}] {known} is set twice", f"keep {known}")


def _place(section: str, key: str | None = None) -> str:
    found = location()
    return place(found.file, found.text, section, key) if found.file else "luigi.cfg"


def _luigi_sections() -> set[str]:
    """The sections of Luigi's own settings.

    Not those of tasks, from which Luigi would read their parameters: which shard a task makes is no setting, and
    [Responses] is [responses] misspelt.
    """
    # Those without a class, and that of a module which only the command `luigi` imports.
    named = {"core", "logging", "resources", "retcode"}
    configs = {name for name in Register.task_names() if issubclass(Register.get_task_cls(name), luigi.Config)}
    return named | configs - {luigi.Config.__name__}
