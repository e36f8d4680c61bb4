"""Errors of the Hugging Face hub's client as the pipeline's own.

The client lets the errors of its HTTP library through, and these change with its version: every exception in the
block is translated. The client is imported where it is used, because its import takes a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.errors import MissingDataError, PipelineError


def summary(error: Exception) -> str:
    """The type of an error and the first line of its message."""
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"


@contextmanager
def hub_errors(problem: str, remedy: str) -> Iterator[None]:
    """Raise what the client raises in the block as MissingDataError: `problem`, a colon, and the error's summary.

    A PipelineError of the block passes unchanged.
    """
    try:
        yield
    except PipelineError:
        raise
    except Exception as error:  # noqa: BLE001  which the client and its transport raise varies by version
        raise MissingDataError(f"{problem}: {summary(error)}", remedy) from None
