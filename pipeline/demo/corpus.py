"""The corpus: documents in a fixed order from a seed, and their tokens in one array.

The text of chunk `i` depends on the seed and `i` alone, so any number of processes writes the same
corpus; `digest` proves it. Nothing is read from the machine: no files, no standard library.
Output: a list of documents; a uint16 array in which every document follows an end-of-text token.
"""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from pipeline.demo.documents import draw_document

if TYPE_CHECKING:
    import numpy as np
    from tokenizers import Tokenizer

CHUNK = 500
END_OF_TEXT = 0


def chunk(index: int, seed: int) -> list[str]:
    """The documents of one chunk."""
    rng = random.Random(f"{seed}/{index}")
    return [draw_document(rng) for _ in range(CHUNK)]


def documents(count: int, seed: int, workers: int | None = None) -> list[str]:
    """The first `count` documents of the seed's corpus, made by `workers` processes."""
    chunks = range(-(-count // CHUNK))
    workers = workers or os.cpu_count() or 1
    if workers == 1 or len(chunks) == 1:
        made: Iterable[list[str]] = (chunk(i, seed) for i in chunks)
        return [text for part in made for text in part][:count]
    with ProcessPoolExecutor(workers) as pool:
        return [text for part in pool.map(partial(chunk, seed=seed), chunks) for text in part][:count]


def digest(texts: Iterable[str]) -> str:
    """sha256 over the documents, each ended by a zero byte."""
    state = hashlib.sha256()
    for text in texts:
        state.update(text.encode() + b"\0")
    return state.hexdigest()


def pack(texts: Sequence[str], tokenizer: Tokenizer) -> np.ndarray:
    """All tokens of the documents in order, each document after an end-of-text token."""
    import numpy as np

    tokens: list[int] = []
    for start in range(0, len(texts), 2000):
        for encoding in tokenizer.encode_batch(list(texts[start : start + 2000])):
            tokens.append(END_OF_TEXT)
            tokens.extend(encoding.ids)
    return np.array(tokens, dtype=np.uint16)
