"""Sizes an embedded engine: sequences, window, cache and threads, before anything is generated.

Arithmetic over the settings, the model's metadata and the free memory. A value that is set is used,
or refused with its numbers; a value of 0 is chosen here. The cache is one pool of cells (one token
each) shared by all sequences and contexts, so it need not hold every sequence at its longest.

In: settings, `Sizes`, free bytes. Out: a `Plan`, or an EngineError. `cores` and `free_host_memory`
read the machine.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.engine.protocol import EngineError, Plan
from pipeline.engine.settings import EngineSettings

CPU = "CPU"  # the device of a plan without a GPU
SEQUENCES_GPU = 64
SEQUENCES_CPU = 16
# On a CPU, attention pays for the cells of all sequences, so a small model gains nothing by many:
# one sequence for every so many cells whose attention costs as much as the rest of the model.
# Measured with 4M and 110M parameters (benchmarks/results/engine.md).
CELLS_WORTH_A_SEQUENCE = 400
# Planned for a sequence and for a context, where the window allows more.
CELLS_PER_SEQUENCE = 2048
CELLS_PER_CONTEXT = 2048
CONTEXTS_PLANNED = 4
TOKENS_PER_STEP = 512
DEFAULT_WINDOW = 4096  # where the model does not state the length it was trained for
# The cache may take this share of what the weights leave; the rest is for compute buffers.
MEMORY_SHARE = 0.8
# On a CPU, plain matrix products multiply every query with the cells of all sequences. Flash attention leaves those of
# others out, but each cell costs as much as so many in a plain product (benchmarks/results/engine.md); it rounds more,
# and a quantized V cache is only possible with it.
FLASH_CELL_COST = 3
CELLS_THAT_COUNT = 1024  # with fewer in use, attention costs little either way
UNQUANTIZED = ("f32", "f16", "bf16")
_PAD = 256  # llama.cpp rounds the cache up to this


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes of a model that determine a plan."""

    n_ctx_train: int
    n_params: int
    n_layer: int
    n_embd: int
    n_head: int
    kv_bytes_per_token: int


@dataclass(frozen=True, slots=True)
class _Memory:
    """Memory beside the weights; `free_bytes` 0: unknown. `cell_bytes` includes scratch memory."""

    free_bytes: int
    cell_bytes: int
    device: str

    @property
    def cells(self) -> int | None:
        """Cells that the cache may have; None: unknown."""
        return int(self.free_bytes * MEMORY_SHARE) // self.cell_bytes if self.free_bytes else None

    @property
    def free_mib(self) -> int:
        return _mib(self.free_bytes)

    def mib(self, cells: int) -> int:
        return _mib(cells * self.cell_bytes)


def cores() -> int:
    """Number of CPU cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        return os.cpu_count() or 1


def free_host_memory() -> int:
    """Bytes of memory available without swapping, within the cgroup's limit; 0 if unknown."""
    free = 0
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                free = int(line.split()[1]) * 1024
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        used = int(Path("/sys/fs/cgroup/memory.current").read_text())
        if limit != "max":
            free = min(free, max(0, int(limit) - used))
    except (OSError, ValueError, IndexError):
        pass
    return free


