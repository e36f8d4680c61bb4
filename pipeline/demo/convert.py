"""Checkpoint and tokenizer to GGUF, in F16 or Q8_0, readable by llama.cpp as architecture `llama`.

    python -m pipeline.demo.convert checkpoint.pt tokenizer.json FOLDER

Norms stay F32, the tied output matrix is left out, one end-of-text token serves as BOS and EOS and
llama.cpp puts it in front of a prompt, as in training. The tensor names of `model.py` are GGUF's own.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from gguf import GGMLQuantizationType, LlamaFileType, TokenType
from gguf.quants import quantize

from pipeline.demo.dimensions import Shape

NAME = "selfcodealign-demo"
DESCRIPTION = (
    "A 4M-parameter base model trained from scratch on a generated micro-world of Python tasks with "
    "planted bugs. It drives the demo run of the pipeline and is good for nothing else."
)
FILE_TYPES = {"F16": LlamaFileType.MOSTLY_F16, "Q8_0": LlamaFileType.MOSTLY_Q8_0}
END_OF_TEXT = 0


def convert_checkpoint(checkpoint: Path, tokenizer: Path, folder: Path, kind: str) -> Path:
    """Write `selfcodealign-demo-<kind>.gguf` of a training checkpoint into the folder."""
    import torch

    state = torch.load(checkpoint, weights_only=True)
    weights = {name: tensor.float().numpy() for name, tensor in state["model"].items()}
    path = folder / f"{NAME}-{kind.lower()}.gguf"
    write_gguf(path, Shape(**state["shape"]), weights, json.loads(tokenizer.read_text()), kind)
    return path


def write_gguf(path: Path, shape: Shape, weights: dict[str, np.ndarray], tokenizer: dict[str, Any], kind: str) -> None:
    """Write the file; `weights` is keyed by tensor name, `tokenizer` is a tokenizer.json."""
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_name(NAME)
    writer.add_description(DESCRIPTION)
    writer.add_license("MIT")
    writer.add_file_type(FILE_TYPES[kind])
    _add_shape(writer, shape)
    _add_tokenizer(writer, tokenizer)
    for name, weight in weights.items():
        _add_tensor(writer, name if name.endswith(".weight") else f"{name}.weight", weight, kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_shape(writer: gguf.GGUFWriter, shape: Shape) -> None:
    writer.add_vocab_size(shape.vocabulary)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_layer_norm_rms_eps(shape.norm_epsilon)
    writer.add_rope_dimension_count(shape.head_width)
    writer.add_rope_freq_base(shape.rope_base)


def _add_tokenizer(writer: gguf.GGUFWriter, tokenizer: dict[str, Any]) -> None:
    vocabulary: dict[str, int] = tokenizer["model"]["vocab"]
    tokens = sorted(vocabulary, key=vocabulary.__getitem__)
    types = [TokenType.NORMAL] * len(tokens)
    types[END_OF_TEXT] = TokenType.CONTROL
    merges = [m if isinstance(m, str) else " ".join(m) for m in tokenizer["model"]["merges"]]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(END_OF_TEXT)
    writer.add_eos_token_id(END_OF_TEXT)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)


def _add_tensor(writer: gguf.GGUFWriter, name: str, weight: np.ndarray, kind: str) -> None:
    if weight.ndim == 1:
        writer.add_tensor(name, weight.astype(np.float32))
    elif kind == "F16":
        writer.add_tensor(name, weight.astype(np.float16))
    else:
        quantized = quantize(weight.astype(np.float32), GGMLQuantizationType.Q8_0)
        writer.add_tensor(name, quantized, raw_dtype=GGMLQuantizationType.Q8_0)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.demo.convert", description="Write the GGUF files of a checkpoint."
    )
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    for kind in FILE_TYPES:
        path = convert_checkpoint(given.checkpoint, given.tokenizer, given.folder, kind)
        print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
