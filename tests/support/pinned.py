"""Projects whose parts are given instead of found: for tests of recipes and settings, without model and sources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline import config
from pipeline.project.model import Model
from pipeline.project.project import Backend, Project
from pipeline.prompts import STANDARD
from pipeline.prompts.exemplars import ExemplarSet, load_set
from pipeline.prompts.plan import GenerationPlan, plan_generation

EXEMPLARS = load_set(STANDARD)
MODEL = Model("m", 100_000, Path("m.gguf"), "0" * 64, "llama")


def settings(**changes: Any) -> config.Settings:
    """The shipped configuration but for `changes`: `settings(responses__samples=2)`."""
    by_section: dict[str, dict[str, Any]] = {section.__name__: {} for section in config.SECTIONS}
    for path, value in changes.items():
        section, key = path.split("__")
        by_section[section][key] = value
    return config.Settings(**{section.__name__: section(**by_section[section.__name__]) for section in config.SECTIONS})


class PinnedProject(Project):
    """A project of given models and exemplars, which counts a token a character: lengths are known exactly."""

    def __init__(
        self,
        settings: config.Settings,
        root: Path = Path("/nowhere"),
        model: Model = MODEL,
        own: dict[str, Model] | None = None,
        exemplars: ExemplarSet = EXEMPLARS,
        **parts: Any,
    ) -> None:
        super().__init__(settings, root)
        servers = {section: _backend(model) for section, model in (own or {}).items()}
        self.__dict__.update(base=_backend(model), _servers=servers, exemplars=exemplars, **parts)

    def plan(self, stage: str, form: str, section: str) -> GenerationPlan:
        return plan_generation(
            stage,
            form,
            section,
            getattr(self.settings, section),
            self.exemplars,
            self.backend(section).model.window,
            lambda texts: [len(text) for text in texts],
        )


def _backend(model: Model) -> Backend:
    return Backend(model, engine=None, place="nowhere")  # type: ignore[arg-type]
