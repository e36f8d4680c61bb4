"""The type check: which seeds stand on their own, and that none costs another its verdict."""

from __future__ import annotations

import pytest

from pipeline.errors import MachineError
from pipeline.seeds import typecheck


def function(body: str, arguments: str = "x: int") -> str:
    return f'def f({arguments}):\n    """Doc."""\n    {body}\n'


@pytest.mark.parametrize(
    "code",
    [
        function("return x + 1"),
        "import re\n\n\n" + function("return re.sub('a', '', str(x))"),
        "import no_such_package as n\n\n\n" + function("return n.f(x).g"),
        "from no_such_package.deep import g\n\n\n" + function("return g(x)"),
        "def f[T](x: T) -> T:\n    return x\n",
    ],
)
def test_what_stands_on_its_own_passes(code):
    assert typecheck.faults({"a": code}) == {}


@pytest.mark.parametrize(
    ("code", "named"),
    [
        (function("return helper(x)"), "helper"),
        (function("return x.strip()"), "strip"),
        (function("return len(x)"), "int"),
        ("import re\n\n\n" + function("return re.no_such_function(x)"), "no_such_function"),
        ("def f(:\n", "line 1"),
    ],
)
def test_what_does_not_is_dropped_with_the_reason(code, named):
    assert named in typecheck.faults({"a": code})["a"]


def test_a_checker_that_gives_no_verdict_in_time_drops_with_the_reason_and_goes_on(monkeypatch):
    monkeypatch.setattr(typecheck, "BASE_SECONDS", 0.0)
    monkeypatch.setattr(typecheck, "SECONDS_EACH", 0.0)
    found = typecheck.faults({"a": function("return x"), "b": function("return x + 1")})
    assert found.keys() == {"a", "b"}
    assert "timed out" in found["a"]


@pytest.mark.parametrize("nested", ["-" * 15_000 + "x", "[" * 8_000 + "]" * 8_000, "x" + "()" * 8_000])
def test_what_is_nested_without_end_costs_itself_only(nested):
    codes = {"deep": function(f"return {nested}"), "good": function("return x")}
    assert typecheck.faults(codes).keys() == {"deep"}


def test_a_checker_that_does_not_work_here_costs_no_seed(tmp_path, monkeypatch):
    (tmp_path / "pyrefly.py").write_text("raise SystemExit('its program is missing')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(MachineError, match="its program is missing") as caught:
        typecheck.faults({"a": function("return x"), "b": function("return x + 1")})
    assert "pyrefly" in caught.value.remedy
