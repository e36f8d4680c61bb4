"""Runs inside the sandbox: one program, and evidence of how it ended. Imports only what is built in.

Data in: descriptor 3, a socket to the worker; /tmp/main.py, the program; `config`. Data out: on the socket,
one message each: STARTED; then the worker's token, sent back when the program's last top-level statement was
done, or a letter that says how it ended instead; TRIPPED with the name of a forbidden act; FAILED when
unittest or doctest counted a failure that the program itself let pass.

Why a pass cannot be faked from Python code:
- The token exists only as a bytearray on the value stack of `_launch`'s frame while the program runs. It is in
  no variable, closure, constant or container, so frames, closures and modules do not lead to it.
- Once the program's code has returned and `check` is content, only C code stands between the token and the
  socket.
- What would need a search of memory (`gc.get_objects`, ...), a jump over statements (`sys.settrace`) or an
  interpreter without these hooks trips a wire: a buffered writer held by a dict whose `pop` is the audit hook.
  Its deallocation writes to the socket, in C, and nothing can take a message back.
- The socket tells the worker which process wrote: a fork's evidence does not count.
Not promised: a program whose asserts are empty passes; so does one that corrupts the interpreter's memory
without ctypes, as hand-made byte code can.
"""

from __future__ import annotations

import _imp
import builtins
import io
import posix
import sys

MYPY = False
if MYPY:  # no typing module at run time: it costs more than the rest of this file
    from collections.abc import Callable
    from types import CodeType, ModuleType, TracebackType
    from typing import Any, NoReturn

STARTED, EXCEPTION, EXITED, MEMORY, SYNTAX = b"S", b"E", b"X", b"M", b"C"
CHANGED, TRIPPED, FAILED = b"I", b"T", b"F"
TOKEN_SIZE = 16
SCRIPT = "/tmp/main.py"

# Each would reach hidden objects, skip statements, or leave the audit hook behind.
WIRES = ["gc.get_objects", "gc.get_referrers", "sys.settrace", "cpython.PyInterpreterState_New"]
if sys.version_info < (3, 11):
    WIRES.append("gc.get_referents")  # 3.10 shows a running frame's value stack
# Built-ins that programs replace for honest reasons: a mocked input, a captured print.
REPLACEABLE = {
    "input",
    "print",
    "open",
    "exit",
    "quit",
    "help",
    "copyright",
    "credits",
    "license",
    "_",
}
SITE_NAMES = ("exit", "quit", "help", "copyright", "credits", "license")
ONLY_AST = 0x400


class _Changed(Exception):
    """The program reached its end, having replaced what its tests rely on."""


class _Stop(BaseException):
    """Ends the run of a compiled module before its first instruction."""


def _arm(fd: int) -> None:
    """Install the wires. C code throughout: there is no Python frame to interrupt and look into."""
    wires = {}
    for event in WIRES:
        writer = io.BufferedWriter(io.FileIO(fd, "wb", closefd=False), 64)
        writer.write(TRIPPED + event.encode())
        wires[event] = writer
    sys.addaudithook(wires.pop)  # type: ignore[arg-type]


def _quiet_settrace() -> None:
    """`sys.settrace(None)` when nothing traces, as doctest does, is no act: it does not reach the wire."""
    real, current = sys.settrace, sys.gettrace

    def settrace(function: Any) -> None:
        if function is not None or current() is not None:
            real(function)

    settrace.__doc__ = real.__doc__
    sys.settrace = settrace


def _main_module() -> ModuleType:
    module = type(sys)("__main__")
    module.__dict__.update(__file__=SCRIPT, __builtins__=builtins, __cached__=None)
    sys.modules["__main__"] = module
    return module


def _make_take(fd: int) -> Callable[[], bytearray]:
    """A function that waits for the token; until then nothing of the program runs."""
    read, leave = posix.readv, posix._exit

    def take() -> bytearray:
        token = bytearray(TOKEN_SIZE)
        if read(fd, [token]) != TOKEN_SIZE:
            leave(125)
        return token

    return take


