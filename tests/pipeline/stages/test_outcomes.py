"""How the outcomes of a stage's units become a shard: journal, rules, resuming, publication."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.records import Rejection
from pipeline.stages.seeds import SeedShard
from pipeline.stages.stage import Outcome, ShardTask, UndeclaredRule
from targets import ShardWriter
from tests.support.pinned import PinnedProject, settings


class Lengths(ShardTask):
    """A stage for these tests: how long each seed's code is."""

    stage, version = "lengths", 1
    rules = {"empty": "The seed has no code."}  # noqa: RUF012
    stops_after: int | None = None
    names_rule = "empty"

    def requires(self):
        return self.clone(SeedShard)

    def ingredients(self):
        return {"unit": "characters"}

    def outcomes(self, done):
        seeds = [seed for seed in self.input_paths("seeds").read() if seed["id"] not in done]
        for number, seed in enumerate(seeds):
            if number == self.stops_after:
                raise KeyboardInterrupt
            if not seed["code"]:
                yield Outcome(seed["id"], Rejection(self.names_rule, "no code"), {"reads": 1}, "")
            else:
                yield Outcome(seed["id"], {"id": seed["id"], "length": len(seed["code"])}, {"reads": 1})


@pytest.fixture
def task(tmp_path: Path) -> Lengths:
    project = PinnedProject(settings(project__artifacts=str(tmp_path)), tmp_path)
    with ShardWriter(SeedShard(shard=0, project=project).paths) as writer:
        for seed, code in (("a", "x = 1"), ("b", ""), ("c", "yy")):
            writer.keep(seed, {"id": seed, "code": code})
        writer.publish()
    return Lengths(shard=0, project=project)


def test_each_outcome_is_kept_or_rejected_once_and_what_it_cost_is_summed(task):
    task.run()
    assert [*task.paths.read()] == [{"id": "a", "length": 5}, {"id": "c", "length": 2}]
    meta = task.paths.read_meta()
    counts = {key: meta[key] for key in ("units", "kept", "rejected", "rules", "spent", "resumed")}
    assert counts == {
        "units": 3, "kept": 2, "rejected": 1, "rules": {"empty": 1}, "spent": {"reads": 3.0}, "resumed": 0,
    }  # fmt: skip
    assert task.paths.rejected.read_text() == ('{"id":"b","rule":"empty","evidence":"no code","completion":""}\n')
    assert not task.paths.journal.exists()
    assert not task.paths.command.exists()


def test_an_interrupted_shard_resumes_and_knows_the_command_that_began_it(task, monkeypatch):
    monkeypatch.setattr("sys.argv", ["luigi", "--module", "pipeline", "x y"])
    task.stops_after = 2
    with pytest.raises(KeyboardInterrupt):
        task.run()
    assert task.paths.command.read_text() == "luigi --module pipeline 'x y'"
    assert task.paths.journal.exists()
    task.stops_after = None
    task.run()
    meta = task.paths.read_meta()
    assert (meta["units"], meta["resumed"], meta["spent"]) == (3, 2, {"reads": 3.0})
    assert not task.paths.command.exists()


def test_a_rule_that_the_stage_does_not_declare_is_a_defect_of_the_stage(task):
    task.names_rule = "unheard_of"
    with pytest.raises(UndeclaredRule, match="lengths: unheard_of"):
        task.run()
    assert not task.paths.records.exists()


def test_a_stage_that_is_finished_is_not_made_again(task):
    task.run()
    before = task.paths.records.stat()
    task.run()
    assert task.paths.records.stat() == before


def test_the_recipe_holds_version_ingredients_and_the_stage_before(task):
    words = task.recipe.in_words()
    assert words["ingredients"] == {"version": 1, "unit": "characters"}
    assert words["made_from"]["stage"] == "seeds"
    assert task.units_of("a") == ["a"] and task.depends_on("a", {"a"})
