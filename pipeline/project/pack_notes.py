"""What a user should know about the benchmark packs before a run: that there are none, or which packages they need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from importlib import metadata

from pipeline.config import Settings
from pipeline.decontamination.proofs import imported
from pipeline.packs.catalogue import CATALOGUE
from pipeline.packs.pack import Pack
from pipeline.text.lists import as_list

NO_PACK = "[decontamination] packs: no benchmark is compared with the rows, so that no score of a tuned model counts"
NO_PACK_REMEDY = f"packs = humaneval, mbpp, ... ({', '.join(CATALOGUE)}), or files in the folder packs"


def is_demo(settings: Settings) -> bool:
    """Whether the demo model is configured, by which nobody measures anything."""
    return settings.engine.backend == "llama" and not settings.model.path and not settings.model.repo_id


def needed_packages(settings: Settings, packs: Sequence[Pack]) -> list[str]:
    """For each pack with tasks that need a package which the sandbox does not have, a sentence."""
    there = _modules_of(as_list(settings.sandbox.packages))
    sentences = []
    for pack in packs:
        missing: Counter[str] = Counter()
        tasks = 0
        for task in pack.tasks:
            modules = imported(task) - there if task.tests and task.solutions else set()
            missing.update(modules)
            tasks += bool(modules)
        if missing:
            names = ", ".join(name for name, _ in missing.most_common(8))
            sentences.append(
                f"benchmark pack {pack.name}: {tasks} of {len(pack.tasks)} tasks cannot be confirmed by execution "
                f"without packages for {names}: see [sandbox] packages"
            )
    return sentences


def _modules_of(distributions: Sequence[str]) -> set[str]:
    """The top-level modules of installed distributions."""
    wanted = {_normal(name) for name in distributions}
    return {
        module
        for module, owners in metadata.packages_distributions().items()
        if wanted & {_normal(owner) for owner in owners}
    }


def _normal(distribution: str) -> str:
    return distribution.lower().replace("_", "-").replace(".", "-")
