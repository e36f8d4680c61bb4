"""Stage 5, executions: every response with its tests is run in a sandbox of its own.

In: a shard of responses. Out: records {id (the response's), passed, status, detail, exit_code, signal,
wall_s, cpu_s, max_rss, stderr (its end)}. A failing verdict is data and is kept; only a program that the
sandbox could not judge at all is rejected (`sandbox_error`).
"""

from __future__ import annotations

import math
import time
from contextlib import suppress
from typing import Any

import luigi

from pipeline.errors import MachineError
from pipeline.project import session
from pipeline.stages.base import ShardTask
from pipeline.stages.responses import Responses
from pipeline.text.lists import as_list
from pipeline.text.programs import program_text
from sandbox import Limits, Pool, Program, Result, SandboxUnavailable
from targets import Finished, ShardWriter

STDERR_KEPT = 2000  # characters, from the end
CPU_SHARE = 0.8  # CPU seconds a program gets for each second of its wall limit


class Executions(ShardTask):
    """A shard of the executions stage."""

    stage = "executions"

    def requires(self) -> luigi.Task:
        return self.clone(Responses)

    def run(self) -> None:
        run = session.current()
        began = time.monotonic()
        total = self.input_paths("responses").read_meta()["kept"]
        with suppress(Finished), self.open_writer() as writer:
            pending = (
                Program(record["id"], program_text(record["code"], record["tests"]))
                for record in self.input_paths("responses").read()
                if record["id"] not in writer.done
            )
            with (
                run.reporter.stage(self.stage, total, self.shard, resumed=writer.resumed) as ticker,
                open_pool(run) as pool,
            ):
                for result in pool.run_many(pending):
                    settle(writer, result)
                    ticker.advance(result.status != "sandbox_error", passed=result.passed)
            seconds = round(time.monotonic() - began, 3)
            writer.publish({"seconds": seconds, "resumed": writer.resumed})


def open_pool(run: session.Session, timeout: float | None = None) -> Pool:
    """A sandbox pool as configured; `timeout` is a program's wall limit in seconds if not that of [executions].

    Raises MachineError where there can be no sandbox.
    """
    section = run.settings.executions
    try:
        return Pool(
            workers=run.sandbox_workers,
            limits=limits(timeout or section.timeout, section.memory_mb),
            packages=tuple(as_list(run.settings.sandbox.packages)),
            log=run.reporter.say,
        )
    except SandboxUnavailable as error:
        raise MachineError(str(error), "`python -m sandbox check` says more") from None


def limits(timeout: float, memory_mb: int) -> Limits:
    """What a test program gets for the seconds and MiB of the configuration."""
    return Limits(
        wall_seconds=timeout,
        cpu_seconds=math.ceil(CPU_SHARE * timeout),
        memory_bytes=memory_mb * 2**20,
    )


def settle(writer: ShardWriter, result: Result) -> None:
    """Journal the outcome of a program."""
    spent = {"executions": 1, "wall_s": result.wall_s, "cpu_s": result.cpu_s}
    if result.status == "sandbox_error":
        writer.reject(result.id, result.status, result.detail, spent)
    else:
        writer.keep(result.id, verdict(result), spent)


def verdict(result: Result) -> dict[str, Any]:
    """The record of a result."""
    return {
        "id": result.id,
        "passed": result.passed,
        "status": result.status,
        "detail": result.detail,
        "exit_code": result.exit_code,
        "signal": result.signal,
        "wall_s": round(result.wall_s, 3),
        "cpu_s": round(result.cpu_s, 3),
        "max_rss": result.max_rss,
        "stderr": result.stderr[-STDERR_KEPT:],
    }
