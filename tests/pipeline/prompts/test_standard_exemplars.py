"""The standard exemplar set is what it claims to be: varied, self-contained, and right when executed.

The asserts of every exemplar run in the real sandbox, once on its response, where they must pass, and
once on each response with one function emptied, where they must fail.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator

import pytest

from pipeline.prompts import STANDARD as FOLDER
from pipeline.prompts.exemplars import Exemplar, load_set
from pipeline.prompts.parse import (
    ParsedResponse,
    parse_concepts,
    parse_instruction,
    parse_response,
)
from pipeline.prompts.structure import breaks_structure
from pipeline.records import Rejection
from pipeline.text.markdown import fence
from sandbox import Limits, Pool, Program

STANDARD = load_set(FOLDER)
EXEMPLARS = STANDARD.exemplars
FUNCTION = "function implementation"
CLASS = "class implementation"
PROGRAM = "program implementation"

each_exemplar = pytest.mark.parametrize("exemplar", EXEMPLARS, ids=lambda exemplar: exemplar.name)


def statuses(programs: Iterable[Program]) -> dict[str, str]:
    """Execute the programs in the sandbox; the status of each by its id."""
    with Pool(workers=1, limits=Limits()) as pool:
        return {result.id: result.status for result in pool.run_many(programs)}


def functions(tree: ast.AST) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def emptied(exemplar: Exemplar) -> Iterator[Program]:
    """The exemplar's program once for each of its functions, which there only returns None."""
    for index in range(len(functions(ast.parse(exemplar.code)))):
        tree = ast.parse(exemplar.code)
        function = functions(tree)[index]
        function.body = ast.parse("return None").body
        identity = f"{exemplar.name}: {function.name}, line {function.lineno}"
        yield Program(identity, f"{ast.unparse(tree)}\n{exemplar.tests}")


