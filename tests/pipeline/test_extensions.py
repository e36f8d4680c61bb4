"""Functions of users: loading, what their results mean, and what becomes of their errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ConfigError
from pipeline.extensions import UserFunction, functions, require_new_names
from pipeline.records import Rejection


def load(root: Path, text: str, name: str = "rules:rule") -> UserFunction:
    (root / "rules.py").write_text(text)
    (function,) = functions("[seeds] rules", [name], root)
    return function


def rule(root: Path, body: str) -> UserFunction:
    return load(root, f"def rule(record):\n    {body}\n")


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("return None", None),
        ("return False", None),
        ("return 'too old'", Rejection("rule", "too old")),
        ("return ''", Rejection("rule", "")),
        ("return True", Rejection("rule", "")),
        ("return 3", Rejection("rule", "the rule returned 3: not text, a bool or None")),
        ("return record['gone']", Rejection("rule", "KeyError: 'gone' (rules.py:2)")),
        ("import json; json.loads('{')", None),
    ],
)
def test_the_result_decides_and_an_error_rejects_by_name_and_line(
    tmp_path: Path, body: str, outcome: Rejection | None
) -> None:
    rejection = rule(tmp_path, body).rejection({"id": "a"})
    if body.startswith("import json"):
        assert rejection is not None
        assert rejection.evidence.startswith("JSONDecodeError") and rejection.evidence.endswith("(rules.py:2)")
    else:
        assert rejection == outcome


@pytest.mark.parametrize(
    "body", ["return True", "return 'best'", "return float('nan')", "return None", "raise ValueError"]
)
def test_a_score_is_a_finite_number_or_a_rejection(tmp_path: Path, body: str) -> None:
    assert isinstance(rule(tmp_path, body).number({}), Rejection)
    assert rule(tmp_path, "return 2").number({}) == 2.0


def test_a_function_cannot_change_the_record(tmp_path: Path) -> None:
    record: dict[str, Any] = {"seed": {"lines": [1, 2]}}
    rule(tmp_path, "record['seed']['lines'].append(3)").rejection(record)
    assert record == {"seed": {"lines": [1, 2]}}


def test_the_digest_changes_with_the_module_and_the_sentence_is_the_docstring(tmp_path: Path) -> None:
    first = load(tmp_path, 'def rule(record):\n    """Old seeds.\n\n    More."""\n')
    second = load(tmp_path, "def rule(record): return 'x'\n")
    assert first.sentence == "Old seeds."
    assert second.sentence == "rule of the user's module rules."
    assert first.identity[0] == second.identity[0] == "rule" and first.digest != second.digest


def test_two_projects_have_modules_of_one_name(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name / "ours").mkdir(parents=True)
        (tmp_path / name / "ours" / "shared.py").write_text(f"def rule(record): return {name!r}\n")
    loaded = [functions("k", ["ours.shared:rule"], tmp_path / name)[0] for name in "ab"]
    assert [function.rejection({}) for function in loaded] == [Rejection("rule", "a"), Rejection("rule", "b")]


def test_an_installed_module_is_named_as_it_is_imported(tmp_path: Path) -> None:
    (function,) = functions("k", ["colorsys:rgb_to_hsv"], tmp_path)
    assert function.name == "rgb_to_hsv"


@pytest.mark.parametrize(
    ("text", "name", "problem"),
    [
        ("", "rules", "rules is not module:function"),
        ("", "rules.py:rule", "has no function rule|there is no .*rules/py.py"),
        ("", "gone:rule", "there is no .*gone.py, and no installed module gone"),
        ("def other(record): ...\n", "rules:rule", "rules has no function rule"),
        ("import nowhere_to_be_found\n", "rules:rule", "rules imports nowhere_to_be_found, which is not installed"),
        ("def rule(record:\n", "rules:rule", "SyntaxError"),
        ("1 / 0\n", "rules:rule", "ZeroDivisionError"),
    ],
)
def test_what_cannot_be_loaded_is_named_before_anything_begins(
    tmp_path: Path, text: str, name: str, problem: str
) -> None:
    (tmp_path / "rules.py").write_text(text)
    with pytest.raises(ConfigError, match=problem):
        functions("[seeds] rules", [name], tmp_path)


def test_a_name_that_a_rule_has_already_is_refused(tmp_path: Path) -> None:
    function = rule(tmp_path, "return None")
    for others, taken in (([function], ["rule"]), ([function, function], [])):
        with pytest.raises(ConfigError, match="there is a rule rule already"):
            require_new_names("[seeds] rules", others, taken)
