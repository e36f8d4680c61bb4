"""Which candidates become rows: every candidate has one fate, and earlier rows stay."""

from __future__ import annotations

import ast
import inspect
import re
from types import SimpleNamespace

import pytest

from pipeline.config import sections
from pipeline.records import Rejection
from pipeline.selection import by_hand, rules, selector
from pipeline.selection.by_hand import ByHand
from pipeline.selection.rules import RULES
from pipeline.selection.selector import Selector
from pipeline.text import private

PLACE = {
    "source": "code",
    "path": "a.py",
    "name": "f",
    "lines": [1, 3],
    "licence": None,
    "repository": None,
    "revision": None,
}
# Words that no two texts share, so that rows resemble each other only where a test wants it.
WORDS = [f"w{number}" for number in range(40)]


def settings(**changes):
    section = {key: parameter.task_value("selection", key) for key, parameter in PARAMETERS}
    return SimpleNamespace(**{**section, "choose": "shortest", **changes})


PARAMETERS = sections.selection.get_params()


def test_an_instructions_next_response_is_chosen_where_a_person_took_out_the_best():
    judged = Selector({"a": PLACE}, settings(), by_hand=ByHand({"a-000": "wrong"}))
    fates = {fate.id: fate.outcome for fate in judged.judge([candidate("a", 0), candidate("a", 1)])}
    assert fates["a-000"] == Rejection("by_hand", "wrong")
    assert fates["a-001"]["id"] == "a-001"


def code(name: str) -> str:
    lines = "".join(f"    x = {name}_{word}(x, '{name} {word}')\n" for word in WORDS[:12])
    return f"def {name}(x):\n{lines}    return x\n"


def candidate(group: str, sample: int = 0, **changes):
    name = changes.get("name", f"f_{group}_{sample}")
    source = changes.get("code", code(name))
    prose = " ".join(f"{word}{group}{sample}" for word in WORDS)
    return {
        "id": f"{group}-{sample:03d}",
        "seed": {"id": group, "digest": group},
        "partner": changes.get("partner"),
        "instruction": {
            "id": group,
            "instruction": changes.get("text", f"Write {group} {prose}"),
            "concepts": changes.get("concepts", ["lists"]),
            "category": changes.get("category", "function"),
            "difficulty": "easy",
        },
        "response": {
            "response": changes.get("response", f"{prose}\n\n```python\n{source}```"),
            "code": source,
            "tests": changes.get("tests", f"assert {name}(1) == 1\n"),
        },
        "verdict": {"passed": changes.get("passed", True), "status": "some"},
        "verification": {
            "asserts": 1,
            "functions": [name],
            "mutants": 4,
            "killed": changes.get("killed", 4),
            "agrees": ["x", "y"],
            "supports": ["y", "z"],
            "asked": 3,
            "inputs": 2,
            "behaviour": "",
            "agreement": changes.get("agreement", 1.0),
        },
        "samples": changes.get("samples", {"n": 4, "passed": 4}),
    }


class Everything(dict):
    """Every seed but the one named gone is current."""

    def __contains__(self, seed):
        return seed != "gone"

    def __missing__(self, seed):
        return PLACE


@pytest.mark.parametrize("changed", ["nothing", "the names", "the code"])
def test_a_row_that_repeats_an_exemplar_of_the_prompts_is_none(changed):
    row = candidate("a", 0)
    text, answer, source = row["instruction"]["instruction"], row["response"]["response"], row["response"]["code"]
    exemplar = SimpleNamespace(name="01-shown", instruction=text, response=answer, code=source)
    if changed == "the names":
        exemplar = SimpleNamespace(
            name="01-shown", instruction="", response="", code=source.replace("f_a_0_", "g_").replace("f_a_0(", "g(")
        )
    if changed == "the code":
        exemplar.code = "def other(): pass"
    unlike = candidate("b", 0)
    judged = Selector(Everything(), settings(), shown=[exemplar]).judge([row, unlike])
    outcomes = {fate.id: fate.outcome for fate in judged}
    assert outcomes["a-000"].rule == "exemplar"
    assert "01-shown" in outcomes["a-000"].evidence
    assert outcomes["b-000"]["id"] == "b-000"


def fates(*batches, **changes):
    judge = Selector(Everything(), settings(**changes)).judge
    return {
        fate.id: fate.outcome.rule if isinstance(fate.outcome, Rejection) else "taken"
        for batch in batches
        for fate in judge(batch)
    }


def test_one_passing_response_of_each_instruction_is_taken():
    outcomes = fates([candidate(name, n) for name in "ab" for n in range(3)])
    assert sorted(outcomes.values()) == ["not_chosen"] * 4 + ["taken"] * 2