def names_under_test(exemplar: Exemplar) -> set[str]:
    """The public functions and classes of the response that its tests use."""
    used = {node.id for node in ast.walk(ast.parse(exemplar.tests)) if isinstance(node, ast.Name)}
    defined = {node.name for node in ast.parse(exemplar.code).body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    return used & defined


def test_the_set_has_at_least_21_exemplars() -> None:
    assert len(EXEMPLARS) >= 21


def test_the_set_asks_for_the_shots_of_the_method() -> None:
    assert STANDARD.shots == {"concepts": 8, "instructions": 8, "responses": 1}


def test_every_property_that_is_drawn_occurs_among_the_exemplars() -> None:
    assert set(STANDARD.categories) == {exemplar.category for exemplar in EXEMPLARS}
    assert set(STANDARD.difficulties) == {exemplar.difficulty for exemplar in EXEMPLARS}
    assert {exemplar.language for exemplar in EXEMPLARS} == {"Python"}


def test_categories_are_spread_as_they_are_drawn() -> None:
    counts = Counter(exemplar.category for exemplar in EXEMPLARS)
    assert counts[FUNCTION] > counts[CLASS] > counts[PROGRAM] >= 4


def test_difficulties_are_spread_about_evenly() -> None:
    counts = Counter(exemplar.difficulty for exemplar in EXEMPLARS)
    assert max(counts.values()) - min(counts.values()) <= 2


@pytest.mark.parametrize("category", [FUNCTION, CLASS, PROGRAM])
def test_every_category_comes_in_several_difficulties(category: str) -> None:
    found = {exemplar.difficulty for exemplar in EXEMPLARS if exemplar.category == category}
    assert found == {"easy", "medium", "hard"}


@pytest.mark.parametrize("part", ["snippet", "concepts", "instruction", "code", "tests"])
def test_no_two_exemplars_share_a_part(part: str) -> None:
    assert len({getattr(exemplar, part) for exemplar in EXEMPLARS}) == len(EXEMPLARS)


@each_exemplar
def test_a_snippet_is_one_documented_function_of_moderate_length(exemplar: Exemplar) -> None:
    *imports, function = ast.parse(exemplar.snippet).body
    assert all(isinstance(node, (ast.Import, ast.ImportFrom)) for node in imports)
    assert isinstance(function, ast.FunctionDef)
    assert ast.get_docstring(function)
    assert function.end_lineno is not None
    assert 8 <= function.end_lineno - function.lineno + 1 <= 30


@each_exemplar
def test_an_instruction_is_one_paragraph_of_at_most_120_words(exemplar: Exemplar) -> None:
    assert "\n" not in exemplar.instruction
    assert len(exemplar.instruction.split()) <= 120


@each_exemplar
def test_an_instruction_names_all_that_the_tests_use(exemplar: Exemplar) -> None:
    names = names_under_test(exemplar)
    assert names
    assert all(re.search(rf"`[^`]*\b{name}\b[^`]*`", exemplar.instruction) for name in names)


@each_exemplar
def test_an_instruction_does_not_name_its_concepts(exemplar: Exemplar) -> None:
    text = exemplar.instruction.lower()
    assert [concept for concept in exemplar.concepts if concept.lower() in text] == []


@each_exemplar
def test_an_instruction_is_another_task_than_its_snippet(exemplar: Exemplar) -> None:
    name = functions(ast.parse(exemplar.snippet))[0].name
    assert name not in exemplar.instruction
    assert name not in exemplar.code


@each_exemplar
def test_a_response_is_a_little_prose_and_then_code(exemplar: Exemplar) -> None:
    prose, _, code = exemplar.response.partition("\n\n")
    assert 1 <= len(re.findall(r"[.!?](?:\s|$)", prose)) <= 4
    assert code == fence(exemplar.code)


@each_exemplar
def test_tests_have_4_to_8_top_level_asserts_or_blocks_with_one(exemplar: Exemplar) -> None:
    body = ast.parse(exemplar.tests).body
    checks = [
        node
        for node in body
        if not isinstance(node, ast.FunctionDef)
        and any(isinstance(inner, (ast.Assert, ast.Raise)) for inner in ast.walk(node))
    ]
    assert 4 <= len(checks) <= 8


@each_exemplar
def test_our_own_parsers_accept_every_part(exemplar: Exemplar) -> None:
    completion = f"{exemplar.response}\n\n### Tests\n{fence(exemplar.tests)}\n"
    assert parse_response(completion) == ParsedResponse(exemplar.response, exemplar.code, exemplar.tests)
    assert parse_instruction(exemplar.instruction) == exemplar.instruction
    assert not isinstance(parse_concepts(", ".join(exemplar.concepts)), Rejection)
    assert 3 <= len(exemplar.concepts) <= 6
    parts = (exemplar.snippet, exemplar.instruction, exemplar.response, exemplar.tests)
    assert not any(breaks_structure(part) for part in parts)


@each_exemplar
def test_a_file_has_no_trailing_spaces_and_no_long_code_lines(exemplar: Exemplar) -> None:
    text = (FOLDER / f"{exemplar.name}.md").read_text(encoding="utf-8")
    assert text.isascii()
    assert not re.search(r"[ \t]$", text, re.MULTILINE)
    code = "\n".join([exemplar.snippet, exemplar.code, exemplar.tests])
    assert max(map(len, code.splitlines())) <= 100


def test_every_response_passes_its_tests_in_the_sandbox() -> None:
    programs = [Program(exemplar.name, f"{exemplar.code}\n{exemplar.tests}") for exemplar in EXEMPLARS]
    assert statuses(programs) == {program.id: "passed" for program in programs}


@pytest.mark.slow
def test_no_function_of_a_response_can_be_emptied_unnoticed() -> None:
    programs = [program for exemplar in EXEMPLARS for program in emptied(exemplar)]
    found = statuses(programs)
    assert found.keys() == {program.id for program in programs}
    assert {name: status for name, status in found.items() if status != "failed"} == {}
