"""Files of records that survive interruption: what a finished file is, and how one gets there.

Nothing here knows about Luigi, models or prompts. `atomic` publishes whole files, `journal` keeps
finished records of an unfinished file, `shard` turns a journal into a published shard, `recipe`
names the folder that a shard belongs to, `ledger` remembers which source gave which seeds, and
`lock` lets one process write at a time. docs/architecture.md explains the promises.
"""

from targets.atomic import publish, read_jsonl, replace_link, sweep
from targets.journal import Journal
from targets.ledger import Ledger
from targets.lock import Locked, lock
from targets.recipe import Recipe
from targets.shard import ShardPaths, ShardWriter

__all__ = [
    "Journal",
    "Ledger",
    "Locked",
    "Recipe",
    "ShardPaths",
    "ShardWriter",
    "lock",
    "publish",
    "read_jsonl",
    "replace_link",
    "sweep",
]