def _compile(source: str) -> CodeType:
    """What compile() does. Its first call would make Python types for the whole syntax tree: 1 ms.

    exec() of text makes none; a profile function stops it at the module's first instruction.
    """
    code: list[CodeType] = []

    def stop(frame: Any, event: str, _: object) -> None:
        if event == "call":
            code.append(frame.f_code)
            raise _Stop

    try:
        sys.setprofile(stop)
        exec(source, {})
    except _Stop:
        pass
    except SyntaxError as error:
        if error.filename == "<string>":
            error.filename = SCRIPT
        raise
    finally:
        sys.setprofile(None)
    _imp._fix_co_filename(code[0], SCRIPT)  # type: ignore[attr-defined]
    return code[0]


def _last_exit(tree: Any) -> tuple[list[Any], Any, Any] | None:
    """Where a module ends with a call that leaves the process: (statements, call, argument or None)."""
    body = tree.body
    if (
        body
        and type(body[-1]).__name__ == "If"
        and not body[-1].orelse
        and _asks_for_main(body[-1].test)
    ):
        body = body[-1].body
    if not body:
        return None
    last, kind = body[-1], type(body[-1]).__name__
    call = (
        last.value if kind == "Expr" else last.exc if kind == "Raise" and not last.cause else None
    )
    if type(call).__name__ != "Call":
        return None
    name = _dotted(call.func)
    if (
        name in ("sys.exit", "exit", "quit")
        and kind == "Expr"
        or name == "SystemExit"
        and kind == "Raise"
    ):
        if len(call.args) <= 1 and not call.keywords and not any(map(_starred, call.args)):
            return body, call, call.args[0] if call.args else None
    elif kind == "Expr" and name in ("unittest.main", "main"):
        given = {keyword.arg for keyword in call.keywords}
        if len(call.args) < 6 and not given & {"exit", None} and not any(map(_starred, call.args)):
            return body, call, None
    return None


def _asks_for_main(test: Any) -> bool:
    if type(test).__name__ != "Compare" or len(test.ops) != 1 or type(test.ops[0]).__name__ != "Eq":
        return False
    sides = (test.left, test.comparators[0])
    return "__name__" in map(_dotted, sides) and "__main__" in (
        getattr(s, "value", None) for s in sides
    )


def _dotted(node: Any) -> str:
    if type(node).__name__ == "Attribute":
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if type(node).__name__ == "Name" else ""


def _starred(node: Any) -> bool:
    return type(node).__name__ == "Starred"


def _split(source: str) -> tuple[CodeType, CodeType, CodeType, str] | None:
    """A program whose last statement leaves the process, in parts; None for any other.

    The code before that statement; the statement; what it leaves with, as an expression; what it calls.
    So leaving at the very end is told from leaving early, without a look at a traceback.
    """
    import _ast

    tree: Any = compile(source, SCRIPT, "exec", ONLY_AST, dont_inherit=True)
    found = _last_exit(tree)
    if found is None:
        return None
    body, call, argument = found
    last = body.pop()
    if not body:
        body.append(_ast.Pass(**_place(last)))
    name = _dotted(call.func)
    before = compile(tree, SCRIPT, "exec", dont_inherit=True)
    statement = compile(_ast.Module([last], []), SCRIPT, "exec", dont_inherit=True)
    if name.endswith("main"):
        no = _ast.Constant(False, **_place(call))
        call.keywords.append(_ast.keyword("exit", no, **_place(call)))
        value: Any = call
    else:
        value = argument or _ast.Constant(None, **_place(last))
    return (
        before,
        statement,
        compile(_ast.Expression(value), SCRIPT, "eval", dont_inherit=True),
        name,
    )


def _place(node: Any) -> dict[str, int]:
    return {
        "lineno": node.lineno,
        "col_offset": node.col_offset,
        "end_lineno": node.end_lineno,
        "end_col_offset": node.end_col_offset,
    }


def _make_program(namespace: dict[str, Any], tests: _Tests) -> Callable[[], None]:
    """A function that compiles and runs the program as `__main__`."""
    execute, evaluate, leave = exec, eval, sys.exit

    def program() -> None:
        with io.FileIO(SCRIPT) as file:
            data = file.readall()
        source = data[3:].decode() if data.startswith(b"\xef\xbb\xbf") else data.decode()
        tests.prepare(source)
        if any(name in source for name in SITE_NAMES):
            _add_site_names()
        tail = source.rstrip().rpartition("\n")[2]
        parts = None
        if "exit" in tail or "main" in tail or "SystemExit" in tail or "quit" in tail:
            parts = _split(source)
        if parts is None:
            execute(_compile(source), namespace)
            return
        before, statement, value, name = parts
        execute(before, namespace)
        called = _called(name, namespace)
        if called is not None and called is tests.main:
            tests.count(evaluate(value, namespace), leave)
        elif called is leave or name in SITE_NAMES and called is getattr(builtins, name, None):
            status = evaluate(value, namespace)
            if status is not None and not (type(status) in (int, bool) and status == 0):
                leave(status)
        elif name == "SystemExit" and called is SystemExit:
            status = evaluate(value, namespace)
            if status is not None and not (type(status) in (int, bool) and status == 0):
                leave(status)
        else:
            execute(statement, namespace)

    return program


