"""numpy as `np` and `npt`, imported when it is first used: it takes a sixth of the time of a run with nothing to do."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
else:

    class _Later:
        """Stands for a module, and imports it with the first of its attributes."""

        def __init__(self, name: str) -> None:
            self._name = name

        def __getattr__(self, attribute: str) -> Any:
            module = import_module(self._name)
            self.__dict__.update(vars(module))
            return getattr(module, attribute)

    np, npt = _Later("numpy"), _Later("numpy.typing")

__all__ = ["np", "npt"]
