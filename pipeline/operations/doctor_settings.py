"""The doctor's checks of values that only their user knows to be wrong: what a run would say hours later, said now.

Each check is the very function that the run uses. Nothing is downloaded: benchmark packs and sources of the hub are
left to the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from pipeline.config import Settings, sections
from pipeline.errors import PipelineError
from pipeline.packs.find import addresses, find
from pipeline.packs.pack import load_pack
from pipeline.project import model, pack_notes
from pipeline.project.engines import engine_settings, lacks, open_server, require_sampling, server_of
from pipeline.project.exemplars import choose
from pipeline.project.sandboxes import require_packages
from pipeline.prompts.exemplars import load_set
from pipeline.seeds.criteria import SeedCriteria
from pipeline.sources.hub import PREFIX
from pipeline.text.lists import as_list
from sandbox.check import CAUTION, FAIL, PASS, Finding


def check_settings(settings: Settings, root: Path) -> list[Finding]:
    """A finding for each part of the configuration that is set, or that is wrong."""
    return [
        *_finding("engine", lambda: _engine(settings)),
        *_finding("seeds", lambda: _criteria(settings, root)),
        *_finding("exemplars", lambda: _exemplars(settings, root)),
        *_finding("packages", lambda: ", ".join(require_packages(settings))),
        *_packs(settings, root),
        *(finding for name in vars(settings) for finding in _server(settings, name)),
    ]


def _finding(name: str, check: Callable[[], str]) -> Iterator[Finding]:
    """PASS with what the check says, nothing where it says nothing, FAIL with its error."""
    try:
        text = check()
    except PipelineError as error:
        yield Finding(FAIL, name, error.problem, error.remedy)
    else:
        if text:
            yield Finding(PASS, name, text)


def _engine(settings: Settings) -> str:
    if settings.engine.backend == "llama":
        engine_settings(settings.engine, Path())
    return ""


def _criteria(settings: Settings, root: Path) -> str:
    SeedCriteria.of(settings.seeds, root)
    return ""


def _exemplars(settings: Settings, root: Path) -> str:
    if settings.prompts.exemplars == "auto":
        return ""  # it depends on the model: see doctor.py
    chosen = load_set(choose(settings, root, 0, is_demo=False).folder)
    return f"{chosen.name}, {len(chosen.exemplars)} exemplars"


def _packs(settings: Settings, root: Path) -> Iterator[Finding]:
    """The benchmark packs, and what a run will lack of them; those of the hub are only counted."""
    entries = addresses(as_list(settings.decontamination.packs), root)
    of_hub = [entry for entry in entries if entry.startswith(PREFIX)]
    try:
        read = [load_pack(pack.path, pack.name) for pack in find([e for e in entries if e not in of_hub], root)]
    except PipelineError as error:
        yield Finding(FAIL, "packs", error.problem, error.remedy)
        return
    if read or of_hub:
        more = f", {len(of_hub)} addresses of the hub" if of_hub else ""
        yield Finding(PASS, "packs", f"{len(read)} benchmark packs{more}")
    elif not pack_notes.is_demo(settings):
        yield Finding(CAUTION, "packs", pack_notes.NO_PACK, pack_notes.NO_PACK_REMEDY)
    for sentence in pack_notes.needed_packages(settings, read):
        yield Finding(CAUTION, "packs", sentence)


def _server(settings: Settings, name: str) -> Iterator[Finding]:
    """The server that a generating stage has for itself."""
    section = getattr(settings, name)
    if not isinstance(section, sections.Sampled):
        return

    def check() -> str:
        own = server_of(settings, name)
        if own is None:
            return ""
        with open_server(settings.engine, *own) as engine:
            served = model.served_by(engine, settings.engine.n_ctx)
            require_sampling(engine, name, section)
            return f"{served.served}, window {served.window}, at {engine.place}{lacks(engine)}"

    yield from _finding(f"server of [{name}]", check)
