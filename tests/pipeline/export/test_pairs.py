"""A preference pair is a right response against one that is worse and still of some worth, by the row's pooled tests."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from pipeline.export.pairs import preference_pairs

RIGHT = "def double(x):\n    return 2 * x\n"
POOLED = "".join(f"assert double({n}) == {2 * n}\n" for n in range(5))
# Codes by the share of the pooled checks that they pass.
OTHERS = {
    "another right one": (RIGHT.replace("2 * x", "x + x"), 1.0),
    "right under another name": (RIGHT.replace("double", "twice"), 1.0),
    "most": ("def double(x):\n    return 2 * x if x < 4 else 0\n", 0.8),
    "some, and it passes its own tests": ("def double(x):\n    return 2 * x if x < 3 else 0\n", 0.6),
    "some, under another name": ("def twice(x):\n    return x * x\n", 0.4),
    "some, then it never ends": ("def double(x):\n    while x > 1:\n        pass\n    return 2 * x\n", 0.4),
    "none": ("def double(x):\n    return 'no'\n", 0.0),
    "no code": ("def double(x:\n", 0.0),
    "it leaves": ("raise SystemExit\n", 0.0),
}


def dataset(row: dict, responses: list[dict]) -> SimpleNamespace:
    shard = SimpleNamespace(read=lambda: iter(responses))
    return SimpleNamespace(
        rows=lambda: iter([row]),
        shards=lambda _: [shard],
        executed_with={"timeout_s": 10.0, "memory_mb": 512, "packages": []},
    )


def pairs(code: str, others: dict[str, tuple[str, float]]) -> list[str]:
    texts = {"a-000": ("row", code)} | {f"a-{n:03d}": (name, of[0]) for n, (name, of) in enumerate(others.items(), 1)}
    responses = [
        {"id": id, "instruction_id": "a", "response": f"{name}\n\n```python\n{code}```\n", "code": code}
        for id, (name, code) in texts.items()
    ]
    row = {"id": "a-000", "response": responses[0]["response"], "tests": "assert True", "pooled_tests": POOLED}
    return [worse.partition("\n")[0] for _, worse in preference_pairs(dataset(row, responses))]


@pytest.mark.parametrize("name", list(OTHERS))
def test_the_worse_side_passes_some_checks_and_much_fewer(name: str) -> None:
    code, share = OTHERS[name]
    assert pairs(RIGHT, {name: (code, share)}) == ([name] if 0 < share <= 0.6 else [])


def test_of_several_worse_ones_one_is_taken() -> None:
    assert len(pairs(RIGHT, OTHERS)) == 1


def test_a_row_that_does_not_pass_its_checks_is_no_better_side() -> None:
    assert (
        pairs(OTHERS["some, and it passes its own tests"][0], {"worse": ("def double(x):\n    return 0\n", 0.2)}) == []
    )
