"""Benchmark tasks hidden in rows are found by the layer that is meant for them; other rows are left alone."""

import json
import textwrap

import pytest

from pipeline.decontamination.decontaminator import LAYERS, Decontaminator
from pipeline.packs.pack import load_pack

TASKS = [
    {
        "task_id": "Bench/0",
        "prompt": "def water_level(buckets, leak):\n"
        '    """ Buckets are filled one after the other by a tap. After every bucket the leak takes its share\n'
        "    away. Report how many liters remain in the barrel when the last bucket was poured in.\n"
        '    >>> water_level([3, 4], 1)\n    5\n    """\n',
        "canonical_solution": "    level = 0\n    for bucket in buckets:\n        level += bucket\n"
        "        level = max(0, level - leak)\n    return level\n",
        "entry_point": "water_level",
        "test": "def check(candidate):\n    assert candidate([3, 4], 1) == 5\n    assert candidate([], 1) == 0\n",
    },
    {
        "task_id": "Bench/1",
        "prompt": "def shelf_code(title, row):\n"
        '    """ A library marks every book with a code: the first three consonants of its title in capital\n'
        '    letters, a dash, and the row of its shelf. Return the code.\n    """\n',
        "canonical_solution": "    letters = [c for c in title.upper() if c.isalpha() and c not in 'AEIOU']\n"
        "    return ''.join(letters[:3]) + '-' + str(row)\n",
        "entry_point": "shelf_code",
        "test": "def check(candidate):\n    assert candidate('Faust', 4) == 'FST-4'\n",
    },
    {
        "task_id": "Bench/2",
        "prompt": 'def plus(x, y):\n    """Add two numbers x and y"""\n',
        "canonical_solution": "    return x + y\n",
        "entry_point": "plus",
        "test": "def check(candidate):\n    assert candidate(1, 2) == 3\n",
    },
]


@pytest.fixture(scope="module")
def checker(tmp_path_factory):
    path = tmp_path_factory.mktemp("packs") / "bench.jsonl"
    path.write_text("".join(json.dumps(task) + "\n" for task in TASKS))
    return Decontaminator([load_pack(path)])


STATEMENT = TASKS[0]["prompt"].split('"""')[1].split(">>>")[0]
SOLUTION = "def water_level(buckets, leak):\n" + TASKS[0]["canonical_solution"]
RENAMED = """
def f(a, b):
  x = 0
  for y in a:  # each
      x = x
      x += y
      x = max(0, x - b)
  return (x)
""".replace("      x = x\n", "")
OTHER = "def g(path):\n    with open(path) as file:\n        return json.load(file)\n"


def layers(findings, task="Bench/0"):
    return {finding.layer for finding in findings if finding.task == task}


def test_a_verbatim_statement_is_found_by_every_layer_that_reads_text(checker):
    assert {"substring", "ngrams", "minhash"} <= layers(checker.check(STATEMENT, "", ""))


@pytest.mark.parametrize(
    "statement",
    [
        STATEMENT.upper(),
        "\n".join(STATEMENT.split()),
        textwrap.fill(" ".join(STATEMENT.split()), 30, initial_indent="> ", subsequent_indent="> "),
        "Please solve this task.\n" + STATEMENT.replace(",", ";").replace(".", " -- ") + "\nThank you.",
    ],
    ids=["case", "lines", "quoted", "embedded"],
)
def test_wrapping_case_and_punctuation_do_not_hide_a_statement(checker, statement):
    assert "substring" in layers(checker.check(statement, "", ""))


