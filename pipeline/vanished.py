"""Sources that are suddenly gone: a disk that is not mounted must not empty the dataset in silence.

The ledger says what each source held; the listing says what is there now. A single file that is gone was
deleted, and its rows go with it. A source that held files and now holds none, or a folder with known files
that cannot be listed any more, is taken for an accident, until `[seeds] vanished = drop` says otherwise.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable

from pipeline.errors import MissingDataError
from pipeline.sources import Source
from targets import Ledger

_REMEDY = (
    "mount or repair it and run again; to let its rows go from the dataset, take it out of "
    "[seeds] sources or run once with --seeds-vanished drop"
)


def refuse(
    ledger: Ledger, wanted: Iterable[Source], present: Collection[str], unlisted: list[OSError]
) -> None:
    """Raise MissingDataError when a source, or a folder of one, has vanished with what is known of it.

    `present` holds the keys of the files that are there, `unlisted` the folders that could not be read.
    """
    known = Counter(entry["source"] for _, entry in ledger.items())
    there = Counter(key.partition("\t")[0] for key in present)
    for source in wanted:
        if known[source.label] and not there[source.label]:
            raise MissingDataError(
                f"[seeds] sources: {source.root} is empty, and had {known[source.label]} files before",
                _REMEDY,
            )
        for error in unlisted:
            below = os.path.relpath(error.filename, source.root)
            beginning = f"{source.label}\t{below}{os.sep}"
            count = sum(key.startswith(beginning) for key, _ in ledger.items())
            if count:
                raise MissingDataError(
                    f"[seeds] sources: {error.filename} cannot be listed ({error.strerror}), "
                    f"and had {count} files before",
                    _REMEDY,
                )
