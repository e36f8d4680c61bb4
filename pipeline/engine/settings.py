"""Settings of both engines, validated at construction.

The messages name keys of the section [engine], which is where the values come from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.engine.protocol import EngineError

KV_TYPES = ("f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0")
# llama.cpp has 256 sequence ids; contexts and shared prompts need some of them.
MAX_SEQUENCES = 192
MAX_CONTEXTS = 24


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """The embedded engine. 0 means: derived from the model and the free memory (see `Plan`)."""

    model_path: str
    n_ctx: int = 0  # window of one request, prompt and completion together, in tokens
    n_seq: int = 0  # sequences generated at a time
    n_cells: int = 0  # KV cache cells (one token each) for all sequences and contexts
    n_contexts: int = 8  # few-shot contexts cached at a time
    n_batch: int = 0  # most tokens in one step
    n_threads: int = 0  # upper limit for llama.cpp; 0: the cores this process may use
    sample_threads: int = 0  # threads that draw tokens; 0: by the size of the vocabulary
    n_gpu_layers: int = -1  # -1: all layers, if the build supports a GPU
    main_gpu: int = 0
    tensor_split: tuple[float, ...] = ()  # share of each GPU; empty: by free memory
    flash_attn: Literal["auto", "on", "off"] = "auto"
    type_k: str = "f16"
    type_v: str = "f16"
    use_mmap: bool = True
    step_timeout: float = 600.0  # seconds without a heartbeat until the process is restarted

    def __post_init__(self) -> None:
        for name in ("n_ctx", "n_seq", "n_cells", "n_threads", "sample_threads", "main_gpu"):
            if getattr(self, name) < 0:
                raise EngineError(f"[engine] {name} = {getattr(self, name)}: must be 0 or more")
        if self.n_seq > MAX_SEQUENCES:
            raise EngineError(f"[engine] n_seq = {self.n_seq}: at most {MAX_SEQUENCES}")
        if not 1 <= self.n_contexts <= MAX_CONTEXTS:
            raise EngineError(f"[engine] n_contexts = {self.n_contexts}: 1 to {MAX_CONTEXTS}")
        if self.n_batch and self.n_batch < 32:
            raise EngineError(f"[engine] n_batch = {self.n_batch}: 0 (auto), or 32 and more")
        for name in ("type_k", "type_v"):
            if getattr(self, name) not in KV_TYPES:
                raise EngineError(f"[engine] {name} = {getattr(self, name)!r}: one of {', '.join(KV_TYPES)}")
        if self.flash_attn not in ("auto", "on", "off"):
            raise EngineError(f"[engine] flash_attn = {self.flash_attn!r}: auto, on or off")
        if self.step_timeout <= 0:
            raise EngineError(f"[engine] step_timeout = {self.step_timeout}: must be above 0")


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """An OpenAI-compatible server. The key is read from the variable `api_key_env`."""

    base_url: str
    api: Literal["completions", "chat"] = "completions"
    model: str = ""  # empty: the only model that the server lists
    concurrency: int = 16  # requests in flight
    timeout: float = 600.0  # seconds a request may take
    max_retries: int = 6
    api_key_env: str = "OPENAI_API_KEY"

    def __post_init__(self) -> None:
        if not self.base_url.startswith(("http://", "https://")):
            raise EngineError(
                f"[engine] base_url = {self.base_url!r}: must start with http:// or https://, "
                "for example http://127.0.0.1:8080/v1"
            )
        if self.concurrency < 1:
            raise EngineError(f"[engine] concurrency = {self.concurrency}: must be 1 or more")
        if self.timeout <= 0:
            raise EngineError(f"[engine] timeout = {self.timeout}: must be above 0")
        if self.max_retries < 0:
            raise EngineError(f"[engine] max_retries = {self.max_retries}: must be 0 or more")
