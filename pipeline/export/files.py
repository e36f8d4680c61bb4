"""Writes an export: a folder that the hub and `datasets.load_dataset` read.

In: a finished dataset and the stages that its manifest names; the configuration is not read. Out, below the
folder: the files of each requested form, `README.md` with a config for each form, and `manifest.json`. Files
are replaced one by one and whole; others in the folder are left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from pyarrow import parquet

from pipeline.dataset.card import dataset_card
from pipeline.dataset.finished import FinishedDataset
from pipeline.export.forms import all_forms
from pipeline.export.split import EVERY_RATE, SPLITS, split, within
from targets import publish
from targets.atomic import json_bytes


def row_count(file: Path) -> int | None:
    """How many rows an exported file holds; None for one that is no table."""
    if file.suffix == ".parquet":
        return int(parquet.read_metadata(file).num_rows)
    if file.suffix == ".jsonl":
        with file.open("rb") as lines:
            return sum(1 for _ in lines)
    return None


def export(
    dataset: FinishedDataset,
    names: Iterable[str],
    folder: Path,
    test_share: float = 0.0,
    pass_rates: tuple[float, float] = EVERY_RATE,
) -> list[Path]:
    """Write the forms of these names into `folder`; return the files, relative to it.

    A form without rows has no file, nor has a split without rows. `test_share` of the seeds' files, from 0 to 1, give
    the rows of the split `test`. Rows whose pass rate is outside `pass_rates` are left out.
    """
    dataset = within(dataset, pass_rates)
    written: list[Path] = []
    configs: dict[str, dict[str, str]] = {}

    def write(name: str, content: Iterator[bytes]) -> None:
        start = next(content, b"")
        if not start:
            # An earlier export's file would be taken for this one's.
            (folder / name).unlink(missing_ok=True)
            return
        publish(folder / name, chain([start], content))
        written.append(Path(name))

    every = all_forms()
    forms = [every[name] for name in dict.fromkeys(names)]
    for form in forms:
        for part in SPLITS if form.rows else ():
            assert form.rows is not None
            name = f"{form.name}/{part}{form.ending}"
            write(name, form.rows(split(dataset, part, test_share)))
            if Path(name) in written:
                configs.setdefault(form.name, {})[part] = name
        for name, content in form.others(dataset):
            write(name, content)
        made = configs.get(form.name, {})
        if form.configurations and "train" in made:
            beside = {part: Path(name).name for part, name in made.items()}
            for name, text in form.configurations(beside, row_count(folder / made["train"]) or 0):
                write(f"{form.name}/{name}", iter([text]))
    # `datasets` reads all configs of a folder in one format: Parquet is one only where it is alone.
    jsonl = {name: files for name, files in configs.items() if every[name].ending == ".jsonl"}
    if configs:
        write("README.md", iter([dataset_card(dataset.manifest, jsonl or configs).encode()]))
    elif any(form.rows for form in forms):
        # That of an earlier export names files that are gone.
        (folder / "README.md").unlink(missing_ok=True)
    write("manifest.json", iter([json_bytes(dataset.manifest)]))
    return written
