"""`python -m pipeline`, installed as `selfcodealign`: the one way in, from `init` to `clean`.

Each command is a module of `pipeline.commands` with `HELP`, `add_arguments(parser)` and `run(arguments) -> exit code`.
One with `HANDS_THROUGH` gets the words that its parser does not know as `arguments.others`.
"""

from __future__ import annotations

import argparse
import importlib
import keyword
import logging
import sys
from types import ModuleType

from pipeline.commands import version
from pipeline.config import command_line, location
from pipeline.engine import EngineError
from pipeline.errors import DamagedFiles, MachineError, PipelineError
from pipeline.text.nearest import nearest
from targets import Damaged

COMMANDS = (
    "init", "doctor", "try", "calibrate", "plan", "run", "status", "export", "why", "explain", "verify", "retry",
    "clean", "evaluate",
)  # fmt: skip

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
    _add_folder(parser, None)
    parser.add_argument("-h", "--help", action="store_true", help="show this help and end")
    parser.add_argument("--version", action="version", version=f"selfcodealign {version()}")
    parser.add_argument("command", nargs="?", metavar="COMMAND")
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="...", help="`COMMAND --help` describes them")
    first = parser.parse_args(argv)
    if first.help:
        parser.print_help()
        print("\ncommands:")
        for name in COMMANDS:
            print(f"  {name:10}{_module(name).HELP}")
        parser.exit()
    if first.command is None:
        parser.error(f"a COMMAND is missing: {', '.join(COMMANDS)}")
    if first.command not in COMMANDS:
        parser.error(f"there is no command {first.command}: {nearest(first.command, COMMANDS)}")
    module = _module(first.command)
    hands_through = hasattr(module, "HANDS_THROUGH")
    own = argparse.ArgumentParser(
        prog=f"selfcodealign {first.command}",
        description=module.HELP,
        allow_abbrev=not hands_through,
        # `run --help` is about the command, `run TASK --help` about Luigi's options.
        add_help=not hands_through or first.words[:1] in (["-h"], ["--help"]),
        epilog="Keys of luigi.cfg are options too: --responses-samples 8 is [responses] samples = 8.",
    )
    _add_folder(own, first.folder)
    module.add_arguments(own)
    # Luigi reads the keys of its own command line; of any other they are taken out first, with their values.
    values, words = ({}, first.words) if hands_through else command_line.split(first.words)
    arguments, others = own.parse_known_args(words)
    if others and not hands_through:
        own.error(f"unrecognized arguments: {' '.join(others)}")
    arguments.values, arguments.others = values, others
    return module, arguments


def _add_folder(parser: argparse.ArgumentParser, default: str | None) -> None:
    parser.add_argument(
        "-C", dest="folder", metavar="FOLDER", default=default, help="work in this folder and its project, as `git -C`"
    )


def _module(command: str) -> ModuleType:
    """The command's module; one that Python reserves the name of has an underscore after it."""
    name = f"{command}_" if keyword.iskeyword(command) else command
    return importlib.import_module(f"pipeline.commands.{name}")


if __name__ == "__main__":
    sys.exit(main())
