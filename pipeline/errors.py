"""The errors that reach the user: what is wrong, at which path or key, and what to do about it."""

from __future__ import annotations


class PipelineError(Exception):
    """Something the user can act on.

    `problem` says what is wrong and where, `remedy` what to do next (empty
    when the problem's text says it already), `exit_code` is what the process
    ends with when this error ends it (docs/exit-codes.md).
    """

    exit_code = 30

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(f"{problem} ({remedy})" if remedy else problem)
        self.problem = problem
        self.remedy = remedy


class ConfigError(PipelineError):
    """luigi.cfg, a command-line override or an exemplar set is wrong."""

    exit_code = 15


class MissingDataError(PipelineError):
    """A model file, a seed source or another input is not there or not readable."""

    exit_code = 20


class MachineError(PipelineError):
    """The machine lacks what a run needs: bubblewrap, user namespaces, disk space."""

    exit_code = 35


class AlreadyRunning(PipelineError):
    """Another run owns the artifacts folder."""

    exit_code = 10


class Hopeless(PipelineError):
    """A stage loses everything, and [project] stop_when_hopeless ends the run for it."""

    exit_code = 50


class DamagedFiles(PipelineError):
    """Published files are not what was published."""

    exit_code = 45


class NotTrusted(PipelineError):
    """The rows would not be as often right as `[selection] trust` demands, as far as that was measured."""

    exit_code = 55
