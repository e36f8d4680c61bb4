"""Reads the metadata of a GGUF in a process of its own, without loading the weights.

A file that is not a usable model is explained in one line: missing, truncated, a Git LFS pointer,
another format. Messages of llama.cpp are reduced to the part that states the cause.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.engine import wire
from pipeline.engine.process import Child
from pipeline.engine.protocol import EngineError, ModelFacts, NoLlamaCpp

_TIMEOUT = 120.0
_CUT_OFF = ("not within the file bounds", "corrupted or incomplete", "failed to read")
_UNFIT = ("has wrong shape", "missing tensor", "wrong number of tensors")
_NOT_LOADED = ("shared library", "importerror:", "modulenotfounderror:")
_CONVERT = "download it again, or convert the model to GGUF again"
_FOREIGN = {
    b"version https": "this is a Git LFS pointer, not the file itself: run `git lfs pull`",
    b"PK\x03\x04": "this is a zip archive (a PyTorch checkpoint?): convert it to GGUF",
    b"<!DOCTYPE": "this is a web page: download the file itself (the link with /resolve/)",
    b"<html": "this is a web page: download the file itself (the link with /resolve/)",
    b"ggjt": "this is an old GGML file: convert it to GGUF",
    b"lmgg": "this is an old GGML file: convert it to GGUF",
    b"tjgg": "this is an old GGML file: convert it to GGUF",
}


def check_model_file(path: str) -> None:
    """Raise EngineError, with the remedy, for a path that cannot be a GGUF model."""
    file = Path(path).expanduser()
    if not path:
        raise EngineError("no model: set [model] path to a GGUF file")
    if file.is_dir():
        models = sorted(file.glob("*.gguf"))
        hint = f": did you mean {models[0]}?" if models else " without a .gguf file in it"
        raise EngineError(f"{path}: this is a folder{hint}")
    if not file.exists():
        near = sorted(p.name for p in file.parent.glob("*.gguf")) if file.parent.is_dir() else []
        hint = f"; {file.parent} has {', '.join(near[:5])}" if near else ""
        raise EngineError(f"{path}: no such file: set [model] path to a GGUF file{hint}")
    try:
        with file.open("rb") as stream:
            start = stream.read(16)
    except OSError as error:
        raise EngineError(f"{path}: cannot be read: {error.strerror}") from error
    if start[:4] == b"GGUF":
        return
    for magic, remedy in _FOREIGN.items():
        if start.startswith(magic):
            raise EngineError(f"{path}: {remedy}")
    what = "is empty" if not start else "is not a GGUF file"
    raise EngineError(f"{path}: {what}: download it again, or convert the model to GGUF")


def load_error(path: str, lines: Sequence[str]) -> EngineError:
    """Return an error for a model that llama.cpp refused; `lines` are the output of llama.cpp."""
    text = " ".join(lines)
    if any(mark in text for mark in _CUT_OFF):
        return EngineError(f"{path}: the file is cut off: download it again and compare its size")
    if "unknown model architecture" in text:
        cause = text.split("unknown model architecture:", 1)[-1].split()[0].strip("'\"")
        return EngineError(
            f"{path}: this build of llama.cpp does not know the architecture {cause}: upgrade llama-cpp-python"
        )
    if "out of memory" in text or "unable to allocate" in text or "failed to allocate" in text:
        return EngineError(
            f"{path}: the weights do not fit into memory: use a smaller quantization, or set "
            "[engine] n_gpu_layers to offload fewer layers"
        )
    if "error loading model vocabulary: " in text:
        cause = text.split("error loading model vocabulary: ", 1)[1].split(" llama_model_load")[0]
        return EngineError(f"{path}: its vocabulary cannot be used ({cause}): {_CONVERT}, or upgrade llama-cpp-python")
    errors = [line for line in lines if "error" in line.lower() or "failed" in line.lower()]
    cause = (errors or lines[-1:] or ["it gave no reason"])[0]
    if any(mark in text for mark in _UNFIT):
        return EngineError(f"{path}: its weights are not what its header says ({cause}): {_CONVERT}")
    return EngineError(f"{path}: llama.cpp cannot load this file: {cause}")


def inspect_model(path: str, texts: Sequence[str] = ()) -> ModelFacts:
    """Return facts about the model at `path`, with the token counts of `texts` (without BOS).

    Takes a second or two: it starts a process that loads the vocabulary. Raises EngineError if the
    model is unusable, and its subclass NoLlamaCpp if llama.cpp cannot be loaded.
    """
    check_model_file(path)
    child = Child("inspect")
    reply: tuple[str, object] | None = None
    try:
        child.send((str(Path(path).expanduser()), tuple(texts)))
        replies = child.receive(_TIMEOUT)
        reply = replies[0] if replies else None
    except wire.Closed:
        pass
    finally:
        child.end(grace=0.0 if reply is None else 2.0)
    if reply is None:
        output = " ".join(child.log_lines()).lower()
        if any(mark in output for mark in _NOT_LOADED):
            raise NoLlamaCpp(f"llama.cpp cannot be loaded ({child.exit_cause()})")
        raise EngineError(f"{path}: llama.cpp cannot read this file ({child.exit_cause()}): {_CONVERT}")
    kind, value = reply
    if isinstance(value, ModelFacts):
        if value.unwritable:
            raise EngineError(f"{path}: its vocabulary has no tokens for {value.unwritable!r}: {_CONVERT}")
        return value
    if kind == "refused":
        raise load_error(path, child.log_lines())
    raise EngineError(f"{path}: cannot be inspected: {value}")
