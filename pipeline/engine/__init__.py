"""The generation engine: requests in, completions out, in the order they finish.

Two engines keep one contract: llama.cpp embedded in a process of its own (`LlamaEngine`, the
default) and any OpenAI-compatible completions server (`ServerEngine`). `open_engine` picks by the
type of its settings. Nothing here imports luigi or llama_cpp; llama.cpp is only ever loaded in the
engine's own process, so that a native crash cannot take the caller with it.

A prompt is `context + tail`. The context is the shared few-shot prefix and is computed once for all
requests that carry the same text; the tail is the record's own. Both are tokenized separately, so a
context should end where no token can span the border: after a newline.
"""

from __future__ import annotations

from pipeline.engine.embedded import LlamaEngine
from pipeline.engine.inspection import inspect_model
from pipeline.engine.protocol import (
    Answer,
    Completion,
    Engine,
    EngineError,
    EngineSettings,
    EngineStats,
    ModelFacts,
    NoLlamaCpp,
    Plan,
    Question,
    Reason,
    Request,
    Sampling,
    ServerSettings,
)

__all__ = [
    "Answer",
    "Completion",
    "Engine",
    "EngineError",
    "EngineSettings",
    "EngineStats",
    "LlamaEngine",
    "ModelFacts",
    "NoLlamaCpp",
    "Plan",
    "Question",
    "Reason",
    "Request",
    "Sampling",
    "ServerSettings",
    "inspect_model",
    "open_engine",
]


def open_engine(settings: EngineSettings | ServerSettings) -> Engine:
    """The engine for `settings`. Nothing is loaded before the first request (or `start()`).

    Raises EngineError when a setting is out of range or the model file cannot be one.
    """
    if isinstance(settings, ServerSettings):
        from pipeline.engine.server import ServerEngine

        return ServerEngine(settings)
    return LlamaEngine(settings)
