"""What all tasks share: the project that a task belongs to, and this process's run, in which it reports and fails.

Only this module and the commands import pipeline.run.process: everything else is handed its project and reporter.
"""

from __future__ import annotations

import errno
import logging
from typing import Any, ClassVar, NoReturn, TypeVar, final, overload

import luigi
from luigi.parameter import ParameterVisibility

from pipeline.engine import EngineError
from pipeline.errors import ConfigError, Hopeless, MachineError, PipelineError
from pipeline.project.project import Project
from pipeline.run import process
from pipeline.run.reporter import Reporter
from targets import Damaged

logger = logging.getLogger("selfcodealign")

_NOTHING_CAN_BE_WRITTEN = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)


AnyTask = TypeVar("AnyTask", bound=luigi.Task)


class ProjectParameter(luigi.Parameter[Any]):
    """The project that a task belongs to: that of this process's run, unless another is handed to the task.

    It is in no task id and is never text: a task of another project gives its recipe, its files and its completeness,
    and can be run by a call, but not by a scheduler. `clone` hands it to every required task.
    """

    def __init__(self) -> None:
        super().__init__(
            default=None,
            significant=False,
            positional=False,
            visibility=ParameterVisibility.PRIVATE,
        )

    def __get__(self, task: Any, owner: Any) -> Any:
        if task is None:
            return self
        return task.__dict__[self._attribute_name] or process.begin().project

    def normalize(self, value: Project | None) -> Project | None:
        """The run's own project is the default, however it was named: tasks are then equal."""
        return None if process.is_own(value) else value

    def parse(self, text: str) -> NoReturn:
        """Text from a command line or luigi.cfg ends the process: Luigi would make a trace of an error."""
        remedy = "name the project's luigi.cfg in LUIGI_CONFIG_PATH"
        process.fail(ConfigError(f"project = {text}: a project is no text", remedy))

    def serialize(self, value: Project | None) -> str:
        return ""


class PipelineTask(luigi.Task):
    """A task of this pipeline. Luigi calls `complete` before anything else: that begins the process's run."""

    project: Project = ProjectParameter()
    # Whether its work runs programs in sandboxes: then it does not begin where there can be none.
    needs_sandbox: ClassVar[bool] = False

    @final
    def complete(self) -> bool:
        process.begin()
        try:
            made = self.is_made()
            if not made and self.needs_sandbox:
                process.require_sandbox(self.project)
        except PipelineError as error:
            process.fail(error)
        except Exception as error:
            self.on_failure(error)  # Luigi has it in the log only
            raise
        return made

    def is_made(self) -> bool:
        """Whether there is nothing to do: a task overrides this instead of `complete`."""
        return bool(super().complete())

    @overload
    def clone(self, cls: type[AnyTask], **changes: Any) -> AnyTask: ...

    @overload
    def clone(self: AnyTask, cls: None = None, **changes: Any) -> AnyTask: ...

    def clone(self, cls: Any = None, **changes: Any) -> Any:
        """Another task with the parameters that it has in common with this one: above all, of the same project."""
        return super().clone(cls, **changes)  # type: ignore[no-untyped-call]

    @property
    def reporter(self) -> Reporter:
        """Where the task reports: silent where no run has begun."""
        return process.reporter()

    @property
    def plans_for_others(self) -> bool:
        """Whether tasks run in other processes than the one that plans them: it knows of them by their files alone."""
        return self.is_shared or self.has_children

    @property
    def has_children(self) -> bool:
        """Whether tasks run in processes that Luigi forks from this one."""
        return process.begin().has_children

    @property
    def is_shared(self) -> bool:
        """Whether other workers may write to the same artifacts folder."""
        return process.begin().is_shared

    def on_failure(self, exception: BaseException) -> str:
        run = process.begin()
        run.has_failed = True
        reporter = run.reporter
        if isinstance(exception, PipelineError):
            reporter.fail(exception.problem, exception.remedy)
            if isinstance(exception, Hopeless):
                # Luigi would go on with the other shards, which would be lost in the same way.
                raise process.Interrupted(exception.exit_code)
        elif isinstance(exception, EngineError):
            reporter.fail(str(exception))
        elif isinstance(exception, Damaged):
            reporter.fail(str(exception), "`selfcodealign verify --repair` makes it again")
        elif isinstance(exception, OSError) and exception.errno in _NOTHING_CAN_BE_WRITTEN:
            # Every other task would fail in the same way, some after work that could not be kept.
            reporter.fail(
                f"cannot write to {self.project.artifacts}: {exception.strerror}",
                "what is finished is safe; free or repair the disk, and the same command goes on",
            )
            raise process.Interrupted(MachineError.exit_code)
        else:
            reporter.fail(
                f"{self} failed: {type(exception).__name__}: {exception}",
                f"the trace is in {run.log_file}",
            )
        return str(super().on_failure(exception))


@PipelineTask.event_handler(luigi.Event.START)
def _show_progress_of(task: luigi.Task) -> None:
    """Luigi's own page shows the progress of the task that runs."""
    process.begin().reporter.task = task


@PipelineTask.event_handler(luigi.Event.BROKEN_TASK)
def _report_broken(task: luigi.Task, error: BaseException) -> None:
    process.begin().reporter.fail(f"{task}: {type(error).__name__}: {error}")
