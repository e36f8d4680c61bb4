"""The micro-world: operations, tasks and their tests."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from pipeline.demo.world import OPERATIONS, Step, combination, held_out, hidden_tests, make_task
from pipeline.demo.world.chains import draw_input, outcome
from pipeline.demo.world.operation import Operation
from pipeline.demo.world.reading import read_instruction
from pipeline.demo.world.task import Task

TASKS = 400


def passes(*sources: str) -> bool:
    """Whether generated code of the micro-world (no model's) runs to its end."""
    try:
        exec("\n".join(sources), {})
    except Exception:
        return False
    return True


@pytest.fixture(scope="module")
def tasks() -> list[Task]:
    rng = random.Random(7)
    return [make_task(rng) for _ in range(TASKS)]


def by_name(operations: tuple[Operation, ...]) -> dict[str, Operation]:
    return {op.name: op for op in operations}


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.name)
def test_all_forms_of_an_operation_agree(op: Operation) -> None:
    rng = random.Random(op.name)
    for _ in range(50):
        step = Step(op, rng.choice(op.params))
        value = draw_input(rng, (step,))
        results = {outcome(((form, step.param),), value) for form in op.forms}
        assert len(results) == 1, (value, results)
        assert not results.pop().startswith("!"), value


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.name)
def test_every_operation_makes_a_task_with_each_parameter(op: Operation) -> None:
    rng = random.Random(op.name)
    for param in op.params:
        task = make_task(rng, chain=(Step(op, param),))
        assert passes(task.clean, task.tests)


@pytest.mark.parametrize("op", [op for op in OPERATIONS if op.loop], ids=lambda op: op.name)
def test_the_loop_of_an_operation_computes_what_its_expression_does(op: Operation) -> None:
    rng = random.Random(op.name)
    for _ in range(20):
        step = Step(op, rng.choice(op.params))
        value = draw_input(rng, (step,))
        lines = [step.write(line.replace("{o}", "result"), "value") for line in op.loop]
        names = {"value": value}
        exec("\n".join(lines), names)
        assert repr(names["result"]) == outcome(((op.forms[0], step.param),), value)


def test_operations_have_names_of_their_own_and_two_forms() -> None:
    assert len(by_name(OPERATIONS)) == len(OPERATIONS) >= 90
    assert all(len(set(op.forms)) >= 2 for op in OPERATIONS)


def test_every_trap_has_a_bug() -> None:
    traps = [op for op in OPERATIONS if op.trap]
    assert len(traps) >= 22
    assert all(op.bugs for op in traps)


def test_no_clean_response_fails_its_tests(tasks: list[Task]) -> None:
    assert [t.clean for t in tasks if not passes(t.clean, t.tests)] == []


def test_no_buggy_response_passes_its_tests(tasks: list[Task]) -> None:
    buggy = [task for task in tasks if task.buggy]
    assert len(buggy) > TASKS / 6
    assert [t.code for t in buggy if passes(t.code, t.tests)] == []


def test_about_a_quarter_of_the_responses_is_buggy(tasks: list[Task]) -> None:
    assert 0.18 < sum(task.buggy for task in tasks) / len(tasks) < 0.35


def test_tests_do_not_repeat_the_expression_of_the_response(tasks: list[Task]) -> None:
    for task in tasks:
        if len(task.chain) == 1 and "return " in task.clean and "for " not in task.clean:
            body = task.clean.split("return ")[-1].strip()
            for line in task.tests.splitlines():
                if line.startswith("assert"):
                    variable = task.tests.split(" = ")[0]
                    assert not line.endswith(f"== {body.replace(task.argument, variable)}")


def test_hidden_tests_pass_clean_code_and_fail_buggy_code(tasks: list[Task]) -> None:
    rng = random.Random(3)
    for task in tasks[:200]:
        hidden = hidden_tests(rng, task.chain, task.name)
        assert hidden.count("assert") >= 5
        assert passes(task.clean, hidden)
    caught = [not passes(t.code, hidden_tests(rng, t.chain, t.name)) for t in tasks if t.buggy]
    assert sum(caught) / len(caught) > 0.97


def test_seed_functions_have_a_docstring_and_compute_the_same(tasks: list[Task]) -> None:
    for task in tasks[:100]:
        assert '"""' in task.seed
        assert passes(task.seed, task.tests)


def test_instructions_hardly_repeat(tasks: list[Task]) -> None:
    assert len({task.instruction for task in tasks}) / len(tasks) > 0.99


def test_an_instruction_is_read_back_into_its_chain(tasks: list[Task]) -> None:
    for task in tasks:
        reading = read_instruction(task.instruction)
        assert reading is not None
        assert (reading.name, reading.argument, reading.chain) == (
            task.name,
            task.argument,
            task.chain,
        )


def test_held_out_combinations_stay_out_of_ordinary_tasks(tasks: list[Task]) -> None:
    assert not any(held_out(task.chain) for task in tasks)


def test_held_out_tasks_have_held_out_combinations() -> None:
    rng = random.Random(5)
    tasks = [make_task(rng, from_held_out=True) for _ in range(60)]
    assert all(held_out(task.chain) and len(task.chain) == 2 for task in tasks)
    assert len({combination(task.chain) for task in tasks}) > 40


def test_an_instruction_in_other_words_is_not_read() -> None:
    assert read_instruction("Write a function that sorts a list.") is None
    assert read_instruction("Write `f(numbers)` to bake a cake.") is None


def test_all_kinds_of_input_occur(tasks: list[Task]) -> None:
    kinds = Counter(task.chain[0].op.takes for task in tasks)
    assert set(kinds) == {"ints", "text", "words", "int", "table"}
    assert min(kinds.values()) > TASKS / 40
