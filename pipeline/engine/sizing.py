"""How many sequences, which window and how large a cache: decided before anything is generated.

Pure arithmetic over the settings, the model's metadata and the free memory. What is set is kept, or
refused with its numbers; what is 0 is chosen here. The cache is one pool of cells (a token each)
that all sequences and contexts share, so it need not hold every sequence at its longest.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.engine.child.cores import cores
from pipeline.engine.protocol import EngineError, EngineSettings, Plan

CPU = "CPU"  # a plan's device, where there is no other
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
# The cache may take this share of what the weights leave; the rest is for compute buffers.
MEMORY_SHARE = 0.8
# llama.cpp's CPU kernel for flash attention is slower than plain matrix products, and rounds more
# (benchmarks/results/engine.md); a quantized V cache is only possible with it.
UNQUANTIZED = ("f32", "f16", "bf16")
_PAD = 256  # llama.cpp rounds the cache up to this


@dataclass(frozen=True, slots=True)
class Sizes:
    """What a plan has to know about a model."""

    n_ctx_train: int
    n_params: int
    n_layer: int
    n_embd: int
    n_head: int
    kv_bytes_per_token: int


def free_host_memory() -> int:
    """Bytes of memory that can be had without swapping, within the cgroup's limit; 0 if unknown."""
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
    """A plan that fits into `free_bytes` (what is left beside the weights; 0: unknown).

    `shrink` halves the sequences (and the cache with them) once for every start that has failed.
    Raises EngineError when not even one sequence of the window fits.
    """
    notes = []
    n_batch = settings.n_batch or TOKENS_PER_STEP
    flash_attn = settings.flash_attn
    if flash_attn == "auto" and not on_gpu and settings.type_v in UNQUANTIZED:
        flash_attn = "off"
    # Attention's scratch memory: the mask, and without flash attention the scores of every head.
    scratch = 4 * n_batch * (1 + (model.n_head if flash_attn == "off" else 0))
    cell_bytes = model.kv_bytes_per_token + scratch
    window = settings.n_ctx or model.n_ctx_train or 4096
    if window > model.n_ctx_train > 0:
        notes.append(
            f"n_ctx = {window} is more than the {model.n_ctx_train} tokens "
            "the model was trained for"
        )
    wanted = settings.n_seq or (SEQUENCES_GPU if on_gpu else _sequences_on_cpu(model))
    n_seq = max(1, wanted >> shrink)
    budget = int(free_bytes * MEMORY_SHARE) // cell_bytes if free_bytes else 0
    if settings.n_cells:
        cells = max(_PAD, settings.n_cells >> shrink)
        if not settings.n_ctx:
            window = min(window, cells)
    else:
        cells = _cells(n_seq, window, settings.n_contexts)
        while budget and cells > budget and n_seq > 1:
            n_seq = max(1, n_seq * 3 // 4)
            cells = _cells(n_seq, window, settings.n_contexts)
        if budget and cells > budget:
            cells = budget
            if not settings.n_ctx:
                window = min(window, cells)
    if cells < window:
        raise EngineError(
            f"the window of {window} tokens needs {_mib(window * cell_bytes)} MiB of "
            f"cache, but {cells} tokens fit ({_mib(free_bytes)} MiB free on {device}): set a "
            "smaller [engine] n_ctx, type_k = type_v = q8_0, or use a smaller model"
        )
    if n_seq < wanted:
        need = settings.n_cells or _cells(wanted, window, settings.n_contexts)
        notes.append(
            f"{n_seq} sequences at a time instead of {wanted}: "
            + ("memory ran out with more; " if shrink else "")
            + f"{wanted} need {_mib(need * cell_bytes)} MiB of cache, and "
            f"{_mib(free_bytes)} MiB are free on {device}"
        )
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
        kv_bytes_per_token=model.kv_bytes_per_token,
        notes=tuple(notes),
    )


def _sequences_on_cpu(model: Sizes) -> int:
    cells = model.n_params // max(1, 2 * model.n_embd * model.n_layer)
    return max(2, min(SEQUENCES_CPU, cells // CELLS_WORTH_A_SEQUENCE))


def _cells(n_seq: int, window: int, n_contexts: int) -> int:
    contexts = min(n_contexts, CONTEXTS_PLANNED) * min(window, CELLS_PER_CONTEXT)
    return max(window, n_seq * min(window, CELLS_PER_SEQUENCE) + contexts)


def _mib(size: int) -> int:
    return -(-size // (1 << 20))
