"""Keys of luigi.cfg on the command line of every command: `--responses-samples 8`, as Luigi itself takes them."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping, Sequence

from luigi.configuration import get_config

from pipeline.config.sections import SECTIONS
from pipeline.text.nearest import nearest


def flags() -> dict[str, tuple[str, str]]:
    """The option of every key, with its section and the key."""
    return {
        f"--{section.__name__}-{key.replace('_', '-')}": (section.__name__, key)
        for section in SECTIONS
        for key, _ in section.get_params()
    }


def split(words: Sequence[str]) -> tuple[dict[tuple[str, str], str], list[str]]:
    """The values by section and key that the words of a command line set, and the other words."""
    parser = argparse.ArgumentParser("selfcodealign", usage=argparse.SUPPRESS, add_help=False, allow_abbrev=False)
    for flag, (section, key) in flags().items():
        parser.add_argument(flag, dest=f"{section} {key}", metavar="VALUE")
    known, others = parser.parse_known_args(list(words))
    given = {name: value for name, value in vars(known).items() if value is not None}
    return {(name.split()[0], name.split()[1]): value for name, value in given.items()}, others


def set_values(values: Mapping[tuple[str, str], str]) -> None:
    """Let these values stand for those of luigi.cfg in this process."""
    for (section, key), value in values.items():
        get_config().set(section, key, value.replace("%", "%%"))


def unknown_option(words: Sequence[str], parser: argparse.ArgumentParser, more: Collection[str] = ()) -> str:
    """The message for the first option that neither a parser nor `more` has; empty where there is none."""
    own = list(parser._option_string_actions)
    for word in words:
        name = word.partition("=")[0]
        if name == "--":
            break
        # argparse lets its own options be shortened.
        known = name in more or any(option.startswith(name) for option in own)
        if name.startswith("--") and not known:
            right = nearest(name, {*own, *more}, otherwise="`--help` lists all options")
            return f"there is no option {name}\n  {right}"
    return ""
