"""What goes into an engine and what comes out: plain frozen records, validated where they enter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Protocol

Reason = Literal["stop", "length", "window", "crash", "error"]
KV_TYPES = ("f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0")


class EngineError(Exception):
    """Generation cannot go on; the message names the cause and the remedy in one line."""


class NoLlamaCpp(EngineError):
    """llama.cpp itself cannot be loaded, whatever the model."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is drawn. Temperature 0 is greedy; top_k 0 and top_p 1 are off."""

    temperature: float = 0.7
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.temperature <= 100.0:
            raise ValueError(f"temperature = {self.temperature}: must be between 0 and 100")
        if self.top_k < 0:
            raise ValueError(f"top_k = {self.top_k}: must be 0 (off) or more")
        if not 0.0 < self.top_p <= 1.0:
            raise ValueError(f"top_p = {self.top_p}: must be above 0 and at most 1 (off)")
        if not 0.0 <= self.min_p < 1.0:
            raise ValueError(f"min_p = {self.min_p}: must be at least 0 (off) and below 1")


@dataclass(frozen=True, slots=True)
class Request:
    """One sample to draw. Consecutive requests with equal context and tail share their prompt.

    With `options` nothing is drawn: they are weighed, see `Question`.
    """

    id: str
    context: str
    tail: str
    max_tokens: int
    stops: tuple[str, ...] = ()
    seed: int = 0
    sampling: Sampling = field(default_factory=Sampling)
    options: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.max_tokens < 1:
            raise ValueError(f"request {self.id}: max_tokens = {self.max_tokens}: at least 1")
        if not self.context and not self.tail:
            raise ValueError(f"request {self.id}: context and tail are both empty")
        if "" in self.stops:
            raise ValueError(f"request {self.id}: an empty stop would end every completion")
        if "" in self.options:
            raise ValueError(f"request {self.id}: an empty option has no probability")