def test_the_choice_is_the_same_at_every_run_and_in_any_order():
    candidates = [candidate("a", sample) for sample in range(5)]
    for choose in ("best", "verified", "random", "shortest"):
        assert fates(candidates, choose=choose) == fates(candidates[::-1], choose=choose)


def test_shortest_takes_the_shortest_response():
    long = candidate("a", 0, response="x" * 3000)
    assert fates([long, candidate("a", 1)]) == {"a-001": "taken", "a-000": "not_chosen"}


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("not_passed", {"passed": False}),
        ("not_agreed", {"agreement": 0.2}),
        ("unfinished", {"response": "TODO later"}),
        ("instruction_too_long", {"text": "word " * 201}),
        ("no_definition", {"code": "print(1)\n"}),
        ("no_executed_assert", {"tests": "def test():\n    assert f(1)\n"}),
    ],
)
def test_each_rule_names_what_it_drops(rule, changes):
    assert fates([candidate("a", **changes)], min_agreement=0.5) == {"a-000": rule}
    assert rule in RULES


def test_all_rules_are_declared():
    module = [ast.parse(inspect.getsource(each)) for each in (rules, selector)]
    named = {
        call.args[0].value
        for tree in module
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Rejection"
        if isinstance(call.args[0], ast.Constant)
    }
    assert named | {by_hand.RULE} | set(private.RULES) == set(RULES)


def test_a_row_with_a_secret_or_an_address_of_a_person_gives_way():
    batch = [candidate("a", text="Mail it to jane.doe@acme-corp.com, and return x."), candidate("b")]
    assert fates(batch) == {"a-000": "personal_data", "b-000": "taken"}


def test_a_row_whose_seed_is_gone_leaves():
    assert fates([candidate("gone")]) == {"gone-000": "seed_gone"}


SAME = {"text": "Write a function that returns x.", "response": "It.\n\n```python\nf = g\n```"}


def test_the_same_instruction_and_response_is_taken_once_and_the_earlier_batch_wins():
    earlier, later = candidate("a", **SAME), candidate("b", **SAME)
    assert fates([earlier], [later]) == {"a-000": "taken", "b-000": "duplicate"}


def test_a_duplicate_gives_way_to_another_response_of_its_instruction():
    other = candidate("b", 1)
    assert fates([candidate("a", **SAME)], [candidate("b", **SAME), other]) == {
        "a-000": "taken", "b-000": "duplicate", "b-001": "taken",
    }  # fmt: skip


@pytest.mark.parametrize("field", ["text", "response", "code"])
def test_a_row_that_resembles_another_in_one_part_is_one_too_many(field):
    first = candidate("a")
    part = {"text": first["instruction"]["instruction"], **first["response"]}[field]
    changed = part.replace("w39", "other").replace("w11", "other")
    near = candidate("b", **{field: changed, "name": "f_a_0"})
    outcomes = fates([first], [near], max_same_names=0)
    assert outcomes == {"a-000": "taken", "b-000": "near_duplicate"}
    assert fates([first], [near], max_same_names=0, near_duplicates=1)["b-000"] == "taken"


def test_the_evidence_of_a_near_duplicate_names_the_row_and_the_similarity():
    near = candidate("b", text=candidate("a")["instruction"]["instruction"] + " end")
    judged = Selector(Everything(), settings()).judge([candidate("a"), near])
    (rejection,) = [fate.outcome for fate in judged if isinstance(fate.outcome, Rejection)]
    pattern = r"instruction resembles a-000 \(Jaccard (1\.00|0\.[89]\d)\)"
    assert re.fullmatch(pattern, rejection.evidence)


def test_the_best_row_of_a_cluster_stays_whatever_the_order():
    text = candidate("a")["instruction"]["instruction"]
    better = candidate("b", text=text, response="Short.\n\n```python\nf = g\n```")
    for batch in ([candidate("a"), better], [better, candidate("a")]):
        assert fates(batch) == {"b-000": "taken", "a-000": "near_duplicate"}


def test_new_batches_take_no_earlier_row_out_and_one_batch_may():
    text = candidate("a")["instruction"]["instruction"]
    better = candidate("b", text=text, response="Short.\n\n```python\nf = g\n```")
    assert fates([candidate("a")], [better]) == {"a-000": "taken", "b-000": "near_duplicate"}


def test_names_that_were_defined_before_are_dropped_up_to_a_number():
    rows = [candidate(group, name="solve", code="def solve(x):\n    return x\n") for group in "abc"]
    off = {"near_duplicates": 1}
    assert list(fates(rows, **off).values()) == ["taken", "names_taken", "names_taken"]
    assert list(fates(rows, max_same_names=2, **off).values()).count("taken") == 2
    assert set(fates(rows, max_same_names=0, **off).values()) == {"taken"}


