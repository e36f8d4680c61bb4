"""llama.cpp through llama-cpp-python's low-level bindings: model, cache and batch.

Imported in engine processes only. No policy, and no state but llama.cpp's. Its warnings go to this
process's stderr, which the parent redirects to a file.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import llama_cpp as lib
import numpy as np

from pipeline.engine.protocol import EngineError, Plan
from pipeline.engine.settings import EngineSettings
from pipeline.engine.sizing import Sizes

# Values of enum ggml_type and of enum llama_flash_attn_type.
GGML_TYPES = {"f32": 0, "f16": 1, "q4_0": 2, "q4_1": 3, "q5_0": 6, "q5_1": 7, "q8_0": 8, "bf16": 30}
FLASH = {"auto": -1, "off": 0, "on": 1}
_WARN, _CONT = 3, 5  # of enum ggml_log_level


class DecodeError(Exception):
    """llama_decode failed; the state of the cache is undefined."""


def _make_log() -> Any:
    shown = False

    def log(level: int, text: bytes, _user: Any) -> None:
        nonlocal shown
        if level != _CONT:
            shown = level >= _WARN
        if shown:
            sys.stderr.write(text.decode("utf-8", errors="replace"))
            sys.stderr.flush()

    return lib.llama_log_callback(log)


_LOG = _make_log()  # referenced for as long as llama.cpp may call it


def start() -> None:
    """Initialize the backends and send llama.cpp's warnings to stderr."""
    lib.llama_log_set(_LOG, ctypes.c_void_p(0))
    lib.llama_backend_init()


def build_info() -> str:
    """Versions of the bindings and of llama.cpp, and the features of the build."""
    version = getattr(lib, "llama_version", lambda: b"?")()
    system = lib.llama_print_system_info().decode(errors="replace")
    return f"llama-cpp-python {lib.__version__}, llama.cpp {version.decode()}, {system.strip(' |')}"


def supports_gpu_offload() -> bool:
    return bool(lib.llama_supports_gpu_offload())


@dataclass(frozen=True, slots=True)
class Device:
    """A GPU that llama.cpp can use; memory in bytes."""

    name: str
    description: str
    free: int
    total: int


def devices() -> list[Device]:
    """GPUs available to this build, in llama.cpp's order; [] on a CPU build."""
    from llama_cpp._ggml import libggml as ggml

    for name, result in (
        ("ggml_backend_dev_get", ctypes.c_void_p),
        ("ggml_backend_dev_name", ctypes.c_char_p),
        ("ggml_backend_dev_description", ctypes.c_char_p),
    ):
        getattr(ggml, name).restype = result
    ggml.ggml_backend_dev_count.restype = ctypes.c_size_t
    ggml.ggml_backend_dev_get.argtypes = [ctypes.c_size_t]
    gpus = []
    for i in range(ggml.ggml_backend_dev_count()):
        device = ctypes.c_void_p(ggml.ggml_backend_dev_get(i))
        if ggml.ggml_backend_dev_type(device) not in (1, 2):  # discrete and integrated GPUs
            continue
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        ggml.ggml_backend_dev_memory(device, ctypes.byref(free), ctypes.byref(total))
        name = ggml.ggml_backend_dev_name(device).decode(errors="replace")
        text = ggml.ggml_backend_dev_description(device).decode(errors="replace")
        gpus.append(Device(name, text, free.value, total.value))
    return gpus


