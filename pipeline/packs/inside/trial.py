"""Runs in the sandbox: calls a task's function with all inputs of a suite, and compares what it returns.

The outputs that are expected were computed by the same file in a program of its own (`reference`), so an answer
shares no process with the solution. Data is passed as pickles: they are written by this project's process or in the
sandbox, and those of the sandbox are read in the sandbox alone.
"""

from __future__ import annotations

import _pickle
import binascii
import signal
import sys
import time
import zlib

MYPY = False
if MYPY:
    from collections.abc import Callable
    from typing import Any, TextIO

    from pipeline.packs.inside.comparison import _is_floats  # at run time these files are one


_IMPORT_SECONDS = 20.0  # of processor time, for what an answer runs beside its function
_LONG = 100_000  # characters or elements
_MOST_SPOILED = 1000  # elements of an output that is compared with another one of its shape
_DIGEST = "digest of a long output"


class TooSlow(BaseException):
    """An input took more processor time than it may."""


class _Nowhere:
    """Standard output while an answer runs: what it prints is of no interest."""

    encoding = "utf-8"
    closed = False

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False


def packed(value: Any) -> str:
    """A value as text."""
    return binascii.b2a_base64(zlib.compress(_pickle.dumps(value, 4), 1), newline=False).decode()


def unpacked(text: str) -> Any:
    """The value of a text; a new one at each call."""
    return _pickle.loads(zlib.decompress(binascii.a2b_base64(text)))


def given(inputs: str) -> list[Any]:
    """The inputs of a suite; those that are text are evaluated."""
    return [eval(f"[{item}]", {}) if isinstance(item, str) else item for item in unpacked(inputs)]


def shortened(out: Any, exact: bool = True) -> Any:
    """An output as it is kept: of a very long one that is equal or not, its digest.

    These are texts, and lists and tuples where no tolerance applies (`exact`): digests of equal ones are equal, also
    where one has 2.0 for the other's 2. For what is neither text nor numbers, Python's own hash is that: the sandbox
    fixes its seed. (Of -1 and -2 it is the same.)
    """
    if not (isinstance(out, str) or (exact and type(out) in (list, tuple))) or len(out) < _LONG:
        return out
    kind = type(out).__name__
    if isinstance(out, str):
        return (_DIGEST, kind, len(out), _sha256(out))
    if all(isinstance(item, (int, float)) for item in out):
        numbers = [int(item) if isinstance(item, int) or item == item // 1 else item for item in out]
        return (_DIGEST, kind, len(out), _sha256(repr(numbers)))
    try:
        return (_DIGEST, kind, len(out), hash(tuple(out)))
    except TypeError:
        return out


def _sha256(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def function_of(source: str, name: str, before: str = "") -> Callable[..., Any]:
    """A function of a program that is imported as a module, so that what is under its main guard does not run.

    `before` is source that runs in the module before it.
    """
    module = type(sys)("answer")
    sys.modules["answer"] = module
    exec(before, module.__dict__)
    exec(compile(source, "answer.py", "exec", dont_inherit=True), module.__dict__)
    function: Callable[..., Any] = module.__dict__[name]
    return function


def check(source: str, entry_point: str, suite: dict[str, Any]) -> None:
    """Raise AssertionError for the first input for which the function does not return what is expected.

    `suite`: `inputs`, `expected` and `second` as packed lists, `seconds` (of processor time, by input), `compare`,
    `atol`; `flipped`: something is expected where nothing is, and nothing where something is.
    """
    inputs, kept, expected = given(suite["inputs"]), given(suite["inputs"]), unpacked(suite["expected"])
    second = unpacked(suite["second"]) if suite["second"] else [None] * len(inputs)
    if suite["flipped"]:
        expected = [True if value is None else None for value in expected]
    compare, atol = suite["compare"], suite["atol"]
    stdout, limited = _silenced(), _time_limit()
    try:
        limited(_IMPORT_SECONDS)
        function = function_of(source, entry_point)
        limited(0)
    except TooSlow:
        raise AssertionError(f"beside its function: more than {_IMPORT_SECONDS} s of processor time") from None
    for number, arguments in enumerate(inputs):
        try:
            limited(suite["seconds"][number])
            out = function(*arguments)
            limited(0)
            wanted = expected[number]
            if isinstance(wanted, tuple) and wanted[:1] == (_DIGEST,):
                right = shortened(out) == wanted
            else:
                right = compare(out, wanted, second[number], kept[number], atol) and not _equals_anything(out, wanted)
        except TooSlow:
            raise AssertionError(f"input {number}: more than {suite['seconds'][number]} s of processor time") from None
        if not right:
            sys.stdout = stdout
            raise AssertionError(f"input {number}: {_brief(out)}, expected {_brief(wanted)}")
    sys.stdout = stdout


def reference(source: str, second: str, entry_point: str, inputs: str, as_truth: bool, exact: bool) -> None:
    """Print what the solution returns, and its processor time, for each input; the same of a second solution.

    `as_truth`: of each output only whether it is None is kept, where it may be something that cannot be packed.
    `exact`: outputs are compared by equality, but for floats.
    """
    stdout = _silenced()
    outputs: list[Any] = []
    seconds = []
    function = function_of(source, entry_point)
    for arguments in given(inputs):
        began = time.process_time()
        out = function(*arguments)
        seconds.append(round(time.process_time() - began, 4))
        if as_truth:
            out = None if out is None else True
        outputs.append(shortened(out, exact and not _is_floats(out)))
    others = ""
    if second:
        function = function_of(second, entry_point)
        others = packed([function(*arguments) for arguments in given(inputs)])
    sys.stdout = stdout
    print(repr({"expected": packed(outputs), "second": others, "seconds": seconds}))


def _silenced() -> TextIO:
    """Standard output as it was, which is now nowhere."""
    before, sys.stdout = sys.stdout, _Nowhere()  # type: ignore[assignment]
    return before


def _time_limit() -> Callable[[float], None]:
    """A function that limits the processor time from now on, in seconds; 0 ends the limit."""

    def stop(number: int, frame: object) -> None:
        raise TooSlow

    signal.signal(signal.SIGPROF, stop)

    def limit(seconds: float) -> None:
        signal.setitimer(signal.ITIMER_PROF, seconds)

    return limit


def _equals_anything(out: Any, expected: Any) -> bool:
    """Whether an output is equal to what nothing equals, in the shape of the expected one."""
    if isinstance(expected, (list, tuple, dict)) and len(expected) >= _MOST_SPOILED:
        return False
    return bool(out == _spoiled(expected))


def _spoiled(value: Any) -> Any:
    """The same lists, tuples and dicts with other things in them: values that are equal to themselves alone."""
    if type(value) in (list, tuple):
        return type(value)([_spoiled(item) for item in value] or [object()])
    if type(value) is dict:
        return {key: _spoiled(item) for key, item in value.items()} or {object(): None}
    return object()


def _brief(value: object) -> str:
    text = repr(value)
    return text if len(text) < 200 else text[:200] + "..."
