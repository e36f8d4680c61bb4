"""The shipped exemplar sets are what they claim to be: varied, self-contained, and right when executed.

The asserts of every exemplar run in the real sandbox: once on its response, where they must pass, and once on each
response with one function that gives nothing or hands its argument back, where they must fail.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import cast

import pytest

from pipeline.prompts import SHORT, STANDARD, STARCODER2, WITH_LIBRARIES, render
from pipeline.prompts.exemplars import Exemplar, ExemplarSet, load_set, read_exemplar
from pipeline.prompts.parse import (
    ParsedResponse,
    parse_concepts,
    parse_instruction,
    parse_repair,
    parse_response,
    program_of,
)
from pipeline.prompts.structure import breaks_structure
from pipeline.records import Rejection, Response
from pipeline.stages.verdicts import verdict
from pipeline.text.markdown import blocks, fence
from pipeline.text.programs import program_text
from pipeline.verification import attempts
from sandbox import Limits, Pool, Program

SETS = {folder.name: load_set(folder) for folder in (STANDARD, SHORT, WITH_LIBRARIES, STARCODER2)}
FILES = [file for folder in (STANDARD, SHORT, WITH_LIBRARIES, STARCODER2) for file in sorted(folder.glob("*.md"))]
EXEMPLARS = {file: read_exemplar(file) for file in FILES}
FUNCTION = "function implementation"
CLASS = "class implementation"
PROGRAM = "program implementation"

each_exemplar = pytest.mark.parametrize(
    ("file", "exemplar"), EXEMPLARS.items(), ids=lambda item: item.stem if isinstance(item, Path) else ""
)
each_set = pytest.mark.parametrize("shipped", SETS.values(), ids=lambda shipped: shipped.name)


def statuses(programs: Iterable[Program]) -> dict[str, str]:
    """Execute the programs in the sandbox; the status of each by its id."""
    with Pool(workers=1, limits=Limits(memory_bytes=4 * 2**30), packages=("numpy", "pandas")) as pool:
        return {result.id: result.status for result in pool.run_many(programs)}


def functions(tree: ast.AST) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def weakened(exemplar: Exemplar) -> Iterator[Program]:
    """The exemplar's program once for each of its functions, which there returns None, or its first argument."""
    for index, function in enumerate(functions(ast.parse(exemplar.code))):
        names = [argument.arg for argument in function.args.args if argument.arg != "self"]
        for body in ("return None", *(f"return {name}" for name in names[:1])):
            tree = ast.parse(exemplar.code)
            changed = functions(tree)[index]
            changed.body = ast.parse(body).body
            identity = f"{exemplar.name}: {changed.name}, line {changed.lineno}: {body}"
            yield Program(identity, f"{ast.unparse(tree)}\n{exemplar.tests}")


def names_under_test(exemplar: Exemplar) -> set[str]:
    """The public functions and classes of the response that its tests use."""
    used = {node.id for node in ast.walk(ast.parse(exemplar.tests)) if isinstance(node, ast.Name)}
    defined = {node.name for node in ast.parse(exemplar.code).body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    return used & defined


def words(exemplar: Exemplar) -> int:
    return len(exemplar.instruction.split())


def asserts(exemplar: Exemplar) -> int:
    return sum(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(exemplar.tests)))


def prose(exemplar: Exemplar) -> str:
    """The response without its code."""
    return exemplar.response.replace(fence(exemplar.code), "")


def share(shipped: ExemplarSet, has: Callable[[Exemplar], bool]) -> float:
    return sum(map(has, shipped.exemplars)) / len(shipped.exemplars)


# The spread of a set: what few-shot prompts show is what a model copies.


def test_the_standard_set_is_varied_in_form() -> None:
    standard = SETS["standard"]
    lengths = sorted(map(words, standard.exemplars))
    assert lengths[0] <= 30
    assert lengths[3] <= 45
    assert lengths[-1] >= 100
    assert share(standard, lambda item: "Error" in item.instruction) <= 0.4
    assert share(standard, lambda item: "or example" in item.instruction) >= 0.1
    assert sum("```" in item.instruction for item in standard.exemplars) >= 1
    assert sum(bool(re.search(r"^1\. ", item.response, re.MULTILINE)) for item in standard.exemplars) >= 3
    assert sum(not item.response.endswith("```") for item in standard.exemplars) >= 3
    assert sum(len(prose(item).split()) >= 100 for item in standard.exemplars) >= 3
    openings = Counter(item.instruction.split()[0] for item in standard.exemplars)
    assert len(openings) >= 12
    assert openings.most_common(1)[0][1] <= len(standard.exemplars) / 2


