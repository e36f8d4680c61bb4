"""Rows that behave like a task's solution are found by running them, whatever their words; others are not."""

from __future__ import annotations

import pytest

from pipeline.decontamination.confirmation import Confirmation, Row, findings_of, kinds
from pipeline.decontamination.decontaminator import Decontaminator
from pipeline.decontamination.proofs import Proof, Proofs
from pipeline.packs.layouts import Task, read_task
from pipeline.packs.pack import Pack
from sandbox import Limits, Pool

SECONDS = 10.0


def task(id: str, statement: str, solution: str, tests: str, entry: str) -> Task:
    return Task("p", id, (statement,), (solution,), entry, "", tests)


TASKS = (
    task(
        "runs", "Return the lengths of the runs of equal items in a list.",
        "from itertools import groupby\ndef runs(items):\n    return [len(list(same)) for _, same in groupby(items)]\n",
        "assert runs([1, 1, 2]) == [2, 1]\nassert runs([]) == []\nassert runs([3, 3, 3, 4, 4, 4]) == [3, 3]\n", "runs",
    ),
    task(
        "clip", "Limit each value of a list to a highest one.",
        "def clip(values, top):\n    return [min(value, top) for value in values]\n",
        "assert clip([5, 1, 9], 4) == [4, 1, 4]\nassert clip([2, 7], 6) == [2, 6]\n", "clip",
    ),
    task("size", "Return the number of letters of a word.", "def size(word):\n    return len(word)\n",
         "assert size('abc') == 3\nassert size('') == 0\nassert size('abcdef') == 6\n", "size"),
    task("even", "Return the letters of a text at even places.",
         "def even(text):\n    out = ''\n    for n, c in enumerate(text):\n        if n % 2 == 0:\n            out += c\n    return out\n",
         "assert even('abcdef') == 'ace'\nassert even('python') == 'pto'\nassert even('lambs') == 'lms'\n", "even"),
    task("common", "Return the items that both tuples have.",
         "def common(one, other):\n    return tuple(set(one) & set(other))\n",
         "assert set(common((1, 2, 3), (3, 2, 9))) == {2, 3}\nassert set(common((5, 6), (6, 8))) == {6}\n", "common"),
    task("alike", "Are all letters of a word alike?",
         "def alike(word):\n    return all(letter == word[0] for letter in word[1:])\n",
         "assert alike('python') is False\nassert alike('aaa') is True\nassert alike('data') is False\n", "alike"),
    task("vague", "Do something.", "def vague(x):\n    return bool(x)\n", "assert vague(3) in (True, None, 3)\n", "vague"),
    task("wrong", "Add one.", "def wrong(x):\n    return x + 2\n", "assert wrong(1) == 2\n", "wrong"),
    task("absent", "Sum an array.", "import no_such_library\ndef absent(x):\n    return sum(x)\n",
         "assert absent([1]) == 1\n", "absent"),
    read_task("BigCodeBench", {
        "task_id": "B/0", "complete_prompt": "def task_func(name):\n    'Greet and count.'\n", "instruct_prompt": "Greet.",
        "canonical_solution": "    return f'{name}: {len(name)}'\n", "code_prompt": "def task_func(name):\n",
        "entry_point": "task_func",
        "test": "import unittest\nclass TestCases(unittest.TestCase):\n    def test_it(self):\n"
                "        self.assertEqual(task_func('Ann'), 'Ann: 3')\n",
    }),
)  # fmt: skip


def pack(tasks: tuple[Task, ...], revision: str = "r") -> Pack:
    return Pack("p", "MBPP", "p.jsonl", revision, tasks)


@pytest.fixture(scope="module")
def pool():
    with Pool(1, Limits(wall_seconds=SECONDS)) as running:
        yield running


class Lent:
    """The shared pool as a context of its own, which leaves it open; it counts how often it was opened."""

    def __init__(self, pool: Pool) -> None:
        self.pool, self.opened = pool, 0

    def __call__(self):
        self.opened += 1
        return self

    def __enter__(self) -> Pool:
        return self.pool

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def proofs(pool, tmp_path_factory):
    return Proofs(tmp_path_factory.mktemp("proofs")).examine([pack(TASKS)], Lent(pool), SECONDS)


@pytest.fixture(scope="module")
def found(pool, proofs):
    """What execution finds in a row: (instruction, code, tests) -> ids of tasks, with evidence."""
    checker = Decontaminator([pack(TASKS)])
    confirmation = Confirmation(TASKS, proofs)

    def run(*rows: tuple[str, str]) -> list[dict[str, str]]:
        ran = confirmation.run((Row(str(n), code) for n, (_, code) in enumerate(rows)), pool, SECONDS)
        agreed = {one.id: one.agreements or () for one in ran}
        return [
            {f.task: f.evidence for f in findings_of(checker, instruction, code, agreed[str(n)])}
            for n, (instruction, code) in enumerate(rows)
        ]

    return run


def test_a_task_confirms_only_if_its_solution_passes_and_unrelated_functions_fail(proofs):
    reasons = {task.id: proof.reason for task, proof in zip(TASKS, proofs, strict=True)}
    assert [id for id, reason in reasons.items() if not reason] == [
        "runs", "clip", "size", "even", "common", "alike", "B/0",
    ]  # fmt: skip
    assert "passes its tests as well" in reasons["vague"]
    assert "does not pass" in reasons["wrong"]
    assert "no_such_library" in reasons["absent"]


