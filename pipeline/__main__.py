"""`python -m pipeline`, installed as `selfcodealign`: everything but the main job.

Each command is a module of `pipeline.commands` with `HELP`, `add_arguments(parser)` and
`run(arguments) -> exit code`.
"""

from __future__ import annotations

import argparse
import importlib
import keyword
import logging
import sys
from types import ModuleType

from pipeline.engine import EngineError
from pipeline.errors import DamagedFiles, PipelineError
from targets import Damaged

COMMANDS = (
    "doctor", "try", "plan", "status", "export", "why", "explain", "verify", "retry", "clean",
    "evaluate",
)  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    """Run one command; return its exit code (docs/exit-codes.md)."""
    logging.getLogger("luigi-interface").addHandler(logging.NullHandler())
    parser = argparse.ArgumentParser(
        prog="selfcodealign",
        description="Look after the datasets that `luigi --module pipeline FinalDataset` makes.",
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    modules = {name: _module(name) for name in COMMANDS}
    for name, module in modules.items():
        subparser = subparsers.add_parser(name, help=module.HELP, description=module.HELP)
        module.add_arguments(subparser)
    arguments = parser.parse_args(argv)
    try:
        return int(modules[arguments.command].run(arguments))
    except PipelineError as error:
        print(f"error: {error.problem}\n  {error.remedy}".rstrip(), file=sys.stderr)
        return error.exit_code
    except Damaged as error:
        print(f"error: {error}\n  `python -m pipeline verify --repair` makes it again", file=sys.stderr)
        return DamagedFiles.exit_code
    except EngineError as error:
        print(f"error: {error}", file=sys.stderr)
        return PipelineError.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0


def _module(command: str) -> ModuleType:
    """The command's module; one that Python reserves the name of has an underscore after it."""
    name = f"{command}_" if keyword.iskeyword(command) else command
    return importlib.import_module(f"pipeline.commands.{name}")


if __name__ == "__main__":
    sys.exit(main())
