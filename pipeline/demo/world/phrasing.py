"""The words around a task: function and argument names, instructions, docstrings, prose."""

from __future__ import annotations

import builtins
import keyword
import random
from dataclasses import dataclass

from pipeline.demo.world.chains import Chain
from pipeline.demo.world.operation import Kind, fill

# argument name -> how an instruction calls that value
# fmt: off
INPUTS: dict[Kind, dict[str, str]] = {
    "ints": {
        "numbers": "a list of numbers", "nums": "a list of integers", "values": "a list of whole numbers",
        "scores": "a list of scores", "prices": "a list of prices", "ages": "a list of ages",
        "temperatures": "a list of temperatures", "readings": "a list of sensor readings",
        "votes": "a list of vote counts", "steps": "a list of step counts", "marks": "a list of marks",
        "weights": "a list of weights", "heights": "a list of heights", "points": "a list of points",
        "levels": "a list of levels", "distances": "a list of distances", "goals": "a list of goals",
        "orders": "a list of order sizes", "amounts": "a list of amounts", "days": "a list of day numbers",
        "items": "a list of integers", "seq": "a sequence of numbers", "counts": "a list of counts",
        "sizes": "a list of sizes",
    },
    "text": {
        "text": "a string", "s": "a string", "sentence": "a sentence", "title": "a title",
        "message": "a message", "phrase": "a phrase", "label": "a label", "note": "a short note",
        "comment": "a comment", "headline": "a headline", "name": "a name", "caption": "a caption",
        "string": "a piece of text", "content": "a piece of text", "reply": "a reply",
        "slogan": "a slogan", "remark": "a remark",
    },
    "words": {
        "words": "a list of words", "names": "a list of names", "tags": "a list of tags",
        "labels": "a list of labels", "cities": "a list of cities", "fruits": "a list of fruits",
        "terms": "a list of terms", "tokens": "a list of tokens", "colors": "a list of colors",
        "animals": "a list of animals", "strings": "a list of strings", "entries": "a list of strings",
        "titles": "a list of titles", "guests": "a list of guests", "keywords": "a list of keywords",
    },
    "int": {
        "n": "a non-negative integer", "number": "a whole number", "value": "a non-negative number",
        "total": "a total", "size": "a size", "amount": "an amount", "age": "an age",
        "num": "a whole number", "length": "a length", "quantity": "a quantity",
        "minutes": "a number of minutes", "year": "a year number", "floor": "a floor number",
    },
    "table": {
        "table": "a dictionary from names to numbers", "mapping": "a mapping of names to integers",
        "stock": "a dictionary of stock by name", "ledger": "a dictionary of balances",
        "tally": "a dictionary of votes by name", "wages": "a dictionary of wages by name",
        "ratings": "a dictionary of ratings by name", "d": "a dictionary of numbers",
        "salaries": "a dictionary of salaries by name", "record": "a dictionary of results by name",
        "points_by_name": "a dictionary of points by name",
    },
}
# fmt: on
CATEGORIES: dict[Kind, str] = {
    "ints": "list processing",
    "text": "string manipulation",
    "words": "text processing",
    "int": "number theory",
    "table": "dictionary handling",
}
GENERAL_CATEGORY = "function implementation"
RESULT_NAMES = ("result", "out", "kept", "res", "answer", "output", "found")
TEST_NAMES: dict[Kind, tuple[str, ...]] = {
    "ints": ("data", "xs", "given"),
    "text": ("sample", "line", "given"),
    "words": ("ws", "data", "group"),
    "int": ("m", "given", "start"),
    "table": ("pairs", "data", "given"),
}
STEP_NAME = "step"
RESERVED = frozenset(
    {
        STEP_NAME,
        *RESULT_NAMES,
        *(n for names in TEST_NAMES.values() for n in names),
        *(a for names in INPUTS.values() for a in names),
        "x",
        "w",
        "c",
        "i",
        "y",
        "a",
        "b",
        "n",
    }
)
PREFIXES = ("get", "compute", "make", "build", "find", "list", "select", "derive", "give", "report")
NOUNS: dict[Kind, tuple[str, ...]] = {
    "ints": ("values", "numbers", "list", "items", "series", "entries"),
    "text": ("text", "string", "letters", "line", "phrase"),
    "words": ("words", "names", "strings", "terms", "tags"),
    "int": ("number", "value", "result", "int"),
    "table": ("entries", "table", "map", "record", "values"),
    "flag": ("check", "test", "flag"),
    "label": ("label", "name"),
    "other": ("table", "map"),
}


