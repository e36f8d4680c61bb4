"""Sources that are suddenly gone: a disk that is not mounted must not empty the dataset in silence.

The ledger says what each source held; the listing says what is there now. A single file that is gone was
deleted, and its rows go with it. A source that held files and now holds none, or a folder with known files
that cannot be listed any more, is taken for an accident, until `[seeds] vanished = drop` says otherwise.
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


def refuse(ledger: Ledger, wanted: Iterable[Source], parts: Iterable[Part]) -> None:
    """Raise MissingDataError when a source, or a folder of one, has vanished with what is known of it.

    `parts` is what the sources hold now, the folders that cannot be listed among them.
    """
    known = Counter(map(source_of, ledger))
    there: Counter[str] = Counter()
    for part in parts:
        if part.left_out is None or part.left_out.rule != "unreadable":
            there[part.source] += 1
            continue
        below = "" if part.path == "." else f"{part.path}/"
        count = sum(key.startswith(f"{part.source}\t{below}") for key in ledger)
        if count:
            raise MissingDataError(
                f"[seeds] sources: {part.source}/{below} cannot be read "
                f"({part.left_out.evidence}), and had {count} files before",
                _REMEDY,
            )
    for source in wanted:
        if known[source.label] and not there[source.label]:
            raise MissingDataError(
                f"[seeds] sources: {source.label} ({source.where}) is empty, "
                f"and had {known[source.label]} files before",
                _REMEDY,
            )