@dataclass(frozen=True, slots=True)
class Completion:
    """The answer to one request.

    `reason`: stop (a stop string or an end-of-text token), length (max_tokens reached), window (the
    prompt and max_tokens do not fit, nothing generated), crash (the request ended the engine's
    process twice while it ran alone), error (a server failed on it to the end of its retries).
    `text` is without the stop. `prompt_tokens` is the length of the prompt,
    `computed_prompt_tokens` how many of them were evaluated for this request (the rest was shared),
    `new_tokens` every token drawn, those of the stop included.
    """

    id: str
    text: str
    reason: Reason
    detail: str = ""
    prompt_tokens: int = 0
    computed_prompt_tokens: int = 0
    new_tokens: int = 0
    logprobs: tuple[float, ...] = ()  # of the request's options


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt, and texts that may follow it: how likely is each to be what the model says next?

    An option stands for its first token, so no two may begin with the same one; on a server, which
    keeps its tokenizer to itself, it has to be a single token.
    """

    id: str
    context: str
    tail: str
    options: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.options:
            raise ValueError(f"question {self.id}: it has no options")

    def request(self) -> Request:
        greedy = Sampling(temperature=0)
        return Request(self.id, self.context, self.tail, 1, sampling=greedy, options=self.options)


@dataclass(frozen=True, slots=True)
class Answer:
    """The natural logarithm of each option's probability, in the order of the question's options.

    They are the model's own, before any temperature or filter, and rarely add up to 1: the model
    may say something else. -inf stands for an option that a server did not count among the
    likeliest. A question that cannot be answered has no `logprobs`, a `reason` as in `Completion`
    (window, crash, error) and a `detail`.
    """

    id: str
    logprobs: tuple[float, ...]
    reason: Reason = "stop"
    detail: str = ""

    @classmethod
    def of(cls, completion: Completion) -> Answer:
        return cls(completion.id, completion.logprobs, completion.reason, completion.detail)


@dataclass(frozen=True, slots=True)
class EngineStats:
    """Totals since the engine was opened. Seconds are wall time; restarts are of its process.

    The token counts are those of the answered requests: what a process that died had computed for
    the others is computed again, and counted once.
    """

    requests: int = 0
    completions: int = 0
    prompt_tokens_needed: int = 0
    prompt_tokens_computed: int = 0
    new_tokens: int = 0
    seconds: float = 0.0
    steps: int = 0
    decode_seconds: float = 0.0
    sample_seconds: float = 0.0
    python_seconds: float = 0.0
    restarts: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What an embedded engine decided to run with, from the settings, the model and free memory.

    `window` is the most tokens that one prompt and its completion may have together; `cells` the
    tokens that the KV cache holds for all sequences and contexts.
    """

    n_seq: int
    window: int
    cells: int
    n_contexts: int
    n_batch: int
    n_threads: int
    device: str
    flash_attn: Literal["auto", "on", "off"]
    masked_cells_cost: bool  # whether attention pays for cells of other sequences
    kv_bytes_per_token: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a GGUF says about itself, and what this build of llama.cpp can do with it."""

    path: str
    architecture: str
    name: str
    n_ctx_train: int
    n_vocab: int
    n_params: int
    size_bytes: int
    quantization: str
    has_chat_template: bool
    add_bos: bool
    gpu_offload: bool
    devices: tuple[str, ...]
    llama_cpp: str
    unwritable: str  # characters that code needs and the vocabulary does not give back
    token_counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """The embedded engine. 0 means: decided from the model and the free memory (see `Plan`)."""

    model_path: str
    n_ctx: int = 0  # window of one request, prompt and completion together, in tokens
    n_seq: int = 0  # sequences generated at a time
    n_cells: int = 0  # tokens the KV cache holds for all sequences and contexts
    n_contexts: int = 8  # few-shot contexts kept at a time
    n_batch: int = 0  # most tokens in one step
    n_threads: int = 0  # most of llama.cpp; 0: the cores this process may use
    sample_threads: int = 0  # that draw tokens; 0: by the size of the vocabulary
    n_gpu_layers: int = -1  # -1: all of them, where the build has a GPU
    main_gpu: int = 0
    tensor_split: tuple[float, ...] = ()  # share of each GPU; empty: by free memory
    flash_attn: Literal["auto", "on", "off"] = "auto"
    type_k: str = "f16"
    type_v: str = "f16"
    use_mmap: bool = True
    step_timeout: float = 600.0  # seconds without a sign of life until the process is restarted

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
                raise EngineError(
                    f"[engine] {name} = {getattr(self, name)!r}: one of {', '.join(KV_TYPES)}"
                )
        if self.flash_attn not in ("auto", "on", "off"):
            raise EngineError(f"[engine] flash_attn = {self.flash_attn!r}: auto, on or off")
        if self.step_timeout <= 0:
            raise EngineError(f"[engine] step_timeout = {self.step_timeout}: must be above 0")


# llama.cpp knows 256 sequence ids; contexts and prompts that are being shared need some of them.
MAX_SEQUENCES = 192
MAX_CONTEXTS = 24


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """An OpenAI-compatible completions server. The key is read from the variable `api_key_env`."""

    base_url: str
    model: str = ""  # empty: the only model the server lists
    concurrency: int = 16
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


class Engine(Protocol):
    """Draws completions. Use it as a context manager, or call `close()`."""

    def start(self) -> object:
        """Load or reach the model now instead of at the first request. Raises EngineError."""
        ...

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """Answer every request once, in the order they finish.

        `requests` is pulled lazily, a bounded number ahead of the answers, so memory stays flat; it
        must not wait for completions. One call at a time. Raises EngineError when no request can be
        answered any more.
        """
        ...

    def weigh(self, questions: Iterable[Question]) -> Iterator[Answer]:
        """Answer every question once, in the order they finish; otherwise as `generate`.

        Raises EngineError for a question of which two options begin with the same token.
        """
        ...

    @property
    def leaves_cores_free(self) -> bool:
        """Whether other work on the processor's cores does not slow generation, as far as is known."""
        ...

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """The length of each text in tokens of the model, or a little more. Raises EngineError."""
        ...

    def stats(self) -> EngineStats: ...

    def close(self) -> None: ...

    def __enter__(self) -> Engine: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
