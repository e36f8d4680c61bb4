"""Gives the rows of a selection their forms; code that lost its comments runs again, with the tests that it passed.

In: what became of each candidate. Out: the same, rows in their forms by [shaping]. A row whose code does not pass
without its comments, because something reads a docstring, keeps them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice

from pipeline.project.project import Project
from pipeline.project.sandboxes import open_pool
from pipeline.prompts.parse import program_of
from pipeline.records import Rejection, Selected
from pipeline.selection import shaping
from pipeline.selection.selector import Fate
from pipeline.text.programs import program_text
from sandbox import Program

_TOGETHER = 1_000  # candidates whose rows are in memory


def in_form(project: Project, say: Callable[[str], None], fates: Iterable[Fate]) -> Iterator[Fate]:
    """The fates with every row in its form. Raises MachineError where code has to run, and there is no sandbox."""
    section = project.settings.shaping
    if not shaping.is_on(section):
        yield from fates
        return
    pending = iter(fates)
    while part := list(islice(pending, _TOGETHER)):
        rows = [fate.outcome for fate in part if not isinstance(fate.outcome, Rejection)]
        bare = {row["id"]: one for row in rows if (one := shaping.without_comments(row, section))}
        passing = _passing(project, say, bare)
        for fate in part:
            if isinstance(fate.outcome, Rejection):
                yield fate
            else:
                row = bare[fate.id] if fate.id in passing else fate.outcome
                yield Fate(fate.id, shaping.shaped(row, section))


def _passing(project: Project, say: Callable[[str], None], rows: Mapping[str, Selected]) -> set[str]:
    """The ids of the rows whose code passes its tests."""
    if not rows:
        return set()
    programs = (Program(id, program_text(program_of(row["response"]), row["tests"])) for id, row in rows.items())
    with open_pool(project, say) as pool:
        return {result.id for result in pool.run_many(programs) if result.passed}
