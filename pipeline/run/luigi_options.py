"""The options of the command `luigi`: help that describes the pipeline's own, and the right name for a misspelt one.

Luigi makes its parser from the classes of tasks and sections; it is given groups and sentences here, after that.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import cache
from typing import Any

from luigi.cmdline_parser import CmdlineParser
from luigi.task_register import Register

from pipeline.config.command_line import flags, unknown_option
from pipeline.config.descriptions import descriptions


def explain(tasks: Sequence[str]) -> None:
    """From now on, Luigi's parser describes the pipeline's options, and proposes the right name for a wrong one.

    `tasks` are named where the command line has none. Luigi builds a parser of the same options eight times a run,
    a seventh of the time of a run with nothing to do: here it is built once for the classes that are known.
    """
    build: Any = CmdlineParser._build_parser

    @cache
    def parser_of(root_task: str | None, help_all: bool, known: tuple[str, ...]) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = build(root_task, help_all)
        parser.__class__ = _Parser
        return parser

    def built(root_task: str | None = None, help_all: bool = False) -> argparse.ArgumentParser:
        return parser_of(root_task, help_all, tuple(Register.task_names()))

    exit_with_help: Any = CmdlineParser._possibly_exit_with_help

    def exit_without_task(parser: argparse.ArgumentParser, words: argparse.Namespace) -> None:
        exit_with_help(parser, words)
        if not words.root_task:
            parser.error(f"a TASK is missing\n  there are {', '.join(tasks)}")

    CmdlineParser._build_parser = staticmethod(built)  # type: ignore[method-assign]
    CmdlineParser._possibly_exit_with_help = staticmethod(exit_without_task)  # type: ignore[method-assign]


class _Parser(argparse.ArgumentParser):
    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        if wrong := unknown_option(args or (), self):
            self.error(wrong)
        return super().parse_args(args, namespace)

    def print_help(self, file: Any = None) -> None:
        self.usage = "%(prog)s --module pipeline TASK [option ...]"
        _describe(self)
        super().print_help(file)

    def error(self, message: str) -> Any:
        self.exit(2, f"error: {message}\n")


def _describe(parser: argparse.ArgumentParser) -> None:
    """Move the options of luigi.cfg's keys into a group for each section, each with its sentence."""
    ours, about = flags(), descriptions()
    groups: dict[str, argparse._ArgumentGroup] = {}
    for action in list(parser._optionals._group_actions):
        if action.dest == "project" or action.dest.endswith("_project"):
            action.help = argparse.SUPPRESS  # no text names a project (pipeline/stages/base.py)
        option = next((option for option in action.option_strings if option in ours), None)
        if option is None:
            continue
        section, key = ours[option]
        if section not in groups:
            groups[section] = parser.add_argument_group(f"[{section}]", _escaped(about.sections.get(section, "")))
        action.help = _escaped(about.keys.get((section, key), ""))
        action.metavar = "VALUE"
        parser._optionals._group_actions.remove(action)
        groups[section]._group_actions.append(action)


def _escaped(text: str) -> str:
    return text.replace("%", "%%")
