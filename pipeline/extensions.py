"""Functions of users that luigi.cfg names as `module:function`, for rules and scores of their own.

The module is a file in the project's folder (`rules` is rules.py, `ours.rules` is ours/rules.py) or else installed.
It is trusted code: it runs in the pipeline's own process, in no sandbox and without a limit of time.

Promised: an error of a function on one record rejects that record, by name and line, and nothing else.
Not promised: that a change of what the module imports is noticed. Its digest, which is part of recipes, is of the
module's own file.
"""

from __future__ import annotations

import copy
import hashlib
import importlib
import importlib.util
import inspect
import math
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from pipeline.errors import ConfigError
from pipeline.records import Rejection, Rules

_MOST_EVIDENCE = 500  # characters


@dataclass(frozen=True, slots=True)
class UserFunction:
    """A function of one record.

    name: the function's own name, which is the name of its rule
    digest: sha256 of its module's file, in hex
    sentence: the first line of its docstring
    """

    name: str
    digest: str
    sentence: str
    function: Callable[[Any], Any]
    file: str

    @property
    def identity(self) -> list[str]:
        """What a recipe holds of it."""
        return [self.name, self.digest]

    def rejection(self, record: Mapping[str, Any]) -> Rejection | None:
        """The rejection of a record for which the rule returns text, its evidence, or True; None and False keep it."""
        result = self._call(record)
        if result is None or result is False:
            return None
        if isinstance(result, Rejection):
            return result
        if result is True or isinstance(result, str):
            return Rejection(self.name, "" if result is True else result[:_MOST_EVIDENCE])
        return Rejection(self.name, f"the rule returned {result!r}"[:_MOST_EVIDENCE] + ": not text, a bool or None")

    def number(self, record: Mapping[str, Any]) -> float | Rejection:
        """The score of a record, or the rejection of a record that it has no finite number for."""
        result = self._call(record)
        if isinstance(result, Rejection):
            return result
        if isinstance(result, bool) or not isinstance(result, (int, float)) or not math.isfinite(result):
            return Rejection(self.name, f"the score is {result!r}"[:_MOST_EVIDENCE] + ": not a finite number")
        return float(result)

    def _call(self, record: Mapping[str, Any]) -> Any:
        """The function's result for a copy of the record, or a rejection that names what it raised and where."""
        try:
            return self.function(copy.deepcopy(dict(record)))
        except Exception as error:  # noqa: BLE001  of whatever kind a user's function raises
            cause = f"{type(error).__name__}: {error}"[:_MOST_EVIDENCE]
            return Rejection(self.name, f"{cause} ({self._place(error)})")

    def _place(self, error: BaseException) -> str:
        """The last line of the function's own file that the error passed through."""
        steps = [step for step in traceback.extract_tb(error.__traceback__) if step.filename == self.file]
        return f"{Path(self.file).name}:{steps[-1].lineno}" if steps else Path(self.file).name


def functions(key: str, names: Iterable[str], root: Path) -> tuple[UserFunction, ...]:
    """The functions that a key of luigi.cfg names, in order. Raises ConfigError for one that cannot be loaded."""
    return tuple(_function(key, name, root) for name in names)


def require_new_names(key: str, loaded: Iterable[UserFunction], rules: Iterable[str]) -> None:
    """Raises ConfigError where a function has the name of a rule or of another function."""
    taken = set(rules)
    for function in loaded:
        if function.name in taken:
            raise ConfigError(f"{key}: there is a rule {function.name} already", f"rename it in {function.file}")
        taken.add(function.name)


def sentences(loaded: Iterable[UserFunction]) -> Rules:
    """What each rule drops, by name."""
    return {function.name: function.sentence for function in loaded}


def _function(key: str, name: str, root: Path) -> UserFunction:
    module_name, colon, attribute = name.partition(":")
    if not (colon and attribute.isidentifier() and all(part.isidentifier() for part in module_name.split("."))):
        raise ConfigError(f"{key}: {name} is not module:function", "write rules:no_tests for no_tests in rules.py")
    module = _module(key, module_name, root)
    function = getattr(module, attribute, None)
    if not callable(function):
        defined = [own for own, value in vars(module).items() if inspect.isfunction(value) and not own.startswith("_")]
        raise ConfigError(f"{key}: {module_name} has no function {attribute}", f"it has {', '.join(defined) or 'none'}")
    file = str(module.__file__)
    digest = hashlib.sha256(Path(file).read_bytes()).hexdigest()
    documented = inspect.getdoc(function) or f"{attribute} of the user's module {module_name}."
    return UserFunction(attribute, digest, documented.split("\n", 1)[0], function, file)


def _module(key: str, name: str, root: Path) -> ModuleType:
    file = root.joinpath(*name.split(".")).with_suffix(".py")
    try:
        return _from_file(file, root) if file.is_file() else importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise ConfigError(
                f"{key}: there is no {file}, and no installed module {name}", "correct the name"
            ) from None
        raise ConfigError(f"{key}: {name} imports {error.name}, which is not installed", "install it") from None
    except Exception as error:  # noqa: BLE001  of whatever kind a user's module raises
        step = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{step.filename}:{getattr(error, 'lineno', None) or step.lineno}"
        if isinstance(error, SyntaxError):
            place = f"{error.filename}:{error.lineno}"
        raise ConfigError(f"{key}: {name}: {type(error).__name__}: {error}", f"correct {place}") from None


def _from_file(file: Path, root: Path) -> ModuleType:
    """The module in a file of a project, under a name of its own: another project may have one of the same name."""
    name = f"selfcodealign_user_{hashlib.sha256(str(file).encode()).hexdigest()[:12]}_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    sys.path.insert(0, str(root))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(root))
    return module
