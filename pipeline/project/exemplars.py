"""Chooses the exemplar set that [prompts] exemplars names or, with `auto`, the one that suits the model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline import demo
from pipeline.config import Settings
from pipeline.prompts import SHORT, STANDARD, WITH_LIBRARIES
from pipeline.text.lists import as_list

# Models below this are shown short tasks: see docs/how-to/exemplars.md for what was measured.
SMALL_PARAMETERS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Choice:
    """An exemplar set: its folder, the value of [prompts] exemplars that names it, and why `auto` took it.

    `why` is empty where the set was named.
    """

    folder: Path
    name: str
    why: str = ""


def choose(settings: Settings, root: Path, parameters: int, is_demo: bool) -> Choice:
    """The exemplar set of a project. `parameters` is the model's number of them, 0 where that is unknown."""
    name = settings.prompts.exemplars
    if name != "auto":
        shipped = STANDARD.parent / name
        return Choice(shipped if shipped.is_dir() else root / Path(name).expanduser(), name)
    if is_demo:
        return Choice(demo.EXEMPLARS, str(demo.EXEMPLARS), "the demo model is trained on them")
    if 0 < parameters < SMALL_PARAMETERS:
        return Choice(SHORT, SHORT.name, f"the model has {parameters / 1e6:,.0f} million parameters")
    known = f"the model has {parameters / 1e9:,.1f} billion parameters" if parameters else "the model's size is unknown"
    packages = [name for name in as_list(settings.sandbox.packages) if name in ("numpy", "pandas")]
    if packages:
        return Choice(WITH_LIBRARIES, WITH_LIBRARIES.name, f"{known}, and [sandbox] packages names {packages[0]}")
    return Choice(STANDARD, STANDARD.name, known)
