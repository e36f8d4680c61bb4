"""The run of this process: it holds the lock on the artifacts folder, reports, and sets the exit code.

`begin` reads and checks the configuration, locks the artifacts folder, sets up logging, status file and signals, and
sweeps temporary files of dead processes. It happens once a process, before any work. Only pipeline/stages/base.py
and pipeline/commands/ may import this module: everything else takes its project and its reporter as parameters.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import sys
import threading
import traceback
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FrameType
from typing import NoReturn

from luigi.interface import core

import sandbox
from pipeline.config import load
from pipeline.config.location import require_own, root
from pipeline.errors import AlreadyRunning, MachineError, PipelineError
from pipeline.project.pack_notes import needed_packages
from pipeline.project.project import Project
from pipeline.project.sandboxes import CHECK, require_packages
from pipeline.run import metrics, scheduler
from pipeline.run.logs import set_up_logging
from pipeline.run.multi_worker import end_with_the_others
from pipeline.run.reporter import Reporter, silent_reporter
from targets import Locked, lock, sweep

logger = logging.getLogger("selfcodealign")


class Interrupted(KeyboardInterrupt, SystemExit):
    """A signal stops the run.

    Luigi lets only a KeyboardInterrupt through a running task, and Python takes the exit code only from
    a SystemExit: it is both.
    """

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Run:
    """What one process does with a project.

    `is_shared`: a central scheduler is configured, so other workers may write to the same artifacts folder.
    `has_children`: tasks run in processes that Luigi forks, so what they find out is not known in this one.
    `has_failed`: an error or a signal has given the process an exit code.
    """

    project: Project
    reporter: Reporter
    is_shared: bool
    has_children: bool = False
    has_failed: bool = False

    @property
    def log_file(self) -> Path:
        """This process's log: one for all runs, and one for each of several workers."""
        worker = f".{socket.gethostname()}.{os.getpid()}" if self.is_shared else ""
        return self.project.artifacts / "logs" / f"pipeline{worker}.log"


_run: Run | None = None


def begin() -> Run:
    """The run of this process; the first call begins it.

    Ends the process with one line on standard error if the run cannot begin.
    """
    global _run  # noqa: PLW0603
    if _run is None:
        try:
            _run = _begin()
        except PipelineError as error:
            fail(error)
        except OSError as error:
            problem = f"{error.filename}: {error.strerror}" if error.filename else str(error)
            fail(MachineError(f"the run cannot begin: {problem}", "correct the path, or give permission"))
        except Exception as error:  # noqa: BLE001  whatever it is: no log file is sure to be there to say it
            traceback.print_exc()
            fail(
                PipelineError(
                    f"the run cannot begin: {type(error).__name__}: {error}", "the trace above shows the place"
                )
            )
    return _run


def is_own(project: Project | None) -> bool:
    """Whether a project is that of this process's run. Begins no run."""
    return _run is not None and project is _run.project


def reporter() -> Reporter:
    """The reporter of this process's run; a silent one where no run has begun."""
    return _run.reporter if _run is not None else silent_reporter()


def require_sandbox(project: Project) -> None:
    """Check, before work begins, what sandboxes and decontamination need.

    Raises MachineError where no program can be sandboxed, ConfigError for a benchmark pack that cannot be read and for
    a package that is not installed.
    """
    _check_sandbox()
    require_packages(project.settings)
    decontaminator = project.decontaminator
    for sentence in needed_packages(project.settings, decontaminator.packs if decontaminator else ()):
        reporter().say_once(sentence)


def fail(error: PipelineError) -> NoReturn:
    """Report an error that the user can act on, and end the process with the error's exit code."""
    if _run is not None:
        _run.has_failed = True
        _run.reporter.fail(error.problem, error.remedy)
    else:
        print(f"error: {error.problem}\n  {error.remedy}".rstrip(), file=sys.stderr)
    raise SystemExit(error.exit_code)


def _begin() -> Run:
    # What was imported lives as long as the process: no collection of garbage, the one at its end included, needs to
    # look at it. That is a tenth of a run with nothing to do.
    gc.freeze()
    require_own()
    project = Project(load(), root())
    run = Run(project, Reporter(), is_shared=not core().local_scheduler, has_children=core().workers > 1)
    if run.is_shared:
        scheduler.require(scheduler.address())
    take_lock(project.artifacts, run.is_shared)
    set_up_logging(run.log_file, run.reporter)
    named = project.settings.project.metrics
    run.reporter.begin(
        project.artifacts / "status.json",
        f"project {project.root}",
        metrics.writer(project.path(named), project.root) if named else None,
    )
    _install_signal_handlers(run)
    if run.is_shared:
        end_with_the_others(lambda: not run.has_failed, run.reporter)
    for path in sweep(project.artifacts, alone=not run.is_shared):
        logger.info("swept %s, left by a run that is no more", path)
    return run


@cache
def _check_sandbox() -> None:
    try:
        sandbox.require(log=reporter().say)
    except sandbox.SandboxUnavailable as error:
        raise MachineError(str(error), CHECK) from None


def take_lock(artifacts: Path, shared: bool = False) -> None:
    """Hold the lock on the artifacts folder until this process ends, alone or with other workers.

    Raises AlreadyRunning with the holder's process, or MachineError when the folder cannot be written to.
    """
    try:
        lock(artifacts / "lock", shared)
    except Locked as busy:
        if busy.holder.get("pid") == os.getppid():
            return  # this is a child of the run that holds the lock, which waits for it
        holder = "workers of a central scheduler"
        if busy.holder:
            holder = f"process {busy.holder['pid']} since {busy.holder['since']} ({busy.holder['command']})"
        raise AlreadyRunning(
            f"another run owns {artifacts}: {holder}",
            "wait for it to end; its results will be there",
        ) from None
    except OSError as error:
        raise MachineError(
            f"cannot write to {artifacts}: {error.strerror}",
            "set [project] artifacts to a folder you can write to",
        ) from None


def _install_signal_handlers(run: Run) -> None:
    if threading.current_thread() is not threading.main_thread():
        return
    owner = os.getpid()

    def stop(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_IGN)
        run.has_failed = True
        if os.getpid() == owner:
            name = signal.Signals(number).name
            with suppress(OSError):  # of a terminal that is no more
                run.reporter.interrupt(
                    f"{name}: stopping. Every finished record is safe under {run.project.artifacts}; "
                    "the same command goes on from there."
                )
        raise Interrupted(128 + number)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    # The connection or the terminal is lost; nohup ignores the signal, and so does the run then.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, stop)
