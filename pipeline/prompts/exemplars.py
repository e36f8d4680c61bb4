"""Reads exemplar sets: folders of solved examples, a Markdown file each, from which few-shot contexts are built.

A set is a folder with `set.json` (how many shots each stage takes, the properties that instructions
are drawn from, token limits, the introduction of each context) and one `.md` file per exemplar with
the sections Snippet, Concepts, Properties, Instruction, Response and Tests, in this order. A Draft before the
Instruction is optional: an easier task, from which the Instruction evolved. Three folders in the set hold other
exemplars: `judge` for the judge, with Snippet and Documented (Yes or No); `commits` for instructions from commits,
with Snippet, Commit (its message) and Instruction; `repairs` for failed attempts, with Instruction, Attempt, Tests (of
the attempt; no prompt shows them), Outcome and Response. With `extends` in its set.json a set has another set's
exemplars and values too, but for the values that it gives itself.
render.py decides which exemplars a record's prompt shows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from pipeline.errors import ConfigError
from pipeline.text.markdown import code_blocks

STAGES = ("concepts", "instructions", "responses")
PROPERTIES = ("category", "language", "difficulty", "concepts")  # of an instruction, in their usual order
JUDGEMENTS, REPAIRS = "judgements", "repairs"
_SECTIONS = ("Snippet", "Concepts", "Properties", "Draft", "Instruction", "Response", "Tests")
_OPTIONAL = frozenset({"Draft"})
_JUDGED_SECTIONS = ("Snippet", "Documented")
_COMMITTED_SECTIONS = ("Snippet", "Commit", "Instruction")
_REPAIRED_SECTIONS = ("Instruction", "Attempt", "Tests", "Outcome", "Response")
_HEADER = re.compile(r"^### (\w+)\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Exemplar:
    """One solved example of all three generating stages.

    `response` is the prose with its fenced code as the model should write it; `code` and `tests`
    are the bare Python of it and of its asserts. `draft` is empty where the file has none.
    """

    name: str
    snippet: str
    concepts: tuple[str, ...]
    category: str
    language: str
    difficulty: str
    draft: str
    instruction: str
    response: str
    code: str
    tests: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A snippet, and whether its docstring describes it well enough to write it again."""

    name: str
    snippet: str
    documented: bool


@dataclass(frozen=True, slots=True)
class Committed:
    """A function as a commit left it, the commit's message, and the task that the function solves."""

    name: str
    snippet: str
    message: str
    instruction: str


@dataclass(frozen=True, slots=True)
class Repaired:
    """A response that failed its tests, what happened when it ran, and the response that passes them.

    `attempt` and `response` are prose with fenced code, `tests` the bare Python of the attempt's.
    """

    name: str
    instruction: str
    attempt: str
    tests: str
    outcome: str
    response: str


@dataclass(frozen=True, slots=True)
class ExemplarSet:
    """A folder of exemplars with its defaults.

    `shots` and `max_tokens` are keyed by stage, `intro` by the form of a prompt: the stage or, for
    instructions, what they are made from. `judged` is empty for a set that cannot judge seeds,
    `committed` for a set without instructions from commits, `repaired` for one without repairs. `end` is the line that
    closes a response with its tests, at which a completion stops; empty where it ends with the next example only.
    `order` is that of the properties of an instruction; `parts` names the parts of a response, each below a line such
    as [Reasoning], where it has such parts.
    """

    name: str
    exemplars: tuple[Exemplar, ...]
    judged: tuple[Judged, ...]
    committed: tuple[Committed, ...]
    repaired: tuple[Repaired, ...]
    shots: dict[str, int]
    max_tokens: dict[str, int]
    categories: tuple[str, ...]
    difficulties: tuple[str, ...]
    intro: dict[str, str]
    end: str = ""
    order: tuple[str, ...] = PROPERTIES
    parts: tuple[str, ...] = ()

    def of(self, form: str) -> Sequence[Exemplar | Committed | Repaired]:
        """The exemplars that have all sections which a form of prompts shows."""
        if form == "committed":
            return self.committed
        if form == REPAIRS:
            return self.repaired
        if form == "evolved":
            return tuple(item for item in self.exemplars if item.draft)
        return self.exemplars


def load_set(folder: Path | str) -> ExemplarSet:
    """Read and validate an exemplar set, with all exemplars of the set that it extends, if it does.

    Raises ConfigError with the file and the section that is missing or malformed.
    """
    folder = Path(folder)
    path = folder / "set.json"
    meta, folders = _meta(folder), [folder]
    while "extends" in meta:
        folders.append(folders[-1] / str(meta.pop("extends")))
        extended = _meta(folders[-1])
        if folders[-1].resolve() in {other.resolve() for other in folders[:-1]}:
            raise ConfigError(f"{path} extends itself", "correct extends")
        meta = {**extended, **meta, "intro": {**extended.get("intro", {}), **meta.get("intro", {})}}

    def files(inside: str = "") -> list[Path]:
        found = (file for each in folders for file in (each / inside).glob("*.md"))
        return sorted(found, key=lambda file: file.name)

    judged = tuple(map(read_judged, files("judge")))
    needed = dict.fromkeys((*STAGES, JUDGEMENTS) if judged else STAGES)
    try:
        result = ExemplarSet(
            name=str(meta["name"]),
            exemplars=tuple(map(read_exemplar, files())),
            judged=judged,
            committed=tuple(map(read_committed, files("commits"))),
            repaired=tuple(map(read_repaired, files(REPAIRS))),
            shots=_numbers(meta["shots"], {REPAIRS: 1}),
            max_tokens=_numbers(meta["max_tokens"], {REPAIRS: meta["max_tokens"]["responses"]}),
            categories=tuple(meta["categories"]),
            difficulties=tuple(meta["difficulties"]),
            intro={form: str(meta["intro"][form]).strip() for form in needed | meta["intro"]},
            end=str(meta.get("end", "")),
            order=tuple(meta.get("order", PROPERTIES)),
            parts=tuple(map(str, meta.get("parts", ()))),
        )
        if sorted(result.order) != sorted(PROPERTIES):
            raise ValueError(f"order: it has to name {', '.join(PROPERTIES)}, each once")
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(
            f"{path}: missing or malformed {error}", "see set.json in pipeline/prompts/standard"
        ) from None
    most = max(result.shots[stage] for stage in STAGES)
    if len(result.exemplars) < most:
        raise ConfigError(
            f"exemplar set {folder} has {len(result.exemplars)} exemplars, its shots need {most}",
            "add exemplars or lower the shots in set.json",
        )
    return result


