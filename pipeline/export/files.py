"""Writes an export: a folder that the hub and `datasets.load_dataset` read.

In: a finished dataset and the stages that its manifest names; the configuration is not read. Out, below the
folder: the files of each requested form, `README.md` with a config for each form, and `manifest.json`. Files
are replaced one by one and whole; others in the folder are left alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from pipeline.dataset.card import dataset_card
from pipeline.dataset.finished import FinishedDataset
from pipeline.export.forms import all_forms
from targets import publish
from targets.atomic import json_bytes


def export(dataset: FinishedDataset, names: Iterable[str], folder: Path) -> list[Path]:
    """Write the forms of these names into `folder`; return the files, relative to it.

    A form without rows has no file.
    """
    every = all_forms()
    forms = [every[name] for name in dict.fromkeys(names)]
    written = []
    for form in forms:
        for name, content in form.files(dataset):
            start = next(content, b"")
            if name == form.data_file and not start:
                # A file without rows cannot be loaded, and an earlier export's would be taken for this one's.
                (folder / name).unlink(missing_ok=True)
                continue
            publish(folder / name, chain([start], content))
            written.append(Path(name))
    data_forms = {form.name: form.data_file for form in forms if form.data_file}
    data_files = {name: path for name, path in data_forms.items() if Path(path) in written}
    # `datasets` reads all configs of a folder in one format: Parquet is one only where it is alone.
    jsonl = {name: path for name, path in data_files.items() if path.endswith(".jsonl")}
    if configs := jsonl or data_files:
        publish(folder / "README.md", [dataset_card(dataset.manifest, configs).encode()])
        written.append(Path("README.md"))
    elif data_forms:
        # That of an earlier export names files that are gone.
        (folder / "README.md").unlink(missing_ok=True)
    publish(folder / "manifest.json", [json_bytes(dataset.manifest)])
    return [*written, Path("manifest.json")]
