"""Scans of small sources, without a model: what the seeds stage does with them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pipeline import sources
from pipeline.config import sections
from pipeline.seeds.criteria import SeedCriteria
from pipeline.seeds.scan import Scan
from targets import ShardPaths, read_jsonl

GOOD = 'def double(x):\n    """Twice x."""\n    return 2 * x\n'


def function(name: str, words: str) -> str:
    """A function that resembles no other with other words."""
    body = "\n".join(f"    {word} = '{word} of {name}'" for word in words.split())
    return f'def {name}(x):\n    """{words.capitalize()}."""\n{body}\n    return x\n'


def settings(**changes: Any) -> SimpleNamespace:
    """The [seeds] section with its defaults, but for `changes`."""
    section = sections.seeds()
    values = {key: getattr(section, key) for key, _ in section.get_params()}
    return SimpleNamespace(**{**values, "type_check": False, **changes})


def open_scan(root: Path, labels: Iterable[str], **changes: Any) -> Scan:
    """A scan of sources below `root`, with its ledger and shards in root/seeds."""
    section = settings(**changes)
    resolved = [sources.resolve(label, root, section) for label in labels]
    return Scan(root / "seeds", resolved, SeedCriteria.of(section, root))


def take(scan: Scan, shard_size: int = 256) -> Scan:
    """Bring shards and ledger up to date, as the seeds stage does."""
    scan.update(shard_size, lambda: None)
    return scan


def seeds(root: Path) -> dict[str, dict[str, Any]]:
    """All seed records in the shards, by name."""
    records = (seed for shard in ShardPaths.published(root / "seeds") for seed in shard.read())
    return {record["name"]: record for record in records}


def rejections(root: Path) -> dict[str, tuple[str, str]]:
    """(rule, evidence) of everything rejected, by its id."""
    return {
        record["id"]: (record["rule"], record["evidence"])
        for shard in ShardPaths.published(root / "seeds")
        for record in read_jsonl(shard.rejected)
    }
