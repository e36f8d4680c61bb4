"""Stage 3 where `[instructions] source = docstring`: the signature and docstring of a seed are the instruction.

No model is used. What a person documented and wrote is then known, so that the oracle stage can tell whether a
response is right. In: a shard of concepts, with its seeds. Out: records as those of stages/instructions.py. Rejected:
no_docstring and seed_not_running, before tokens are spent on answers that nothing could be compared with.
"""

from __future__ import annotations

import ast
from collections.abc import Set
from typing import Any, ClassVar

from pipeline.project.sandboxes import open_pool
from pipeline.records import Instruction, Rejection, Rules
from pipeline.stages.concepts import Concepts
from pipeline.stages.instructions import LANGUAGE
from pipeline.stages.stage import Outcome, Outcomes, ShardTask
from pipeline.text.lists import as_list
from pipeline.text.markdown import fence
from pipeline.text.normalise import parse
from sandbox import PROTOCOL, Program

DOCSTRING = "docstring"  # [instructions] source
CATEGORY, DIFFICULTY = "function implementation", "unrated"


class Documented(ShardTask):
    """A shard of the instructions stage, written without a model."""

    stage, version = "instructions", 1
    follows = Concepts
    rules: ClassVar[Rules] = {
        "no_docstring": "Instructions are made from docstrings, and the seed is no function with one.",
        "seed_not_running": "The seed does not run in the sandbox by itself: no answer could be compared with it.",
    }

    def ingredients(self) -> dict[str, Any]:
        return {
            "source": DOCSTRING,
            "sandbox": PROTOCOL,
            "packages": sorted(as_list(self.project.settings.sandbox.packages)),
        }

    def outcomes(self, done: Set[str]) -> Outcomes:
        seeds = {seed["id"]: seed for seed in self.input_paths("seeds").read()}
        made: dict[str, Instruction] = {}
        for record in self.before.paths.read():
            id = record["id"]
            if id in done:
                continue
            instruction = described(seeds[id]["code"], seeds[id]["name"])
            if instruction is None:
                yield Outcome(id, Rejection("no_docstring", f"{seeds[id]['kind']} {seeds[id]['name']}"))
            else:
                made[id] = _record(id, instruction, record["concepts"])
        if not made:
            return
        programs = (Program(id, seeds[id]["code"]) for id in made)
        with open_pool(self.project, self.reporter.say) as pool:
            for result in pool.run_many(programs):
                spent = {"executions": 1, "wall_s": result.wall_s, "cpu_s": result.cpu_s}
                if result.passed:
                    yield Outcome(result.id, made[result.id], spent)
                else:
                    evidence = f"{result.status}: {result.detail}"[:200]
                    yield Outcome(result.id, Rejection("seed_not_running", evidence), spent)


def _record(id: str, instruction: str, concepts: list[str]) -> Instruction:
    return {
        "id": id,
        "instruction": instruction,
        "category": CATEGORY,
        "difficulty": DIFFICULTY,
        "language": LANGUAGE,
        "concepts": concepts,
    }


def described(code: str, name: str) -> str | None:
    """The task to write the function `name` of a seed, by its signature and docstring; None where it has none."""
    module = parse(code)
    functions = [node for node in module.body if isinstance(node, ast.FunctionDef)] if module else []
    found = [node for node in functions if node.name == name and ast.get_docstring(node)]
    if module is None or not found:
        return None
    head = found[-1]
    stub = ast.FunctionDef(**{**dict(ast.iter_fields(head)), "body": head.body[:1], "decorator_list": []})
    names = {node.id for node in ast.walk(stub) if isinstance(node, ast.Name)}
    imports = [
        ast.unparse(node)
        for node in module.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        and any((alias.asname or alias.name.partition(".")[0]) in names for alias in node.names)
    ]
    text = "\n".join([*imports, *(["\n"] if imports else []), ast.unparse(ast.fix_missing_locations(stub))])
    return f"Write the Python function `{name}` that its signature and docstring describe.\n\n{fence(text)}"
