"""Files of answers that others have generated."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ConfigError, MissingDataError
from pipeline.loop.given_answers import read_answers
from pipeline.packs.pack import Pack, load_evaluated, load_pack
from tests.pipeline.packs.test_variants import TRIPLER

STUB = 'import math\n\n\ndef double(x):\n    """Double x."""\n'
WHOLE = "def double(x):\n    return 2 * x\n"
HUMAN_EVAL = {"task_id": "HumanEval/0", "prompt": STUB, "entry_point": "double", "canonical_solution": "    return x * 2\n",
              "test": "def check(f):\n    assert f(2) == 4\n"}  # fmt: skip
MBPP = {"task_id": 7, "text": "Double.", "code": WHOLE, "test_list": ["assert double(2) == 4"]}


def pack(tmp_path: Path, *rows: dict[str, Any]) -> Pack:
    path = tmp_path / "pack.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return load_pack(path)


def answers(tmp_path: Path, *rows: dict[str, Any]) -> Path:
    path = tmp_path / "answers.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize(
    ("row", "program"),
    [
        ({"task_id": "HumanEval/0", "solution": WHOLE}, WHOLE),
        ({"task_id": "HumanEval/0", "completion": "    return 2 * x\n"}, STUB + "    return 2 * x\n"),
        ({"doc_id": 0, "doc": {"task_id": "HumanEval/0"}, "resps": [["    return 2"]],
          "filtered_resps": [[STUB + "    return 2"]]}, STUB + "    return 2"),
        ({"doc_id": 0, "doc": {"task_id": "HumanEval/0"}, "resps": [["    return 2"]],
          "filtered_resps": ["    return 2"]}, STUB + "    return 2"),
        ({"doc_id": 0, "doc": {"task_id": "HumanEval/0"}, "resps": [[WHOLE]]}, WHOLE),
        ({"id": "00000-0000", "code": WHOLE}, WHOLE),
    ],
)  # fmt: skip
def test_the_forms_of_evaluators_are_read_as_complete_programs(tmp_path: Path, row: Any, program: str) -> None:
    given = read_answers(answers(tmp_path, row), pack(tmp_path, HUMAN_EVAL))
    assert given.programs == {0: [program]}


@pytest.mark.parametrize(
    "answer", [{"solution": "def tripled(self, x):\n    return 3 * x"}, {"completion": "        return 3 * x\n"}]
)
def test_an_answer_to_a_method_is_put_into_its_class(tmp_path: Path, answer: dict[str, str]) -> None:
    (tmp_path / "class.json").write_text(json.dumps([TRIPLER]))
    row = {"task_id": "ClassEval_1.tripled", **answer}
    given = read_answers(answers(tmp_path, row), load_evaluated(tmp_path / "class.json", "method"))
    ((program,),) = given.programs.values()
    assert "return 3 * x" in program and "def double" in program and "self.double(x) + x" not in program


@pytest.mark.parametrize("id", [7, "7", "Mbpp/7"])
def test_a_task_of_mbpp_is_known_by_each_of_its_ids(tmp_path: Path, id: Any) -> None:
    given = read_answers(answers(tmp_path, {"task_id": id, "solution": WHOLE}), pack(tmp_path, MBPP))
    assert given.programs == {0: [WHOLE]}


def test_several_answers_to_a_task_keep_their_order_and_foreign_tasks_are_named(tmp_path: Path) -> None:
    rows = [{"task_id": "HumanEval/0", "solution": str(n)} for n in range(3)]
    path = answers(
        tmp_path, *rows, {"task_id": "HumanEval/9", "solution": "x"}, {"task_id": "HumanEval/9", "solution": ""}
    )
    given = read_answers(path, pack(tmp_path, HUMAN_EVAL))
    assert given.programs == {0: ["0", "1", "2"]}
    assert given.foreign == ("HumanEval/9",)


def test_a_gzipped_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"task_id": "HumanEval/0", "solution": "x"}\n'))
    assert read_answers(path, pack(tmp_path, HUMAN_EVAL)).programs == {0: ["x"]}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{cut\n", "line 1, is not JSON"),
        (b'\n["x"]\n', "line 2, is not a JSON object"),
        (b'{"task_id": "HumanEval/0", "text": "x"}\n', "line 1, is no answer: it has the keys task_id, text"),
        (b'{"task_id": "HumanEval/0", "solution": null}\n', "is no answer"),
        (b'{"task_id": "Other/1", "solution": "x"}\n', "none of its answers is to a task of pack.*HumanEval/0"),
        (b"", "none of its answers"),
    ],
)
def test_a_wrong_file_is_named_with_its_line(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=says) as caught:
        read_answers(path, pack(tmp_path, HUMAN_EVAL))
    assert str(path) in str(caught.value)


def test_a_missing_file_and_a_cut_one_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"answers\.jsonl"):
        read_answers(tmp_path / "answers.jsonl", pack(tmp_path, HUMAN_EVAL))
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b"{}")[:-9])
    with pytest.raises(ConfigError, match="damaged"):
        read_answers(tmp_path / "a.jsonl.gz", pack(tmp_path, HUMAN_EVAL))