def test_half_a_statement_is_found_by_its_ngrams(checker):
    words = STATEMENT.split()
    half = " ".join([*words[: len(words) * 2 // 3], "and", "so", "on"])
    found = layers(checker.check(half, "", ""))
    assert "ngrams" in found
    assert "substring" not in found


def test_a_solution_inside_a_response_is_found(checker):
    assert "substring" in layers(checker.check("Do it.", f"Sure:\n```python\n{SOLUTION}```", ""))


def test_a_renamed_and_reformatted_solution_is_found(checker):
    findings = checker.check("Do it.", RENAMED, RENAMED)
    assert "code" in layers(findings)
    assert "names and layout" in findings[0].evidence


def test_a_renamed_solution_is_found_among_other_functions_and_in_broken_code(checker):
    assert "code" in layers(checker.check("Do it.", "", OTHER + RENAMED))
    assert "code" in layers(checker.check("Do it.", "", RENAMED + "\nprint 'done'\ndef half(:\n"))


PARAPHRASE = (
    "A tap fills buckets in turn and each is poured into a barrel; following each bucket, a leak removes "
    "a fixed share. How many liters are left after the final bucket?"
)


def test_a_paraphrase_with_nearly_the_same_program_is_found_by_resemblance(checker):
    code = SOLUTION.replace(
        "level += bucket\n        level = max(0, level - leak)", "level = max(0, level + bucket - leak)"
    )
    findings = checker.check(PARAPHRASE, code, code)
    assert "resemblance" in layers(findings)
    assert "leak" in findings[-1].evidence


def test_a_paraphrase_with_another_program_is_no_finding_but_a_suspect(checker):
    code = (
        "def remaining(buckets, loss):\n    liters = 0\n    for b in buckets:\n"
        "        liters = max(liters + b - loss, 0)\n    return liters\n"
    )
    findings, suspects = checker.examine(PARAPHRASE, code, code)
    assert findings == []
    assert [suspect.task.id for suspect in suspects] == ["Bench/0"]


def test_the_rows_tests_are_compared_as_well(checker):
    tests = "assert stays([3, 4], 1) == 5\nassert stays([], 1) == 0\nassert stays([9, 7, 8], 6) == 6\n"
    assert layers(checker.check("", "", "", tests)) == set()  # the task's two asserts hold no uncommon number
    own = "assert f('Faust', 4) == 'FST-4'\nassert f('Emma', 12) == 'MM-12'\n"
    assert checker.check("", "", "", own) == []  # one assert is not enough


@pytest.mark.parametrize("variants", [0, 1, 3])
def test_variants_of_a_pack_beside_it_change_no_verdict(tmp_path, variants):
    statement = TASKS[0]["prompt"]
    for number in range(variants + 1):
        changed = {**TASKS[0], "prompt": statement.replace("liters", f"liters{number}" if number else "liters")}
        (tmp_path / f"pack{number}.jsonl").write_text("".join(json.dumps(changed) + "\n" for _ in range(6)))
    checker = Decontaminator([load_pack(path) for path in sorted(tmp_path.iterdir())])
    part = " ".join(STATEMENT.split()[8:])
    found = checker.check(f"A story about water: {part} And so on.", "", "")
    assert "ngrams" in {finding.layer for finding in found if finding.pack == "pack0"}


def test_a_short_solution_counts_only_where_the_words_agree(checker):
    code = "def f(a, b):\n    return a + b\n"
    assert not checker.check("Join the two halves of a file's path.", code, code)
    assert layers(checker.check("Add two given numbers x and y.", code, code), "Bench/2")


def test_other_rows_are_left_alone(checker):
    assert checker.check("Read a JSON file and return what it holds.", OTHER, OTHER) == []
    assert checker.check("", "", "") == []


def test_a_seed_is_checked_by_its_docstring_and_its_code(checker):
    seed = SOLUTION.replace(":\n", f':\n    """{STATEMENT}"""\n', 1)
    assert {"substring", "code"} <= layers(checker.check_code(seed))
    assert "code" in layers(checker.check_code(RENAMED))
    assert checker.check_code(OTHER) == []


def test_findings_name_pack_and_task_and_come_surest_layer_first(checker):
    findings = checker.check(STATEMENT, SOLUTION, SOLUTION)
    assert {finding.pack for finding in findings} == {"bench"}
    order = [LAYERS.index(finding.layer) for finding in findings]
    assert order == sorted(order)
    assert all(0 < finding.score <= 1 and finding.evidence for finding in findings)


def test_a_task_that_stands_in_two_packs_is_found_in_both(tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(TASKS[0]) + "\n")
    checker = Decontaminator([load_pack(tmp_path / f"{name}.jsonl") for name in ("one", "two")])
    findings = checker.check(STATEMENT, RENAMED, RENAMED)
    # minhash names the earliest of equal statements only
    for layer in ("substring", "ngrams", "code", "resemblance"):
        assert {f.pack for f in findings if f.layer == layer} == {"one", "two"}


def test_without_packs_nothing_is_found():
    assert Decontaminator([]).check(STATEMENT, SOLUTION, SOLUTION) == []


@pytest.mark.parametrize("text", ["\ud800", "\0", "x" * 200_000, "((((" * 2000])
def test_hostile_rows_are_no_error(checker, text):
    assert checker.check(text, text, text) == []


def test_the_same_row_gives_the_same_findings(checker):
    rows = (STATEMENT, RENAMED, RENAMED)
    assert checker.check(*rows) == checker.check(*rows)
