"""A micro-world of typed operations: the generated text that the demo model is trained on.

An operation (`operation.py`; tables in `lists.py`, `texts.py`, `words.py`, `numbers.py`,
`tables.py`) takes and gives a kind of value. A chain of one or two (`chains.py`) becomes a task
(`task.py`): a function (`code.py`), an instruction (`phrasing.py`), and tests that state the
expected value as an independent expression (`expected.py`). About a quarter of the corpus's
responses carry planted bugs; its tests never do. `hidden.py` writes the tests for
evaluation, `snippets.py` realistic-looking seeds, `concepts.py` chooses among their concepts.

It promises nothing about real programming: it is a small, closed world on purpose.
"""

from pipeline.demo.world.chains import OPERATIONS, Chain, Step, combination, draw_chain, held_out
from pipeline.demo.world.hidden import hidden_tests
from pipeline.demo.world.task import Task, make_task

__all__ = [
    "OPERATIONS",
    "Chain",
    "Step",
    "Task",
    "combination",
    "draw_chain",
    "held_out",
    "hidden_tests",
    "make_task",
]
