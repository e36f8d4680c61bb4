"""`python -m pipeline`, installed as `selfcodealign`: the one way in, from `init` to `clean`.

Each command is a module of `pipeline.commands` (parsers.py) with `run(arguments) -> exit code`.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from types import ModuleType

from pipeline.commands import version
from pipeline.commands.parsers import COMMANDS, add_folder, command_module, parser_of
from pipeline.config import command_line, location
from pipeline.engine import EngineError
from pipeline.errors import DamagedFiles, MachineError, PipelineError
from pipeline.text.nearest import nearest
from targets import Damaged

_DESCRIPTION = "Make, examine and export instruction datasets: one project a folder, one luigi.cfg a project."


def main(argv: list[str] | None = None) -> int:
    """Run one command; return its exit code (docs/exit-codes.md)."""
    logging.getLogger("luigi-interface").addHandler(logging.NullHandler())
    module, arguments = _parse(argv)
    try:
        if arguments.folder is not None:
            location.enter(arguments.folder)
        command_line.set_values(arguments.values)
        return int(module.run(arguments))
    except PipelineError as error:
        return _say(error)
    except Damaged as error:
        return _say(DamagedFiles(str(error), "`selfcodealign verify --repair` makes it again"))
    except EngineError as error:
        return _say(PipelineError(str(error)))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Who reads the first lines only (`| head`) has all that was wanted. Python flushes once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.filename is None:
            raise
        return _say(MachineError(f"{error.filename}: {error.strerror}", "correct the path, or give permission"))


def _say(error: PipelineError) -> int:
    print(f"error: {error.problem}\n  {error.remedy}".rstrip(), file=sys.stderr)
    return error.exit_code


def _parse(argv: list[str] | None) -> tuple[ModuleType, argparse.Namespace]:
    """The command's module, and its arguments. Ends the process on wrong ones, and for --help and --version."""
    # Only the module of the command that is named is imported.
    parser = argparse.ArgumentParser(prog="selfcodealign", description=_DESCRIPTION, add_help=False, allow_abbrev=False)
    add_folder(parser, None)
    parser.add_argument("-h", "--help", action="store_true", help="show this help and end")
    parser.add_argument("--version", action="version", version=f"selfcodealign {version()}")
    parser.add_argument("command", nargs="?", metavar="COMMAND")
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="...", help="`COMMAND --help` describes them")
    first = parser.parse_args(argv)
    if first.help:
        parser.print_help()
        print("\ncommands:")
        for name in COMMANDS:
            print(f"  {name:10}{command_module(name).HELP}")
        parser.exit()
    if first.command is None:
        parser.error(f"a COMMAND is missing: {', '.join(COMMANDS)}")
    if first.command not in COMMANDS:
        parser.error(f"there is no command {first.command}: {nearest(first.command, COMMANDS)}")
    module = command_module(first.command)
    hands_through = hasattr(module, "HANDS_THROUGH")
    # `run --help` is about the command, `run TASK --help` about Luigi's options.
    own = parser_of(first.command, not hands_through or first.words[:1] in (["-h"], ["--help"]))
    own.set_defaults(folder=first.folder)
    # Luigi reads the keys of its own command line; of any other they are taken out first, with their values.
    if not hands_through and (wrong := command_line.unknown_option(first.words, own, command_line.flags())):
        own.exit(2, f"error: {wrong}\n")
    values, words = ({}, first.words) if hands_through else command_line.split(first.words)
    arguments, others = own.parse_known_args(words)
    if others and not hands_through:
        own.error(f"unrecognized arguments: {' '.join(others)}")
    arguments.values, arguments.others = values, others
    return module, arguments


if __name__ == "__main__":
    sys.exit(main())