def _called(name: str, namespace: dict[str, Any]) -> object:
    """What a dotted name stands for now; only modules are looked into."""
    first, _, rest = name.partition(".")
    value = namespace.get(first, builtins.__dict__.get(first))
    if rest:
        value = value.__dict__.get(rest) if type(value) is type(sys) else None
    return value


def _add_site_names() -> None:
    """The built-ins that `import site` would add."""
    import _sitebuiltins as site

    for name in ("exit", "quit"):
        setattr(builtins, name, site.Quitter(name, "Ctrl-D (i.e. EOF)"))
    builtins.help = site._Helper()
    for name in ("copyright", "credits", "license"):
        setattr(builtins, name, site._Printer(name, ""))


class _Tests:
    """unittest and doctest under watch, in programs that mention them.

    A failure that they count is reported at once: a program may end normally after it. What they are made of
    is compared at the end with what it was at the start.
    """

    # Attributes of unittest's classes that programs set for honest reasons.
    SETTINGS = (
        "maxDiff",
        "longMessage",
        "sortTestMethodsUsing",
        "shortDescription",
        "testMethodPrefix",
    )

    def __init__(self, fd: int) -> None:
        self.fd, self.main, self.told = fd, None, False
        self.kept: list[tuple[dict[str, Any], dict[str, Any]]] = []
        self.codes: list[tuple[Any, object]] = []

    def prepare(self, source: str) -> None:
        if "unittest" in source:
            self._watch_unittest()
        if "doctest" in source:
            self._watch_doctest()

    def _tell(self) -> None:
        if not self.told:
            self.told = True
            posix.write(self.fd, FAILED)

    def _watch_unittest(self) -> None:
        import unittest
        import unittest.case
        import unittest.loader
        import unittest.main
        import unittest.result
        import unittest.runner
        import unittest.suite

        self.main = unittest.TestProgram  # type: ignore[assignment]
        for name in ("addFailure", "addError", "addUnexpectedSuccess"):
            self._wrap(unittest.result.TestResult, name)
        sub = unittest.result.TestResult.addSubTest

        def add_sub_test(result: Any, test: Any, subtest: Any, error: Any) -> None:
            if error is not None:
                self._tell()
            sub(result, test, subtest, error)

        unittest.result.TestResult.addSubTest = add_sub_test  # type: ignore[method-assign]
        for module in ("", ".case", ".loader", ".main", ".result", ".runner", ".suite"):
            self._keep(sys.modules[f"unittest{module}"])

    def _wrap(self, owner: type, name: str) -> None:
        real = getattr(owner, name)

        def wrapper(*arguments: Any) -> Any:
            self._tell()
            return real(*arguments)

        setattr(owner, name, wrapper)

    def _watch_doctest(self) -> None:
        import doctest

        real = doctest.DocTestRunner.run

        def run(*arguments: Any, **options: Any) -> Any:
            result = real(*arguments, **options)
            if result.failed:
                self._tell()
            return result

        doctest.DocTestRunner.run = run  # type: ignore[method-assign]
        self._keep(doctest)

    def _keep(self, module: ModuleType) -> None:
        self.kept.append((module.__dict__, dict(module.__dict__)))
        for value in list(module.__dict__.values()):
            if isinstance(value, type) and value.__module__ == module.__name__:
                self.kept.append((value.__dict__, dict(value.__dict__)))  # type: ignore[arg-type]
                for function in list(value.__dict__.values()):
                    self._keep_code(function)
            else:
                self._keep_code(value)

    def _keep_code(self, value: Any) -> None:
        if type(value) is type(_place):
            self.codes.append((value, value.__code__))

    def check(self) -> None:
        """Raise _Changed when unittest or doctest is not what it was."""
        for now, then in self.kept:
            for name, value in then.items():
                if now.get(name) is not value and callable(value) and name not in self.SETTINGS:
                    raise _Changed(f"{then.get('__name__', 'unittest')}: {name} was replaced")
            if "__name__" not in then and any(name not in then for name in now):
                raise _Changed("a class of unittest was given attributes")
        for function, code in self.codes:
            if function.__code__ is not code:
                raise _Changed(f"{function.__name__} was given other code")

    def count(self, program: Any, leave: Callable[[object], None]) -> None:
        """After `unittest.main(exit=False)`: leave with 1 unless tests ran and all of them passed."""
        result = program.result
        if (
            type(result).__module__ != "unittest.runner"
            or "load_tests" in sys.modules["__main__"].__dict__
        ):
            raise _Changed("unittest did not run the program's own tests")
        if self.told or not result.testsRun > len(result.skipped):
            leave(1)


