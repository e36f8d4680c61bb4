"""Files of records that survive interruption, and what the hashes in their names promise.

The promises, before any code:

- A recipe's digest names the folder of a stage's files. It covers everything that determines their bytes
  (`recipe`). So a file that is there is the right one, a changed prompt, exemplar, sampling parameter,
  model or code version writes beside it, and changing back finds it again. It does not cover the machine,
  nor anything that only decides how fast the same thing is made.
- Of a recipe, the limits (tokens, seconds, bytes) are told apart: `Recipe.kin` leaves them out. Recipes of
  one kin agree on every unit that ended within the lower limit.
- Each published file has its sha256 beside it: a shard's in its `.meta.json`, a dataset's in `SHA256SUMS`.
  Reading a shard checks it. Each unit of a shard has a checksum of its own in `.units`, each line of a
  journal or ledger one in itself, so that damage costs what is damaged and nothing else.

`atomic` publishes whole files, `journal` keeps finished records of an unfinished file, `shard` turns a
journal into a published shard, `damage` finds what is wrong with one and opens it again, `ledger` remembers
which source gave which seeds. `lock` (one machine) and `lease` (several) see to it that no two processes
work on the same thing, `processes` says which are alive, and `sweep` removes what dead ones left. Nothing here knows about Luigi, models or prompts.
docs/files.md says the same for users.
"""

from targets.atomic import publish, read_jsonl, replace_link
from targets.journal import Journal
from targets.lease import Finished, Lease, LeaseLost
from targets.ledger import Ledger
from targets.lock import Locked, lock
from targets.recipe import Recipe
from targets.shard import Damaged, ShardPaths, ShardWriter
from targets.sweep import sweep

__all__ = [
    "Damaged",
    "Finished",
    "Journal",
    "Lease",
    "LeaseLost",
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
