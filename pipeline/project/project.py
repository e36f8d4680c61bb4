"""What a configuration means: a project's sources, model, prompts, benchmark packs and recipes.

A `Project` is derived from its settings and its root folder alone, each part when it is first needed, and kept.
It belongs to no process: it takes no lock, reports nothing and installs nothing. Two projects side by side in one
process give what each gives alone. What one process does with a project is in pipeline/run/.
"""

from __future__ import annotations

import atexit
import hashlib
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from pipeline import demo, entry_points, sources
from pipeline.config import Overrides, Settings, override, sections
from pipeline.decontamination.decontaminator import SCREEN_VERSION, Decontaminator, in_words
from pipeline.engine import Engine, ServerEngine, open_engine
from pipeline.errors import ConfigError
from pipeline.extensions import UserFunction, functions
from pipeline.packs.find import PackFile, evaluated_file
from pipeline.packs.find import find as find_packs
from pipeline.packs.pack import Pack, in_window, load_evaluated, load_pack
from pipeline.packs.scorable import require_scorable
from pipeline.project import model
from pipeline.project.engines import engine_settings, open_server, require_sampling, server_of
from pipeline.project.exemplars import Choice, choose
from pipeline.project.model import Model
from pipeline.prompts.exemplars import ExemplarSet, load_set
from pipeline.prompts.plan import GenerationPlan, plan_generation
from pipeline.seeds import missing_sources
from pipeline.seeds import scan as seeds
from pipeline.seeds.criteria import Screen, SeedCriteria
from pipeline.seeds.scan import Scan
from pipeline.sources import Source
from pipeline.text.lists import as_list
from targets import Recipe


@dataclass(frozen=True)
class Backend:
    """A model and the engine that runs it. Nothing is loaded before the engine's first request."""

    model: Model
    engine: Engine
    place: str  # the model's file, or the server's address


