"""A small finished project, made once; each test gets a copy that it may damage."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.projects import Project

FUNCTIONS = "\n\n".join(
    f'def {name}(items):\n    """{doc}"""\n    return {body}'
    for name, doc, body in [
        ("evens", "Keep the even numbers.", "[item for item in items if item % 2 == 0]"),
        ("odds", "Keep the odd numbers.", "[item for item in items if item % 2 == 1]"),
        ("doubled", "Double each number.", "[2 * item for item in items]"),
        ("backwards", "The items in reverse order.", "items[::-1]"),
        ("longest", "The longest word.", "max(items, key=len)"),
        ("shouted", "Upper-case every word.", "[item.upper() for item in items]"),
        ("total", "The sum of all numbers.", "sum(items)"),
        ("initials", "The first letters of the words.", "''.join(item[0] for item in items)"),
        ("unique", "Each item once, in order.", "list(dict.fromkeys(items))"),
        ("spread", "Largest minus smallest.", "max(items) - min(items)"),
        ("shortest", "The shortest word.", "min(items, key=len)"),
        ("squared", "Square each number.", "[item * item for item in items]"),
        ("positive", "Keep the positive numbers.", "[item for item in items if item > 0]"),
        ("lengths", "The length of each word.", "[len(item) for item in items]"),
        ("joined", "The words with spaces between them.", "' '.join(items)"),
        ("ascending", "The items in ascending order.", "sorted(items)"),
    ]
)


class Small(Project):
    """A project whose only source is a file of sixteen functions.

    One context, one sequence and one sample at a time, and nothing else in the cache: then llama.cpp
    rounds a record's numbers in the same way whatever was made before it, and what is made again can be
    compared byte for byte. With several, what was finished stays as it was (tests/e2e/test_kill.py).
    """

    def configure(self, **sections):
        code = self.root.parent / "code"
        seeds = {"sources": str(code), "stdlib_share": 0, **sections.pop("seeds", {})}
        super().configure(
            seeds=seeds,
            # Without flash attention a context leaves the cache when the next one comes.
            engine={
                "n_threads": 1,
                "n_seq": 1,
                "flash_attn": "off",
                **sections.pop("engine", {}),
            },
            prompts={"fewshot_contexts": 1, **sections.pop("prompts", {})},
            # A number, not what fits: so that raising max_tokens changes nothing but that limit.
            responses={"shots": 1, "samples": 1, **sections.pop("responses", {})},
            executions={"workers": 2, **sections.pop("executions", {})},
            **sections,
        )


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Small:
    """The project after an uninterrupted run. Not to be changed."""
    folder = tmp_path_factory.mktemp("crash")
    (folder / "code").mkdir()
    (folder / "code" / "words.py").write_text(FUNCTIONS + "\n")
    (folder / "finished").mkdir()
    made = Small(folder / "finished")
    code, output = made.run()
    assert code == 0, output
    return made


@pytest.fixture
def project(finished: Small, request: pytest.FixtureRequest) -> Small:
    """A copy of the finished project, beside it: with the same sources."""
    root = finished.root.with_name(f"{request.node.name[:40]}-{id(request)}".replace("/", "-"))
    shutil.copytree(finished.root, root, symlinks=True)
    return Small(root)


@pytest.fixture
def fresh(finished: Small, request: pytest.FixtureRequest) -> Small:
    """A project with the same sources, in which nothing was run yet."""
    root: Path = finished.root.with_name(f"fresh-{request.node.name[:40]}-{id(request)}")
    root.mkdir()
    return Small(root)
