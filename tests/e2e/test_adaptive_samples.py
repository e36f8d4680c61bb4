"""A range of samples: more are drawn only to instructions whose responses do not agree, however often a run is cut."""

from __future__ import annotations

import shutil
from collections import Counter
from typing import Any

from pipeline import demo
from tests.e2e.test_unanswered import document
from tests.support.projects import Project
from tests.support.scripted_server import completed, scripted_server

NAMES = ("total", "longest", "unique", "smallest")
DOUBTFUL = "longest"
LEAST, MOST = 2, 6
DRAWN = (len(NAMES) - 1) * LEAST + MOST


class Model:
    """Every response passes its own tests; those about one function differ by their seeds. Fails after `most` of them."""

    def __init__(self, most: int) -> None:
        self.most, self.responses = most, 0

    def __call__(self, body: dict[str, Any]) -> Any:
        text = document(body)
        heading = text.rsplit("\n", 1)[-1]
        name = max(NAMES, key=text.rfind)
        if heading != "### Response":
            instruction = f"Write a function `{name}_of(x)` that returns a number, as {name} does."
            return completed(f"sums, {name}" if heading == "### Concepts" else instruction)
        self.responses += 1
        if self.responses > self.most:
            return 500, {"error": "boom"}
        more = body["seed"] if name == DOUBTFUL else len(name)
        return completed(
            f"Here it is.\n\n```python\ndef {name}_of(x):\n    return x + {more}\n```\n\n### Tests\n```python\n"
            f"assert {name}_of(4) == {4 + more}\nassert {name}_of(-1) == {more - 1}\n```"
        )


def outcome(project: Project) -> Any:
    return project.records("responses"), project.rejected("responses"), project.rows()


def test_no_more_samples_are_drawn_than_the_evidence_needs_however_often_a_run_is_cut(project: Project) -> None:
    (project.root / "code").mkdir()
    (project.root / "code" / "some.py").write_text(
        "\n\n".join(f'def {name}(values):\n    """The {name} of some values."""\n    return values\n' for name in NAMES)
    )
    with scripted_server() as server:
        project.configure(
            seeds={"sources": "code", "type_check": "false", "near_duplicates": 1},
            prompts={"exemplars": demo.EXEMPLARS},
            engine={"backend": "server", "base_url": server.url, "max_retries": 0},
            responses={"samples": f"{LEAST}..{MOST}"},
            selection={"near_duplicates": 1},
        )
        server.answer = Model(most=DRAWN)
        code, output = project.run()
        assert code == 0, output
        whole = outcome(project)
        # In the first wave, and in the third one.
        shutil.rmtree(project.artifacts)
        for most in (3, DRAWN - 4, DRAWN):
            server.answer = Model(most)
            code, output = project.run()
        assert code == 0, output
        assert outcome(project) == whole
    drawn = Counter(record["instruction_id"] for record in whole[0].values())
    assert sorted(drawn.values()) == [LEAST] * (len(NAMES) - 1) + [MOST]
    assert {one["rule"] for one in whole[1]} == {"not_drawn"}
    assert project.manifest()["spent"]["responses"]["completions"] == DRAWN
    samples = {row["instruction"].split("`")[1]: row["samples"]["n"] for row in whole[2]}
    assert samples == {f"{name}_of(x)": MOST if name == DOUBTFUL else LEAST for name in NAMES}
