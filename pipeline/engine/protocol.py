"""What goes into an engine and what comes out: frozen records, validated at construction.

A `Request` yields one `Completion`, a `Choice` one `Scores`. `Engine` is the interface of both
implementations. An engine's settings are in `settings.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Protocol

Reason = Literal["stop", "length", "repetition", "late_code", "window", "crash", "error", "undone"]


class EngineError(Exception):
    """Generation cannot continue; the message states the cause and the remedy in one line."""


class NoLlamaCpp(EngineError):
    """llama.cpp itself cannot be loaded; the model is not the cause."""


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
class Turn:
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    text: str


class EarlyEnd(Protocol):
    """Ends completions of which more tokens cannot matter. It is sent to the engine's process: a value, no closure."""

    def __call__(self, text: str, share: float) -> Reason | None:
        """The reason to end a completion, from its text so far and the share of max_tokens that this took."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """One sample to draw. Consecutive requests with equal context and tail share their prompt.

    A request with `options` draws no text: the options are scored, see `Choice`. One with `turns` is a conversation
    that holds the same as context and tail, for a server's chat model. In a `chat` the names of special tokens stand
    for the tokens; in any other prompt they are plain text. `early_end` may end the completion before a stop.
    """

    id: str
    context: str
    tail: str
    max_tokens: int
    stops: tuple[str, ...] = ()
    seed: int = 0
    sampling: Sampling = field(default_factory=Sampling)
    options: tuple[str, ...] = ()
    turns: tuple[Turn, ...] = ()
    chat: bool = False
    early_end: EarlyEnd | None = None

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
    """The result of one request.

    reason: stop (a stop string, an end-of-text token, or the rest cannot matter), length (max_tokens
        reached), repetition (one passage again and again, see repetition.py), late_code (of the
        request's `early_end`: pipeline/prompts/early_end.py), window (the prompt and max_tokens do not fit,
        nothing was generated), crash (the request ended the engine's process twice while it ran
        alone), error (a server refuses it, and takes others), undone (a server failed on it in
        every retry: no property of the request, which a later run sends again)
    text: what was generated, without the stop
    prompt_tokens: length of the prompt
    computed_prompt_tokens: those evaluated for this request; the others were shared
    new_tokens: every token drawn, those of the stop included
    logprobs: of the request's options
    """

    id: str
    text: str
    reason: Reason
    detail: str = ""
    prompt_tokens: int = 0
    computed_prompt_tokens: int = 0
    new_tokens: int = 0
    logprobs: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """A prompt and the texts that may follow it, to be scored by their probability.

    An option is represented by its first token, so no two options may begin with the same token. On
    a server, whose tokenizer is not accessible, an option must be a single token.
    """

    id: str
    context: str
    tail: str
    options: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.options:
            raise ValueError(f"choice {self.id}: it has no options")

    def request(self) -> Request:
        greedy = Sampling(temperature=0)
        return Request(self.id, self.context, self.tail, 1, sampling=greedy, options=self.options)


@dataclass(frozen=True, slots=True)
class Scores:
    """Natural logarithm of the probability of each option of a choice, in the choice's order.

    Probabilities are the model's, before any temperature or filter. They rarely add up to 1,
    because other tokens may follow too. -inf stands for an option that a server did not list among
    the likeliest tokens. A choice that cannot be scored has no `logprobs`, a `reason` as in
    `Completion` (window, crash, error, undone) and a `detail`.
    """

    id: str
    logprobs: tuple[float, ...]
    reason: Reason = "stop"
    detail: str = ""

    @classmethod
    def of(cls, completion: Completion) -> Scores:
        return cls(completion.id, completion.logprobs, completion.reason, completion.detail)


@dataclass(frozen=True, slots=True)
class EngineStats:
    """Totals since the engine was opened. Seconds are wall time; restarts are of its process.

    Token counts are summed over completions. What a process computed before it died is computed
    again by the next one, and counted once. `tokens_read` (of prompts) and `tokens_drawn` count, once a
    second, what unfinished completions have cost as well; a server does not state it.
    """

    requests: int = 0
    completions: int = 0
    prompt_tokens_needed: int = 0
    prompt_tokens_computed: int = 0
    new_tokens: int = 0
    tokens_read: int = 0
    tokens_drawn: int = 0
    seconds: float = 0.0
    steps: int = 0
    decode_seconds: float = 0.0
    sample_seconds: float = 0.0
    python_seconds: float = 0.0
    restarts: int = 0


@dataclass(slots=True)
class Counters:
    """What an engine process has done since its last report.

    Defined here, and not beside the code that counts, because it is sent to the caller: unpickling
    it must not import llama.cpp.
    """

    steps: int = 0
    prompt_tokens: int = 0
    new_tokens: int = 0
    step_seconds: float = 0.0
    decode_seconds: float = 0.0
    sample_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """The sizes an embedded engine runs with, from the settings, the model and free memory.

    n_seq: sequences generated at a time
    window: most tokens of one prompt and its completion together
    cells: KV cache cells (one token each) for all sequences and contexts
    masked_cells_cost: whether attention computes the cells of other sequences before masking them
    suits_flash_to_work: whether flash attention is used where the lengths of the requests make it cheaper
    notes: warnings for the user
    """

    n_seq: int
    window: int
    cells: int
    n_contexts: int
    n_batch: int
    n_threads: int
    device: str
    flash_attn: Literal["auto", "on", "off"]
    masked_cells_cost: bool
    kv_bytes_per_token: int
    suits_flash_to_work: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """Metadata of a GGUF, and properties of the installed build of llama.cpp.

    unwritable: the characters of source code that the vocabulary cannot reproduce
    token_counts: lengths of the texts given to `inspect_model`, in tokens
    chat_template: the model's own, "" where it has none
    bos, eos: the texts of the tokens that begin and end a text
    """

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
    unwritable: str
    token_counts: tuple[int, ...]
    chat_template: str = ""
    bos: str = ""
    eos: str = ""


class Engine(Protocol):
    """Draws completions. Use it as a context manager, or call `close()`."""

    def start(self) -> object:
        """Load or reach the model now instead of at the first request. Raises EngineError."""
        ...

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """Yield one completion for every request, in the order in which they finish.

        `requests` is pulled lazily, a bounded number ahead of the completions, so memory use is
        bounded; it must not wait for completions. One call at a time. Raises EngineError when no
        further request can be completed.
        """
        ...

    def score(self, choices: Iterable[Choice]) -> Iterator[Scores]:
        """Yield the scores of every choice, in the order in which they finish; else as `generate`.

        Raises EngineError for a choice of which two options begin with the same token.
        """
        ...

    @property
    def leaves_cores_free(self) -> bool:
        """Whether generation uses a GPU or another machine, so that the CPU's cores are idle.

        False while this is not yet determined.
        """
        ...

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """Length of each text in tokens of the model, or slightly more. Raises EngineError."""
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