@pytest.mark.parametrize(
    ("cap", "changes"),
    [
        ("max_per_concept", {"concepts": ["list slicing", "sets"]}),
        ("max_per_category", {"category": "text"}),
        ("max_per_difficulty", {"samples": {"n": 4, "passed": 1}}),
    ],
)
def test_a_cap_bounds_the_rows_of_a_value(cap, changes):
    rows = [candidate(group, **changes) for group in "abc"]
    assert list(fates(rows, **{cap: 2}).values()) == ["taken", "taken", "cap"]
    other = candidate("d", concepts=["dictionaries"], category="class")
    assert fates([*rows, other], **{cap: 2})["d-000"] == "taken"


def test_rows_say_how_hard_their_instruction_was():
    batch = [candidate("a", samples={"n": 4, "passed": 1})]
    (fate,) = Selector(Everything(), settings()).judge(batch)
    row = fate.outcome
    assert row["samples"] == {"n": 4, "passed": 1}
    assert row["measured_difficulty"] == "hard"


def test_best_is_chosen_by_agreement_then_strength_then_brevity():
    agreeing = candidate("a", 0, agreement=0.9, killed=1)
    strong = candidate("a", 1, agreement=0.5, killed=4, response="Short.")
    weak = candidate("a", 2, agreement=0.5, killed=2, response="S.")
    long = candidate("a", 3, agreement=0.5, killed=4)
    judged = Selector(Everything(), settings(choose="best")).judge([long, weak, strong, agreeing])
    assert [fate.id for fate in judged] == ["a-000", "a-001", "a-003", "a-002"]


def test_verified_is_chosen_by_agreement_then_strength_and_equals_are_drawn():
    agreeing = candidate("a", 0, agreement=0.9, killed=1)
    weak = candidate("a", 1, agreement=0.5, killed=2, response="S.")
    equals = [candidate("a", n, agreement=0.5, killed=4, response="S" * n) for n in range(2, 30)]
    judged = Selector(Everything(), settings(choose="verified")).judge([weak, *equals, agreeing])
    first, *middle, last = [fate.id for fate in judged]
    assert (first, last) == ("a-000", "a-001")
    assert sorted(middle) == [one["id"] for one in equals] != middle


LOOP = "def total(xs):\n    t = 0\n    for x in xs:\n        t += x\n    return t\n"
OTHERWISE = "def total(xs):\n    if not xs:\n        return 0\n    return xs[0] + total(xs[1:])\n"
BUILTIN = "def total(xs):\n    return sum(xs)\n"


def siblings(group: str, *codes: str):
    """Answers of one instruction, in order of quality, whose prose is the same."""
    prose = f"This is {group}: it adds all of the numbers and returns what they come to. "
    return [
        candidate(group, sample, text=f"Add numbers for {group}. {WORDS}{group}", name="total", code=code,
                  response=f"{prose}\n\n```python\n{code}```{'.' * sample}")
        for sample, code in enumerate(codes)
    ]  # fmt: skip


def test_an_instruction_has_as_many_rows_as_it_may_of_different_shapes():
    renamed = LOOP.replace("xs", "numbers").replace("t ", "result ").replace("return t", "return result  # all")
    batch = siblings("a", LOOP, renamed, OTHERWISE, BUILTIN)
    for near_duplicates in (0.7, 1):
        outcomes = fates(batch, per_instruction=2, near_duplicates=near_duplicates)
        assert sorted(outcomes.values()).count("taken") == 2
        outcomes = fates(batch, per_instruction=4, near_duplicates=near_duplicates)
        assert sorted(outcomes.values()) == ["same_shape", "taken", "taken", "taken"]
        assert {outcomes["a-000"], outcomes["a-001"]} == {"same_shape", "taken"}


def test_rows_of_one_instruction_share_their_names_and_no_other_instruction_has_them():
    other = siblings("b", LOOP.replace("0", "0.0"), BUILTIN)
    outcomes = fates(siblings("a", LOOP, OTHERWISE), other, per_instruction=2, near_duplicates=1)
    assert [outcomes[id] for id in ("a-000", "a-001")] == ["taken"] * 2
    assert [outcomes[id] for id in ("b-000", "b-001")] == ["names_taken"] * 2


def test_every_instruction_has_a_row_before_one_has_a_second():
    batch = [*siblings("a", LOOP, OTHERWISE), candidate("b")]
    judged = list(Selector(Everything(), settings(per_instruction=2), most=2).judge(batch))
    assert {fate.id: getattr(fate.outcome, "rule", "taken") for fate in judged} == {
        "a-000": "taken", "b-000": "taken", "a-001": "beyond_rows",
    }  # fmt: skip
