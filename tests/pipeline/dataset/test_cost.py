"""What was spent is attributed to rows and to the rules that lost records, whole; prices make money of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.dataset.cost import Prices, cost, costs
from targets import Artifacts, Recipe, ShardWriter
from tests.pipeline.dataset.test_manifest import UNCHECKED, card_of
from tests.support.pinned import settings

STAGES = ["concepts", "instructions", "responses", "executions"]
SECONDS = {"concepts": 10.0, "instructions": 20.0, "responses": 100.0, "executions": 9.0, "selection": 3.0}
# By stage: unit, rule or "", new tokens. Of `a` one response is a row; `c` loses all that was made of it.
UNITS = {
    "concepts": [("a", "", 2), ("b", "", 2), ("c", "", 2), ("d", "length", 4)],
    "instructions": [("a", "", 10), ("b", "too_short", 3), ("c", "", 10)],
    "responses": [("a-000", "", 50), ("a-001", "late_code", 40), ("c-000", "", 60), ("c-001", "length", 90)],
    "executions": [("a-000", "", 0), ("c-000", "", 0)],
    "selection": [("a-000", "", 0), ("c-000", "not_passed", 0)],
}
BY_FATE = {
    "row": 2 + 10 + 50,
    "no_row": 2 + 10,  # of c, whose responses were lost under rules of their own
    "concepts/length": 4,
    "instructions/too_short": 2 + 3,
    "responses/late_code": 40,
    "responses/length": 90,
    "selection/not_passed": 60,
}


@pytest.fixture
def lines(tmp_path: Path) -> list[dict]:
    recipe = None
    for stage in UNITS:
        recipe = Recipe(stage, {}, recipe)
    artifacts = Artifacts(tmp_path, recipe)
    for stage, units in UNITS.items():
        with ShardWriter(artifacts.shard(stage, 0)) as writer:
            for unit, rule, tokens in units:
                spent = {"new_tokens": tokens, "prompt_tokens": 10 * tokens} if tokens else {}
                if rule:
                    writer.reject(unit, rule, "seen", spent)
                else:
                    writer.keep(unit, {"id": unit}, spent)
            writer.publish()
    return costs(artifacts, STAGES, [0], SECONDS)


def test_all_tokens_and_seconds_belong_to_rows_or_to_the_rule_that_lost_the_record(lines):
    assert {line["fate"]: line["new_tokens"] for line in cost(lines, 1, None)["by_fate"]} == BY_FATE
    for stage, seconds in SECONDS.items():
        of_stage = [line for line in lines if line["stage"] == stage]
        assert sum(line["seconds"] for line in of_stage) == pytest.approx(seconds, abs=0.01)
        assert sum(line["units"] for line in of_stage) == len(UNITS[stage])
    late = next(line for line in lines if line["fate"] == "responses/late_code")
    assert late == {
        "stage": "responses", "fate": "responses/late_code", "units": 1,
        "prompt_tokens": 400, "new_tokens": 40, "seconds": pytest.approx(100 * 40 / 240, abs=0.01),
    }  # fmt: skip


def test_a_row_costs_all_that_was_spent(lines):
    assert cost(lines, 2, None)["a_row"] == {
        "prompt_tokens": 10 * sum(BY_FATE.values()) / 2,
        "new_tokens": sum(BY_FATE.values()) / 2,
        "seconds": pytest.approx(sum(SECONDS.values()) / 2, abs=0.01),
    }
    assert cost(lines, 0, None)["a_row"] is None


@pytest.mark.parametrize(
    ("prices", "money"),
    [
        ({"prices__million_new_tokens": 2.0}, 2 * 273 / 1e6),
        ({"prices__million_prompt_tokens": 3.0, "prices__million_new_tokens": 2.0}, (3 * 2730 + 2 * 273) / 1e6),
        ({"prices__hour": 36.0}, 142 / 100),
    ],
)
def test_prices_of_tokens_and_of_hours_make_money_that_adds_up(lines, prices, money):
    found = cost(lines, 2, Prices.of(settings(**prices).prices))
    assert found["a_row"]["money"] == pytest.approx(money / 2, rel=1e-3)
    for part in ("by_stage", "by_fate"):
        assert sum(line["money"] for line in found[part]) == pytest.approx(money, rel=1e-3)


def test_without_a_price_there_is_no_money(lines):
    prices = Prices.of(settings(prices__currency="EUR").prices)
    assert prices is None
    assert not any("money" in line for line in cost(lines, 1, prices)["by_stage"])


def test_the_card_states_what_a_row_cost_and_on_what_it_was_spent(lines):
    prices = Prices.of(settings(prices__hour=3.6, prices__currency="EUR").prices)
    card = card_of(UNCHECKED, cost=cost(lines, 2, prices))
    assert "136 new tokens and 1 min 11 s, which cost 0.071 EUR" in " ".join(card.split())
    assert "| responses/length | 90 | 33.0% | 0.037 EUR |" in card
    assert "Not known" in card_of(UNCHECKED)
