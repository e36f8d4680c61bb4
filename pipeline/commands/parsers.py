"""The commands and the parsers of their arguments.

Each command is a module with `HELP`, `add_arguments(parser)` and `run(arguments) -> exit code`. One with
`HANDS_THROUGH` gets the words that its parser does not know as `arguments.others`. Only the module of the command that
is named is imported.
"""

from __future__ import annotations

import argparse
import importlib
import keyword
from types import ModuleType

COMMANDS = (
    "init", "doctor", "try", "preview", "calibrate", "plan", "run", "status", "export", "why", "explain", "verify",
    "retry", "clean", "evaluate", "completion",
)  # fmt: skip


def parser_of(command: str, has_help: bool = True) -> argparse.ArgumentParser:
    """The parser of a command's own arguments."""
    module = command_module(command)
    parser = argparse.ArgumentParser(
        prog=f"selfcodealign {command}",
        description=module.HELP,
        allow_abbrev=not hasattr(module, "HANDS_THROUGH"),
        add_help=has_help,
        epilog="Keys of luigi.cfg are options too: --responses-samples 8 is [responses] samples = 8.",
    )
    add_folder(parser, None)
    module.add_arguments(parser)
    return parser


def add_folder(parser: argparse.ArgumentParser, default: str | None) -> None:
    """The option `-C`, which every command takes."""
    parser.add_argument(
        "-C", dest="folder", metavar="FOLDER", default=default, help="work in this folder and its project, as `git -C`"
    )


def command_module(command: str) -> ModuleType:
    """The command's module; one that Python reserves the name of has an underscore after it."""
    name = f"{command}_" if keyword.iskeyword(command) else command
    return importlib.import_module(f"pipeline.commands.{name}")
