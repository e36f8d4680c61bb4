"""Detects sources that are gone by accident: a disk that is not mounted must not empty the dataset in silence.

In: the ledger, which holds the parts that each source had; the listing, which holds the current ones. A single
missing file counts as deleted, and its rows are dropped. A source that had files and now has none, or a folder with
files in the ledger that can no longer be listed, counts as an accident, unless `[seeds] vanished = drop`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from pipeline.errors import MissingDataError
from pipeline.sources import Part, Source
from pipeline.sources.base import source_of
from targets import Ledger

_REMEDY = (
    "mount or repair it and run again; to let its rows go from the dataset, take it out of "
    "[seeds] sources or run once with --seeds-vanished drop"
)


def require_present(ledger: Ledger, sources: Iterable[Source], parts: Iterable[Part]) -> None:
    """Raise MissingDataError when a source, or a folder of one, is gone while the ledger has files of it.

    `parts` are the current parts of the sources, including folders that cannot be listed.
    """
    before = Counter(map(source_of, ledger))
    now: Counter[str] = Counter()
    for part in parts:
        if part.left_out is None or part.left_out.rule != "unreadable":
            now[part.source] += 1
            continue
        below = "" if part.path == "." else f"{part.path}/"
        count = sum(key.startswith(f"{part.source}\t{below}") for key in ledger)
        if count:
            raise MissingDataError(
                f"[seeds] sources: {part.source}/{below} cannot be read "
                f"({part.left_out.evidence}), and had {count} files before",
                _REMEDY,
            )
    for source in sources:
        if before[source.label] and not now[source.label]:
            raise MissingDataError(
                f"[seeds] sources: {source.label} ({source.where}) is empty, "
                f"and had {before[source.label]} files before",
                _REMEDY,
            )