@dataclass(frozen=True, slots=True)
class Wording:
    """What a chain does: as imperatives (`keep ...`) and in the third person (`keeps ...`)."""

    imperatives: tuple[str, ...]
    statements: tuple[str, ...]


def third_person(phrase: str) -> str:
    """`keep the words` -> `keeps the words` (the first word is always a verb)."""
    verb, _, rest = phrase.partition(" ")
    if verb.endswith(("s", "sh", "ch", "x", "o", "z")):
        verb += "es"
    elif verb.endswith("y") and verb[-2] not in "aeiou":
        verb = verb[:-1] + "ies"
    else:
        verb += "s"
    return f"{verb} {rest}".rstrip()


def word_chain(rng: random.Random, chain: Chain) -> Wording:
    """Choose one phrase for each step."""
    phrases = tuple(fill(rng.choice(s.op.phrases), "", s.param) for s in chain)
    return Wording(phrases, tuple(map(third_person, phrases)))


def connect(rng: random.Random, parts: tuple[str, ...]) -> str:
    """Join the steps into one clause."""
    return rng.choice((" and then ", ", then ", ", and then ", " and ")).join(parts)


def sentence(clause: str) -> str:
    return clause[0].upper() + clause[1:] + "."


def function_name(rng: random.Random, chain: Chain) -> str:
    """A snake_case name after the operations that shadows no name in use."""
    while True:
        stems = [rng.choice(s.op.stems) for s in chain]
        name = rng.choice(("_", "_", "_then_", "_and_")).join(stems)
        if rng.random() < 0.35 or "_" not in name:
            name += "_" + rng.choice(NOUNS[chain[-1].op.gives])
        if rng.random() < 0.25:
            name = rng.choice(PREFIXES) + "_" + name
        taken = hasattr(builtins, name) or keyword.iskeyword(name) or name in RESERVED
        if not taken and len(name) <= 36:
            return name


def instruction(rng: random.Random, wording: Wording, name: str, argument: str, given: str) -> str:
    """One of many instructions for the function."""
    does = connect(rng, wording.statements)
    do = connect(rng, wording.imperatives)
    call = f"`{name}({argument})`"
    text = rng.choice(
        (
            f"Write a function {call} that takes {given} and {does}.",
            f"Write a Python function {call}. It takes {given} and {does}.",
            f"Implement a function {call}. Given {given}, it {does}.",
            f"Implement {call}, which receives {given} and {does}.",
            f"Create a function named `{name}` with one parameter `{argument}`, {given}. It should {do}.",
            f"Given {given} called `{argument}`, {do}. Put the solution in a function {call}.",
            f"Define {call}. The function receives {given} and {does}.",
            f"We have {given}. Write {call} to {do}.",
            f"Your task is to {do}. Write a function {call} for {given}.",
            f"Complete the function {call}: {do}. The argument is {given}.",
            f"A program needs to {do}. Provide {call}, where `{argument}` is {given}.",
            f"{sentence(do)[:-1]} for {given}. The function should be {call}.",
        )
    )
    ending = rng.random()
    if ending < 0.12:
        text += " Do not change the input."
    elif ending < 0.22:
        text += " Return the result."
    elif ending < 0.3:
        text += " Keep the code short."
    return text


def docstring(rng: random.Random, wording: Wording, argument: str, given: str) -> str:
    does, do = connect(rng, wording.statements), connect(rng, wording.imperatives)
    return rng.choice(
        (
            sentence(does),
            sentence(do),
            f"Take {given} and {do}.",
            f"{sentence(do)} The argument `{argument}` is {given}.",
        )
    )


def explanation(rng: random.Random, wording: Wording) -> str:
    """The sentence before a response's code."""
    does, do = connect(rng, wording.statements), connect(rng, wording.imperatives)
    return rng.choice(
        (
            f"The function {does}.",
            f"We {do}.",
            f"This solution {does} and returns the result.",
            f"Here is a function that {does}.",
            f"To solve this, we {do}.",
        )
    )
