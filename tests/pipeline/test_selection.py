"""Which candidates become rows: every candidate has one fate, and earlier rows stay."""

from __future__ import annotations

from pipeline.selection import Selector

PLACE = {"source": "code", "path": "a.py", "name": "f", "lines": [1, 3], "licence": None}


def candidate(instruction: str, sample: int, *, passed: bool = True, **changes):
    response = changes.get(
        "response", f"Text {instruction} {sample}.\n\n```python\ndef f(x):\n    return x\n```"
    )
    return {
        "id": f"{instruction}-{sample:03d}",
        "seed": {"id": instruction},
        "instruction": {
            "id": instruction,
            "instruction": changes.get("text", f"Write {instruction} as a function."),
        },
        "response": {
            "response": response,
            "code": changes.get("code", "def f(x):\n    return x\n"),
            "tests": changes.get("tests", "assert f(1) == 1\n"),
        },
        "verdict": {"passed": passed, "status": "passed" if passed else "failed"},
    }


def fates(candidates, choose="random", in_force=("a", "b", "c")):
    selector = Selector(dict.fromkeys(in_force, PLACE), choose, 20)
    return {found["id"]: rule or "taken" for found, rule, _ in selector.judge(candidates)}


def test_one_passing_response_of_each_instruction_is_taken():
    found = fates(
        [candidate(name, sample, passed=sample > 0) for name in "ab" for sample in range(3)]
    )
    assert len(found) == 6
    assert sorted(found.values()) == [
        "not_chosen",
        "not_chosen",
        "not_passed",
        "not_passed",
        "taken",
        "taken",
    ]
    assert found["a-000"] == found["b-000"] == "not_passed"


def test_the_choice_is_the_same_at_every_run_and_in_any_order():
    candidates = [candidate("a", sample) for sample in range(5)]
    assert fates(candidates) == fates(list(reversed(candidates)))


def test_shortest_takes_the_shortest_response():
    long = "x" * 100 + "\n\n```python\ndef f(x):\n    return x\n```"
    found = fates([candidate("a", 0, response=long), candidate("a", 1)], choose="shortest")
    assert found == {"a-000": "not_chosen", "a-001": "taken"}


def test_each_rule_names_what_it_drops():
    found = fates(
        [
            candidate("a", 0, response="TODO later"),
            candidate("a", 1, text="word " * 21),
            candidate("a", 2, code="print(1)\n"),
            candidate("a", 3, tests="def test():\n    assert f(1)\n"),
            candidate("gone", 0),
        ]
    )
    assert list(found.values()) == [
        "unfinished", "instruction_too_long", "no_definition", "vacuous_tests", "seed_gone",
    ]  # fmt: skip


def test_the_same_instruction_and_response_is_taken_once_and_the_earlier_one_stays():
    same = {
        "text": "Write a function that returns x.",
        "response": "It does.\n\n```python\ndef f(x): return x\n```",
    }
    earlier, later = candidate("a", 0, **same), candidate("b", 0, **same)
    assert fates([earlier, later]) == {"a-000": "taken", "b-000": "duplicate"}
    assert fates([earlier, later, candidate("c", 0)])["a-000"] == "taken"


def test_a_duplicate_gives_way_to_another_response_of_its_instruction():
    same = {
        "text": "Write a function that returns x.",
        "response": "It.\n\n```python\ndef f(x): return x\n```",
    }
    other = candidate("b", 1, text=same["text"])
    found = fates([candidate("a", 0, **same), candidate("b", 0, **same), other], choose="shortest")
    assert found == {"a-000": "taken", "b-000": "duplicate", "b-001": "taken"}


def test_samples_count_all_and_passing_responses():
    selector = Selector({"a": PLACE}, "random", 20)
    judged = list(
        selector.judge([candidate("a", sample, passed=sample > 1) for sample in range(4)])
    )
    assert all(found["samples"] == {"n": 4, "passed": 2} for found, _, _ in judged)
