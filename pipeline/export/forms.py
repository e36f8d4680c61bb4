"""The forms of an export: `FORMS` has an entry for each, with its name, its help and its files.

In: a finished dataset. Out: the names of a form's files with their content; nothing is written here. The names
of fields are those that TRL, axolotl and the hub's viewers expect; `id` stays in each row, so that `explain`
finds the row of anything that was trained on. To add a form, add its entry here and its line to docs/commands.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import entry_points
from pipeline.dataset.finished import FinishedDataset
from pipeline.export.pairs import preference_pairs
from pipeline.records import Row
from targets.atomic import jsonl_lines

Exported = dict[str, Any]  # a row in a form
Files = Iterator[tuple[str, Iterator[bytes]]]

_REWARD = Path(__file__).with_name("reward.py")


@dataclass(frozen=True, slots=True)
class Form:
    """`help` says in a line what the form is. `files` gives its files by their path below the export's folder;
    `data_file` is the one that `datasets.load_dataset` loads, None when it loads none."""

    name: str
    help: str
    files: Callable[[FinishedDataset], Files]
    data_file: str | None = None


def chat(row: Row) -> Exported:
    """Messages: what TRL's SFTTrainer and axolotl's chat_template take."""
    return {"id": row["id"], "messages": [*_user(row), *_assistant(row["response"])]}


def alpaca(row: Row) -> Exported:
    """Instruction, input, output; the input is empty, as the instruction holds everything."""
    return {
        "id": row["id"],
        "instruction": row["instruction"],
        "input": "",
        "output": row["response"],
    }


def reinforcement(row: Row) -> Exported:
    """A prompt with the tests that an answer has to pass; `runner` is the file that runs them."""
    return {
        "id": row["id"],
        "prompt": _user(row),
        "tests": row["tests"],
        "difficulty": row["difficulty"],
        "runner": _REWARD.name,
    }


def preference(row: Row, failing: str) -> Exported:
    """The row's response against one to the same instruction that failed: what DPOTrainer takes."""
    return {
        "id": row["id"],
        "prompt": _user(row),
        "chosen": _assistant(row["response"]),
        "rejected": _assistant(failing),
    }


def _user(row: Row) -> list[dict[str, str]]:
    return [{"role": "user", "content": row["instruction"]}]


def _assistant(text: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": text}]


def _of_rows(
    name: str,
    help: str,
    rows: Callable[[FinishedDataset], Iterable[Exported]],
    others: Mapping[str, Path] | None = None,
) -> Form:
    """A form of one JSONL file of rows; `others` are files that are copied beside it."""
    data_file = f"{name}/train.jsonl"

    def files(dataset: FinishedDataset) -> Files:
        yield data_file, jsonl_lines(rows(dataset))
        for other, path in (others or {}).items():
            yield f"{name}/{other}", _joined([path])

    return Form(name, help, files, data_file)


def _parquet(dataset: FinishedDataset) -> Files:
    yield "parquet/train.parquet", _joined([dataset.folder / "train.parquet"])


def _stages(dataset: FinishedDataset) -> Files:
    for stage in dataset.artifacts.stages:
        shards = dataset.shards(stage)
        yield f"stages/{stage}.jsonl", _joined(shard.records for shard in shards)
        yield f"stages/{stage}.rejected.jsonl", _joined(shard.rejected for shard in shards)


def _joined(paths: Iterable[Path]) -> Iterator[bytes]:
    for path in paths:
        with open(path, "rb") as file:
            while chunk := file.read(1 << 20):
                yield chunk


_ALL = (
    _of_rows("chat", "messages of user and assistant", lambda data: map(chat, data.rows())),
    _of_rows("alpaca", "instruction, input, output", lambda data: map(alpaca, data.rows())),
    _of_rows(
        "preference",
        "a passing response against a failing one",
        lambda data: (preference(row, failing) for row, failing in preference_pairs(data)),
    ),
    _of_rows(
        "rl",
        "prompts with tests, and reward.py that runs them",
        lambda data: map(reinforcement, data.rows()),
        {_REWARD.name: _REWARD},
    ),
    Form("parquet", "the dataset's own rows", _parquet, "parquet/train.parquet"),
    Form("stages", "records and rejections of every stage", _stages),
)
FORMS: Mapping[str, Form] = {form.name: form for form in _ALL}


def all_forms() -> dict[str, Form]:
    """`FORMS`, and those of other packages by name. Raises ConfigError for one that does not load."""
    return {**{form.name: form for form in entry_points.every("exports")}, **FORMS}
