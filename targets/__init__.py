"""Files of records that survive interruption, and what the hashes in their names promise.

The promises, before any code:

- A recipe's digest names the folder of a stage's files. It covers everything that determines their bytes
  (`recipe`). So a file that exists is the right one; a changed prompt, exemplar, sampling parameter, model
  or code version writes to another folder, and changing back finds the first again. It does not cover the
  machine, nor anything that only decides how fast the same files are made.
- The limits of a recipe (tokens, seconds, bytes) are kept apart: `Recipe.kin` leaves them out. Recipes of
  one kin agree on every unit that ended within the lower limit.
- Each published file has its sha256 beside it: a shard's in its `.meta.json`, a dataset's in `SHA256SUMS`.
  Reading a shard checks it. Each unit of a shard has a checksum of its own in `.units`, each line of a
  journal or ledger one in itself, so that damage costs what is damaged and nothing else.

`atomic` publishes whole files, `journal` keeps finished records of an unfinished file, `shard` turns a
journal into a published shard, `damage` finds the faults of one and opens it again, `artifacts` locates the
shards of a recipe and of the stages before it, `ledger` records which source file holds which seeds. `lock`
(one machine) and `lease` (several) keep two processes from the same work, `processes` tells living from dead
ones, and `sweep` removes what dead ones left. Nothing here depends on Luigi, models or prompts.
docs/files.md describes the same for users.
"""

from targets.artifacts import Artifacts, NoSuchStage
from targets.atomic import publish, read_jsonl, replace_link
from targets.journal import Journal
from targets.lease import AlreadyPublished, Lease, LeaseLost
from targets.ledger import Ledger
from targets.lock import Locked, lock
from targets.recipe import Recipe
from targets.shard import Damaged, ShardPaths, ShardWriter
from targets.sweep import sweep

__all__ = [
    "AlreadyPublished",
    "Artifacts",
    "Damaged",
    "Journal",
    "Lease",
    "LeaseLost",
    "Ledger",
    "Locked",
    "NoSuchStage",
    "Recipe",
    "ShardPaths",
    "ShardWriter",
    "lock",
    "publish",
    "read_jsonl",
    "replace_link",
    "sweep",
]
