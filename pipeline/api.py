"""The pipeline from Python: open a project's folder or make one, run it, read its rows and rejections.

    from pipeline import api

    project = api.create("my-dataset", {"seeds": {"sources": "code"}, "selection": {"rows": 100}})
    project.run(progress=lambda status: print(status["stage"], status["rows"]))
    for row in project.rows():
        print(row["instruction"])

A run is a process of its own, as the command line starts it: this process takes no lock, handles no signal and is not
ended by an error of a run. Importing this module starts nothing. The engine and the sandbox are libraries without a
project as well: `pipeline.engine.open_engine` and `sandbox.Pool`.
"""

from __future__ import annotations

import configparser
import io
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pipeline.commands import require_sandbox
from pipeline.config import load
from pipeline.config.location import NAME, within
from pipeline.dataset.finished import FinishedDataset
from pipeline.engine import Engine
from pipeline.errors import ConfigError, PipelineError
from pipeline.operations.preview import Previewed, preview
from pipeline.project.project import Project
from pipeline.project.sandboxes import open_pool
from pipeline.records import Rejected, Row
from pipeline.run import status
from sandbox import Pool
from targets import read_jsonl

if TYPE_CHECKING:
    from pipeline.report.standalone import Svg

# [section] key -> value, as in luigi.cfg; a list is a value of several entries.
Settings = Mapping[str, Mapping[str, Any]]
Status = dict[str, Any]  # artifacts/status.json: docs/commands.md, `status --json`

_LINES_KEPT = 200  # of a run's output


class RunFailed(PipelineError):
    """A run that ended with another exit code than 0 (docs/exit-codes.md); `output` are its last lines."""

    def __init__(self, problem: str, remedy: str, exit_code: int, output: Sequence[str]) -> None:
        super().__init__(problem, remedy)
        self.exit_code = exit_code
        self.output = list(output)


@dataclass(frozen=True, slots=True)
class StageRejection:
    """What a stage rejected; `record` has id, rule, evidence, and the whole completion where there was one."""

    stage: str
    record: Rejected


