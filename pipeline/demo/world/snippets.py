"""Realistic-looking snippets: generated functions with docstrings that do no particular thing.

They train the concepts stage on syntax instead of names: nested control flow, keyword
arguments, error handling, attributes, comments and long docstrings, as in real modules. The code
parses but is never run. Their concepts come from their syntax trees (`concepts.py`).
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from pipeline.demo.world import concepts as vocabulary
from pipeline.demo.world.snippet_parts import (
    ADJECTIVES,
    CONDITIONS,
    EFFECTS,
    ERRORS,
    NOT_A_NAME,
    NOUNS,
    OPERATORS,
    RETURNS,
    STATEMENTS,
    TYPES,
    VERBS,
)
from pipeline.text.code_concepts import tree_concepts

_SLOT = re.compile(r"\{(a|b|n|m|o|x|f2|f|g2|g|s2|s|i|t2|t|op)\}|\{\{|\}\}")


@dataclass(frozen=True, slots=True)
class Snippet:
    """Source code of one function and a choice of its concepts."""

    code: str
    concepts: tuple[str, ...]


def make_snippet(rng: random.Random) -> Snippet:
    """A function of 3 to about 35 lines."""
    code = _Writer(rng).function()
    found = tree_concepts(code)
    return Snippet(code, tuple(vocabulary.choose(rng, found)))


class _Writer:
    """Writes one function; keeps the names in reach."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.names: list[str] = []
        self.lines: list[str] = []
        self.commented = rng.random() < 0.4

    def function(self) -> str:
        rng = self.rng
        self.names = [self._identifier() for _ in range(rng.choice((1, 1, 2, 2, 2, 3, 3, 4)))]
        name = self._function_name()
        self.lines.append(f"def {name}({self._parameters()}):")
        self._docstring()
        for _ in range(rng.choice((0, 1, 1, 2, 2, 3, 3, 4, 5))):
            self._part(1)
        if rng.random() < 0.3:
            self._emit(1, f"if {self._text(rng.choice(CONDITIONS))}:")
            self._emit(2, f"return {self._text(rng.choice(RETURNS))}")
        self._emit(1, f"return {self._text(rng.choice(RETURNS))}")
        return "\n".join(self.lines) + "\n"

    def _emit(self, depth: int, line: str) -> None:
        self.lines.append("    " * depth + line)

    def _part(self, depth: int) -> None:
        rng = self.rng
        if self.commented and rng.random() < 0.25:
            self._emit(depth, f"# {_phrase(rng).capitalize()}")
        draw = rng.random() if depth < 3 else 0.0
        if draw < 0.42:
            self._simple(depth)
        elif draw < 0.64:
            self._if(depth)
        elif draw < 0.8:
            self._for(depth)
        elif draw < 0.86:
            self._emit(depth, f"while {self._text(rng.choice(CONDITIONS))}:")
            self._block(depth + 1)
        elif draw < 0.94:
            self._try(depth)
        else:
            opened = self._identifier()
            self._emit(depth, f"with open({self._name()}) as {opened}:")
            self.names.append(opened)
            self._block(depth + 1)

    def _block(self, depth: int) -> None:
        for _ in range(self.rng.choice((1, 1, 1, 2, 2, 3))):
            self._part(depth)

    def _simple(self, depth: int) -> None:
        template = self.rng.choice(STATEMENTS if self.rng.random() < 0.7 else EFFECTS)
        self._emit(depth, self._text(template))

    def _if(self, depth: int) -> None:
        rng = self.rng
        self._emit(depth, f"if {self._text(rng.choice(CONDITIONS))}:")
        ending = rng.random()
        if ending < 0.22:
            message = _phrase(rng)
            self._emit(depth + 1, f"raise {rng.choice(ERRORS)}({message!r})")
        elif ending < 0.42:
            self._emit(depth + 1, f"return {self._text(rng.choice(RETURNS))}")
        else:
            self._block(depth + 1)
            if rng.random() < 0.2:
                self._emit(depth, f"elif {self._text(rng.choice(CONDITIONS))}:")
                self._block(depth + 1)
            if rng.random() < 0.4:
                self._emit(depth, "else:")
                self._block(depth + 1)

    def _for(self, depth: int) -> None:
        rng = self.rng
        first, second, over = self._identifier(), self._identifier(), self._name()
        self._emit(
            depth,
            rng.choice(
                (
                    f"for {first} in {over}:",
                    f"for {first} in {over}:",
                    f"for {first}, {second} in {over}.items():",
                    f"for {first}, {second} in enumerate({over}):",
                    f"for {first}, {second} in zip({over}, {self._name()}):",
                    f"for {first} in range(len({over})):",
                    f"for {first} in sorted({over}):",
                    f"for {first} in range({rng.randint(1, 20)}):",
                )
            ),
        )
        self.names.append(first)
        self._block(depth + 1)

    def _try(self, depth: int) -> None:
        rng = self.rng
        self._emit(depth, "try:")
        self._simple(depth + 1)
        self._emit(depth, f"except {rng.choice(ERRORS)}:")
        if rng.random() < 0.4:
            self._emit(depth + 1, f"return {self._text(rng.choice(RETURNS))}")
        elif rng.random() < 0.4:
            self._emit(depth + 1, "pass")
        else:
            self._simple(depth + 1)

    def _parameters(self) -> str:
        rng = self.rng
        parts = []
        typed = rng.random() < 0.12
        defaults = False
        for position, name in enumerate(self.names):
            defaults = defaults or (position > 0 and rng.random() < 0.4)
            hint = f": {rng.choice(TYPES)}" if typed else ""
            default = f"={rng.choice(('None', 'False', 'True', '0', '1', repr(self._word())))}"
            parts.append(name + hint + (default if defaults else ""))
        if len(parts) > 1 and rng.random() < 0.08:
            parts.insert(1, "*")
            parts = [parts[0], "*", *parts[2:]]
        if rng.random() < 0.06:
            parts.append("**kwargs")
        return ", ".join(parts)

    def _docstring(self) -> None:
        rng = self.rng
        first = _phrase(rng).capitalize() + "."
        if rng.random() < 0.45:
            self._emit(1, f'"""{first}"""')
            return
        self._emit(1, f'"""{first}')
        for _ in range(rng.choice((1, 1, 2, 3))):
            self.lines.append("")
            kind = rng.random()
            if kind < 0.2:
                self._emit(1, f">>> {self._function_name()}({rng.randint(0, 99)})")
                self._emit(1, rng.choice((str(rng.randint(0, 999)), repr(self._word()), "True")))
                continue
            for _ in range(rng.choice((1, 2, 2, 3))):
                mention = rng.choice((self._name(), "it", f"`{self._name()}'", "this function", "the result"))
                self._emit(1, f"If {mention} is {rng.choice(ADJECTIVES)}, {_phrase(rng)},")
            self._emit(1, f"{_phrase(rng)}.")
        self._emit(1, '"""')

    def _word(self) -> str:
        rng = self.rng
        if rng.random() < 0.12:
            return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(1, 6)))
        return rng.choice(NOUNS)

    def _identifier(self) -> str:
        rng = self.rng
        draw = rng.random()
        if draw < 0.15:
            name = rng.choice("abcdefghijklmnpqrstuvwxyz")
        elif draw < 0.65:
            name = self._word()
        else:
            name = f"{rng.choice((*ADJECTIVES, *NOUNS))}_{self._word()}"
        if name in NOT_A_NAME:
            name += "_"
        return name

    def _function_name(self) -> str:
        rng = self.rng
        name = rng.choice(
            (
                f"{rng.choice(VERBS)}_{self._word()}",
                f"{rng.choice(VERBS)}{self._word()}",
                self._word() + rng.choice(VERBS),
                f"_{rng.choice(VERBS)}_{rng.choice(ADJECTIVES)}",
                f"{rng.choice(VERBS)}_{rng.choice(ADJECTIVES)}_{self._word()}",
            )
        )
        return name + "_" if name in NOT_A_NAME else name

    def _name(self) -> str:
        return self.rng.choice(self.names)

    def _text(self, template: str) -> str:
        rng = self.rng
        fresh: dict[str, str] = {}

        def put(found: re.Match[str]) -> str:
            slot = found.group(1)
            if slot is None:
                return found.group(0)[0]
            if slot in ("n", "m", "o", "x"):
                return fresh.setdefault(slot, self._identifier())
            if slot in ("a", "b"):
                return self._name()
            if slot in ("f", "f2"):
                name = self._word()
                return name + "_" if name in NOT_A_NAME else name
            if slot in ("g", "g2"):
                return self._function_name()
            if slot in ("s", "s2"):
                marks = rng.choice((" ", ",", "/", ".", "-", "_", ":", "=", "%s", "", "\n", "*"))
                return repr(marks if rng.random() < 0.6 else self._word())
            if slot == "i":
                return str(rng.choice((0, 1, 1, 2, 3, 4, 8, 10, 16, 60, 100, 255)))
            return rng.choice(TYPES if slot in ("t", "t2") else OPERATORS)

        text = _SLOT.sub(put, template)
        self.names += [name for slot, name in fresh.items() if slot != "x"]
        return text


def _phrase(rng: random.Random) -> str:
    noun, other = rng.choice(NOUNS), rng.choice(NOUNS)
    verb, kind = rng.choice(VERBS), rng.choice(ADJECTIVES)
    return rng.choice(
        (
            f"{verb} the {noun} of the {kind} {other}",
            f"return the {kind} {noun} for {other}",
            f"{verb} a {noun} and return its {other}",
            f"return true if the {noun} is {kind}",
            f"{verb} {kind} {noun}s from {other}",
            f"the {noun} must be {kind}",
            f"{verb} {noun} to {other} with {kind} {rng.choice(NOUNS)}s",
            f"test whether a {noun} is a {kind} {other}",
            f"return a {kind} list of {noun}s",
            f"convert a {noun} to a {kind} {other}",
        )
    )