def _make_check(module: ModuleType, tests: _Tests) -> Callable[[None], bytes]:
    """A function that refuses an end that was reached with replaced built-ins or another `__main__`."""
    modules, namespace, table = sys.modules, module.__dict__, builtins.__dict__
    keep, changed = table.copy(), _Changed
    for name in REPLACEABLE:
        keep.pop(name, None)

    def check(_: None) -> bytes:
        for name, value in keep.items():
            if table.get(name) is not value:
                raise changed(f"builtins.{name} was replaced")
        if modules.get("__main__") is not module or namespace.get("__name__") != "__main__":
            raise changed("__main__ was replaced")
        if namespace.get("__builtins__") is not builtins:
            raise changed("__builtins__ was replaced")
        tests.check()
        return b""

    return check


def _launch(steps: list[Any]) -> None:
    steps.pop()(steps.pop(), [steps.pop()(), steps.pop()(steps.pop()())])
    #   writev  descriptor    token           check        program


def _leave(code: int, exit: Callable[[int], NoReturn]) -> NoReturn:
    """What the interpreter does at its end, but for its own tear-down: threads, atexit, flush."""
    threading = sys.modules.get("threading")
    if threading is not None:
        try:
            threading._shutdown()
        except BaseException:
            _report(sys.exc_info()[1])
    import atexit

    try:
        atexit._run_exitfuncs()
    except BaseException:
        code = code or 1
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except BaseException:
            code = 120
    exit(code & 0xFF)


def _own_part(error: BaseException) -> TracebackType | None:
    """The traceback of an exception without this file's frames."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_globals is globals():
        trace = trace.tb_next
    return trace


def _report(error: Any) -> None:
    """Print an exception as Python does."""
    try:
        error.__traceback__ = _own_part(error)
        sys.excepthook(type(error), error, error.__traceback__)
    except BaseException:
        try:
            sys.__excepthook__(type(error), error, error.__traceback__)
        except BaseException:
            return


def _exit_status(value: object) -> int:
    """The exit code of a SystemExit; a message goes to stderr, as Python does it."""
    if value is None:
        return 0
    if isinstance(value, int):
        return value & 0xFF
    try:
        print(value, file=sys.stderr)
    except BaseException:
        return 1
    return 1


def main(config: dict[str, Any]) -> NoReturn:
    """Run the program and leave the process."""
    fd, write, exit = config["fd"], posix.write, posix._exit
    posix.dup2(3, fd, False)
    posix.close(3)
    posix.close(4)
    sys.argv[:] = [SCRIPT]
    sys.path[:] = ["/tmp", *(path for path in sys.path if path), *config["path"]]
    module, tests = _main_module(), _Tests(fd)
    _quiet_settrace()
    _arm(fd)
    program = _make_program(module.__dict__, tests)
    steps = [program, _make_check(module, tests), _make_take(fd), fd, posix.writev]
    changed = _Changed
    del program, config, module, tests
    write(fd, STARTED)
    status, error, letter = 1, None, b""
    try:
        _launch(steps)
        status = 0
    except SystemExit as raised:
        letter, error = EXITED, raised
    except changed as raised:
        letter = CHANGED + str(raised).encode()[:200]
    except MemoryError as raised:
        letter, error = MEMORY, raised
    except BaseException as raised:
        error, letter = raised, EXCEPTION if _own_part(raised) else SYNTAX
    if letter:
        write(fd, letter)
    if letter == EXITED:
        status = _exit_status(error.code)
    elif error is not None:
        _report(error)
    _leave(status, exit)
