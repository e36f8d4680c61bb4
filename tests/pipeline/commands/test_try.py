"""`try`: one snippet through the real stages, with the real model, leaving nothing behind."""

from __future__ import annotations

import orjson

from tests.support.projects import Project

SNIPPET = '''
def double_all(numbers):
    """Return a list with every number doubled."""
    return [2 * number for number in numbers]
'''


def test_a_snippet_goes_through_all_stages_and_nothing_is_left_behind(tmp_path):
    project = Project(tmp_path)
    (tmp_path / "snippet.py").write_text(SNIPPET)
    before = sorted(tmp_path.rglob("*"))
    code, output = project.ask("try", "snippet.py", "--json")
    assert code == 0, output
    stages = {stage["stage"]: stage for stage in orjson.loads(output)}
    assert list(stages)[:3] == ["seeds", "concepts", "instructions"]
    assert len(stages["responses"]["kept"]) + len(stages["responses"]["rejected"]) == 4
    assert stages["seeds"]["kept"][0]["code"].strip() == SNIPPET.strip()
    assert sorted(tmp_path.rglob("*")) == before


def test_a_snippet_that_is_no_seed_ends_with_the_rule(tmp_path):
    code, output = Project(tmp_path).ask("try", "def f(x): return x")
    assert code == 0, output
    assert "rejected by no_docstring" in output
    assert "nothing is left after seeds" in output


def test_a_file_that_is_not_there_is_named(tmp_path):
    code, output = Project(tmp_path).ask("try", "nowhere.py")
    assert code == 20
    assert "nowhere.py" in output