def make_plan(
    settings: EngineSettings,
    model: Sizes,
    *,
    free_bytes: int,
    device: str,
    on_gpu: bool,
    shrink: int = 0,
) -> Plan:
    """Return a plan that fits into `free_bytes` (memory beside the weights; 0: unknown).

    `shrink` is the number of starts that ran out of memory: each halves the sequences, and a cache
    whose size is set. Raises EngineError when not even one sequence of the window fits.
    """
    n_batch = settings.n_batch or TOKENS_PER_STEP
    flash_attn = _flash_attention(settings, on_gpu)
    # Attention's scratch memory: the mask, and without flash attention the scores of every head.
    scratch = 4 * n_batch * (1 + (model.n_head if flash_attn == "off" else 0))
    memory = _Memory(free_bytes, model.kv_bytes_per_token + scratch, device)
    requested = settings.n_seq or (SEQUENCES_GPU if on_gpu else _sequences_on_cpu(model))
    longest = settings.n_ctx or model.n_ctx_train or DEFAULT_WINDOW
    n_seq, cells = _fit(settings, max(1, requested >> shrink), longest, memory, shrink)
    window = _window(settings, longest, cells, memory)
    return Plan(
        n_seq=n_seq,
        window=window,
        cells=-(-cells // _PAD) * _PAD,
        n_contexts=settings.n_contexts,
        n_batch=max(n_batch, n_seq),
        n_threads=settings.n_threads or cores(),
        device=device,
        flash_attn=flash_attn,
        masked_cells_cost=flash_attn == "off",
        suits_flash_to_work=flash_attn != settings.flash_attn,
        kv_bytes_per_token=model.kv_bytes_per_token,
        notes=(
            *_window_notes(window, model),
            *_sequence_notes(settings, n_seq, requested, window, memory, shrink),
        ),
    )


def _flash_attention(settings: EngineSettings, on_gpu: bool) -> Literal["auto", "on", "off"]:
    if settings.flash_attn == "auto" and not on_gpu and settings.type_v in UNQUANTIZED:
        return "off"
    return settings.flash_attn


def is_flash_cheaper(n_seq: int, context: int, tail: int, max_tokens: int) -> bool:
    """Whether flash attention is cheaper on a CPU for `n_seq` sequences; a context, tails and completions in tokens.

    A completion is half of its limit long on average, and half of that while it is written. One context at a time
    is in the cache: without flash attention it is left by those that are not in use.
    """
    own = tail + max_tokens / 4
    return context + n_seq * own > max(CELLS_THAT_COUNT, FLASH_CELL_COST * (context + own))


def _sequences_on_cpu(model: Sizes) -> int:
    cells = model.n_params // max(1, 2 * model.n_embd * model.n_layer)
    return max(2, min(SEQUENCES_CPU, cells // CELLS_WORTH_A_SEQUENCE))


def _fit(settings: EngineSettings, n_seq: int, window: int, memory: _Memory, shrink: int) -> tuple[int, int]:
    """Sequences, `n_seq` at most, and the cells they share, within the memory."""
    if settings.n_cells:
        return n_seq, max(_PAD, settings.n_cells >> shrink)
    cells = _cells(n_seq, window, settings.n_contexts)
    if memory.cells is None:
        return n_seq, cells
    while cells > memory.cells and n_seq > 1:
        n_seq = max(1, n_seq * 3 // 4)
        cells = _cells(n_seq, window, settings.n_contexts)
    return n_seq, min(cells, memory.cells)


def _cells(n_seq: int, window: int, n_contexts: int) -> int:
    contexts = min(n_contexts, CONTEXTS_PLANNED) * min(window, CELLS_PER_CONTEXT)
    return max(window, n_seq * min(window, CELLS_PER_SEQUENCE) + contexts)


def _window(settings: EngineSettings, longest: int, cells: int, memory: _Memory) -> int:
    """The window: `longest`, or what the cells hold if it is not set. Raises EngineError."""
    if longest <= cells:
        return longest
    if not settings.n_ctx and cells >= _PAD:
        return cells
    raise EngineError(
        f"the window of {longest} tokens needs {memory.mib(longest)} MiB of "
        f"cache, but {cells} tokens fit ({memory.free_mib} MiB free on {memory.device}): set a "
        "smaller [engine] n_ctx, type_k = type_v = q8_0, or use a smaller model"
    )


def _window_notes(window: int, model: Sizes) -> list[str]:
    trained = model.n_ctx_train
    if not window > trained > 0:
        return []
    return [f"n_ctx = {window} is more than the {trained} tokens the model was trained for"]


def _sequence_notes(
    settings: EngineSettings, n_seq: int, requested: int, window: int, memory: _Memory, shrink: int
) -> list[str]:
    if n_seq >= requested:
        return []
    cells = settings.n_cells or _cells(requested, window, settings.n_contexts)
    return [
        f"{n_seq} sequences at a time instead of {requested}: "
        + ("memory ran out with more; " if shrink else "")
        + f"{requested} need {memory.mib(cells)} MiB of cache, and "
        f"{memory.free_mib} MiB are free on {memory.device}"
    ]


def _mib(size: int) -> int:
    return -(-size // (1 << 20))