def test_true_and_false_are_recorded_for_more_variants_than_answers_that_tell_more(proofs):
    variants = {task.id: len(proof.variants) for task, proof in zip(TASKS, proofs, strict=True)}
    assert variants["alike"] == 96
    assert variants["clip"] == 32


def test_an_answer_is_evidence_by_its_rarity_and_a_variant_that_differs_takes_some_away():
    listed = Proof("", 1, [([number], [number, number]) for number in range(4)])
    answered = Proof("", 1, [([number], number < 2) for number in range(4)])
    seldom = Proof("", 1, [([number], number == 0) for number in range(4)])
    assert [proof.bits(0)[1] for proof in (listed, answered)] == [8, 4]
    assert seldom.bits(0)[1] < 4
    compared = Proof("", 1, listed.calls, [([7], [7, 7]), ([8], [8, 8])])
    all_agree, one_differs = compared.bits(0b11), compared.bits(0b01)
    assert all_agree[0] == one_differs[0]  # of the calls alone
    assert one_differs[1] < all_agree[0] < all_agree[1]


def test_a_pack_is_examined_once(pool, tmp_path):
    lent, proofs = Lent(pool), Proofs(tmp_path)
    first = proofs.examine([pack(TASKS[:1])], lent, SECONDS)
    assert proofs.examine([pack(TASKS[:1])], lent, SECONDS) == first
    assert lent.opened == 1
    proofs.examine([pack(TASKS[:1], "other")], lent, SECONDS)
    assert lent.opened == 2


OTHER_ALGORITHM = """
def laengen(liste):
    ergebnis = []
    for k, wert in enumerate(liste):
        if k and liste[k - 1] == wert:
            ergebnis[-1] += 1
        else:
            ergebnis.append(1)
    return ergebnis
"""
TURNED = """
def helper(x):
    return x

def cap(limit, numbers):
    return list(map(lambda number: limit if number > limit else helper(number), numbers))
"""


def test_another_algorithm_in_another_language_is_found_by_what_it_does(found):
    (one,) = found(("Bestimme die Längen der Läufe gleicher Elemente.", OTHER_ALGORITHM))
    assert list(one) == ["runs"]
    assert "answers all 3 calls" in one["runs"]


def test_arguments_in_another_order_are_found_and_the_evidence_tells(found):
    (one,) = found(("Cap numbers.", TURNED))
    assert "cap with its arguments in another order" in one["clip"]


def test_the_order_of_a_result_does_not_count_where_the_tests_ignore_it(found):
    code = "def both(a, b):\n    return sorted({x for x in a if x in b}, reverse=True)\n"
    assert "common" in found(("Which are in both?", code))[0]


@pytest.mark.parametrize(
    "code",
    [
        OTHER_ALGORITHM.replace("+= 1", "+= 2"),
        "def greet(name):\n    return f'hello {name}'\n",
        "def last(values):\n    return values[-1] if values else None\n",
        "def first_four_of_every_second(phrase):\n    part = phrase[::2]\n    return part[:4]\n",  # equal for short words
        "def swapped(phrase):\n    return ' '.join(phrase.split()[::-1])[::2]\n",  # equal for single words
        # As `alike` for the words of its tests.
        "def repeats(word):\n    return any(word == word[:n] * (len(word) // n) for n in range(1, len(word) // 2 + 1))\n",
        "value = 3\n",
        "def broken(:\n",
    ],
)
def test_what_behaves_otherwise_is_not_found(found, code):
    assert found(("Do it.", code)) == [{}]


def test_a_row_that_answers_true_and_false_as_a_task_does_is_found_whatever_its_words(found):
    code = "def einheitlich(wort):\n    erster = wort[0]\n    for zeichen in wort:\n        if zeichen != erster:\n            return False\n    return True\n"
    assert list(found(("Besteht das Wort aus einem einzigen Buchstaben?", code))[0]) == ["alike"]


def test_an_operation_that_many_tasks_consist_of_needs_the_words_as_well(found):
    code = "def count(things):\n    return len(things)\n"
    unrelated, related = found(
        ("How many tickets were sold today?", code), ("Tell the number of letters in a word.", code)
    )
    assert (list(unrelated), list(related)) == ([], ["size"])


def test_a_row_that_hangs_leaves_or_floods_takes_no_other_along(found):
    rows = [
        ("Hang.", "def f(x):\n    while True:\n        pass\n"),
        ("Hang in C.", "def f(x):\n    return sum(range(10 ** 12))\n"),
        ("Leave.", "import os\ndef f(x):\n    os._exit(0)\n"),
        ("Loop at import.", "while True:\n    pass\n"),
        ("Runs.", OTHER_ALGORITHM),
    ]
    assert [list(one) for one in found(*rows)] == [[], [], [], [], ["runs"]]


def test_only_tasks_with_the_kinds_of_arguments_of_the_rows_tests_are_tried():
    code = "def f(a, b):\n    return a\n"
    assert kinds(code, "assert f([1], 'x') == [1]\nassert f((2,), 'y') == (2,)\n") == [["sequence"], ["text"]]
    named = "text = 'x'\nassert f(g(1), text)\n"
    assert kinds(code, named) == [["dict", "number", "other", "sequence", "text"], ["text"]]
    assert kinds(code, "assert f(g(1), h(2))") is None
    assert kinds(code, "") is None
