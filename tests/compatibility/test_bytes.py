"""The bytes of a shard, of a ledger and of a recipe's document are those that 218ee72 writes."""

from __future__ import annotations

import hashlib

from targets import Ledger, Recipe, ShardPaths, ShardWriter

RECIPE = Recipe(
    "responses",
    {"version": 3, "model": {"name": "m", "sha256": "0" * 64}, "samples": 4},
    Recipe("seeds", {"version": 2}),
    {"max_tokens": 100},
)
GOLDEN = {
    "shard-000007.jsonl": "9cf95181b3155f45",
    "shard-000007.rejected.jsonl": "c9bbc29eed60ddf5",
    "shard-000007.units": "417731554846e2bc",
    "shard-000007.meta.json": "eae9492d1e28d06c",
    "recipe.json": "d9c8eab79fbda39c",
    "ledger.journal": "fc80647bcff21626",
}


def test_bytes_of_published_files_are_the_golden_ones(tmp_path):
    folder = RECIPE.write(tmp_path)
    with ShardWriter(ShardPaths(folder, 7)) as writer:
        writer.keep("b-000", {"id": "b-000", "text": "ä\n"}, {"new_tokens": 12, "wall_s": 0.5})
        writer.reject("a-000", "length", "the end", {"new_tokens": 3}, completion="whole")
        writer.keep("a-001", {"id": "a-001", "text": "x"})
        writer.publish({"seconds": 1.5, "resumed": 0})
    ledger = Ledger(folder / "ledger.journal")
    ledger.record({"code\tx.py": {"source": "code", "path": "x.py", "seeds": [["0" * 16, "f", 1, 2, 0]]}})
    assert {path.name: digest(path) for path in sorted(folder.iterdir())} == GOLDEN


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
