"""Recognises licences by their whole text.

`standard_texts/` has one file for each licence, named by its SPDX identifier and, for a second
text, a tilde. A text is one of them only when no word of
it is left over: a clause of its own, before, between or after, makes it unknown. Line breaks, case, punctuation, list
numbers, copyright lines and the address of the Free Software Foundation do not count. In these files `[[ ]]` is a part
that may be absent, `((a|b))` is one of several, and `{{holder}}` is a name of at most NAME_WORDS words.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

NAME_WORDS = 12

_FOLDER = Path(__file__).with_name("standard_texts")
_MARKUP = re.compile(r"(\[\[|\]\]|\(\(|\)\)|\||\{\{holder\}\})")
_PATTERN = {
    "[[": "(?:", "]]": ")?", "((": "(?:", "))": ")", "|": "|",
    "{{holder}}": rf"(?:\w+ ){{1,{NAME_WORDS}}}?",
}  # fmt: skip
_BULLET = re.compile(
    r"^(?:[-*•>#/]+\s+)*(?:\(?(?:\d{1,2}(?:\.\d{1,2})*|[a-z]|[ivx]{1,4})[.)]\s+|\d{1,2}\.\d{1,2}\s+(?=[A-Z]))?"
)
_COPYRIGHT = re.compile(
    r"(?:portions? |all (?:code|files) )?(?:copyright|\(c\)|©)(?P<sign>\W*(?:\(c\)|©|copyright\b))?(?P<rest>.*)",
    re.IGNORECASE,
)
_RESERVED = re.compile(r"\W*all rights reserved\W*", re.IGNORECASE)
# What a copyright line holds besides names, which begin with a capital, and years, addresses and links.
_IN_NAMES = frozenset(
    {
        "and", "or", "by", "the", "of", "to", "present", "individual", "respective", "others", "other", "et", "al",
        "open", "source", "see", "file", "for", "details", "affiliates", "contributors", "authors", "author",
        "developers", "team", "project", "inc", "ltd", "llc", "de", "van", "von", "der", "la", "du", "its",
    }
)  # fmt: skip
# A name before one of these may be written small: "the attrs contributors".
_GROUPS = frozenset(("contributors", "authors", "developers", "team", "project"))
# Words of a condition: a line that has one states more than a copyright.
_TERMS = frozenset(
    {
        "only", "use", "uses", "used", "noncommercial", "non-commercial", "commercial", "personal", "confidential",
        "proprietary", "evaluation", "license", "licence", "licensed", "licenced", "unlicensed", "permission",
        "permitted", "restricted", "prohibited", "must", "may", "not", "without", "except", "distribution",
        "unpublished", "secret",
    }
)  # fmt: skip
_FSF = re.compile(
    r"(?:59 temple place (?:suite 330 )?|51 franklin st(?:reet)? (?:(?:fifth floor|suite 500) )?)"
    r"boston ma 0211[01](?: 130[17])? (?:usa )?"
)
# The single letters of lists ("a)", "i."), also where a line break separates them from the line's start.
_LETTER = re.compile(r"\b(?:[a-z]|ii|iii|iv|vi|vii) ")


def identify(text: str) -> list[str]:
    """The identifiers of the standard texts that make up a text, in order; none when a word of it is left over."""
    words = _words(text)
    found: list[str] = []
    position = 0
    while position < len(words):
        for identifier, pattern in _patterns():
            if (match := pattern.match(words, position)) and match.end() > position:
                found.append(identifier)
                position = match.end()
                break
        else:
            return []
    return found


@lru_cache(maxsize=1)
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Each licence's pattern over normalised words; longer texts first, because one may begin like another."""
    texts = {path.name.removesuffix(".txt"): path.read_text(encoding="utf-8") for path in _FOLDER.glob("*.txt")}
    ordered = sorted(texts, key=lambda name: (-len(texts[name]), name))
    return [(name.partition("~")[0], re.compile(_pattern(texts[name]))) for name in ordered]


def _pattern(text: str) -> str:
    pieces = _MARKUP.split(_unlisted(text))
    return "".join(_PATTERN[piece] if number % 2 else re.escape(_flat(piece)) for number, piece in enumerate(pieces))


def _words(text: str) -> str:
    """The words that count, each followed by a space."""
    return _flat(_unlisted(text))


def _unlisted(text: str) -> str:
    """A text without its copyright lines, and its lines without bullets and list numbers."""
    lines = (line.strip().strip("*_").strip() for line in text.splitlines())
    # Both ways, because "(c)" may begin a copyright line and a point of a list.
    kept = (_BULLET.sub("", line) for line in lines if not _is_copyright(line))
    return "\n".join(line for line in kept if not _is_copyright(line))


def _flat(text: str) -> str:
    text = text.lower().replace("https:", "http:").replace("licence", "license").replace("``as is''", "as is")
    words = "".join(f"{word} " for word in re.findall(r"\w+", text))
    return _LETTER.sub("", _FSF.sub("", words))


def _is_copyright(line: str) -> bool:
    """Whether a line states a copyright and nothing else."""
    if _RESERVED.fullmatch(line):
        return True
    match = _COPYRIGHT.fullmatch(line)
    if match is None:
        return False
    rest = re.sub(r"\.?\s*all rights reserved\.?", "", match["rest"], flags=re.IGNORECASE)
    words = re.findall(r"[^\s,;()<>\[\]]+", rest)
    # A line of a licence in capitals ("COPYRIGHT HOLDERS BE LIABLE") has neither a sign nor a year.
    dated = bool(match["sign"]) or any(character.isdigit() for character in rest)
    if not words or len(words) > 2 * NAME_WORDS or not (dated or not rest.isupper()):
        return False
    plain = [word.lower().strip(".:&-") for word in words]
    if not _TERMS.isdisjoint(plain):
        return False
    capital = [False, *(word[0].isupper() for word in words), False]
    return all(
        not word[0].islower()
        or name in _IN_NAMES
        or after in _GROUPS
        or set("@/.") & set(word[1:-1])
        or (capital[place] and capital[place + 2])  # in a name, as "Ingy döt Net"
        for place, (word, name, after) in enumerate(zip(words, plain, [*plain[1:], ""], strict=True))
    )
