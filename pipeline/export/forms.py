"""The forms of an export: `FORMS` has an entry for each, with its name, its help and its files.

In: a finished dataset. Out: the rows of a form as bytes, and the files beside them; nothing is written here. The names
of fields are those that TRL, axolotl and the hub's viewers expect; `id` stays in each row, so that `explain`
finds the row of anything that was trained on. To add a form, add its entry here and its line to docs/commands.md.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import entry_points
from pipeline.dataset.finished import FinishedDataset
from pipeline.dataset.rows import write_parquet
from pipeline.export.monologues import execution, monologues
from pipeline.export.pairs import all_tests, preference_pairs
from pipeline.export.repairs import repairs
from pipeline.export.reward import code_of
from pipeline.export.split import pass_rate
from pipeline.export.stages import stage_files
from pipeline.export.trainers import Configurations, configurations
from pipeline.export.verifiers import environment
from pipeline.records import Row
from pipeline.text.checks import checks
from targets.atomic import jsonl_lines

Exported = dict[str, Any]  # a row in a form
Files = Iterator[tuple[str, Iterator[bytes]]]

_REWARD = Path(__file__).with_name("reward.py")


def _no_files(_: FinishedDataset) -> Files:
    return iter(())


@dataclass(frozen=True, slots=True)
class Form:
    """`help` says in a line what the form is.

    `rows` gives the bytes of the file that `datasets.load_dataset` loads, whose name ends with `ending`; None where it
    loads none. `others` gives further files by their path below the export's folder, `configurations` those of trainers
    that stand beside the rows, where there are rows.
    """

    name: str
    help: str
    rows: Callable[[FinishedDataset], Iterator[bytes]] | None = None
    ending: str = ".jsonl"
    others: Callable[[FinishedDataset], Files] = _no_files
    configurations: Configurations | None = None


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


def preference(row: Row, worse: str) -> Exported:
    """The row's response against a worse one to the same instruction: what DPOTrainer takes."""
    return {
        "id": row["id"],
        "prompt": _user(row),
        "chosen": _assistant(row["response"]),
        "rejected": _assistant(worse),
    }


def reinforcement(dataset: FinishedDataset) -> Iterator[Exported]:
    """Prompts with the tests that an answer has to pass, as one program and as a list of checks.

    The tests are pooled. `reference` is the row's own code, `pass_rate` the share of the instruction's samples that
    passed. `runner` is the file that runs the tests; packages, seconds and memory are those under which the rows were
    tested.
    """
    made = dataset.executed_with
    under = {"packages": made.get("packages", []), **{key: made.get(key) for key in ("timeout_s", "memory_mb")}}
    for row in dataset.rows():
        tests = all_tests(row)
        yield {
            "id": row["id"],
            "prompt": _user(row),
            "tests": tests,
            "test_list": checks(tests),
            "reference": code_of(row["response"]),
            "difficulty": row["difficulty"],
            "pass_rate": round(pass_rate(row), 4),
            "runner": _REWARD.name,
            **under,
        }


def _user(row: Row) -> list[dict[str, str]]:
    return [{"role": "user", "content": row["instruction"]}]


def _assistant(text: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": text}]


def _lines(rows: Callable[[FinishedDataset], Iterable[Exported]]) -> Callable[[FinishedDataset], Iterator[bytes]]:
    return lambda dataset: jsonl_lines(rows(dataset))


def _parquet(dataset: FinishedDataset) -> Iterator[bytes]:
    if dataset.is_whole:
        with open(dataset.folder / "train.parquet", "rb") as file:
            yield from iter(lambda: file.read(1 << 20), b"")
        return
    with tempfile.NamedTemporaryFile(prefix="selfcodealign-", suffix=".parquet") as file:
        if write_parquet(Path(file.name), dataset.rows()):
            yield from iter(lambda: file.read(1 << 20), b"")


def _reward(_: FinishedDataset) -> Files:
    yield f"rl/{_REWARD.name}", iter([_REWARD.read_bytes()])


_TAGS = {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant"}
_ALL = (
    Form(
        "chat",
        "messages of user and assistant",
        _lines(lambda dataset: map(chat, dataset.rows())),
        configurations=configurations(
            {"formatting": "sharegpt", "columns": {"messages": "messages"}, "tags": _TAGS},
            {"type": "chat_template", "field_messages": "messages"},
        ),
    ),
    Form(
        "alpaca",
        "instruction, input, output",
        _lines(lambda dataset: map(alpaca, dataset.rows())),
        configurations=configurations(
            {"columns": {"prompt": "instruction", "query": "input", "response": "output"}}, {"type": "alpaca"}
        ),
    ),
    Form(
        "preference",
        "a right response against one that passes some of its tests",
        _lines(lambda dataset: (preference(row, worse) for row, worse in preference_pairs(dataset))),
    ),
    Form(
        "rl",
        "prompts with tests and reference, and reward.py that runs them",
        _lines(reinforcement),
        others=_reward,
    ),
    Form("verifiers", "the tasks of rl as an environment that pip installs", others=environment(reinforcement)),
    Form("repairs", "repaired rows as two turns: attempt, its error, the right response", _lines(repairs)),
    Form("monologues", "calls of the rows' tests, gone through line by line, as messages", _lines(monologues)),
    Form("execution", "calls with what they return: a benchmark in CRUXEval's layout", _lines(execution)),
    Form("parquet", "the dataset's own rows", _parquet, ".parquet"),
    Form("stages", "records and rejections of every stage", others=stage_files),
)
FORMS = {form.name: form for form in _ALL}


def all_forms() -> dict[str, Form]:
    """`FORMS`, and those of other packages by name. Raises ConfigError for one that does not load."""
    return {**{form.name: form for form in entry_points.every("exports")}, **FORMS}
