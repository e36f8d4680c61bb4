"""What a passing response must hold to become an example."""

from dataclasses import replace

import pytest

from pipeline.records import Rejection
from pipeline.selection import rules
from pipeline.text.normalise import fingerprint

CRITERIA = rules.Criteria(seeds={"a"}, among="passing", max_instruction_words=3, min_agreement=0.5, trivial=False)


def candidate(
    instruction="", response="", code="", tests="", passed=True, agreement=0.5, inputs=3, behaviour="", partner=""
):
    return {
        "seed": {"id": "a"},
        "partner": {"id": partner} if partner else None,
        "verdict": {"passed": passed, "status": "passed" if passed else "timeout"},
        "verification": {"agreement": agreement, "agrees": ["b"], "asked": 4, "inputs": inputs, "behaviour": behaviour},
        "instruction": {"instruction": instruction},
        "response": {"response": response, "code": code, "tests": tests},
    }


@pytest.mark.parametrize("text", ["# TODO: later", "raise NotImplementedError", "# your code here", "FIXME"])
def test_unfinished_answers_are_told_by_their_words(text):
    assert rules.unfinished(candidate(response=text), CRITERIA)


@pytest.mark.parametrize("text", ["the todos list", "def debug(): ...", "method_fixmes"])
def test_words_that_only_contain_them_are_fine(text):
    assert rules.unfinished(candidate(response=text), CRITERIA) is None


def test_an_instruction_over_the_limit_is_named_with_its_numbers():
    assert rules.instruction_too_long(candidate("one two three"), CRITERIA) is None
    assert rules.instruction_too_long(candidate("one two three four"), CRITERIA) == Rejection(
        "instruction_too_long", "4 words > 3"
    )


@pytest.mark.parametrize(
    ("among", "passed", "rejection"),
    [
        ("passing", True, None),
        ("passing", False, Rejection("not_passed", "timeout")),
        ("failing", True, Rejection("passed", "passed")),
        ("failing", False, None),
        ("all", True, None),
        ("all", False, None),
    ],
)
def test_rows_are_chosen_among_one_kind_of_verdict(among, passed, rejection):
    criteria = rules.Criteria({"a"}, among, 3, 0.0, trivial=False)
    assert rules.wrong_verdict(candidate(passed=passed), criteria) == rejection


@pytest.mark.parametrize(
    ("changes", "evidence"),
    [
        ({"behaviour": "argument"}, "in all tests it returned one of its arguments"),
        ({"behaviour": "constant"}, "in all tests it returned the same"),
        ({"inputs": 1}, "its tests try one input"),
        ({"inputs": 2}, None),
        ({"inputs": 1, "code": "def f(): return 3"}, None),
        ({"inputs": 1, "code": "class F:\n    def go(self, x): return x"}, None),
        ({"inputs": None, "behaviour": None}, None),
    ],
)
def test_tests_that_a_function_passes_that_does_nothing_prove_nothing(changes, evidence):
    one = candidate(**{"code": "def f(x): return x + 1", **changes})
    rejection = rules.trivial(one, CRITERIA)
    assert rejection == (Rejection("trivial", evidence) if evidence else None)
    assert rules.trivial(one, replace(CRITERIA, trivial=True)) is None


@pytest.mark.parametrize(("agreement", "passed", "kept"), [(0.5, True, True), (0.49, True, False), (0.0, False, True)])
def test_a_passing_response_with_which_too_few_agree_is_dropped(agreement, passed, kept):
    rejection = rules.not_agreed(candidate(agreement=agreement, passed=passed), CRITERIA)
    assert (rejection is None) == kept
    assert kept or rejection == Rejection("not_agreed", "0.49 < 0.5: it passes the tests of 1 of 4 others")


def test_the_first_rule_that_is_broken_is_the_fault():
    assert rules.fault(candidate("1 2 3 4", "TODO"), CRITERIA) == Rejection("unfinished", "TODO")


@pytest.mark.parametrize(
    ("tests", "sound"),
    [
        ("assert f(1) == 2\n", True),
        ("def test_f():\n    assert f(1) == 2\n\ntest_f()\n", True),
        ("for x in (1, 2):\n    assert f(x)\n", True),
        ("def test_f():\n    assert f(1) == 2\n", False),
        ("print(f(1))\n", False),
        ("assert f(1) ==\n", False),
    ],
)
def test_tests_must_hold_an_assert_that_can_run(tests, sound):
    assert (rules.no_executed_assert(candidate(tests=tests), CRITERIA) is None) == sound


@pytest.mark.parametrize(
    ("code", "sound"),
    [
        ("def f(x):\n    return x\n", True),
        ("class A:\n    pass\n", True),
        ("f = abs\n", True),
        ("print(1)\n", False),
        ("def\n", False),
    ],
)
def test_code_must_define_something(code, sound):
    assert (rules.no_definition(candidate(code=code), CRITERIA) is None) == sound


def test_fingerprints_ignore_whitespace_only():
    assert fingerprint("a  b\n c") == fingerprint("ab c") != fingerprint("ab d")


@pytest.mark.parametrize(("partner", "gone"), [("", None), ("a", None), ("b", "seed b is in no source any more")])
def test_a_row_leaves_with_either_of_its_seeds(partner, gone):
    rejection = rules.seed_gone(candidate(partner=partner), CRITERIA)
    assert rejection == (Rejection("seed_gone", gone) if gone else None)
