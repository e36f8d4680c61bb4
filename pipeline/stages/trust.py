"""The trust in a project's rows: what was measured under its settings, and whether it meets `[selection] trust`.

A measurement holds for settings with equal conditions: whatever decides on the answers, their verdicts, their
verification and which of them is chosen. Which tasks the instructions are, and which rows resemble each other, is not
among them.
"""

from __future__ import annotations

from pipeline.dataset import calibration
from pipeline.errors import NotTrusted
from pipeline.project.project import Project
from pipeline.stages.chain import shard_tasks
from pipeline.stages.responses import Responses
from pipeline.stages.selection import AS_BEFORE
from pipeline.stages.verifications import Verifications
from targets import Recipe

# Keys of [selection] that decide which answer to an instruction is chosen.
_CHOICE = ("among", "choose", "min_agreement", "trivial")
_LATER_CHOICE = ("per_instruction", "then")


def conditions(project: Project) -> Recipe:
    """All on which the share of right rows depends, named by a digest."""
    names = [task.stage for task in shard_tasks(project)]
    first, last = names.index(Responses.stage), names.index(Verifications.stage)
    section = project.settings.selection
    return Recipe(
        "calibration",
        {
            **{
                task.stage: {"version": task.version, **task.ingredients(), **task.limits()}
                for task in shard_tasks(project)[first : last + 1]
            },
            "selection": {
                **{key: getattr(section, key) for key in _CHOICE},
                **{key: value for key in _LATER_CHOICE if (value := getattr(section, key)) != AS_BEFORE[key]},
            },
            "functions": [
                function.identity for function in (*project.selection_rules, project.selection_score) if function
            ],
        },
    )


def measured(project: Project) -> calibration.Calibration | None:
    """What was measured under the project's settings, if anything was."""
    return calibration.read(project.artifacts, conditions(project))


def require(project: Project) -> None:
    """Raise NotTrusted where `[selection] trust` demands more than was measured."""
    demanded = project.settings.selection.trust
    if not demanded:
        return
    document = measured(project)
    if document is None:
        raise NotTrusted(
            f"[selection] trust = {demanded}: {calibration.NEVER}",
            f"measure it with {calibration.COMMAND}, which takes minutes, or set trust = 0",
        )
    if (share := calibration.trusted(document)) < demanded:
        raise NotTrusted(
            f"[selection] trust = {demanded}, and the rows would be below it: at least {share:.2f} of them are right "
            f"with 95 % confidence. {calibration.in_words(document)}",
            f"{_remedy(document, demanded)}; with more tasks {calibration.COMMAND} narrows the interval",
        )


def _remedy(document: calibration.Calibration, demanded: float) -> str:
    """What to change so that rows are right as often as demanded, as far as the measurement shows it."""
    now = document["figures"]["selected"]
    for choice in document["by_min_agreement"]:
        if choice["share"]["low"] >= demanded:
            return (
                f"set [selection] min_agreement = {choice['min_agreement']}, which chose {choice['selected']} answers "
                f"instead of {now}, {choice['right_selected']} of them right, and calibrate again"
            )
    return "raise [responses] samples and [selection] min_agreement, take a stronger model, or lower trust"
