"""The commands of the page on ten commands exist, with the arguments that it gives them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from pipeline.commands.parsers import COMMANDS, parser_of

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "ten-commands.md").read_text()
LINES = re.findall(r"`selfcodealign ([^`]+)`", PAGE)


def test_there_are_ten():
    assert re.findall(r"^(\d+)\. `", PAGE, re.MULTILINE) == [str(number) for number in range(1, 11)]


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_the_page_is_accepted(line):
    command, *words = shlex.split(line)
    assert command in COMMANDS
    parser_of(command, True).parse_args(words)
