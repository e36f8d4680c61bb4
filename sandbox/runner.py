"""Runs inside the sandbox: one program, and evidence of how it ended. Imports nothing but built-in modules.

Data in: descriptor 3, a socket to the worker; /tmp/main.py, the program; `config`. Data out: on the socket,
one message each: STARTED; then the worker's token, sent back when the program's last top-level statement was
reached, or a letter that says how it ended instead; TRIPPED with the name of a forbidden act.

Why a pass cannot be faked from Python code:
- The token exists only as a bytearray on the value stack of `_launch`'s frame while the program runs. It is in
  no variable, closure, constant or container, so frames, closures and modules do not lead to it.
- After the program's code returns normally, only C code stands between that value and the socket.
- What would need a search of memory (`gc.get_objects`, ...), a jump over statements (`sys.settrace`) or an
  interpreter without these hooks trips a wire: a buffered writer held by a dict whose `pop` is the audit hook.
  Its deallocation writes to the socket, in C, and nothing can take a message back.
- The socket tells the worker which process wrote: a fork's evidence does not count.
Not promised: a program whose asserts are empty passes; so does one that corrupts the interpreter's memory
without ctypes, as hand-made byte code can.
"""

import builtins
import io
import posix
import sys

STARTED, EXCEPTION, EXITED, MEMORY, SYNTAX, CHANGED, TRIPPED = (
    b"S",
    b"E",
    b"X",
    b"M",
    b"C",
    b"I",
    b"T",
)
TOKEN_SIZE = 16
SCRIPT = "/tmp/main.py"

# Each would reach hidden objects, skip statements, or leave the audit hook behind.
WIRES = ("gc.get_objects", "gc.get_referrers", "sys.settrace", "cpython.PyInterpreterState_New")
if sys.version_info < (3, 11):
    WIRES += ("gc.get_referents",)  # 3.10 shows a running frame's value stack
# Built-ins that programs replace for honest reasons: a mocked input, a captured print.
REPLACEABLE = (
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
)


def _arm(fd):
    """Install the wires. C code throughout: there is no Python frame to interrupt and look into."""
    wires = {}
    for event in WIRES:
        writer = io.BufferedWriter(io.FileIO(fd, "wb", closefd=False), 64)
        writer.write(TRIPPED + event.encode())
        wires[event] = writer
    sys.addaudithook(wires.pop)


def _quiet_settrace():
    """`sys.settrace(None)` when nothing traces, as doctest does, is no act: it does not reach the wire."""
    real, current = sys.settrace, sys.gettrace

    def settrace(function):
        if function is not None or current() is not None:
            real(function)

    settrace.__doc__ = real.__doc__
    sys.settrace = settrace


def _main_module():
    module = type(sys)("__main__")
    module.__dict__.update(__file__=SCRIPT, __builtins__=builtins, __cached__=None)
    sys.modules["__main__"] = module
    return module


def _make_take(fd):
    read, leave = posix.readv, posix._exit

    def take():
        token = bytearray(TOKEN_SIZE)
        if read(fd, [token]) != TOKEN_SIZE:
            leave(125)
        return token

    return take


def _make_program(namespace, compile, execute):
    """A function that compiles and runs the program as `__main__`."""

    def program():
        with io.FileIO(SCRIPT) as file:
            source = file.readall()
        if source.startswith(b"\xef\xbb\xbf"):
            source = source[3:]
        code = compile(source.decode(), SCRIPT, "exec", dont_inherit=True)
        del source, file
        execute(code, namespace)

    return program


class _Changed(Exception):
    """The program reached its end, having replaced what its tests rely on."""


def _make_check(module):
    """A function that refuses an end that was reached with replaced built-ins or another `__main__`."""
    modules, namespace = sys.modules, module.__dict__
    keep = tuple(item for item in builtins.__dict__.items() if item[0] not in REPLACEABLE)
    table, changed = builtins.__dict__, _Changed

    def check(_):
        for name, value in keep:
            if table.get(name) is not value:
                raise changed(f"builtins.{name} was replaced")
        if modules.get("__main__") is not module or namespace.get("__name__") != "__main__":
            raise changed("__main__ was replaced")
        if namespace.get("__builtins__") is not builtins:
            raise changed("__builtins__ was replaced")
        return b""

    return check


def _launch(steps):
    steps.pop()(steps.pop(), [steps.pop()(), steps.pop()(steps.pop()())])
    #   writev  descriptor    token           check        program


def _leave(code, exit):
    """What the interpreter does at its end, but for its own tear-down: threads, atexit, flush."""
    threading = sys.modules.get("threading")
    if threading is not None:
        try:
            threading._shutdown()
        except BaseException:
            _report(*sys.exc_info())
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


def _report(kind, value, trace):
    """Print an exception as Python does, without this file's frames."""
    while trace is not None and trace.tb_frame.f_globals is _launch.__globals__:
        trace = trace.tb_next
    try:
        value.__traceback__ = trace
        sys.excepthook(kind, value, trace)
    except BaseException:
        try:
            sys.__excepthook__(kind, value, trace)
        except BaseException:
            pass


def _exit_status(value):
    """The exit code of a SystemExit; a message goes to stderr, as Python does it."""
    if value is None:
        return 0
    if isinstance(value, int):
        return value & 0xFF
    try:
        print(value, file=sys.stderr)
    except BaseException:
        pass
    return 1


def main(config):
    """Run the program and leave the process. Never returns."""
    fd, write, exit = config["fd"], posix.write, posix._exit
    posix.dup2(3, fd, False)
    posix.close(3)
    posix.close(4)
    sys.argv[:] = [SCRIPT]
    sys.path[:] = ["/tmp", *(path for path in sys.path if path), *config["path"]]
    module = _main_module()
    _quiet_settrace()
    _arm(fd)
    program = _make_program(module.__dict__, builtins.compile, builtins.exec)
    steps = [program, _make_check(module), _make_take(fd), fd, posix.writev]
    changed = _Changed
    del program, config, module
    write(fd, STARTED)
    try:
        _launch(steps)
        letter, status, error = b"", 0, None
    except SystemExit as raised:
        letter, status, error = EXITED, None, raised
    except changed as raised:
        letter, status, error = CHANGED + str(raised).encode(), 1, None
    except MemoryError as raised:
        letter, status, error = MEMORY, 1, raised
    except BaseException as raised:
        error, status = raised, 1
        trace = raised.__traceback__
        while trace is not None and trace.tb_frame.f_globals is _launch.__globals__:
            trace = trace.tb_next
        letter = EXCEPTION if trace is not None else SYNTAX
    if letter:
        write(fd, letter)
    if status is None:
        status = _exit_status(error.code)
    elif error is not None:
        _report(type(error), error, error.__traceback__)
    _leave(status, exit)
