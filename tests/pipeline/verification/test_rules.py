"""Each rule of the verification is declared, used and documented."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

from pipeline.stages import verifications
from pipeline.verification import job

ROOT = Path(__file__).parents[3]


def test_all_rules_are_declared():
    used = {
        call.args[0].value
        for module in (job, verifications)
        for call in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Rejection"
    }
    assert used == set(job.RULES)


def test_all_rules_are_documented():
    page = (ROOT / "docs" / "verification.md").read_text()
    table = page.partition("\n## The rules\n")[2].partition("\n\n**")[0]
    assert set(re.findall(r"^\| (\w+) \| ", table, re.MULTILINE)[1:]) == set(job.RULES)