def test_the_short_set_has_short_tasks_with_a_worked_example_and_few_asserts() -> None:
    for item in SETS["short"].exemplars:
        assert 20 <= words(item) <= 45, item.name
        assert "For example, `" in item.instruction, item.name
        assert 2 <= asserts(item) <= 4, item.name
        assert len(prose(item).split()) <= 40, item.name
        assert len(item.code.splitlines()) <= 12, item.name
    assert SETS["short"].shots["responses"] >= 3


def test_the_set_with_libraries_has_the_standard_set_and_tasks_that_use_numpy_and_pandas() -> None:
    shipped, standard = SETS["standard-libs"], SETS["standard"]
    own = [item for item in shipped.exemplars if item not in standard.exemplars]
    assert len(own) == len(shipped.exemplars) - len(standard.exemplars) >= 4
    for library in ("numpy", "pandas"):
        assert sum(f"import {library}" in item.code for item in own) >= 2
        assert library in shipped.intro["instructions"]
    assert shipped.judged == standard.judged


def test_the_starcoder2_set_has_sixteen_responses_in_parts_and_shows_concepts_before_the_difficulty() -> None:
    shipped = SETS["starcoder2"]
    assert len(shipped.exemplars) == 16
    for item in shipped.exemplars:
        completion = f"{item.response}\n\n### Tests\n{fence(item.tests)}\n"
        assert isinstance(parse_response(completion, shipped.parts), ParsedResponse), item.name
        reasoning, _, rest = item.response.removeprefix("[Reasoning]\n").partition("\n\n[Implementation]\n")
        _, _, explanation = rest.partition("\n\n[Explanation]\n")
        assert min(len(reasoning.split()), len(explanation.split())) >= 20, item.name
        text = render.example(shipped, "instructions", item)
        assert [line.partition(":")[0] for line in text.split("\n")[1:5]] == [
            "category", "language", "concepts", "difficulty",
        ]  # fmt: skip


def test_no_assert_of_the_standard_set_packs_several_claims() -> None:
    packed = [
        item.name
        for item in SETS["standard"].exemplars
        for node in ast.walk(ast.parse(item.tests))
        if isinstance(node, ast.Assert) and isinstance(node.test, ast.BoolOp) and isinstance(node.test.op, ast.And)
    ]
    assert packed == []


def test_the_standard_set_asks_for_the_shots_and_the_lengths_of_the_method() -> None:
    standard = SETS["standard"]
    assert len(standard.exemplars) >= 34
    assert standard.shots == {"concepts": 8, "instructions": 8, "responses": 1, "repairs": 2}
    assert standard.max_tokens["responses"] == 1536


@each_set
def test_every_property_that_is_drawn_occurs_among_the_exemplars(shipped: ExemplarSet) -> None:
    assert set(shipped.categories) == {exemplar.category for exemplar in shipped.exemplars}
    assert set(shipped.difficulties) == {exemplar.difficulty for exemplar in shipped.exemplars}
    assert {exemplar.language for exemplar in shipped.exemplars} == {"Python"}


def test_categories_are_spread_as_they_are_drawn() -> None:
    counts = Counter(exemplar.category for exemplar in SETS["standard"].exemplars)
    assert counts[FUNCTION] > counts[CLASS] > counts[PROGRAM] >= 4


def test_difficulties_are_spread_about_evenly() -> None:
    counts = Counter(exemplar.difficulty for exemplar in SETS["standard"].exemplars)
    assert max(counts.values()) - min(counts.values()) <= 2


@pytest.mark.parametrize("category", [FUNCTION, CLASS, PROGRAM])
def test_every_category_comes_in_several_difficulties(category: str) -> None:
    found = {exemplar.difficulty for exemplar in SETS["standard"].exemplars if exemplar.category == category}
    assert found == {"easy", "medium", "hard"}


@pytest.mark.parametrize("part", ["snippet", "concepts", "instruction", "code", "tests"])
def test_no_two_exemplars_share_a_part(part: str) -> None:
    assert len({getattr(exemplar, part) for exemplar in EXEMPLARS.values()}) == len(EXEMPLARS)


# Each exemplar.


@each_exemplar
def test_a_snippet_is_one_documented_function_of_moderate_length(file: Path, exemplar: Exemplar) -> None:
    *imports, function = ast.parse(exemplar.snippet).body
    assert all(isinstance(node, (ast.Import, ast.ImportFrom)) for node in imports)
    assert isinstance(function, ast.FunctionDef)
    assert ast.get_docstring(function)
    assert function.end_lineno is not None
    fewest = 8 if file.parent == STANDARD else 3
    assert fewest <= function.end_lineno - function.lineno + 1 <= 30


@each_exemplar
def test_an_instruction_is_of_at_most_120_words_and_one_paragraph_but_for_code(file: Path, exemplar: Exemplar) -> None:
    text = exemplar.instruction
    for block in blocks(text):
        text = "\n".join(text.split("\n")[: block.first]).rstrip()
    assert "\n" not in text
    assert words(exemplar) <= 120


