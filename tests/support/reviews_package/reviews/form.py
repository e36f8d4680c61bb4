"""A form of export: the instructions alone, a line each."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.dataset.finished import FinishedDataset
from pipeline.export.forms import Form


def _files(dataset: FinishedDataset) -> Iterator[tuple[str, Iterator[bytes]]]:
    yield "questions.txt", (f"{row['instruction']}\n".encode() for row in dataset.rows())


QUESTIONS = Form("questions", "the instructions alone", others=_files)
