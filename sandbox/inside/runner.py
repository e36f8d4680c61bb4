"""Runs inside the sandbox: one program, and evidence of how it ended. Imports only what is built in.

Data in: descriptor 3, a socket to the worker; /tmp/main.py, the program; `config`. Data out: on the socket,
one message each: STARTED; then the worker's token, sent back when the program's last top-level statement was
done, or a letter for another end; FAILED when unittest, doctest or pytest counted a failure that the
program itself let pass. An exit code from FIRST_TRIP on names a forbidden act.

Why a pass cannot be faked from Python code:
- The token exists only as a buffer on the value stack of `_launch`'s frame while the program runs. It is in
  no variable, closure, constant or container, so frames, closures and modules do not lead to it.
- Once the program's code has returned, only C code stands between the token and the socket.
- What would need a search of memory (`gc.get_objects`, ...), a jump over statements (`sys.settrace`) or an
  interpreter without these hooks trips a wire (tripwires.py): the process leaves before the act is done.
- The token is followed by what shows that every wire is in its place: one that could not act is seen here.
- With each message the worker gets the id of its writer, and the kernel wipes the token in a fork (MADV_WIPEONFORK): it
  can sign for nobody.
Not promised: that the tests in the program were run, or that their comparisons are true (see ../falsification.py);
nor that a program which corrupts the interpreter's memory without ctypes, as hand-made byte code can, does not pass.
"""

from __future__ import annotations

import _imp
import builtins
import io
import marshal
import posix
import sys
from _operator import methodcaller

MYPY = False
if MYPY:  # no typing module at run time: it costs more than the rest of this file
    from collections.abc import Callable
    from types import CodeType, ModuleType, TracebackType
    from typing import Any, NoReturn

    # at run time these files are one: see boot.py
    from sandbox.inside.importer import bundle_finder
    from sandbox.inside.tripwires import arm, guard_built_in_modules, quiet_settrace, report_exits

STARTED, EXCEPTION, EXITED, MEMORY, SYNTAX = b"S", b"E", b"X", b"M", b"C"
SCARCE = b"R"  # an exception for lack of what the kernel counts for a whole user
TOO_MANY_REFERENCES = 109  # ETOOMANYREFS: descriptors in flight through Unix sockets
FAILED = b"F"
TOKEN_SIZE = 16
WIPE_ON_FORK = 18  # MADV_WIPEONFORK of Linux 4.14, which the module mmap does not name
SCRIPT = "/tmp/main.py"

SITE_NAMES = ("exit", "quit", "help", "copyright", "credits", "license")


class _Stop(BaseException):
    """Ends the run of a compiled module before its first instruction."""


def _main_module() -> ModuleType:
    module = type(sys)("__main__")
    module.__dict__.update(__file__=SCRIPT, __builtins__=builtins, __cached__=None)
    sys.modules["__main__"] = module
    return module


def _add_site_names() -> None:
    """The built-ins that `import site` would add."""
    import _sitebuiltins as site

    for name in ("exit", "quit"):
        setattr(builtins, name, site.Quitter(name, "Ctrl-D (i.e. EOF)"))
    builtins.help = site._Helper()
    for name in ("copyright", "credits", "license"):
        setattr(builtins, name, site._Printer(name, ""))


def _mapping_module(path: str) -> Any:
    """The module mmap, from its file without a search for it, which would take longer than all else here."""
    if not path:
        import mmap

        return mmap
    module = _imp.create_dynamic(type(sys.__spec__)("mmap", None, origin=path))  # type: ignore[arg-type]
    _imp.exec_dynamic(module)
    return module


def _make_take(fd: int, mmap: Any) -> Callable[[], memoryview]:
    """A function that waits for the token; until then nothing of the program runs.

    The token lies in a page of its own, which the kernel empties in every fork.
    """
    read, leave, view = posix.readv, posix._exit, memoryview
    page = mmap.mmap(-1, mmap.PAGESIZE, mmap.MAP_PRIVATE)
    page.madvise(WIPE_ON_FORK)
    pages = [page]

    def take() -> memoryview:
        token = view(pages.pop())[:TOKEN_SIZE]
        if read(fd, [token]) != TOKEN_SIZE:
            leave(125)
        return token

    return take


