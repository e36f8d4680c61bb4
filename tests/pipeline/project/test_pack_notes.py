"""What a user is told about the packs before a run."""

from pipeline.packs.layouts import Task
from pipeline.packs.pack import Pack
from pipeline.project.pack_notes import is_demo, needed_packages
from tests.support.pinned import settings


def pack(*tests: str) -> Pack:
    tasks = tuple(
        Task("p", str(n), ("S.",), ("import math\ndef f(x): return x\n",), "f", "", t) for n, t in enumerate(tests)
    )
    return Pack("p", "MBPP", "p.jsonl", "r", tasks)


def test_the_packages_that_a_packs_tasks_need_and_the_sandbox_lacks_are_named():
    tests = ("import numpy as np\nassert f(1) == 1", "from pandas.core import frame\nassert f(1)", "assert f(2) == 2")
    (sentence,) = needed_packages(settings(), [pack(*tests)])
    assert "2 of 3 tasks" in sentence and "numpy, pandas" in sentence
    assert needed_packages(settings(), [pack("assert f(2) == 2")]) == []


def test_packages_of_the_sandbox_are_there():
    assert needed_packages(settings(sandbox__packages="numpy"), [pack("import numpy\nassert f(1) == 1")]) == []


def test_only_the_demo_model_needs_no_pack():
    assert is_demo(settings())
    assert not is_demo(settings(model__path="other.gguf"))
    assert not is_demo(settings(engine__backend="server"))
