"""One run of the pipeline in one process: what its tasks share, from the first question to the exit.

Luigi's first act is to ask the root task whether it is complete. That is where a session begins: the
configuration is read and checked, the artifacts folder is locked, logging and signals are set up, stale
temporary files are swept. The engine starts when the first request is made and lives until the exit.
A problem that the user can act on ends the process here with one line and an exit code of its own,
before any work is done.
"""

from __future__ import annotations

import atexit
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import FrameType
from typing import NoReturn

from luigi.interface import core

from pipeline import config, demo, sources
from pipeline.config.location import ROOT
from pipeline.decontamination.decontaminator import Decontaminator
from pipeline.engine import Engine, open_engine
from pipeline.engine.server import ServerEngine
from pipeline.errors import AlreadyRunning, MachineError, PipelineError
from pipeline.packs.find import PackFile
from pipeline.packs.find import find as find_packs
from pipeline.packs.pack import load_pack
from pipeline.project import model
from pipeline.project.engines import engine_settings, open_server
from pipeline.project.model import Model
from pipeline.prompts.exemplars import ExemplarSet, load_set
from pipeline.run.logs import set_up_logging
from pipeline.run.multi_worker import answer_for_the_others
from pipeline.run.reporter import Reporter
from pipeline.seeds.criteria import Wanted
from pipeline.stages import recipes
from pipeline.stages.recipes import GenerationPlan
from pipeline.text.lists import as_list
from targets import Locked, Recipe, ShardPaths, lock, sweep

logger = logging.getLogger("selfcodealign")


class Interrupted(KeyboardInterrupt, SystemExit):
    """A signal asked the run to stop.

    Luigi lets only a KeyboardInterrupt through a running task, and Python takes the exit code only from
    a SystemExit: it is both.
    """

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Session:
    """Settings, sources, model, recipes, reporter and engine of a run."""

    def __init__(self, settings: config.Settings, root: Path = ROOT) -> None:
        self.settings = settings
        self.root = root
        self.artifacts = (root / settings.project.artifacts).resolve()
        self.reporter = Reporter()
        self._preflight_done = False
        self.has_failed = False

    @cached_property
    def has_company(self) -> bool:
        """Whether other workers may be at work in the same folder, under a central scheduler."""
        return not core().local_scheduler

    @property
    def log_file(self) -> Path:
        """This process's log: a run has the same one every time, each of several workers its own."""
        worker = f".{socket.gethostname()}.{os.getpid()}" if self.has_company else ""
        return self.artifacts / "logs" / f"pipeline{worker}.log"

    @cached_property
    def sources(self) -> list[sources.Source]:
        """The configured seed sources, each known to exist."""
        section = self.settings.seeds
        return [sources.resolve(label, self.root, section) for label in as_list(section.sources)]

    @cached_property
    def wanted(self) -> Wanted:
        """What `[seeds]` asks of a seed."""
        return Wanted.of(self.settings.seeds)

    @cached_property
    def model(self) -> Model:
        if self._server:
            return model.ask(self._server, self.settings.engine.n_ctx)
        return model.load(self.settings.model, self.root, self.artifacts / "model")

    @cached_property
    def exemplars(self) -> ExemplarSet:
        """The exemplar set: the demo model has its own, any other model gets the standard one."""
        wanted = self.settings.prompts.exemplars
        if wanted != "auto":
            standard = Path(__file__).parents[1] / "prompts" / wanted
            return load_set(standard if standard.is_dir() else self.root / wanted)
        return load_set(
            demo.EXEMPLARS
            if self.model.is_demo
            else Path(__file__).parents[1] / "prompts" / "standard"
        )

    @cached_property
    def plans(self) -> dict[str, GenerationPlan]:
        """How each generating stage runs, by stage."""
        return {stage: self._plan(stage) for stage in recipes.generating(self.settings)}

    def _plan(self, stage: str) -> GenerationPlan:
        asked, backend, cache = (
            self.model_of(stage),
            self.backend_of(stage),
            self.artifacts / "model",
        )
        return recipes.plan_generation(
            stage, self.settings, self.exemplars, self.settings.engine.n_ctx or asked.window,
            lambda texts: model.token_counts(asked, backend, texts, cache),
        )  # fmt: skip

    @cached_property
    def packs(self) -> list[PackFile]:
        """The benchmarks that rows are compared with."""
        return find_packs(as_list(self.settings.decontamination.packs), self.root)

    @cached_property
    def decontaminator(self) -> Decontaminator | None:
        """What compares rows with the packs; None without packs."""
        section = self.settings.decontamination
        read = [load_pack(pack.path, pack.name) for pack in self.packs]
        return Decontaminator(read, section.resembles, section.suspect) if read else None

    @cached_property
    def recipes(self) -> dict[str, Recipe]:
        """The recipes of the stages before the selection, by stage."""
        own = {stage: asked for stage, (_, asked) in self._own.items()}
        return recipes.build(self.settings, self.exemplars, self.model, self.plans, self.packs, own)

    @property
    def sharded(self) -> list[str]:
        """The stages between seeds and selection, in their order."""
        return [stage for stage in self.recipes if stage != "seeds"]

    def shard(self, stage: str, number: int) -> ShardPaths:
        """The files of a stage's shard under the recipes in force."""
        return ShardPaths(self.recipes[stage].folder(self.artifacts), number)

    @cached_property
    def engine(self) -> Engine:
        """The generation engine, started at its first use and closed when the process ends."""
        where = self.settings.engine.base_url if self._server else self.model.path
        self.reporter.say(f"loading {self.model.name} ({where})")
        atexit.register(self.backend.close)
        return self.backend

    @cached_property
    def backend(self) -> Engine:
        """The engine before its first use: nothing is loaded yet."""
        return self._server or open_engine(engine_settings(self.settings.engine, self.model.path))

    @cached_property
    def _server(self) -> ServerEngine | None:
        section = self.settings.engine
        return open_server(section) if section.backend == "server" else None

    @cached_property
    def _own(self) -> dict[str, tuple[ServerEngine, Model]]:
        """Server and model of the stages that have their own; stages with the same one share it."""
        opened: dict[tuple[str, str], tuple[ServerEngine, Model]] = {}
        own = {}
        for stage in recipes.generating(self.settings):
            section = getattr(self.settings, recipes.section_of(stage))
            where = section.base_url, section.model
            if not section.base_url:
                continue
            if where not in opened:
                server = open_server(self.settings.engine, *where)
                atexit.register(server.close)
                opened[where] = server, model.ask(server, self.settings.engine.n_ctx)
            own[stage] = opened[where]
        return own

    def model_of(self, stage: str) -> Model:
        """The model that a stage asks: the base model, unless the stage has its own."""
        return self._own[stage][1] if stage in self._own else self.model

    def backend_of(self, stage: str) -> Engine:
        """The engine of a stage before its first use."""
        return self._own[stage][0] if stage in self._own else self.backend

    def engine_of(self, stage: str) -> Engine:
        """The engine of a stage, started."""
        return self._own[stage][0] if stage in self._own else self.engine

    def preflight(self) -> None:
        """Before work is begun, refuse what could not be finished on this machine; ends the process."""
        if self._preflight_done:
            return
        self._preflight_done = True
        import sandbox

        try:
            sandbox.require(log=self.reporter.say)
        except sandbox.SandboxUnavailable as error:
            fail(MachineError(str(error), "`python -m sandbox check` says more"))
        try:
            _ = self.decontaminator
        except PipelineError as error:
            fail(error)

    @property
    def sandbox_workers(self) -> int:
        """Programs that run at the same time."""
        return self.settings.executions.workers or len(os.sched_getaffinity(0))


