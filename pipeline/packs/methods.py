"""ClassEval: a class to be written whole, or one method of it, which is scored within the rest of the solution.

In: a row, and for an answer to the task of a method its code: the method alone, or a class that has it. Out: tasks, and
the program in which the answer's method has the place of the solution's. Nothing is executed.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pipeline.packs.asked import Asked
from pipeline.packs.layouts import Task
from pipeline.text.markdown import fence
from pipeline.text.normalise import parse

_RUN = "\n\nimport unittest\nunittest.main()\n"
# Where a base model's method ends: the next one, or what stands at the margin.
_STOPS = ("\n    def ", "\n    @", "\nclass ", "\ndef ", "\n# ", "\nassert ", "\nif __name__", "\nprint(")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEFINITIONS = (*_FUNCTIONS, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)


def of_class(row: dict[str, Any], task: Task) -> Task:
    """The task of the whole class: all its test classes have to pass."""
    question = f"Complete this class. Write the whole class.\n\n{fence(_skeleton(row, task))}"
    tests = str(row.get("test") or "")
    return replace(task, asked=Asked(question, tests + _RUN if tests else ""))


def of_methods(row: dict[str, Any], task: Task) -> Iterator[Task]:
    """A task for each method, named after it: the method's own test class has to pass.

    Raises ValueError for a row whose tests are no Python, KeyError for a key that it has not.
    """
    shown = fence(_skeleton(row, task))
    for method in row["methods_info"]:
        name = str(method["method_name"])
        yield replace(
            task,
            id=f"{task.id}.{name}",
            asked=Asked(
                f"Complete the method `{name}` of this class. Write this method alone.\n\n{shown}",
                _tests_of(str(row["test"]), str(method["test_class"]), row["test_classes"]) + _RUN,
                _begun(row, task, str(method["method_description"])),
                _STOPS,
                method=name,
            ),
        )


def within_class(solution: str, class_name: str, name: str, code: str) -> str:
    """The solution with the method `name` of an answer, and with what the answer defines beside it.

    An answer without such a method is returned as it is: it fails the method's tests.
    """
    tree, answer = parse(solution), parse(textwrap.dedent(code))
    method = _function(answer, name) if answer else None
    if tree is None or answer is None or method is None:
        return code
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == class_name:
            node.body = [_in_place_of(other, method) if _is(other, name) else other for other in node.body]
    defined = [
        node
        for node in answer.body
        if isinstance(node, _DEFINITIONS) and node is not method and getattr(node, "name", "") != class_name
    ]
    return ast.unparse(ast.Module([*defined, *tree.body], []))


def _is(node: ast.stmt, name: str) -> bool:
    return isinstance(node, _FUNCTIONS) and node.name == name


def _function(tree: ast.Module, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The last function of the name at the margin, or in a class there."""
    found = None
    for node in tree.body:
        for inner in node.body if isinstance(node, ast.ClassDef) else [node]:
            if isinstance(inner, _FUNCTIONS) and inner.name == name:
                found = inner
    return found


def _in_place_of(other: ast.stmt, method: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.stmt:
    """The method, decorated as the solution's where the answer does not decorate it: `@staticmethod`."""
    if isinstance(other, _FUNCTIONS) and not method.decorator_list:
        method.decorator_list = other.decorator_list
    return method


def _skeleton(row: dict[str, Any], task: Task) -> str:
    """The skeleton after the imports that it does not show itself."""
    skeleton = str(row["skeleton"])
    lines = skeleton.split("\n")
    imports = [line for line in task.setup.split("\n") if line and line not in lines]
    return "\n".join([*imports, skeleton]).strip()


def _begun(row: dict[str, Any], task: Task, description: str) -> str:
    """The document of a base model: imports, the class up to its constructor, and the method's head with its text."""
    head, _, text = description.partition('"""')
    signature = "\n".join(line.strip() for line in head.strip().split("\n"))
    shown = f'{signature}\n    """{_text(text)}' if text else signature
    constructor = str(row["class_constructor"]).rstrip()
    return f"{task.setup}\n\n{constructor}\n\n{textwrap.indent(shown, '    ')}\n"


def _text(text: str) -> str:
    """A docstring's text after its opening quotes, indented as the body of a function at the margin."""
    first, _, rest = text.partition("\n")
    return f"{first}\n{textwrap.indent(textwrap.dedent(rest), '    ')}".rstrip()


def _tests_of(tests: str, wanted: str, classes: list[str]) -> str:
    """The tests without the classes of other methods, and without a main guard."""
    tree = parse(tests)
    if tree is None:
        raise ValueError("its test is no Python")
    others = set(classes) - {wanted}
    kept = [node for node in tree.body if getattr(node, "name", "") not in others and not isinstance(node, ast.If)]
    return ast.unparse(ast.Module(kept, []))
