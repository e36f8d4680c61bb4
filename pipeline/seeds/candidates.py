"""Candidates for seeds: the definitions, or fragments, of a source part that no rule over their own text rejects.

In: a part, its source, the criteria. Out: candidates and rejections, each with the place in the source. Nothing is
compared with other seeds here: ingest.py does.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass

from pipeline.records import Rejection, Seed
from pipeline.seeds import fragments
from pipeline.seeds.criteria import SeedCriteria
from pipeline.seeds.definitions import Definition, Unparsed, decode, definitions
from pipeline.seeds.fragments import FRAGMENTS, Fragment
from pipeline.seeds.rules import MOST_CHANGED, rejected
from pipeline.sources import Change, Document, LeftOut, Part, Source, licences
from pipeline.sources.base import unreadable
from pipeline.text import private


@dataclass(frozen=True, slots=True)
class Candidate:
    """What no rule over its own text rejects; `place` is the id of a rejection by another rule."""

    place: str
    seed: Seed


def candidates_of(source: Source, part: Part, criteria: SeedCriteria) -> Iterator[Candidate | LeftOut]:
    """The candidates of a part in order, and what is left out of it."""
    allowed = criteria.allow_list(source)
    for document in _documents(source, part):
        if isinstance(document, LeftOut):
            yield LeftOut(_place(part, document.place), document.rejection)
        else:
            yield from _of_document(part, document, source.share, allowed, criteria)


def count_new(parts: Iterable[tuple[Source, Part]], criteria: SeedCriteria, current: Container[str]) -> int:
    """An upper bound of the seeds in these parts whose ids are not among the current ones.

    It is one because types are not checked, and no seed is compared with others.
    """
    new = {
        item.seed["id"]
        for source, part in parts
        for item in candidates_of(source, part, criteria)
        if isinstance(item, Candidate)
    }
    return sum(id not in current for id in new)


def _documents(source: Source, part: Part) -> Iterator[Document | LeftOut]:
    """A part's documents; a part that can no longer be read is left out by name."""
    if part.left_out is not None:
        yield LeftOut(part.path, part.left_out)
        return
    try:
        yield from source.documents(part)
    except OSError as error:
        yield LeftOut(part.path, unreadable(error))


def _of_document(
    part: Part,
    document: Document,
    share: float,
    allowed: licences.AllowList,
    criteria: SeedCriteria,
) -> Iterator[Candidate | LeftOut]:
    whole = _place(part, document.place)
    text = decode(document.content)
    if isinstance(text, Rejection):
        yield LeftOut(whole, text)
        return
    stated = licences.headers(text)
    licence = licences.from_header(text) if stated else document.licence
    if not allowed.allows(licence):
        unread = f"{licences.UNKNOWN}: {'; '.join(stated)}" if stated else licences.UNKNOWN
        yield LeftOut(whole, Rejection("licence_not_allowed", (licence or unread)[:200]))
        return
    items = list(_items(text, criteria))
    if document.change is not None:
        items = [item for item in items if _touched(item, document.change)]
    if not items:
        kinds = ", ".join(sorted(criteria.kinds))
        yield LeftOut(whole, Rejection("no_definition", f"no {kinds}"))
    if document.change is not None and len(items) > MOST_CHANGED:
        evidence = f"{len(items)} definitions, more than {MOST_CHANGED}"
        yield LeftOut(whole, Rejection("changes_much", evidence))
        return
    message = document.change.message if document.change is not None else ""
    if rule := private.rule_of(message):
        yield LeftOut(whole, Rejection(*rule))
        return
    for item in items:
        if isinstance(item, Unparsed):
            yield LeftOut(_place(part, document.place, item.first_line), item.rejection)
            continue
        place = _place(part, document.place, item.first_line, item.name)
        if rejection := (_by_text(item, criteria) or _not_sampled(item.id, share) or _screened(item.code, criteria)):
            yield LeftOut(place, rejection)
        else:
            seed = _seed(part, document, item, licence)
            faults = (rule.rejection(seed) for rule in criteria.rules)
            fault = next((fault for fault in faults if fault), None)
            yield LeftOut(place, fault) if fault else Candidate(place, seed)


def _place(part: Part, path: str, line: int = 0, name: str = "") -> str:
    """The id under which a document or definition of this part is rejected."""
    return f"{part.source}/{path}" + (f":{line}" if line else "") + (f":{name}" if name else "")


def _items(text: str, criteria: SeedCriteria) -> Iterator[Definition | Unparsed | Fragment]:
    """What a file holds of the kinds that are wanted; it is parsed only where definitions are."""
    if kinds := criteria.kinds - {FRAGMENTS}:
        yield from definitions(text, kinds, criteria.helpers)
    if FRAGMENTS in criteria.kinds:
        yield from fragments.fragments(text)


def _by_text(item: Definition | Fragment, criteria: SeedCriteria) -> Rejection | None:
    return fragments.rejected(item) if isinstance(item, Fragment) else rejected(item, criteria.limits)


def _touched(item: Definition | Unparsed | Fragment, change: Change) -> bool:
    return isinstance(item, Definition) and change.touches(item.first_line, item.last_line)


def _not_sampled(seed_id: str, share: float) -> Rejection | None:
    """Rejects a seed beyond the share of lowest ids.

    Ids are hashes, so a share of them is a random sample that stays the same as sources grow.
    """
    return None if int(seed_id[:8], 16) < share * 2**32 else Rejection("not_sampled", f"share {share}")


def _screened(code: str, criteria: SeedCriteria) -> Rejection | None:
    """Rejects a seed that holds a task of a benchmark, before anything is generated from it."""
    evidence = criteria.screen.find(code) if criteria.screen else None
    return None if evidence is None else Rejection("benchmark_task", evidence[:500])


def _seed(part: Part, document: Document, item: Definition | Fragment, licence: str | None) -> Seed:
    seed: Seed = {
        "id": item.id,
        "code": item.code,
        "name": item.name,
        "kind": item.kind,
        "source": part.source,
        "path": document.path,
        "lines": [item.first_line, item.last_line],
        "digest": item.digest,
        "licence": licence,
        "repository": document.repository,
        "revision": document.revision,
    }
    if document.change is not None:
        seed["message"] = document.change.message
    return seed
