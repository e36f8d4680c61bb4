"""Writes tuned weights as a GGUF file: a copy of the base model's file with the tuned numbers.

Vocabulary, shape and tensor types are those of the base's GGUF, so the engine that runs the base runs the copy. The
chat template is not: a base's is one in which the copy was never tuned. In: a
folder of safetensors and the base's GGUF. Out: a GGUF file, published whole. Supported are the architectures whose
tensors are the same in both formats, but for the order of rows that llama's RoPE rotates in pairs and for gemma's
norms; for the others there is llama.cpp's convert_hf_to_gguf.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import PipelineError
from pipeline.prompts import tuned
from pipeline.text.numeric import np
from targets.atomic import sync_folder, temporary_beside

if TYPE_CHECKING:
    from gguf import GGUFReader, GGUFWriter, ReaderTensor

ARCHITECTURES = ("llama", "qwen2", "qwen3", "starcoder2", "gemma3")
CHAT_TEMPLATE = "tokenizer.chat_template"  # there may be several, with a suffix each
OUTPUT, EMBEDDING, ROPE_TABLE = "output.weight", "token_embd.weight", "rope_freqs.weight"


def write_gguf(weights: Path, base: Path, path: Path) -> None:
    """Write `path` from the safetensors in the folder `weights`.

    Raises PipelineError for an architecture that is not supported, and for a missing tensor.
    """
    import gguf
    from safetensors import safe_open

    reader = gguf.GGUFReader(str(base))
    architecture = str(reader.fields["general.architecture"].contents())
    remedy = f"llama.cpp has a converter for it: python convert_hf_to_gguf.py {weights}"
    if architecture not in ARCHITECTURES:
        raise PipelineError(f"no GGUF of a {architecture} model can be written here", remedy)
    stored = _stored(weights, architecture, _number(reader, f"{architecture}.block_count"))
    partial = temporary_beside(path)
    writer = gguf.GGUFWriter(str(partial), architecture)
    _copy_fields(reader, writer)
    for tensor in reader.tensors:
        name = tensor.name
        if name == ROPE_TABLE:  # not trained: it follows from the shape
            _add(writer, tensor, tensor.data)
            continue
        # An output that is tied to the embedding is stored once.
        place = stored.get(EMBEDDING if name == OUTPUT and OUTPUT not in stored else name)
        if place is None:
            raise PipelineError(f"{weights} has no tensor for {name} of {base}", remedy)
        file, original = place
        with safe_open(file, framework="pt") as tensors:
            weight = tensors.get_tensor(original).float().numpy()
        if architecture == "llama" and name.endswith(("attn_q.weight", "attn_k.weight")):
            heads = "head_count" if name.endswith("attn_q.weight") else "head_count_kv"
            weight = _pair_up(weight, _number(reader, f"llama.attention.{heads}"))
        if architecture == "gemma3" and name.endswith("norm.weight"):
            weight = weight + 1  # a norm multiplies with 1 + weight there, with the weight in GGUF
        _add(writer, tensor, weight)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    partial.replace(path)
    sync_folder(path.parent)


def _stored(weights: Path, architecture: str, blocks: int) -> dict[str, tuple[Path, str]]:
    """By a tensor's name in GGUF: the file that holds it, and its name there."""
    import gguf
    from safetensors import safe_open

    kind = next(key for key, name in gguf.MODEL_ARCH_NAMES.items() if name == architecture)
    names = gguf.get_tensor_name_map(kind, blocks)
    stored = {}
    for file in sorted(weights.glob("*.safetensors")):
        with safe_open(file, framework="pt") as tensors:
            for original in tensors.keys():  # noqa: SIM118 - it is no mapping
                name = names.get_name(original, try_suffixes=(".weight", ".bias"))
                if name is not None:
                    stored[name] = (file, original)
    return stored


def _pair_up(weight: np.ndarray, heads: int) -> np.ndarray:
    """Rows of a projection in the order of GGUF, whose RoPE rotates neighbours, not halves of a head."""
    rows, columns = weight.shape
    halves = weight.reshape(heads, 2, rows // heads // 2, columns)
    paired: np.ndarray = halves.swapaxes(1, 2).reshape(rows, columns)
    return paired


def _number(reader: GGUFReader, key: str) -> int:
    return int(reader.fields[key].contents())


def _copy_fields(reader: GGUFReader, writer: GGUFWriter) -> None:
    from gguf import GGUFValueType

    for field in reader.fields.values():
        if field.name.startswith(("GGUF.", CHAT_TEMPLATE)) or field.name == "general.architecture":
            continue  # the writer adds these
        kind = field.types[0]
        element = field.types[-1] if kind == GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), kind, element)
    adds_bos = reader.fields.get("tokenizer.ggml.add_bos_token")
    writer.add_chat_template(tuned.template(bool(adds_bos.contents()) if adds_bos else _adds_bos(reader)))


def _adds_bos(reader: GGUFReader) -> bool:
    """Whether llama.cpp puts BOS before a text of a file that leaves it open: SPM and WordPiece vocabularies do."""
    return str(reader.fields["tokenizer.ggml.model"].contents()) in ("llama", "bert")


def _add(writer: GGUFWriter, tensor: ReaderTensor, weight: np.ndarray) -> None:
    """Add a weight in the base tensor's type, or in F16 where only llama.cpp can write that type."""
    from gguf import GGMLQuantizationType
    from gguf.quants import quantize

    kind: Any = tensor.tensor_type
    try:
        data = quantize(np.ascontiguousarray(weight, dtype=np.float32), kind)
    except NotImplementedError:
        kind = GGMLQuantizationType.F16
        data = quantize(np.ascontiguousarray(weight, dtype=np.float32), kind)
    writer.add_tensor(tensor.name, data, raw_dtype=kind)
