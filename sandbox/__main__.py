"""`python -m sandbox run FILE` and `python -m sandbox check`."""

from __future__ import annotations

import argparse
import io
import json
import sys
import tokenize
from collections.abc import Sequence

from sandbox import check
from sandbox.errors import SandboxUnavailable
from sandbox.limits import MIB, Limits
from sandbox.pool import run
from sandbox.result import Result

PASSED, NOT_PASSED, NO_SANDBOX = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 passed, 1 not passed, 2 the sandbox could not do its work."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("run", help="run one program and print its result")
    one.add_argument("file", help="a Python program; - for standard input")
    one.add_argument("--timeout", type=float, metavar="S", help="seconds of wall time")
    one.add_argument("--memory", type=int, metavar="MB", help="megabytes of memory")
    one.add_argument("--packages", default="", metavar="A,B", help="packages it may import")
    one.add_argument("--json", action="store_true", help="print one JSON object")
    doctor = commands.add_parser("check", help="say what this machine has for sandboxes")
    doctor.add_argument("--json", action="store_true", help="print a JSON object a line")
    options = parser.parse_args(arguments)
    if options.command == "check":
        return check.report(options.json, _to_stderr)
    return _run(options)


def _run(options: argparse.Namespace) -> int:
    try:
        if options.file == "-":
            data = sys.stdin.buffer.read()
        else:
            with open(options.file, "rb") as file:
                data = file.read()
        limits = _limits(options)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return NO_SANDBOX
    packages = [name.strip() for name in options.packages.split(",") if name.strip()]
    try:
        result = run(decoded(data), limits, packages, log=_to_stderr)
    except SandboxUnavailable as error:
        print(f"error: {error}", file=sys.stderr)
        return NO_SANDBOX
    if options.json:
        print(json.dumps({**result.to_dict(), "id": options.file}))
    else:
        print(_describe(result))
    if result.status == "sandbox_error":
        return NO_SANDBOX
    return PASSED if result.passed else NOT_PASSED


def decoded(data: bytes) -> str:
    """The text of a Python file, by its byte order mark or coding line; bytes that are no text become surrogates."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError):
        return data.decode("utf-8", "surrogateescape")


def _describe(result: Result) -> str:
    """A result for a person; nothing in it can speak to the terminal."""
    lines = [
        f"{result.status}  {result.detail}".rstrip(),
        f"exit code {result.exit_code}, signal {result.signal}",
        f"wall {result.wall_s:.3f} s, CPU {result.cpu_s:.3f} s, {result.max_rss // MIB} MB",
    ]
    for name in ("stdout", "stderr"):
        text = getattr(result, name).rstrip()
        if text:
            lines.append(f"--- {name}\n{text}")
    return "".join(map(_harmless, "\n".join(lines)))


def _harmless(character: str) -> str:
    """The character, or its name where a terminal could take it for a command."""
    if character in "\n\t" or character.isprintable():
        return character
    return character.encode("unicode_escape").decode()


def _limits(options: argparse.Namespace) -> Limits:
    chosen: dict[str, float | int] = {}
    if options.timeout is not None:
        chosen["wall_seconds"] = options.timeout
        chosen["cpu_seconds"] = max(1, round(options.timeout))
    if options.memory is not None:
        chosen["memory_bytes"] = options.memory * MIB
    return Limits(**chosen)  # type: ignore[arg-type]


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
