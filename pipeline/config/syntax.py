"""The text of a luigi.cfg, before Luigi reads it: what configparser would end on is one line with file and line number.

Beside what is malformed, three things are refused that configparser takes for a part of the value, and that nobody
means: quotes around it, a comment behind it, and the section [DEFAULT], whose keys belong to every section.
Nothing here knows which sections and keys exist.
"""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import ConfigError

_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_ENVIRONMENT = re.compile(r"\$\{([^}]+)\}")


def read(path: Path) -> str:
    """The text of a well-formed luigi.cfg. Raises ConfigError with path, line number and remedy."""
    text = _decode(path)
    parser = _Parser(strict=True)
    try:
        parser.read_string(text, source=str(path))
    except configparser.DuplicateOptionError as error:
        raise _at(path, error.lineno, f"[{error.section}] {error.option} is set twice", "keep one") from None
    except configparser.DuplicateSectionError as error:
        raise _at(path, error.lineno, f"[{error.section}] is there twice", "put its keys into one section") from None
    except configparser.MissingSectionHeaderError as error:
        problem = f"{error.line.strip()!r} is in no section"
        raise _at(path, error.lineno, problem, "put a line like [seeds] before it") from None
    except configparser.ParsingError as error:
        number = error.errors[0][0] if error.errors else getattr(error, "lineno", None)
        written = text.splitlines()[number - 1].strip() if number else ""
        raise _at(path, number, f"{written!r} is neither a section nor key = value", "correct the line") from None
    except configparser.Error as error:
        raise _at(path, None, str(error).splitlines()[0], "correct it") from None
    if parser.defaults():
        remedy = "put the keys into the sections that they belong to"
        raise _at(path, _line_of(text, "DEFAULT"), "there is no section [DEFAULT]", remedy)
    for section in parser.sections():
        for key in parser.options(section):
            for problem, remedy in _problems(parser, section, key):
                raise _at(path, _line_of(text, section, key), f"[{section}] {key}: {problem}", remedy)
    return text


class _Parser(configparser.ConfigParser):
    optionxform = str  # type: ignore[assignment]  # as in Luigi: keys keep their case


def _decode(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        problem = f"{path} cannot be read: {error.strerror}"
        raise ConfigError(problem, "make it a file that you may read: `chmod +r`, where it is one") from None
    if content.startswith(_BYTE_ORDER_MARKS):
        raise _at(path, 1, "the file begins with a byte order mark", "save it as UTF-8 without one")
    for number, line in enumerate(content.split(b"\n"), 1):
        try:
            line.decode()
        except UnicodeDecodeError as error:
            problem = f"byte {line[error.start]:#04x} is not UTF-8"
            raise _at(path, number, problem, "save the file as UTF-8") from None
        if b"\0" in line:
            raise _at(path, number, "the line has a null byte", "save the file as UTF-8 text")
    return content.decode()


def _problems(parser: configparser.ConfigParser, section: str, key: str) -> Iterator[tuple[str, str]]:
    raw = parser.get(section, key, raw=True)
    for line in raw.splitlines():
        comment = re.search(r"\s([#;].*)$", line)
        if comment:
            yield f"{comment[1]} is a part of the value", "a comment needs a line of its own: take it out of this one"
    if len(raw) > 1 and raw[0] == raw[-1] and raw[0] in "\"'":
        yield f"the quotes of {raw} are a part of the value", "take them away"
    try:
        value = parser.get(section, key)
    except configparser.InterpolationMissingOptionError as error:
        yield f"%({error.reference})s refers to a key that [{section}] has not", "write %% for a percent sign"
    except configparser.InterpolationError:
        yield f"a percent sign stands alone in {raw}", "write %% for it"
    else:
        for name in _ENVIRONMENT.findall(value):
            if name not in os.environ:
                yield f"the environment variable {name} is not set", "set it, or write the value itself"


def place(path: Path, text: str, section: str, key: str | None = None) -> str:
    """Where a section, or a key of it, stands: path and, where it is in the text, line."""
    return _place(path, _line_of(text, section, key))


def _line_of(text: str, section: str, key: str | None = None) -> int | None:
    current = None
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\[(.+)\]", line)
        if header:
            current = header[1]
            if current == section and key is None:
                return number
        elif current == section and key is not None and re.match(rf"\s*{re.escape(key)}\s*[=:]", line):
            return number
    return None


def _place(path: Path, number: int | None) -> str:
    return f"{path}, line {number}" if number else str(path)


def _at(path: Path, number: int | None, problem: str, remedy: str) -> ConfigError:
    return ConfigError(f"{_place(path, number)}: {problem}", remedy)
