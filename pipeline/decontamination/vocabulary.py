"""Normalises the words of programming tasks, so that a paraphrase has most words in common with its original.

A word is reduced to its stem, then replaced by the first word of its group of near-synonyms. Words that every task
has are left out. The groups were written for the language of programming exercises; a word in no group stays.
"""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"[a-z]+|\d+(?:\.\d+)?")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")

_STOP_WORDS = """
    a about above after again all also always am an and any anything are as at be because been before being
    both but by can cannot case could create creates did do does doing done down during each either else
    etc every everything example examples f few following follow follows for from further function functions
    def get gets give gives given giving go goes had has have having he hence here him his how however i if
    implement implements in inside into is it its itself just let lets like make makes making may me method
    might more must my need needed needs no nor not note now object of off on once one only onto or other our
    out over own param parameter parameters please program programs python provide provided provides same
    self shall she should simple simply so some something such take takes taken taking task than that the
    their them then there thereby these they thing this those though through thus to too under until up upon
    us use used uses using value values very via was way we well were what when where whereas whether which
    while who whose why will with within without write writes would yet you your yourself s t re ve ll d m
    true false none return returns returned returning result results output outputs input inputs argument
    arguments code solution problem call called calls accept accepts receive receives
    """
STOP_WORDS = frozenset(_STOP_WORDS.split())

_GROUPS = """
    list array sequence collection series vector sublist arr lst
    string text str phrase
    word token term
    sentence message
    number numeric value int integer num float figure
    dictionary dict map mapping hash hashmap
    tuple pair couple
    element item entry member node component
    character char letter symbol
    determine check verify test decide detect tell ascertain evaluate validate confirm examine
    find locate search identify seek discover look pick select choose determined
    compute calculate calculating work
    count many often frequency occurrence amount total tally times
    sum add addition plus summation combine
    subtract minus deduct difference differ gap distance apart
    multiply product times multiplication
    divide divisible division divisor multiple quotient factor
    large big great maximum max highest high greatest long top most upper bound biggest
    small little minimum min lowest low least short few tiny tiniest
    near close nearby closest
    equal identical match coincide equivalent
    different distinct unique differing
    duplicate repeat repetition recur again dup
    sort order arrange ascend rank sorted ordered increase rise rising grow
    descend decrease reverse backward backwards fall falling drop invert flip swap toggle opposite switch
    remove delete drop eliminate exclude discard strip omit filter skip without ignore
    keep retain preserve
    replace substitute change convert transform turn translate modify
    join concatenate concat merge append glue link
    split separate divide break partition delimit
    start begin prefix initial first leading front beginning
    end finish suffix last final trailing close terminate ending
    middle between mid
    index position place location spot indices indexes slot
    odd uneven
    positive
    negative below
    prime
    digit
    binary bit
    bracket parenthesis parentheses paren parens brace bracketing
    open opening
    nest nested nesting deep depth level
    matrix grid table board
    row line
    column col
    vowel
    consonant
    palindrome palindromic symmetric
    average mean
    power exponent
    square squared
    cube cubic
    root
    area surface
    side edge
    length size long len
    empty blank
    space whitespace gap
    case uppercase lowercase upper lower capital capitalize
    encode encrypt cipher encoded encrypt encryption
    decode decrypt decipher
    rotate rotation cyclic circular shift cycle
    consecutive adjacent successive neighbor neighbour contiguous row
    common shared intersection both mutual
    union
    round nearest
    range interval span
    grade mark score
    threshold limit cutoff
    exceed beyond surpass over
    build construct generate produce form create assemble
    possible able feasible
    valid legal correct proper well-formed
    copy duplicate clone
    combine join
    date day
    month
    file filename
    name title
    """

_GROUP_OF: dict[str, str] = {}
for _line in _GROUPS.strip().split("\n"):
    _members = _line.split()
    for _member in _members:
        _GROUP_OF.setdefault(_member, _members[0])

_IRREGULAR = {
    "indices": "index", "vertices": "vertex", "matrices": "matrix", "leaves": "leaf", "found": "find",
    "built": "build", "made": "make", "kept": "keep", "chosen": "choose", "given": "give", "sum": "sum",
    "sums": "sum", "parentheses": "parenthesis", "lies": "lie", "series": "series", "bigger": "big",
    "biggest": "big", "dictionaries": "dictionary", "nearest": "near", "closest": "close", "nearer": "near",
    "closer": "close", "larger": "large", "largest": "large", "smaller": "small", "smallest": "small",
    "greater": "great", "greatest": "great", "longer": "long", "longest": "long", "shorter": "short",
    "shortest": "short", "higher": "high", "highest": "high", "lower": "lower", "lowest": "low",
    "earliest": "early", "earlier": "early", "later": "late", "latest": "late", "fewer": "few",
    "zeros": "0", "zero": "0", "one": "1", "ones": "1", "two": "2", "three": "3", "four": "4", "five": "5",
    "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10", "twice": "2", "second": "2", "third": "3",
    "nth": "n", "evenly": "divide", "divisible": "divide", "division": "divide", "occurrences": "occurrence",
    "occurs": "occurrence", "occur": "occurrence", "appears": "occurrence", "appear": "occurrence",
    "appearing": "occurrence",
}  # fmt: skip


def content_words(text: str) -> list[str]:
    """The words that carry a text's meaning, as the first words of their groups, in order, each once."""
    spaced = _CAMEL.sub(" ", text[:20_000]).lower()
    distinct: dict[str, None] = {}
    for word in _WORD.findall(spaced):
        if canonical := _canonical(word):
            distinct.setdefault(canonical)
    return list(distinct)


@lru_cache(maxsize=1 << 16)
def _canonical(word: str) -> str:
    if word in STOP_WORDS and word not in _IRREGULAR:
        return ""
    is_listed = word in _IRREGULAR or word in _GROUP_OF
    stem = _IRREGULAR.get(word, word) if is_listed else _stem(word)
    return _GROUP_OF.get(stem, stem)


def _stem(word: str) -> str:
    """The word without the endings of plural, tense, comparison and noun; short words stay."""
    for ending, rest in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            stem = word[: -len(ending)] + rest
            if stem in _GROUP_OF:
                return stem
            if len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "lsz":
                stem = stem[:-1]
            return stem if stem in _GROUP_OF or stem + "e" not in _GROUP_OF else stem + "e"
    return word


_ENDINGS = (
    ("ically", "ic"), ("ations", "ate"), ("ation", "ate"), ("ities", "ity"), ("nesses", ""), ("ness", ""),
    ("ments", ""), ("ment", ""), ("iest", "y"), ("ies", "y"), ("ied", "y"), ("sses", "ss"), ("ches", "ch"),
    ("shes", "sh"), ("xes", "x"), ("ings", ""), ("ing", ""), ("edly", ""), ("ed", ""), ("ers", ""), ("est", ""),
    ("er", ""), ("ally", "al"), ("ly", ""), ("es", "e"), ("s", ""),
)  # fmt: skip