@each_exemplar
def test_an_instruction_names_all_that_the_tests_use(file: Path, exemplar: Exemplar) -> None:
    names = names_under_test(exemplar)
    assert names
    shown = exemplar.instruction + "".join(f"`{block.text}`" for block in blocks(exemplar.instruction))
    assert all(re.search(rf"`[^`]*\b{name}\b[^`]*`", shown) for name in names)


@each_exemplar
def test_an_instruction_does_not_name_its_concepts(file: Path, exemplar: Exemplar) -> None:
    text = exemplar.instruction.lower()
    assert [concept for concept in exemplar.concepts if concept.lower() in text] == []


@each_exemplar
def test_an_instruction_is_another_task_than_its_snippet(file: Path, exemplar: Exemplar) -> None:
    name = functions(ast.parse(exemplar.snippet))[0].name
    assert not re.search(rf"\b{name}\b", exemplar.instruction)
    assert not re.search(rf"\b{name}\b", exemplar.code)


@each_exemplar
def test_a_response_is_prose_and_then_code(file: Path, exemplar: Exemplar) -> None:
    assert not exemplar.response.startswith("```")
    assert exemplar.response.count(fence(exemplar.code)) == 1
    assert 8 <= len(prose(exemplar).split()) <= 200


@each_exemplar
def test_our_own_parsers_accept_every_part(file: Path, exemplar: Exemplar) -> None:
    completion = f"{exemplar.response}\n\n### Tests\n{fence(exemplar.tests)}\n"
    assert parse_response(completion) == ParsedResponse(exemplar.response, exemplar.code, exemplar.tests)
    assert parse_instruction(exemplar.instruction) == exemplar.instruction
    assert not isinstance(parse_concepts(", ".join(exemplar.concepts)), Rejection)
    assert 3 <= len(exemplar.concepts) <= 6
    parts = (exemplar.snippet, exemplar.instruction, exemplar.response, exemplar.tests)
    assert not any(breaks_structure(part) for part in parts)


@each_set
def test_an_example_holds_no_stop_before_its_end(shipped: ExemplarSet) -> None:
    for form in ("concepts", "instructions", "inspired", "evolved", "committed", "responses", "repairs"):
        for item in shipped.of(form):
            text = render.example(shipped, form, item)
            *_, answer = re.split(
                r"^### (?:Concepts|Harder instruction|Instruction|Response)\n", text, flags=re.MULTILINE
            )
            first = min(answer.find(stop) % (len(answer) + 1) for stop in render.stops(shipped, form))
            assert answer[first:].strip() in ("", shipped.end), (form, item.name)


@each_exemplar
def test_a_file_has_no_trailing_spaces_and_no_long_code_lines(file: Path, exemplar: Exemplar) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.isascii()
    assert not re.search(r"[ \t]$", text, re.MULTILINE)
    code = "\n".join([exemplar.snippet, exemplar.code, exemplar.tests])
    assert max(map(len, code.splitlines())) <= 120


@each_set
def test_a_repair_is_a_response_of_its_own_to_an_attempt_that_failed_as_is_shown(shipped: ExemplarSet) -> None:
    tried = {f"{item.name} attempt": (item, program_of(item.attempt)) for item in shipped.repaired}
    repaired = {f"{item.name} response": (item, program_of(item.response)) for item in shipped.repaired}
    every = {**tried, **repaired}
    limits = Limits(wall_seconds=10, cpu_seconds=1)
    with Pool(workers=1, limits=limits) as pool:
        programs = (Program(id, program_text(code, item.tests)) for id, (item, code) in every.items())
        results = {result.id: result for result in pool.run_many(programs)}
    for id, (item, code) in every.items():
        parsed = parse_repair(f"{item.response}\n\n### Tests\n{fence(item.tests)}")
        assert parsed == ParsedResponse(item.response, program_of(item.response), "")
        assert "attempt" not in item.response
        if id in repaired:
            assert results[id].passed, id
            continue
        attempt = {"id": id, "instruction_id": "i", "sample": 0, "response": "", "code": code, "tests": item.tests}
        shown = attempts.outcome(cast(Response, attempt), verdict(results[id]))
        assert re.sub("more than .* of", "up its", shown) == item.outcome, id


def test_every_response_passes_its_tests_in_the_sandbox() -> None:
    programs = [Program(exemplar.name, f"{exemplar.code}\n{exemplar.tests}") for exemplar in EXEMPLARS.values()]
    assert statuses(programs) == {program.id: "passed" for program in programs}


@pytest.mark.slow
def test_no_function_of_a_response_can_be_weakened_unnoticed() -> None:
    programs = [program for exemplar in EXEMPLARS.values() for program in weakened(exemplar)]
    found = statuses(programs)
    assert found.keys() == {program.id for program in programs}
    assert {name: status for name, status in found.items() if status == "passed"} == {}
