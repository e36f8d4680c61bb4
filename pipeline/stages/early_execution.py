"""Sandboxes beside generation: responses are executed while others of their shard are being generated.

Where generation leaves the processor's cores alone, on a GPU or a server. In: the growing journal of a
shard of responses. Out: verdicts in the journal that the shard's `Executions` goes on from. Nothing
depends on it: what is not executed here is executed there.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pipeline.project import session
from pipeline.stages.executions import Executions, open_pool, settle
from pipeline.text.programs import program_text
from sandbox import Program
from targets import Finished, ShardPaths
from targets.journal import read_from

logger = logging.getLogger("selfcodealign")

_LOOK_SECONDS = 0.2


@contextmanager
def executing(shard: int) -> Iterator[None]:
    """While the block makes a shard's responses, execute those that are finished, if there are cores."""
    if not session.current().backend_of("responses").leaves_cores_free:
        yield
        return
    ended = threading.Event()
    thread = threading.Thread(target=_execute, args=(shard, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
    thread.join()


def _execute(shard: int, ended: threading.Event) -> None:
    run = session.current()
    try:
        with suppress(Finished), Executions(shard).open_writer() as writer, open_pool(run) as pool:
            finished = _grown(run.shard("responses", shard), ended)
            for result in pool.run_many(item for item in finished if item.id not in writer.done):
                settle(writer, result)
    except Exception:
        # Executions will meet the cause again, where it can be reported.
        logger.exception("executing beside generation ended early")


def _grown(responses: ShardPaths, ended: threading.Event) -> Iterator[Program]:
    """The programs of the responses in the journal, waiting for more until `ended`."""
    offset = 0
    while not ended.wait(_LOOK_SECONDS):
        with suppress(FileNotFoundError):  # not begun, or published
            entries, offset = read_from(responses.journal, offset)
            for entry in entries:
                if (record := entry.get("record")) and not ended.is_set():
                    yield Program(record["id"], program_text(record["code"], record["tests"]))
