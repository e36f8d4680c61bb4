"""How far a model's rows are trusted, as `selfcodealign calibrate` measured it: the document, and its words.

A document lies in `artifacts/calibration/`, named by a digest of all on which it depends: model, prompts, sampling,
sandbox, verification and the selection's choice. So settings that were never measured have none.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from targets import Recipe, publish
from targets.atomic import json_bytes

Calibration = Mapping[str, Any]

NEVER = "How many of the rows are right was never measured for this model under these settings."
COMMAND = "`selfcodealign calibrate`"


def folder(artifacts: Path) -> Path:
    """Where calibrations are, with the answers that they rest on."""
    return artifacts / "calibration"


def write(artifacts: Path, conditions: Recipe, document: Calibration) -> Path:
    """Store what was measured under some conditions, in the place of an earlier document."""
    path = _path(artifacts, conditions)
    path.parent.mkdir(parents=True, exist_ok=True)
    publish(path, [json_bytes(dict(document))])
    return path


def read(artifacts: Path, conditions: Recipe) -> Calibration | None:
    """What was measured under these conditions; None if nothing was, or if the file cannot be read."""
    try:
        document = orjson.loads(_path(artifacts, conditions).read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        return None
    return document if isinstance(document, dict) else None


def _path(artifacts: Path, conditions: Recipe) -> Path:
    return folder(artifacts) / f"{conditions.digest}.json"


def in_words(document: Calibration | None) -> str:
    """The figure in a sentence or two, with its interval, date and tasks."""
    if document is None:
        return NEVER
    figures = document["figures"]
    shares = figures["shares"]
    packs = " and ".join(f"`{pack['name']}` (sha256 `{pack['sha256'][:12]}`)" for pack in document["packs"])
    if not figures["selected"]:
        found = f"none of the model's answers to {figures['tasks']} tasks of {packs} was selected, so nothing is known"
    else:
        found = (
            f"{percent(shares['selected'])} of the {figures['selected']} answers that the selection took were right, "
            f"of those that passed their own tests {percent(shares['passing'])}, of all in form "
            f"{percent(shares['in_form'])}. The {figures['tasks']} tasks are of {packs}; their tests were hidden"
        )
    model = document["model"]
    return f"Measured on {document['date']} with `{model['name']}` (`{model['sha256'][:12]}`): {found}."


def percent(share: Mapping[str, float]) -> str:
    """A share with its 95 % interval."""
    return f"{100 * share['mean']:.0f} % ({100 * share['low']:.0f} to {100 * share['high']:.0f} %)"


def trusted(document: Calibration) -> float:
    """The share of right rows that the measurement vouches for: the lower end of its interval."""
    return float(document["figures"]["shares"]["selected"]["low"])
