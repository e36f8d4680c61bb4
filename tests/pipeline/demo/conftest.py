"""Two ways to the logits of a GGUF file: llama.cpp's, and those of a reference in NumPy."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def _load_reference() -> Any:
    spec = importlib.util.spec_from_file_location("demo_reference", Path(__file__).with_name("reference.py"))
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["demo_reference"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def llama_logits() -> Callable[[Path, list[int]], Any]:
    """From a GGUF file and tokens to llama.cpp's logits, (time, vocabulary)."""

    def logits(path: Path, tokens: list[int]) -> Any:
        import numpy as np
        from llama_cpp import Llama

        model = Llama(str(path), n_ctx=512, n_threads=1, logits_all=True, verbose=False)
        model.eval(tokens)
        return np.array(model.scores[: len(tokens)], dtype=np.float32)

    return logits


@pytest.fixture
def reference_logits() -> Callable[[Path, list[int]], Any]:
    """From a GGUF file and tokens to the logits of `reference.py`, (time, vocabulary)."""
    reference = _load_reference()

    def logits(path: Path, tokens: list[int]) -> Any:
        return reference.Reference(path).logits(tokens)

    return logits
