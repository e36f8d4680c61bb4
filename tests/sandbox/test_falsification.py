"""What passes although it is not right is found by falsification, and nothing that is right is.

fakes/ holds responses with tests that they do not deserve to pass, claims/ such that they do. A fake whose first line
says `passed` is a limit that docs/sandbox.md names.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox import Limits, Pool
from sandbox.falsification import Claim, run_and_falsify

HERE = Path(__file__).parent
BETWEEN = "# --- tests\n"
# Packages that some programs import; these are requirements of the tests.
PACKAGES = ("numpy", "pytest")


def claim(path: Path) -> Claim:
    code, _, tests = path.read_text().partition(BETWEEN)
    return Claim(f"{path.parent.name}/{path.stem}", code, tests)


PATHS = sorted([*HERE.glob("fakes/*.program"), *HERE.glob("claims/*.program")])


@pytest.fixture(scope="module")
def results():
    with Pool(limits=Limits(wall_seconds=6.0, cpu_seconds=4), packages=PACKAGES) as pool:
        return {result.id: result for result in run_and_falsify(pool, map(claim, PATHS))}


@pytest.mark.parametrize("path", [path for path in PATHS if path.parent.name == "fakes"], ids=lambda path: path.stem)
def test_no_fake_passes_but_for_the_documented_limits(results, path):
    expected = path.read_text().partition("\n")[0].removeprefix("# expect: ").split("|")
    assert results[claim(path).id].status in expected


@pytest.mark.parametrize("path", [path for path in PATHS if path.parent.name == "claims"], ids=lambda path: path.stem)
def test_no_right_response_is_lost(results, path):
    result = results[claim(path).id]
    assert result.passed, f"{result.detail}\n{result.stderr}"
