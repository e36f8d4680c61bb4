"""Finds near-duplicate texts among earlier ones: MinHash with banding, in flat arrays.

Only texts that the caller adds can be found, and a text is compared with earlier ones only. So the earlier text
always stays, and adding texts never removes earlier ones. The result for a text depends on the texts added before it,
in order, and on nothing else: not on the process, the machine or chance.

Promised: two texts whose estimated Jaccard similarity is at least the threshold are matched with a
probability of at least 0.9 at the threshold, rising to certainty above it; a match is never reported below
the threshold of the estimate. Not promised: that the estimate is exact (minhash.py says how good it is).

Memory is about 230 bytes for the bands and 250 for the sketch of each added text.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import TypeAlias

from pipeline.text.minhash import Sketch, Sketcher, similarity
from pipeline.text.numeric import np, npt

Keys: TypeAlias = "npt.NDArray[np.uint64]"

RECALL_AT_THRESHOLD = 0.9
_FIRST_SEGMENT = 1 << 14
_LARGEST_SEGMENT = 1 << 20  # rows are numbered with 20 of a slot's 32 bits
_BUCKET = 8
_LOAD = 0.6
# In buckets. A band that more rows share is boilerplate; the other bands distinguish them.
_LONGEST_CHAIN = 64


@dataclass(frozen=True, slots=True)
class Match:
    """An earlier text that resembles a text; `similarity` is the estimated Jaccard index."""

    id: str
    similarity: float


class NearDuplicates:
    """An index of texts that finds those which resemble another text."""

    def __init__(self, threshold: float = 0.7, permutations: int = 250, ngram: int = 5) -> None:
        if not 0 < threshold <= 1:
            raise ValueError(f"threshold must be above 0 and at most 1, not {threshold}")
        self.threshold = threshold
        self._sketcher = Sketcher(permutations, ngram)
        self._bands, self._rows = bands_for(threshold, permutations)
        self._permutations = permutations
        self._segments: list[_Segment] = []
        self._last: tuple[str, tuple[Sketch, Keys] | None] = ("", None)

    def __len__(self) -> int:
        return sum(len(segment.ids) for segment in self._segments)

    def find(self, text: str, but: Container[str] = ()) -> Match | None:
        """The added text most similar to this one, if any reaches the threshold; the earliest of equals.

        Texts of the ids `but` are not compared.
        """
        sketched = self._sketched(text)
        if sketched is None:
            return None
        sketch, keys = sketched
        best: Match | None = None
        for segment in self._segments:
            rows = segment.candidates(keys)
            if but:
                rows = rows[np.array([segment.ids[row] not in but for row in rows], bool)]
            if not len(rows):
                continue
            estimates = similarity(sketch, segment.sketches[rows])
            top = int(estimates.argmax())
            score = float(estimates[top])
            if score >= self.threshold and (best is None or score > best.similarity):
                best = Match(segment.ids[rows[top]], round(score, 3))
        return best

    def add(self, id: str, text: str) -> None:
        """Add a text to the index."""
        sketched = self._sketched(text)
        if sketched is None:
            return
        if not self._segments or self._segments[-1].full:
            previous = self._segments[-1].capacity if self._segments else _FIRST_SEGMENT // 2
            capacity = min(previous * 2, _LARGEST_SEGMENT)
            self._segments.append(_Segment(capacity, self._bands, self._permutations))
        self._segments[-1].add(id, *sketched)

    def _sketched(self, text: str) -> tuple[Sketch, Keys] | None:
        # find and add are called with the same text one after the other.
        if self._last[0] != text:
            sketch = self._sketcher.sketch(text)
            self._last = (text, None if sketch is None else (sketch, self._keys(sketch)))
        return self._last[1]

    def _keys(self, sketch: Sketch) -> Keys:
        """One 64-bit key for each band: a hash of the band's bytes and of its number."""
        bands = sketch[: self._bands * self._rows].reshape(self._bands, self._rows)
        keys = np.arange(1, self._bands + 1, dtype=np.uint64)
        for row in range(self._rows):
            keys *= np.uint64(0x100000001B3)
            keys ^= bands[:, row]
        keys ^= keys >> np.uint64(31)
        keys *= np.uint64(0x9E3779B97F4A7C15)
        keys ^= keys >> np.uint64(32)
        keys *= np.uint64(0xD6E8FEB86659FD93)
        return keys


class _Segment:
    """A hash table of fixed size from band keys to rows. A full table is not rebuilt: a larger one is added.

    A slot is 12 bits of the key, then the row's number in the segment plus one; 0 is free. Eight slots make
    a bucket (half a cache line), read as a whole; a full bucket overflows into the next.
    """

    def __init__(self, capacity: int, bands: int, permutations: int) -> None:
        self.capacity = capacity
        self.ids: list[str] = []
        self.sketches = np.zeros((capacity, permutations), np.uint8)
        self._buckets = int(capacity * bands / _LOAD / _BUCKET) + 1
        self._slots = np.zeros((self._buckets, _BUCKET), np.uint32)

    @property
    def full(self) -> bool:
        # The last number is not used: number plus one must fit 20 bits.
        return len(self.ids) >= self.capacity - 1

    def candidates(self, keys: Keys) -> npt.NDArray[np.int64]:
        """Rows that share a band with the keys, in order, each once."""
        buckets, tags = self._place(keys)
        rows = []
        for _ in range(_LONGEST_CHAIN):
            slots = self._slots[buckets]
            hits = slots[((slots >> np.uint32(20)) == tags[:, None]) & (slots != 0)]
            if len(hits):
                rows.append(hits & np.uint32(0xFFFFF))
            overflowing = slots[:, -1] != 0
            if not overflowing.any():
                break
            buckets, tags = (buckets[overflowing] + 1) % self._buckets, tags[overflowing]
        if not rows:
            return np.empty(0, np.int64)
        return np.unique(np.concatenate(rows)).astype(np.int64) - 1

    def add(self, id: str, sketch: Sketch, keys: Keys) -> None:
        row = len(self.ids)
        self.ids.append(id)
        self.sketches[row] = sketch
        buckets, tags = self._place(keys)
        entries = (tags << np.uint32(20)) | np.uint32(row + 1)
        for _ in range(_LONGEST_CHAIN):
            free = self._slots[buckets] == 0
            has_free = free[:, -1]
            slot = free.argmax(axis=1)
            self._slots[buckets[has_free], slot[has_free]] = entries[has_free]
            # Two bands of one row may share a bucket: the overwritten one is placed again.
            left = self._slots[buckets, slot] != entries
            if not left.any():
                return
            buckets = np.where(has_free, buckets, (buckets + 1) % self._buckets)[left]
            entries = entries[left]

    def _place(self, keys: Keys) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint32]]:
        buckets = ((keys >> np.uint64(32)) * np.uint64(self._buckets)) >> np.uint64(32)
        return buckets.astype(np.int64), (keys & np.uint64(0xFFF)).astype(np.uint32)


def bands_for(threshold: float, permutations: int) -> tuple[int, int]:
    """Number of bands, and rows in a band: the longest bands with a recall of RECALL_AT_THRESHOLD."""
    best = (permutations, 1)
    for rows in range(2, permutations + 1):
        bands = permutations // rows
        if 1 - (1 - threshold**rows) ** bands >= RECALL_AT_THRESHOLD:
            best = (bands, rows)
    return best
