"""Cleans commit messages and rejects those that do not describe a code change (merges, versions, WIP, formatting).

In: a message as text. Out: its cleaned text, or a rejection. Git is not called here.
"""

from __future__ import annotations

import re

from pipeline.prompts import structure
from pipeline.records import Rejection, Rules

MIN_WORDS = 3
MIN_TELLING = 2  # words that are not in _EMPTY_WORD
MAX_WORDS = 150

RULES: Rules = {
    "message_unfinished": "The message marks unfinished work: wip, fixup!, squash!, tmp, draft.",
    "message_automatic": "The message is one of a merge, a revert, a new version, a first commit or a bot.",
    "message_too_short": f"The message has fewer than {MIN_WORDS} words.",
    "message_too_long": f"The message has more than {MAX_WORDS} words.",
    "message_beside_the_code": "The message is about typos, formatting, linters, continuous integration, "
    "docstrings, comments or the docs.",
    "message_says_nothing": f"The message has fewer than {MIN_TELLING} words that would not fit any commit.",
    **structure.RULES,
}

# Lines for tools and for the record: "Signed-off-by: A", "Fixes: #12", bare links.
_TRAILER = re.compile(
    r"^(?:[A-Z][A-Za-z]*(?:-[A-Za-z]+)+: .*|(?:fix(?:e[sd])?|close[sd]?|resolve[sd]?|refs?|see|issue|bug):? ?#?\d+\W*"
    r"|https?://\S+|git-svn-id: .*|\(cherry picked from .*\)|-{3,})$",
    re.IGNORECASE,
)
# "feat(core)!: ", "[parser] ", "GH-123: ", "ABC-12 ", "(#45)".
_TAG = re.compile(
    r"^(?:(?:feat|fix|perf|refactor|chore|docs|style|test|build|ci)(?:\([^)]*\))?!?: |\[[^\]]*\]:? "
    r"|(?!CI|DOC)[A-Z]{2,5}: |(?:gh-|#|bpo-|[A-Z]{2,}-)\d+:? )"
)
# "(#45)", "Addresses #12 and #13." as a sentence, "[skip ci]".
_ISSUE = r"(?:#|gh-|bpo-)\d+"
_NUMBER = re.compile(
    rf"\s*\({_ISSUE}\)"
    r"|(?:^|(?<=[.;] ))(?:address|clos|fix|resolv|see|refs?|cherry-?pick|related|part)\w*"
    r"(?: (?:to|from|of|issues?|pr))*:? "
    rf"{_ISSUE}(?:(?:,| and|, and)? {_ISSUE})*\.?(?=$|(?-i: [A-Z*]))"
    r"|\s*\[(?:ci skip|skip ci|skip \w+|\w+ skip|no ci)\]",
    re.IGNORECASE,
)
# What converters of histories add to a message, to its end.
_CONVERTED = re.compile(r"^(?:--HG--|git-svn-id:|svn path=|Change-Id:).*", re.MULTILINE | re.DOTALL)
# The messages of the commits that were squashed into one.
_BULLET = re.compile(r"^[*-] +")

_UNFINISHED = re.compile(r"^\[?(?:wip\b|(?:fixup|squash|amend)!|(?:tmp|temp|draft)(?:[:\]]|$))", re.IGNORECASE)
_AUTOMATIC = re.compile(
    r"^(?:merge (?:pull|branch|remote|tag|commit|master\b|main\b|')|revert \""
    r"|bump(?:ed|s)? (?:\w+ )?(?:version|\S+ (?:from|to)\b)"
    r"|(?:release |version |prepare release )?(?:[\w.]+-)?v?\d+\.\d+|apply suggestions? from|update \S+\.\w+$"
    r"|initial (?:commit|import|revision)"
    r"|update \S+ (?:requirement )?(?:from \S+ )?to \W*v?\d"
    r"|\[?bot\b)",
    re.IGNORECASE,
)
_BESIDE_THE_CODE = re.compile(
    r"\b(?:typos?|spelling|pep-?8|flake8|lint\w*|ruff|black|isort|mypy|white ?spaces?|(?:re)?format\w*"
    r"|ci|travis(?:-ci)?|appveyor|circle-?ci|github actions?|tox|codecov|coveralls|pre-commit|dependabot"
    r"|docstrings?|comments?|copyright|licen[cs]e|changelog|readme|docs?|documentation|type hints?|annotations?)\b",
    re.IGNORECASE,
)
_EMPTY_WORD = re.compile(
    r"a|an|the|and|all|some|this|it|is|of|on|in|for|to|with|up|now|more|new|other|another|latest|few|bit|small|little"
    r"|minor|misc|various|stuff|things?|files?|code|scripts?|functions?|commit|bugs?|issues?|errors?|problems?|tests?"
    r"|fix(?:e[sd]|ing)?|add(?:ed|s|ing)?|changes?|changed|edit(?:s|ed)?|mak(?:e|ing)|improve(?:d|s|ments?)?|removed?"
    r"|clean(?:ed|ing|up)?|refactor(?:ed|ing)?|tweak(?:s|ed)?|updat(?:e|es|ed|ing)|work(?:s|ing)?"
)


def cleaned(message: str) -> str:
    """The message as one paragraph, without trailers, issue numbers and the tags of commit conventions."""
    subject, *body = _CONVERTED.sub("", message).strip().splitlines() or [""]
    lines = [subject.strip(), *(line for line in map(str.strip, body) if not _squashed(line, subject))]
    text = " ".join(line for line in lines if line and not _TRAILER.match(line))
    return " ".join(_NUMBER.sub("", _TAG.sub("", text)).split())


def _squashed(line: str, subject: str) -> bool:
    """Whether a line is the message of a squashed commit that adds nothing: the subject again, or no change of code."""
    if not _BULLET.match(line):
        return False
    text = _BULLET.sub("", line)
    said = text.casefold().rstrip(".") in subject.casefold()
    return said or bool(_UNFINISHED.match(text) or _AUTOMATIC.match(text) or _BESIDE_THE_CODE.search(text))


def rejected(message: str) -> Rejection | None:
    """Rejects a message that does not describe what a commit did to the code."""
    subject = message.strip().partition("\n")[0]
    text = cleaned(message)
    words = text.split()
    if _UNFINISHED.match(subject):
        return Rejection("message_unfinished", subject[:200])
    if _AUTOMATIC.match(text):
        return Rejection("message_automatic", subject[:200])
    if len(words) < MIN_WORDS:
        return Rejection("message_too_short", subject[:200])
    if len(words) > MAX_WORDS:
        return Rejection("message_too_long", f"{len(words)} words > {MAX_WORDS}")
    if beside := _BESIDE_THE_CODE.search(_NUMBER.sub("", _TAG.sub("", subject))):
        return Rejection("message_beside_the_code", beside[0])
    telling = {word for word in re.findall(r"\w+", text.lower()) if not _EMPTY_WORD.fullmatch(word)}
    if len(telling) < MIN_TELLING:
        return Rejection("message_says_nothing", subject[:200])
    if structure.breaks_structure(message):
        return Rejection("prompt_structure", subject[:200])
    return None
