"""Helpers of the demo model's tests: llama.cpp's own logits for a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def llama_logits() -> Callable[[Path, list[int]], Any]:
    """A function from a GGUF file and tokens to llama.cpp's logits, (time, vocabulary)."""

    def logits(path: Path, tokens: list[int]) -> Any:
        import numpy as np
        from llama_cpp import Llama

        model = Llama(str(path), n_ctx=512, n_threads=1, logits_all=True, verbose=False)
        model.eval(tokens)
        return np.array(model.scores[: len(tokens)], dtype=np.float32)

    return logits