class Project:
    """One configuration in one folder. Its properties raise PipelineError where the configuration is wrong."""

    def __init__(self, settings: Settings, root: Path) -> None:
        self.settings = settings
        self.root = root
        self.artifacts = (root / settings.project.artifacts).resolve()
        # Filled by the stages' tasks, which own the recipes: by stage.
        self.recipes: dict[str, Recipe] = {}
        # Filled by the stages' tasks, which warn of them: by stage, what the run has lost so far.
        self.first_losses: dict[str, Any] = {}
        self._models: dict[Path, Model] = {}
        self._plans: dict[str, GenerationPlan] = {}

    def variant(self, overrides: Overrides) -> Project:
        """The same project under a few other settings.

        Both share what takes long and is equal for both: the listing of the sources, and the base model's engine.
        """
        other = Project(override(self.settings, overrides), self.root)
        sections_changed = {section for section, _ in overrides}
        if not {"seeds", "project"} & sections_changed:
            other.__dict__["scan"] = self.scan
        if not {"model", "engine", "project"} & sections_changed:
            other.__dict__["base"] = self.base
        return other

    def path(self, text: str) -> Path:
        """A path of the configuration: relative ones start at the project's root, ~ is the user's home."""
        return self.root / Path(text).expanduser()

    @cached_property
    def added_stages(self) -> list[Any]:
        """The classes of stages that other packages add and `[project] stages` places in the chain, in order."""
        return entry_points.named("stages", as_list(self.settings.project.stages), "[project] stages")

    # Seeds

    @cached_property
    def sources(self) -> list[Source]:
        """The configured seed sources, each of which exists."""
        section = self.settings.seeds
        return [sources.resolve(label, self.root, section) for label in as_list(section.sources)]

    @cached_property
    def criteria(self) -> SeedCriteria:
        """Which definitions become seeds, by `[seeds]` and the benchmark packs."""
        # Until a number of rows is reached, a random sample of the sources is to be taken, not the first of them.
        return SeedCriteria.of(self.settings.seeds, self.root, self._screen, self.settings.selection.rows > 0)

    @property
    def _screen(self) -> Screen | None:
        """The comparison of seeds with the packs, before anything is generated from them; None without packs."""
        if not self.packs:
            return None
        parts = [SCREEN_VERSION, self.settings.decontamination.resembles, [pack.revision for pack in self.packs]]
        digest = hashlib.sha256(orjson.dumps(parts)).hexdigest()[:8]

        def find(code: str) -> str | None:
            findings = self.decontaminator.check_code(code) if self.decontaminator else []
            return in_words(findings) if findings else None

        return Screen(digest, find)

    @cached_property
    def selection_rules(self) -> tuple[UserFunction, ...]:
        """The user's rules of `[selection] rules`, in order."""
        return functions("[selection] rules", as_list(self.settings.selection.rules), self.root)

    @cached_property
    def selection_score(self) -> UserFunction | None:
        """The user's score of `[selection] score`, by which the best response comes first."""
        names = as_list(self.settings.selection.score)
        if len(names) > 1:
            raise ConfigError(f"[selection] score names {len(names)} functions", "name one")
        return next(iter(functions("[selection] score", names, self.root)), None)

    @cached_property
    def scan(self) -> Scan:
        """The difference between the sources and the ledger. The sources are listed once, here."""
        folder = seeds.recipe().folder(self.artifacts)
        return Scan(folder, self.sources, self.criteria)

    @cached_property
    def checked_scan(self) -> Scan:
        """`scan`. Raises MissingDataError where a source is missing that held seeds before."""
        if self.settings.seeds.vanished == "stop":
            missing_sources.require_present(self.scan.ledger, self.sources, self.scan.listed)
        return self.scan

    # Models and prompts

    @cached_property
    def base(self) -> Backend:
        """The base model of `[model]` and `[engine]`."""
        section = self.settings.engine
        if section.backend == "server":
            server = open_server(section)
            atexit.register(server.close)
            return Backend(model.served_by(server, section.n_ctx), server, server.place)
        file = model.load(self.settings.model, self.root, self.artifacts / "model")
        engine = open_engine(engine_settings(section, file.path))
        atexit.register(engine.close)
        return Backend(file, engine, str(file.path))

    @property
    def model(self) -> Model:
        """The base model."""
        return self.base.model

    def backend(self, section: str) -> Backend:
        """The model that answers for a generating section: its own server's, or else the base model."""
        return self._servers.get(section, self.base)

    @cached_property
    def _servers(self) -> dict[str, Backend]:
        """The servers that sections name for themselves; sections that name the same one share it."""
        opened: dict[tuple[str, str, str], Backend] = {}
        by_section = {}
        for name, section in vars(self.settings).items():
            place = server_of(self.settings, name) if isinstance(section, sections.Sampled) else None
            if place is None:
                continue
            if place not in opened:
                server = open_server(self.settings.engine, *place)
                atexit.register(server.close)
                answered = model.served_by(server, self.settings.engine.n_ctx)
                opened[place] = Backend(answered, server, server.place)
            by_section[name] = opened[place]
        return by_section

    def model_at(self, path: Path) -> Model:
        """The model in a GGUF file that is not the base model's."""
        if path not in self._models:
            section = {("model", key): "" for key in ("repo_id", "filename", "sha256")}
            named = override(self.settings, {**section, ("model", "path"): str(path)}).model
            self._models[path] = model.load(named, self.root, self.artifacts / "model")
        return self._models[path]

    @cached_property
    def exemplars_choice(self) -> Choice:
        """Which exemplar set it is, and why."""
        if self.settings.prompts.exemplars != "auto":
            return choose(self.settings, self.root, 0, False)
        return choose(self.settings, self.root, self.model.parameters, self.model.is_demo)

    @cached_property
    def exemplars(self) -> ExemplarSet:
        """The exemplar set."""
        return load_set(self.exemplars_choice.folder)

    def plan(self, stage: str, form: str, section: str) -> GenerationPlan:
        """How a generating stage runs: its settings with their defaults, and the shots that fit its window."""
        if stage not in self._plans:
            backend = self.backend(section)
            if isinstance(backend.engine, ServerEngine):
                require_sampling(backend.engine, section, getattr(self.settings, section))
            cache = self.artifacts / "model"
            self._plans[stage] = plan_generation(
                stage,
                form,
                section,
                getattr(self.settings, section),
                self.exemplars,
                self.settings.engine.n_ctx or backend.model.window,
                lambda texts: model.token_counts(backend.model, backend.engine, texts, cache),
            )
        return self._plans[stage]

    def require_scores(self, remedy: str = "set [judgements] judge = off") -> None:
        """Raises ConfigError where the base model cannot compare the probabilities of answers, as a judge does."""
        engine = self.base.engine
        if isinstance(engine, ServerEngine) and (lack := engine.abilities.cannot_score):
            raise ConfigError(f"the server at {engine.place} {lack}: it cannot judge", remedy)

    # Benchmarks

    @cached_property
    def packs(self) -> list[PackFile]:
        """The benchmark packs that rows are compared with."""
        return find_packs(as_list(self.settings.decontamination.packs), self.root)

    @cached_property
    def decontaminator(self) -> Decontaminator | None:
        """Compares rows with the packs; None without packs."""
        section = self.settings.decontamination
        read = [load_pack(pack.path, pack.name) for pack in self.packs]
        return Decontaminator(read, section.resembles, section.suspect) if read else None

    @cached_property
    def evaluation_packs(self) -> dict[str, Pack]:
        """The packs that `[evaluation]` names, by their entries there; or the demo pack.

        Raises ConfigError for one that cannot be scored, and for two of one name.
        """
        entries = as_list(self.settings.evaluation.pack) or [""]
        packs = {entry: self._evaluated(entry) for entry in entries}
        packages = as_list(self.settings.sandbox.packages)
        for pack in packs.values():
            require_scorable(pack, packages)
        if len({pack.name for pack in packs.values()}) < len(entries):
            raise ConfigError(
                f"[evaluation] pack = {', '.join(entries)}: two packs have one name", "rename a file, or name it once"
            )
        return packs

    def _evaluated(self, entry: str) -> Pack:
        """The pack of an entry: a path or a name, and after # the variant."""
        path, _, variant = entry.partition("#")
        file = evaluated_file(path.strip(), self.path(path.strip()), self.root) if path else demo.PACK
        pack = load_evaluated(file, variant.strip())
        since, until = (self.settings.evaluation.since, self.settings.evaluation.until)
        return in_window(pack, since, until)

    def evaluated_pack(self, entry: str = "") -> Pack:
        """A pack of `[evaluation]` by its entry there; empty: the first."""
        return self.evaluation_packs[entry] if entry else next(iter(self.evaluation_packs.values()))

    @property
    def sandbox_workers(self) -> int:
        """Sandboxed programs that run at the same time."""
        return self.settings.executions.workers or len(os.sched_getaffinity(0))
