"""Whether a static embedding ranks the right task higher than decontamination does: data_quality.py --embedding.

In: the packs, the paraphrases by hand; the wheel `wordllama` (256 dimensions), which the project itself does not
install. Out: for each set of paraphrases the share of rows whose task is among the most similar 5, and 30, by words and
shapes as decontamination has them, by the embedding of instruction and statement alone, and by the sum of both.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import decontamination
from pipeline.decontamination.decontaminator import Decontaminator
from pipeline.decontamination.shapes import units
from pipeline.packs.pack import Pack
from pipeline.text.normalise import without_examples

_MOST = (5, 30)


def measure(packs: Sequence[Pack]) -> dict[str, Any]:
    """The shares for each set of paraphrases."""
    embedded = _wordllama()
    checker = Decontaminator(packs)
    tasks = checker.tasks
    numbers = {task.name: number for number, task in enumerate(tasks)}
    of_tasks = embedded([_text(task.texts[0], [task.entry_point]) for task in tasks])
    figures = {}
    for when, path in decontamination.BY_HAND.items():
        for kind, rows in decontamination.by_hand(path, tasks).items():
            own = np.array([checker.similarities(row.instruction, row.code) for row in rows])
            texts = [_text(row.instruction, [unit.name for unit in units(row.code)]) for row in rows]
            other = embedded(texts) @ of_tasks.T
            right = [numbers[row.task] for row in rows]
            figures[f"right task among the first {_MOST}, {kind}, {when}"] = {
                name: _shares(similarity, right)
                for name, similarity in (("as it is", own), ("embedding", other), ("both", own + other))
            }
    return figures


def _wordllama() -> Callable[[Sequence[str]], npt.NDArray[np.float32]]:
    """Texts as vectors of length 1: the mean of their tokens' vectors, of the files that the wheel holds."""
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    spec = importlib.util.find_spec("wordllama")
    if spec is None or spec.origin is None:
        sys.exit("pip install wordllama")
    folder = Path(spec.origin).parent
    (vectors,) = load_file(folder / "weights" / "l2_supercat_256.safetensors").values()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizers" / "l2_supercat_tokenizer_config.json"))
    tokenizer.no_padding()

    def embedded(texts: Sequence[str]) -> npt.NDArray[np.float32]:
        tokens = [tokenizer.encode(text, add_special_tokens=False).ids or [0] for text in texts]
        means = np.array([vectors[ids].astype(np.float32).mean(0) for ids in tokens])
        return means / np.linalg.norm(means, axis=1, keepdims=True)

    return embedded


def _text(statement: str, names: Sequence[str]) -> str:
    return f"{without_examples(statement)} {' '.join(names)}".replace("_", " ")


def _shares(similarity: npt.NDArray[Any], right: Sequence[int]) -> list[float]:
    higher = np.array([(of_row > of_row[number]).sum() for of_row, number in zip(similarity, right, strict=True)])
    return [round(float((higher < most).mean()), 3) for most in _MOST]
