"""Why a selection has no row: the stage at which the last record was lost, and by which rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from targets import Artifacts, ShardPaths


@dataclass(frozen=True, slots=True)
class Lost:
    """The first stage that kept nothing: its units, how many each rule dropped, and one of the most frequent rule."""

    stage: str
    units: int
    rules: Counter[str]
    example: str
    evidence: str


def where_lost(artifacts: Artifacts, stages: Sequence[str], shards: Sequence[int]) -> Lost:
    """The first of the stages that kept no record of these shards; the last stage is the selection, which has one."""
    lost = None
    for stage in stages:
        paths = [artifacts.shard(stage, number) for number in (shards if stage != stages[-1] else (0,))]
        metas = [shard.read_meta() for shard in paths]
        rules: Counter[str] = Counter()
        for meta in metas:
            rules.update(meta["rules"])
        lost = Lost(stage, sum(meta["units"] for meta in metas), rules, *_example(paths, rules))
        if not any(meta["kept"] for meta in metas):
            break
    assert lost is not None
    return lost


def _example(shards: Sequence[ShardPaths], rules: Counter[str]) -> tuple[str, str]:
    """Id and evidence of the first unit that the most frequent rule dropped; empty where nothing was dropped."""
    rule = next(iter(dict(rules.most_common())), None)
    for shard in shards:
        with open(shard.rejected, "rb") as lines:
            for line in lines:
                rejected = orjson.loads(line)
                if rejected["rule"] == rule:
                    return rejected["id"], " ".join(rejected["evidence"].split())[:200]
    return "", ""
