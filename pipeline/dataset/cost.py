"""What each stage spent on what became rows, and what on each rule's losses; in money, where prices are given.

In: the units and rejections of a dataset's shards. Out: lines {stage, fate, units, prompt_tokens, new_tokens, seconds}.
The fate of a unit is `row`; `STAGE/RULE`, the rule that dropped its record, in its own stage or in a later one; or
`no_row`: the record was kept, and nothing that was made of it became a row. Tokens are those that a completion took.
The seconds of a stage are shared out by them, or by units where a stage writes none: an estimate, as completions run
side by side.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from pipeline.config import sections
from pipeline.records import instruction_of
from targets import Artifacts, ShardPaths, read_jsonl
from targets.journal import read_journal

ROW, NO_ROW = "row", "no_row"
Line: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Spent:
    """What one unit of work took, and what became of it."""

    stage: str
    unit: str
    fate: str
    prompt_tokens: int
    new_tokens: int


def ends_of(selected: ShardPaths) -> dict[str, str]:
    """The fates of the responses that came to the selection, and of the instructions that have a row."""
    dropped = {line["id"]: f"selection/{line['rule']}" for line in read_jsonl(selected.rejected)}
    return with_rows(dropped, (row["id"] for row in selected.read()))


def with_rows(dropped: Mapping[str, str], rows: Iterable[str]) -> dict[str, str]:
    """The fates of dropped responses, with those of rows and of what the rows were made from."""
    return {**dropped, **{id: ROW for row in rows for id in (row, instruction_of(row))}}


def spent(artifacts: Artifacts, stages: Sequence[str], number: int, ends: Mapping[str, str]) -> Iterator[Spent]:
    """Each unit of a shard in these stages, which are in their order; `ends` are the fates at the selection."""
    dropped: dict[str, str] = {}
    for stage in reversed(stages):
        paths = artifacts.shard(stage, number)
        dropped |= {line["id"]: f"{stage}/{line['rule']}" for line in read_jsonl(paths.rejected)}
        for unit in read_journal(paths.units):
            id, tokens = unit["id"], unit["spent"]
            fate = dropped.get(id) or ends.get(id, NO_ROW)
            yield Spent(stage, id, fate, int(tokens.get("prompt_tokens", 0)), int(tokens.get("new_tokens", 0)))


def costs(
    artifacts: Artifacts, stages: Sequence[str], numbers: Collection[int], seconds: Mapping[str, float]
) -> list[Line]:
    """The lines of these shards and of the selection, by stage and then by tokens; `seconds` are the stages'."""
    selected = artifacts.shard("selection", 0)
    ends = ends_of(selected)
    found: dict[tuple[str, str], Line] = defaultdict(lambda: {"units": 0, "prompt_tokens": 0, "new_tokens": 0})
    for number in numbers:
        for one in spent(artifacts, stages, number, ends):
            line = found[one.stage, one.fate]
            line["units"] += 1
            line["prompt_tokens"] += one.prompt_tokens
            line["new_tokens"] += one.new_tokens
    for one in spent(artifacts, ["selection"], 0, ends):
        found["selection", one.fate]["units"] += 1
    lines = [{"stage": stage, "fate": fate, **line} for (stage, fate), line in found.items()]
    for stage in (*stages, "selection"):
        _share_out(seconds[stage], [line for line in lines if line["stage"] == stage])
    order = {stage: place for place, stage in enumerate((*stages, "selection"))}
    return sorted(lines, key=lambda line: (order[line["stage"]], -line["new_tokens"], -line["units"], line["fate"]))


def _share_out(seconds: float, lines: Sequence[Line]) -> None:
    by = "new_tokens" if any(line["new_tokens"] for line in lines) else "units"
    total = sum(line[by] for line in lines)
    for line in lines:
        line["seconds"] = round(seconds * line[by] / total, 3)


@dataclass(frozen=True, slots=True)
class Prices:
    """What is paid for a million tokens of prompts, for a million new ones, and for an hour; 0: nothing."""

    million_prompt_tokens: float
    million_new_tokens: float
    hour: float
    currency: str

    @staticmethod
    def of(section: sections.prices) -> Prices | None:
        """The configured prices; None where there are none."""
        prices = Prices(section.million_prompt_tokens, section.million_new_tokens, section.hour, section.currency)
        return prices if prices.million_prompt_tokens or prices.million_new_tokens or prices.hour else None

    def money(self, prompt_tokens: Any, new_tokens: Any, seconds: Any) -> Any:
        """What so much costs; numbers, or vectors of numbers."""
        tokens = self.million_prompt_tokens * prompt_tokens + self.million_new_tokens * new_tokens
        return tokens / 1e6 + self.hour * seconds / 3600


def cost(lines: Sequence[Line], rows: int, prices: Prices | None) -> dict[str, Any]:
    """What a manifest states: `by_stage`, the lines; `by_fate`, their sums; `a_row`, all of it by the number of rows.

    With prices each has its `money`. `a_row` is None where there is no row.
    """
    fates: dict[str, Line] = {}
    total = {"prompt_tokens": 0, "new_tokens": 0, "seconds": 0.0}
    for line in lines:
        fate = fates.setdefault(line["fate"], {"fate": line["fate"], **dict.fromkeys(total, 0)})
        for key in total:
            fate[key] = round(fate[key] + line[key], 3)
            total[key] += line[key]
    ordered = sorted(fates.values(), key=lambda line: (line["fate"] != ROW, -line["new_tokens"], -line["seconds"]))
    a_row = {key: round(value / rows, 3) for key, value in total.items()} if rows else None
    if prices:
        for part in (*lines, *ordered, *([a_row] if a_row else [])):
            part["money"] = prices.money(part["prompt_tokens"], part["new_tokens"], part["seconds"])
    return {
        "by_stage": list(lines),
        "by_fate": ordered,
        "a_row": a_row,
        "prices": asdict(prices) if prices else None,
    }
