"""The files of an export: each form of the dataset that `artifacts/latest` points at, in a folder that the
hub and `datasets.load_dataset` understand.

In: a finished dataset and the stages that its manifest names; no configuration is asked. Out, below the
folder: `<form>/train.jsonl`, `README.md` with a config for each form, and `manifest.json`. Files are replaced
one by one and whole; others in the folder are left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.dataset.card import dataset_card
from pipeline.dataset.finished import Finished
from pipeline.export import forms, reward
from pipeline.export.pairs import preference_pairs
from targets import publish
from targets.atomic import json_bytes, jsonl_lines

FORMS = ("chat", "alpaca", "preference", "rl", "parquet", "stages")
_BY_ROW = {"chat": forms.chat, "alpaca": forms.alpaca, "rl": forms.reinforcement}


def export(dataset: Finished, wanted: Iterable[str], folder: Path) -> list[Path]:
    """Write the wanted forms into `folder`; return the files, relative to it."""
    wanted = list(dict.fromkeys(wanted))
    written = []
    for form in wanted:
        for name, content in _files(dataset, form):
            publish(folder / name, content)
            written.append(Path(name))
    # `datasets` reads all configs of a folder in one format: Parquet is one only where it is alone.
    rows = [form for form in wanted if form != "stages"]
    configs = {form: _data_file(form) for form in rows if form != "parquet" or rows == ["parquet"]}
    if configs:
        publish(folder / "README.md", [dataset_card(dataset.manifest, configs).encode()])
        written.append(Path("README.md"))
    publish(folder / "manifest.json", [json_bytes(dataset.manifest)])
    return [*written, Path("manifest.json")]


def _data_file(form: str) -> str:
    return f"{form}/train.{'parquet' if form == 'parquet' else 'jsonl'}"


def _files(dataset: Finished, form: str) -> Iterator[tuple[str, Iterator[bytes]]]:
    if form == "stages":
        for stage in dataset.stages:
            shards = dataset.shards(stage)
            yield f"stages/{stage}.jsonl", _joined(shard.records for shard in shards)
            yield f"stages/{stage}.rejected.jsonl", _joined(shard.rejected for shard in shards)
    elif form == "parquet":
        yield _data_file(form), _joined([dataset.folder / "train.parquet"])
    elif form == "preference":
        yield _data_file(form), jsonl_lines(preference_pairs(dataset))
    else:
        yield _data_file(form), jsonl_lines(map(_BY_ROW[form], dataset.rows()))
    if form == "rl":
        yield "rl/reward.py", _joined([Path(str(reward.__file__))])


def _joined(paths: Iterable[Path]) -> Iterator[bytes]:
    for path in paths:
        with open(path, "rb") as file:
            while chunk := file.read(1 << 20):
                yield chunk