_session: Session | None = None


def current() -> Session:
    """The session of this process, begun by `begin`."""
    return begin()


@contextmanager
def using(other: Session) -> Iterator[Session]:
    """Within the block, tasks tell their recipes and files as they are under another session's settings."""
    global _session
    before, _session = _session, other
    try:
        yield other
    finally:
        _session = before


def begin() -> Session:
    """The session of this process; the first call reads the configuration and takes the lock.

    Ends the process with one line on standard error when the user has to act first.
    """
    global _session
    if _session is None:
        try:
            _start()
        except PipelineError as error:
            fail(error)
    assert _session is not None
    return _session


def use(run: Session) -> None:
    """Make `run` the session of this process: a command runs tasks aside, without lock and signals."""
    global _session
    _session = run


def fail(error: PipelineError) -> NoReturn:
    """Say what is wrong and what to do, and end the process with the error's exit code."""
    if _session is not None:
        _session.has_failed = True
        _session.reporter.fail(error.problem, error.remedy)
    else:
        print(f"error: {error.problem}\n  {error.remedy}".rstrip(), file=sys.stderr)
    raise SystemExit(error.exit_code)


def _start() -> None:
    global _session
    session = Session(config.load())
    take_lock(session.artifacts, shared=session.has_company)
    _session = session
    set_up_logging(session.log_file, session.reporter)
    session.reporter.begin(session.artifacts / "status.json")
    _install_signal_handlers(session)
    if session.has_company:
        answer_for_the_others(lambda: not session.has_failed)
    for path in sweep(session.artifacts, alone=not session.has_company):
        logger.info("swept %s, left by a run that is no more", path)
    # Asked for now, so that what is missing is said before any work is done.
    _ = session.sources, session.wanted, session.recipes, session.backend


def take_lock(artifacts: Path, shared: bool = False) -> None:
    """Own the artifacts folder until this process ends, alone or with other workers.

    Raises AlreadyRunning and says who owns it, or MachineError when the folder cannot be written to.
    """
    try:
        lock(artifacts / "lock", shared)
    except Locked as busy:
        if busy.holder.get("pid") == os.getppid():
            return  # a child works for the run that owns the folder, which waits for it
        who = "workers of a central scheduler"
        if busy.holder:
            who = f"process {busy.holder['pid']} since {busy.holder['since']} ({busy.holder['command']})"
        raise AlreadyRunning(
            f"another run owns {artifacts}: {who}",
            "wait for it to end; its results will be there",
        ) from None
    except OSError as error:
        raise MachineError(
            f"cannot write to {artifacts}: {error.strerror}",
            "set [project] artifacts to a folder you can write to",
        ) from None


def _install_signal_handlers(session: Session) -> None:
    if threading.current_thread() is not threading.main_thread():
        return
    owner = os.getpid()

    def stop(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_IGN)
        session.has_failed = True
        if os.getpid() == owner:
            name = signal.Signals(number).name
            session.reporter.interrupt(
                f"{name}: stopping. Every finished record is safe under {session.artifacts}; "
                "the same command goes on from there."
            )
        raise Interrupted(128 + number)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
