"""The generation engine: requests in, completions out, in the order in which they finish.

Two engines implement one protocol: llama.cpp in a process of its own (`LlamaEngine`, the default)
and any OpenAI-compatible completions server (`ServerEngine`). `open_engine` selects one by the type
of its settings. Only `pipeline.engine.child` imports llama_cpp, and only the engine's own process
imports `pipeline.engine.child`, so a native crash cannot end the caller.

A prompt is `context + tail`. The context is the shared few-shot prefix; it is computed once for all
requests with the same text. The tail is specific to the record. Both are tokenized separately, so a
context should end where no token can span the border: after a newline.
"""

from __future__ import annotations

from pipeline.engine.completions_api import ServedModel
from pipeline.engine.embedded import LlamaEngine
from pipeline.engine.inspection import inspect_model
from pipeline.engine.protocol import (
    Choice,
    Completion,
    EarlyEnd,
    Engine,
    EngineError,
    EngineStats,
    ModelFacts,
    NoLlamaCpp,
    Plan,
    Reason,
    Request,
    Sampling,
    Scores,
    Turn,
)
from pipeline.engine.server import ServerEngine
from pipeline.engine.settings import EngineSettings, ServerSettings
from pipeline.engine.sizing import cores, free_host_memory

__all__ = [
    "Choice",
    "Completion",
    "EarlyEnd",
    "Engine",
    "EngineError",
    "EngineSettings",
    "EngineStats",
    "LlamaEngine",
    "ModelFacts",
    "NoLlamaCpp",
    "Plan",
    "Reason",
    "Request",
    "Sampling",
    "Scores",
    "ServedModel",
    "ServerEngine",
    "ServerSettings",
    "Turn",
    "cores",
    "free_host_memory",
    "inspect_model",
    "open_engine",
]


def open_engine(settings: EngineSettings | ServerSettings) -> Engine:
    """Return the engine for `settings`. Nothing is loaded before the first request (or `start()`).

    Raises EngineError when the model file cannot be one, or the server's client is not installed.
    """
    if isinstance(settings, ServerSettings):
        return ServerEngine(settings)
    return LlamaEngine(settings)
