"""How a task of an evaluated pack is asked and scored, where its layout has a way of its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cases:
    """Inputs with outputs, packed: texts for standard input and from standard output, or lines of JSON.

    `function` is the method of `Solution` that is called; empty: the program is run with each input.
    """

    packed: str
    function: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A task as a question.

    `question` is the instruction, empty where the wording of other tasks holds; `document` what a base model continues
    up to one of `stops`, empty where it cannot be asked so, and `begins` whether it begins the program; `form` what an
    answer is: a program (`code`), a value (`value`), a call of the function (`call`), or text that the tests put into a
    program (`text`); tests find the last three as `answer`. `tests` are those of the evaluation, `date` is that of the
    task's publication. `method` is the one of the solution's class that an answer replaces, "" where it is a program.
    """

    question: str
    tests: str = ""
    document: str = ""
    stops: tuple[str, ...] = ()
    begins: bool = True
    form: str = "code"
    cases: Cases | None = None
    date: str = ""
    method: str = ""