class Model:
    """A loaded model (or its vocabulary alone) and its tokenizer."""

    def __init__(
        self,
        path: str,
        settings: EngineSettings | None = None,
        *,
        vocab_only: bool = False,
        progress: Callable[[], object] | None = None,
    ) -> None:
        params = lib.llama_model_default_params()
        params.vocab_only = vocab_only
        if settings is not None:
            params.n_gpu_layers = settings.n_gpu_layers
            params.main_gpu = settings.main_gpu
            if hasattr(params, "load_mode"):
                params.load_mode = 1 if settings.use_mmap else 0
            else:
                params.use_mmap = settings.use_mmap
            if settings.tensor_split:
                n_devices = lib.llama_max_devices()
                split = (list(settings.tensor_split) + [0.0] * n_devices)[:n_devices]
                self._split = (ctypes.c_float * n_devices)(*split)
                params.tensor_split = self._split
        if progress is not None:
            self._progress = lib.llama_progress_callback(lambda _part, _user: progress() or True)
            params.progress_callback = self._progress
        self._model = lib.llama_model_load_from_file(os.fsencode(path), params)
        if not self._model:
            raise EngineError(f"{path}: llama.cpp cannot load this file")
        self.vocab = lib.llama_model_get_vocab(self._model)
        self.n_vocab: int = lib.llama_vocab_n_tokens(self.vocab)
        # llama_model_n_ctx_train is 0 while only the vocabulary is loaded.
        arch = self.metadata("general.architecture") or ""
        self.n_ctx_train: int = int(self.metadata(f"{arch}.context_length") or 0)
        self.add_bos: bool = lib.llama_vocab_get_add_bos(self.vocab)
        self.bos: int = lib.llama_vocab_bos(self.vocab)
        self.eos: int = lib.llama_vocab_eos(self.vocab)
        # These tokenizers put a space before the first word of every text.
        self._spaced = lib.llama_vocab_type(self.vocab) in (
            lib.LLAMA_VOCAB_TYPE_SPM,
            lib.LLAMA_VOCAB_TYPE_UGM,
        )
        self._anchor = self._encode("\n") if self._spaced else []

    @property
    def handle(self) -> Any:
        return self._model

    @property
    def decodes(self) -> bool:
        """Whether the model continues text: no encoder, no diffusion model."""
        return bool(lib.llama_model_has_decoder(self._model)) and not (
            lib.llama_model_has_encoder(self._model) or lib.llama_model_is_diffusion(self._model)
        )

    @property
    def splits_sequences(self) -> bool:
        """Whether part of a sequence can be copied; a recurrent state can only be copied whole."""
        return not (lib.llama_model_is_recurrent(self._model) or lib.llama_model_is_hybrid(self._model))

    @property
    def size_bytes(self) -> int:
        return int(lib.llama_model_size(self._model))

    @property
    def n_params(self) -> int:
        return int(lib.llama_model_n_params(self._model))

    @property
    def chat_template(self) -> str:
        """The Jinja template in the file; empty where it has none."""
        return (lib.llama_model_chat_template(self._model, None) or b"").decode("utf-8", errors="replace")

    def metadata(self, key: str) -> str | None:
        """A scalar of the GGUF's metadata as text; None if the key is absent."""
        buffer = ctypes.create_string_buffer(4096)
        size = lib.llama_model_meta_val_str(self._model, key.encode(), buffer, len(buffer))
        return None if size < 0 else buffer.value.decode("utf-8", errors="replace")

    def quantization(self) -> str:
        """Weight type that the file's metadata states, or "?".

        llama.cpp's own function for it needs the weights loaded.
        """
        kind = self.metadata("general.file_type")
        name = lib.llama_ftype_name(int(kind)) if kind else None
        return name.decode() if name else "?"

    def sizes(self, type_k: str, type_v: str) -> Sizes:
        """Sizes for a plan whose KV cache has these types."""
        return Sizes(
            n_ctx_train=self.n_ctx_train,
            n_params=self.n_params,
            n_layer=lib.llama_model_n_layer(self._model),
            n_embd=lib.llama_model_n_embd(self._model),
            n_head=lib.llama_model_n_head(self._model),
            kv_bytes_per_token=self._kv_bytes_per_token(type_k, type_v),
        )

    def _kv_bytes_per_token(self, type_k: str, type_v: str) -> int:
        """Bytes of one token in the KV cache; an upper bound for models with a smaller cache.

        Layers x KV heads x (key length x bits of K + value length x bits of V) / 8.
        """
        arch = self.metadata("general.architecture") or ""
        heads = lib.llama_model_n_head_kv(self._model) or lib.llama_model_n_head(self._model)
        embd, n_head = lib.llama_model_n_embd(self._model), lib.llama_model_n_head(self._model)
        default = embd // max(1, n_head)
        k = int(self.metadata(f"{arch}.attention.key_length") or default)
        v = int(self.metadata(f"{arch}.attention.value_length") or default)
        bits = {"f32": 32, "f16": 16, "bf16": 16, "q8_0": 8.5, "q5_1": 6, "q5_0": 5.5}
        bits |= {"q4_1": 5, "q4_0": 4.5}
        layers = lib.llama_model_n_layer(self._model)
        return int(layers * heads * (k * bits[type_k] + v * bits[type_v]) / 8)

    def _encode(self, text: str, special: bool = False) -> list[int]:
        data = text.encode("utf-8", errors="replace")
        size = len(data) + 8
        tokens = (lib.llama_token * size)()
        n = lib.llama_tokenize(self.vocab, data, len(data), tokens, size, False, special)
        if n < 0:
            tokens = (lib.llama_token * -n)()
            n = lib.llama_tokenize(self.vocab, data, len(data), tokens, -n, False, special)
        return tokens[:n]

    def tokenize(self, text: str, *, first: bool, special: bool = False) -> list[int]:
        """Token ids of `text`; BOS is added to the `first` part of a prompt if the model has one.

        Special tokens written in the text are plain text, unless `special` is set. Thread-safe.
        """
        if first:
            bos = [self.bos] if self.add_bos and self.bos >= 0 else []
            return bos + (self._encode(text, special) if text else [])
        if not text:
            return []
        if self._spaced:
            tokens = self._encode("\n" + text)
            if tokens[: len(self._anchor)] == self._anchor:
                return tokens[len(self._anchor) :]
        return self._encode(text)

    def unwritable(self, text: str) -> str:
        """Characters of a text that its tokens cannot reproduce."""
        if lib.llama_vocab_type(self.vocab) == lib.LLAMA_VOCAB_TYPE_NONE:
            return text
        return "".join(
            character
            for character in text
            if b"".join(map(self.piece, self.tokenize(character, first=False))) != character.encode()
        )

    def text_of(self, token: int) -> str:
        """The name of a token in the vocabulary; empty for the number of no token."""
        return (
            (lib.llama_vocab_get_text(self.vocab, token) or b"").decode("utf-8", errors="replace") if token >= 0 else ""
        )

    def ends(self, token: int) -> bool:
        """Whether a token ends the text."""
        return bool(lib.llama_vocab_is_eog(self.vocab, token))

    def piece(self, token: int) -> bytes:
        """Bytes of a token; b"" for control tokens."""
        buffer = ctypes.create_string_buffer(64)
        n = lib.llama_token_to_piece(self.vocab, token, buffer, len(buffer), 0, False)
        if n < 0:
            buffer = ctypes.create_string_buffer(-n)
            n = lib.llama_token_to_piece(self.vocab, token, buffer, len(buffer), 0, False)
        return buffer.raw[:n]

    def free(self) -> None:
        lib.llama_model_free(self._model)