class OpenProject:
    """A project's folder. What its luigi.cfg says is read when it is first needed, and when a run begins."""

    def __init__(self, root: Path) -> None:
        """Raises ConfigError where the folder has no luigi.cfg."""
        self.root = root.expanduser().resolve()
        if not (self.root / NAME).is_file():
            raise ConfigError(f"there is no {self.root / NAME}", "make a project with `create`")

    def run(
        self,
        task: str = "FinalDataset",
        settings: Settings | None = None,
        progress: Callable[[Status], None] | None = None,
        every: float = 1.0,
    ) -> Status:
        """Run a task to its end; return the last status.

        `settings` replace those of luigi.cfg for this run. `progress` is called with the status every so many seconds;
        an exception that it raises stops the run, as Ctrl-C does, and what is finished is safe. Raises RunFailed.
        """
        argv = [sys.executable, "-m", "pipeline", "-C", str(self.root), "run", task, *_options(settings or {})]
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        output: deque[str] = deque(maxlen=_LINES_KEPT)
        with _ended_with_us(process):
            reader = threading.Thread(target=output.extend, args=(process.stdout,), daemon=True)
            reader.start()
            while True:
                try:
                    process.wait(every)
                    break
                except subprocess.TimeoutExpired:
                    self._report(process.pid, progress)
            reader.join()
        self._report(process.pid, progress)
        if process.returncode:
            raise self._failure(process, [line.rstrip("\n") for line in output])
        return self.status() or {}

    def _report(self, process: int, progress: Callable[[Status], None] | None) -> None:
        now = self.status()
        if progress is not None and now is not None and now["pid"] == process:
            progress(now)

    def _failure(self, process: subprocess.Popen[str], output: Sequence[str]) -> RunFailed:
        now = self.status() or {}
        error = now.get("last_error") if now.get("pid") == process.pid else None
        said = next((line for line in output if line.startswith("error: ")), "").removeprefix("error: ")
        problem = error["problem"] if error else said or f"the run ended with code {process.returncode}"
        remedy = error["remedy"] if error else "`output` of this exception has its last lines"
        return RunFailed(problem, remedy, process.returncode, output)

    def status(self) -> Status | None:
        """The status of the run at work, or of the last one; None before the first."""
        return status.read(self.artifacts / "status.json")

    def preview(self, seeds: int = 5) -> list[Previewed]:
        """The first seeds through all stages, in this process and a temporary folder. Raises PipelineError."""
        require_sandbox(self.project)
        with tempfile.TemporaryDirectory(prefix="selfcodealign-preview-") as folder:
            return preview(self.project, seeds, Path(folder), lambda _: None)

    @property
    def dataset(self) -> FinishedDataset:
        """The dataset that `artifacts/latest` points at. Raises MissingDataError before there is one."""
        return FinishedDataset(self.artifacts)

    def rows(self) -> Iterator[Row]:
        """The rows of the dataset, in their order."""
        return self.dataset.rows()

    def rejections(self, stage: str | None = None) -> Iterator[StageRejection]:
        """What the stages, or one of them, rejected on the way to the dataset. Raises ConfigError for no stage."""
        dataset = self.dataset
        stages = [name for name in dataset.artifacts.stages if name != "dataset"]
        if stage is not None and stage not in stages:
            raise ConfigError(f"there is no stage {stage}", f"there are {', '.join(stages)}")
        for name in stages if stage is None else [stage]:
            for shard in dataset.shards(name):
                for record in read_jsonl(shard.rejected):
                    yield StageRejection(name, cast(Rejected, record))

    def plots(self) -> dict[str, Svg]:
        """The report's plots of the dataset by name, as SVG that a notebook shows: units, tokens and time by stage."""
        from pipeline.report import charts  # draws with a library that takes a second to load
        from pipeline.report.standalone import standalone

        manifest = self.dataset.manifest
        drawn = {
            "funnel": charts.funnel(manifest["funnel"]),
            "tokens": charts.tokens(manifest["spent"]),
            "seconds": charts.seconds(manifest["seconds"]),
        }
        return {name: standalone(plot) for name, plot in drawn.items()}

    @property
    def artifacts(self) -> Path:
        """The folder that runs write to."""
        return self.project.artifacts

    @cached_property
    def project(self) -> Project:
        """What the configuration means: model, sources, packs, recipes. Raises ConfigError where it is wrong."""
        with within(self.root):
            return Project(load(), self.root)

    @property
    def engine(self) -> Engine:
        """The base model's engine, in a process of its own from its first request on; `close` ends it."""
        return self.project.base.engine

    def open_pool(self) -> Pool:
        """Sandboxes under the project's limits, as a context manager. Raises MachineError where there can be none."""
        return open_pool(self.project)


def open_project(folder: str | Path) -> OpenProject:
    """The project in a folder with a luigi.cfg. Raises ConfigError where there is none."""
    return OpenProject(Path(folder))


def create(folder: str | Path, settings: Settings) -> OpenProject:
    """Make a project's folder with these settings, or open the one that has exactly these.

    Raises ConfigError for settings that are wrong, and where the folder has a luigi.cfg with others.
    """
    root, text = Path(folder).expanduser(), _text(settings)
    file = root / NAME
    if file.exists():
        if file.read_text(encoding="utf-8") != text:
            raise ConfigError(
                f"{file} is there already, with other settings", "open it with `open_project`, or edit it"
            )
        return OpenProject(root)
    root.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    try:
        made = OpenProject(root)
        _ = made.project
    except PipelineError:
        file.unlink()
        raise
    return made


def _text(settings: Settings) -> str:
    parser = configparser.RawConfigParser()
    for section, keys in settings.items():
        parser[section] = {key: _value(value) for key, value in keys.items()}
    text = io.StringIO()
    parser.write(text)
    return text.getvalue()


def _options(settings: Settings) -> Iterator[str]:
    for section, keys in settings.items():
        for key, value in keys.items():
            yield from (f"--{section}-{key.replace('_', '-')}", _value(value))


def _value(value: Any) -> str:
    """A value as luigi.cfg and the command line have it."""
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


@contextmanager
def _ended_with_us(process: subprocess.Popen[str]) -> Iterator[None]:
    """Stop the process, which is told as by Ctrl-C, where this one does not wait for its end."""
    try:
        yield
    except BaseException:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        raise
