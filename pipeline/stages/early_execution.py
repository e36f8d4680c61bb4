"""Executes finished responses while the rest of their shard is still being generated.

Only where the engine leaves CPU cores idle: on a GPU, or on a server. In: the growing journal of a shard of
responses. Out: verdicts in the journal that the shard's `Executions` resumes. Optional: `Executions` runs whatever
is missing, so what goes wrong here costs time and nothing else.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import suppress

import luigi

from pipeline.project.sandboxes import open_pool
from pipeline.stages import verdicts
from pipeline.stages.executions import Executions
from pipeline.stages.responses import Responses
from pipeline.text.programs import program_text
from sandbox import Program
from targets import AlreadyPublished, ShardPaths
from targets.journal import read_from

logger = logging.getLogger("selfcodealign")

_POLL_SECONDS = 0.2


class _Execution:
    """A thread that executes the responses of one shard until `finish`, or until `abandon`."""

    def __init__(self, responses: Responses) -> None:
        self._responses = responses.paths
        self._executions = responses.clone(Executions)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def abandon(self) -> None:
        """Begin no further program."""
        self._ended.set()

    def finish(self) -> None:
        """Begin no further program, and wait for those that run."""
        self.abandon()
        self._thread.join()

    def _run(self) -> None:
        task = self._executions
        try:
            with (
                suppress(AlreadyPublished),
                task.open_writer() as writer,
                open_pool(task.project, task.reporter.say) as pool,
            ):
                done = frozenset(writer.done)
                programs = (item for item in _programs(self._responses, self._ended) if item.id not in done)
                for result in pool.run_many(programs):
                    verdicts.outcome(result).journal(writer)
        except Exception:
            # Executions will meet the cause again, where it can be reported.
            logger.exception("executing beside generation ended early")


def _programs(responses: ShardPaths, ended: threading.Event) -> Iterator[Program]:
    """The programs of the responses in the journal, waiting for more until `ended`."""
    offset = 0
    while not ended.wait(_POLL_SECONDS):
        with suppress(FileNotFoundError):  # not begun, or published
            entries, offset = read_from(responses.journal, offset)
            for entry in entries:
                if (record := entry.get("record")) and not ended.is_set():
                    yield Program(record["id"], program_text(record["code"], record["tests"]))


# Executions at work in this process, by the responses task whose shard they follow.
_running: dict[str, _Execution] = {}


@Responses.event_handler(luigi.Event.START)
def _start(task: Responses) -> None:
    follows_directly = task.clone(Executions).before == task  # or a stage of another package stands between
    if follows_directly and task.project.backend(task.section).engine.leaves_cores_free:
        _running[task.task_id] = _Execution(task)


@Responses.event_handler(luigi.Event.SUCCESS)
def _finish(task: Responses) -> None:
    if task.task_id in _running:
        _running.pop(task.task_id).finish()


@Responses.event_handler(luigi.Event.FAILURE)
def _abandon(task: Responses, _error: BaseException) -> None:
    if task.task_id in _running:
        _running.pop(task.task_id).abandon()