class Cache:
    """A llama.cpp context: the KV cache shared by all sequences, and the arrays of one batch.

    Entry i of a batch is `tokens[i]` at `positions[i]` of the sequence id `sequences[i]`; its
    logits are computed if `outputs[i]` is 1. `n_ids` is the number of sequence ids.
    """

    def __init__(self, model: Model, settings: EngineSettings, plan: Plan, n_ids: int) -> None:
        params = lib.llama_context_default_params()
        params.n_ctx = plan.cells
        params.n_batch = params.n_ubatch = plan.n_batch
        params.n_seq_max = n_ids
        params.kv_unified = True
        params.n_threads = params.n_threads_batch = plan.n_threads
        params.flash_attn_type = FLASH[plan.flash_attn]
        params.type_k = GGML_TYPES[settings.type_k]
        params.type_v = GGML_TYPES[settings.type_v]
        params.no_perf = True
        if hasattr(params, "n_outputs_max"):  # otherwise logits of a whole batch are allocated
            params.n_outputs_max = n_ids
        self._ctx = lib.llama_init_from_model(model.handle, params)
        if not self._ctx:
            raise MemoryError("llama.cpp cannot set its context up")
        self._memory = lib.llama_get_memory(self._ctx)
        self.n_cells: int = lib.llama_n_ctx(self._ctx)
        n = plan.n_batch
        self.tokens = np.zeros(n, np.int32)
        self.positions = np.zeros(n, np.int32)
        self.sequences = np.zeros(n, np.int32)
        self.outputs = np.zeros(n, np.int8)
        self._counts = np.ones(n, np.int32)
        base = self.sequences.ctypes.data
        self._pointers = np.arange(base, base + 4 * n, 4, dtype=np.uint64)
        self._batch = lib.llama_batch(
            n_tokens=0,
            token=_pointer(self.tokens, lib.llama_token),
            embd=None,
            pos=_pointer(self.positions, lib.llama_pos),
            n_seq_id=_pointer(self._counts, ctypes.c_int32),
            seq_id=ctypes.cast(self._pointers.ctypes.data, ctypes.POINTER(ctypes.POINTER(lib.llama_seq_id))),
            logits=_pointer(self.outputs, ctypes.c_int8),
        )

    def decode(self, n_tokens: int) -> None:
        """Evaluate the first `n_tokens` of the batch arrays and wait for the logits."""
        self._batch.n_tokens = n_tokens
        code = lib.llama_decode(self._ctx, self._batch)
        if code != 0:
            raise DecodeError(f"llama_decode returned {code} for {n_tokens} tokens")
        lib.llama_synchronize(self._ctx)

    def use_threads(self, n: int) -> None:
        """Evaluate with `n` threads from the next step on."""
        lib.llama_set_n_threads(self._ctx, n, n)

    def copy(self, source: int, target: int, end: int) -> None:
        """Add sequence id `target` to the cells of `source` before position `end`."""
        lib.llama_memory_seq_cp(self._memory, source, target, 0, end)

    def drop(self, sequence: int) -> None:
        """Remove a sequence id from its cells; cells without an id become free."""
        lib.llama_memory_seq_rm(self._memory, sequence, -1, -1)

    def clear(self) -> None:
        lib.llama_memory_clear(self._memory, False)

    def logits(self, rows: int, n_vocab: int) -> np.ndarray:
        """Logits of the last step: a row for each batch entry with output, in their order.

        float32, shape (rows, n_vocab): a view of llama.cpp's memory, valid until the next step.
        """
        address = ctypes.addressof(lib.llama_get_logits(self._ctx).contents)
        data = (ctypes.c_float * (rows * n_vocab)).from_address(address)
        return np.ctypeslib.as_array(data).reshape(rows, n_vocab)

    def free(self) -> None:
        lib.llama_free(self._ctx)


def _pointer(array: np.ndarray, kind: Any) -> Any:
    return ctypes.cast(array.ctypes.data, ctypes.POINTER(kind))