def _compile(source: str) -> CodeType:
    """What compile() does. Its first call would make Python types for the whole syntax tree: 1 ms.

    exec() of text makes none; a profile function stops it at the module's first instruction.
    """
    code: list[CodeType] = []
    space: dict[str, Any] = {}

    def stop(frame: Any, event: str, _: object) -> None:
        if event == "call" and frame.f_globals is space:  # a warning of the compiler calls Python functions, too
            code.append(frame.f_code)
            raise _Stop

    try:
        sys.setprofile(stop)
        exec(source, space)
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


def _read_script() -> bytes:
    with io.FileIO(SCRIPT) as file:
        data = file.readall()
    return data[3:] if data.startswith(b"\xef\xbb\xbf") else data


def _make_program(source: bytes, namespace: dict[str, Any], run: Any, begun: list[bool]) -> Callable[[], bytes]:
    """A function that compiles and runs the program as `__main__`, by `run` where there is one."""

    def program() -> bytes:
        text = source.decode()
        if run is None:
            code = _compile(text)
            begun.append(True)
            exec(code, namespace)
        else:
            run(text, namespace, _compile, begun)
        return b""

    return program


def _launch(steps: list[Any]) -> None:
    steps.pop()(steps.pop(), steps.pop()(steps.pop()))
    #   writev  descriptor   list        map: the token, the program, the wires


def _finish(status: int) -> int:
    """Do what the interpreter does at its end, but for its tear-down: threads, atexit, flush."""
    threading = sys.modules.get("threading")
    if threading is not None:
        try:
            threading._shutdown()
        except BaseException as error:
            _report(error)
    import atexit

    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except BaseException:
            status = 120
    return status


def _own_part(error: BaseException) -> TracebackType | None:
    """The traceback of an exception without the runner's frames."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == "<runner>":
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


def _conclude(error: Any) -> int:
    """The exit code of an exception that ended the program; its message goes to stderr, as Python does it."""
    if not isinstance(error, SystemExit):
        _report(error)
        return 1
    if error.code is None:
        return 0
    if isinstance(error.code, int):
        return error.code & 0xFF
    print(error.code, file=sys.stderr)
    return 1


def _make_send(fd: int) -> Callable[[bytes], None]:
    """A function that sends a message; on a socket that the program has closed it does nothing."""
    write, closed = posix.write, OSError

    def send(message: bytes) -> None:
        try:
            write(fd, message)
        except closed:
            return

    return send


def _load_endings(fd: int, config: dict[str, Any], source: bytes) -> Any:
    """`endings.prepare` for a program that ends by leaving or has tests; None for any other."""
    if not any(word in source for word in (b"exit", b"quit", b"SystemExit", b"unittest", b"doctest", b"pytest.main")):
        return None
    start, size = config["endings"]
    space: dict[str, Any] = {"__name__": "endings"}
    exec(marshal.loads(posix.pread(4, size, start)), space)
    return space["prepare"](source, fd, FAILED, SCRIPT)


def main(config: dict[str, Any]) -> NoReturn:
    """Run the program and leave the process."""
    fd, exit = config["fd"], posix._exit
    send = _make_send(fd)
    posix.dup2(3, fd, False)
    posix.close(3)
    sys.argv[:] = [SCRIPT]
    sys.path[:] = ["/tmp", *(path for path in sys.path if path), *config["path"]]
    sys.meta_path.insert(-1, bundle_finder(config["stdlib"]))
    source = _read_script()
    if any(name.encode() in source for name in SITE_NAMES):
        _add_site_names()
    run = _load_endings(fd, config, source)
    posix.close(4)
    module = _main_module()
    quiet_settrace()
    guard_built_in_modules()
    intact = arm()
    report_exits(send, EXITED)
    begun: list[bool] = []
    program = _make_program(source, module.__dict__, run, begun)
    take = _make_take(fd, _mapping_module(config["mmap"]))
    steps = [map(methodcaller("__call__"), [take, program, intact]), list, fd, posix.writev]
    exits, everything, no_memory, of_system, kind = SystemExit, BaseException, MemoryError, OSError, type
    del take, program, intact, config, module, run, source
    send(STARTED)
    error: Any = None
    status = 1
    try:
        _launch(steps)
        status = 0
    except exits as raised:
        send(EXITED)
        error = raised
    except no_memory as raised:
        send(MEMORY)
        error = raised
    except everything as raised:
        scarce = kind(raised) is of_system and raised.errno == TOO_MANY_REFERENCES  # type: ignore[attr-defined]
        send(SCARCE if scarce else EXCEPTION if begun else SYNTAX)
        error = raised
    try:
        if error is not None:
            status = _conclude(error)
        status = _finish(status)
    except everything:
        status = status or 1
    exit(status)
