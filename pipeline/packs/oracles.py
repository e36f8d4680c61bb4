"""Tasks whose outputs are not compared by equality, as data: which comparison of inside/comparison.py each has.

EvalPlus 0.3.1 (evalplus/eval) and EvoEval 0.1.0 (evoeval/eval_test) have the same list in their programs.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Oracle:
    """The comparison of a task's outputs: a function of inside/comparison.py, by its name.

    `second` is the source of a second solution, for a text that can be read in two ways.
    """

    compare: str
    second: str = ""


# Mbpp/581: the height of a pyramid is taken from its base, not along its side.
_SURFACE_AREA = """\
def surface_Area(base_edge, height):
    slant = ((base_edge / 2) ** 2 + height ** 2) ** 0.5
    return round(base_edge ** 2 + 2 * base_edge * slant)
"""

# Mbpp/558: the shorter number is filled with zeros in front.
_DIGIT_DISTANCE = """\
def digit_distance_nums(n1, n2):
    size = max(len(str(n1)), len(str(n2)))
    return sum(abs(int(a) - int(b)) for a, b in zip(str(n1).zfill(size), str(n2).zfill(size)))
"""

# By benchmark and function. The benchmark is the part of a task's id before the number.
_ORACLES: dict[tuple[str, str], Oracle] = {
    ("HumanEval", "find_zero"): Oracle("root"),
    **{
        ("Mbpp", name): Oracle("same_set")
        for name in (
            "similar_elements",
            "find_char_long",
            "common_in_nested_lists",
            "extract_singly",
            "larg_nnum",
            "intersection_array",
            "find_dissimilar",
            "Diff",
        )
    },
    **{("Mbpp", name): Oracle("not_none") for name in ("check_str", "text_match_three", "text_starta_endb")},
    ("Mbpp", "are_equivalent"): Oracle("anything"),
    ("Mbpp", "sum_div"): Oracle("either", "def sum_div(number):\n    return 0\n"),
    ("Mbpp", "surface_Area"): Oracle("either", _SURFACE_AREA),
    ("Mbpp", "digit_distance_nums"): Oracle("either", _DIGIT_DISTANCE),
}

EVOEVAL_SETS = ("difficult", "creative", "subtle", "combine", "tool_use")
# EvoEval names its tasks alike in all its sets: by the set and the task.
_OF_EVOEVAL: dict[tuple[str, str], Oracle] = {
    ("difficult", "EvoEval/10"): Oracle("mirrored_text"),
    ("difficult", "EvoEval/32"): Oracle("root_between"),
    ("creative", "EvoEval/26"): Oracle("way_by_moves"),
    ("creative", "EvoEval/30"): Oracle("way_by_places"),
    ("creative", "EvoEval/69"): Oracle("pair_of_product"),
    ("subtle", "EvoEval/32"): Oracle("root_of_even_powers"),
}


def oracle_of(id: str, function: str, typed: bool = False) -> Oracle:
    """The oracle of a task by its id and its function; `typed`: its benchmark compares types at every depth."""
    usual = Oracle("typed" if typed else "exact_or_close")
    return _ORACLES.get((id.partition("/")[0], function), usual)


def oracle_in(pack: str, id: str) -> Oracle | None:
    """The oracle of a task of EvoEval that has one of its own, which depends on the pack; None for any other task.

    Raises ValueError where it cannot be known: the pack's name does not say which of the sets it is.
    """
    sets = {kind: oracle for (kind, task), oracle in _OF_EVOEVAL.items() if task == id}
    named = [kind for kind in EVOEVAL_SETS if kind in pack.lower()]
    if sets and not named:
        raise ValueError(
            f"how it is compared depends on its set, which {pack} does not name: {', '.join(EVOEVAL_SETS)}"
        )
    return sets.get(named[0]) if named else None