def _numbers(given: Mapping[str, Any], optional: Mapping[str, Any]) -> dict[str, int]:
    """The numbers of the stages; those that a set need not give have values of their own."""
    return {stage: int({**optional, **given}[stage]) for stage in (*STAGES, *optional)}


def _meta(folder: Path) -> dict[str, Any]:
    path = folder / "set.json"
    try:
        meta = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        raise ConfigError(
            f"exemplar set {folder} has no set.json",
            "point [prompts] exemplars at a folder made like pipeline/prompts/standard",
        ) from None
    except orjson.JSONDecodeError as error:
        raise ConfigError(f"{path} is not valid JSON: {error}", "repair the file") from None
    if not isinstance(meta, dict):
        raise ConfigError(f"{path} holds no JSON object", "see set.json in pipeline/prompts/standard")
    return meta


def read_exemplar(path: Path) -> Exemplar:
    """Read one exemplar file. Raises ConfigError with the path and the section at fault."""
    sections = _split_sections(path)
    properties = _properties(path, sections["Properties"])
    return Exemplar(
        name=path.stem,
        snippet=_only_block(path, "Snippet", sections["Snippet"]),
        concepts=tuple(part.strip() for part in sections["Concepts"].strip().split(",")),
        category=properties["category"],
        language=properties["language"],
        difficulty=properties["difficulty"],
        draft=sections.get("Draft", "").strip(),
        instruction=sections["Instruction"].strip(),
        response=sections["Response"].strip(),
        code=_only_block(path, "Response", sections["Response"]),
        tests=_only_block(path, "Tests", sections["Tests"]),
    )


def read_judged(path: Path) -> Judged:
    """Read one exemplar of the judge. Raises ConfigError with the path and the section at fault."""
    sections = _split_sections(path, _JUDGED_SECTIONS)
    answer = sections["Documented"].strip()
    if answer not in ("Yes", "No"):
        raise ConfigError(f"{path}: section Documented holds {answer!r}", "write Yes or No")
    snippet = _only_block(path, "Snippet", sections["Snippet"])
    return Judged(path.stem, snippet, answer == "Yes")


def read_committed(path: Path) -> Committed:
    """Read one exemplar of a commit. Raises ConfigError with the path and the section at fault."""
    sections = _split_sections(path, _COMMITTED_SECTIONS)
    snippet = _only_block(path, "Snippet", sections["Snippet"])
    return Committed(path.stem, snippet, sections["Commit"].strip(), sections["Instruction"].strip())


def read_repaired(path: Path) -> Repaired:
    """Read one exemplar of a repair. Raises ConfigError with the path and the section at fault."""
    sections = _split_sections(path, _REPAIRED_SECTIONS)
    for section in ("Attempt", "Response"):
        _only_block(path, section, sections[section])
    return Repaired(
        name=path.stem,
        instruction=sections["Instruction"].strip(),
        attempt=sections["Attempt"].strip(),
        tests=_only_block(path, "Tests", sections["Tests"]),
        outcome=sections["Outcome"].strip(),
        response=sections["Response"].strip(),
    )


def _split_sections(path: Path, expected: tuple[str, ...] = _SECTIONS) -> dict[str, str]:
    text = path.read_text(encoding="utf-8")
    pieces = _HEADER.split(text)
    names = tuple(pieces[1::2])
    if names != tuple(name for name in expected if name in names or name not in _OPTIONAL):
        needed = ", ".join(f"{name} (optional)" if name in _OPTIONAL else name for name in expected)
        raise ConfigError(
            f"{path}: sections are {', '.join(names) or 'none'}",
            f"they must be exactly {needed}, each under a '### ' header",
        )
    return dict(zip(names, pieces[2::2], strict=True))


def _properties(path: Path, text: str) -> dict[str, str]:
    pairs = dict(line.split(": ", 1) for line in text.strip().splitlines() if ": " in line)
    for key in ("category", "language", "difficulty"):
        if key not in pairs:
            raise ConfigError(f"{path}: section Properties has no '{key}:' line", "add it")
    return pairs


def _only_block(path: Path, section: str, text: str) -> str:
    blocks = code_blocks(text)
    if len(blocks) != 1:
        raise ConfigError(
            f"{path}: section {section} holds {len(blocks)} Python blocks",
            "it must hold exactly one",
        )
    return blocks[0]
