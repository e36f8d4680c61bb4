"""From GGUF to PyTorch and back: nothing is lost on the way.

Needs the extra `train`.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs the extra: pip install -e '.[train]'")
pytest.importorskip("trl", reason="needs the extra: pip install -e '.[train]'")

import gguf  # noqa: E402
import numpy as np  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402

from pipeline import demo  # noqa: E402
from pipeline.engine import inspect_model  # noqa: E402
from pipeline.errors import PipelineError  # noqa: E402
from pipeline.loop.gguf_file import CHAT_TEMPLATE, write_gguf  # noqa: E402
from pipeline.loop.train import dropouts, load, set_chat_template  # noqa: E402
from pipeline.prompts import tuned  # noqa: E402
from pipeline.prompts.chat import render_chat  # noqa: E402

pytestmark = pytest.mark.slow
COUNTS = ("GGUF.kv_count",)  # a field more


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo model as safetensors, loaded from its GGUF."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("weights")
    model, tokenizer = load(str(demo.MODEL))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_a_model_that_was_not_tuned_comes_back_as_it_was(weights: Path, tmp_path: Path) -> None:
    write_gguf(weights, demo.MODEL, tmp_path / "model.gguf")
    before, after = (gguf.GGUFReader(str(path)) for path in (demo.MODEL, tmp_path / "model.gguf"))
    kept = {name: field.contents() for name, field in after.fields.items() if name not in (CHAT_TEMPLATE, *COUNTS)}
    assert {name: field.contents() for name, field in before.fields.items() if name not in COUNTS} == kept
    assert [tensor.name for tensor in before.tensors] == [tensor.name for tensor in after.tensors]
    for old, new in zip(before.tensors, after.tensors, strict=True):
        assert old.tensor_type == new.tensor_type
        was, is_now = (gguf.quants.dequantize(t.data, t.tensor_type) for t in (old, new))
        np.testing.assert_allclose(is_now, was, atol=1e-6)


def test_weights_in_half_precision_are_written(weights: Path, tmp_path: Path) -> None:
    halves = {name: tensor.bfloat16() for name, tensor in load_file(weights / "model.safetensors").items()}
    save_file(halves, tmp_path / "model.safetensors", metadata={"format": "pt"})
    write_gguf(tmp_path, demo.MODEL, tmp_path / "model.gguf")
    assert abs((tmp_path / "model.gguf").stat().st_size - demo.MODEL.stat().st_size) < 2000  # the chat template


def test_a_missing_tensor_is_named_and_nothing_is_left(weights: Path, tmp_path: Path) -> None:
    tensors = load_file(weights / "model.safetensors")
    del tensors["model.layers.3.mlp.up_proj.weight"]
    save_file(tensors, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(PipelineError, match=r"blk\.3\.ffn_up\.weight"):
        write_gguf(tmp_path, demo.MODEL, tmp_path / "model.gguf")
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]


def test_the_tuned_model_is_prompted_byte_for_byte_as_it_was_tuned(weights: Path, tmp_path: Path) -> None:
    import llama_cpp
    from llama_cpp import Llama
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter
    from transformers import AutoTokenizer

    path, folder = tmp_path / "model.gguf", tmp_path / "hf"
    write_gguf(weights, with_template(tmp_path / "base.gguf", "{{ messages }}<|im_start|>"), path)
    tokenizer = AutoTokenizer.from_pretrained(weights)
    set_chat_template(tokenizer, [tuned.template(adds_bos) for adds_bos in (False, True)])
    tokenizer.save_pretrained(folder)
    facts = inspect_model(str(path))
    instruction = "Write `f`.\n\n```python\ndef f(x): ...\n```\n{{ x }} <s> \\n"
    messages = [{"role": "user", "content": instruction}]
    wanted = tuned.prompt(instruction)
    assert render_chat(facts.chat_template, instruction, "", facts.eos) == wanted
    reloaded = AutoTokenizer.from_pretrained(folder)
    assert (
        reloaded.apply_chat_template(messages, tokenize=False, add_generation_prompt=True).removeprefix(
            facts.bos if facts.add_bos else ""
        )
        == wanted
    )
    loaded = Llama(str(path), vocab_only=True, verbose=False)
    formatter = Jinja2ChatFormatter(loaded.metadata[CHAT_TEMPLATE], facts.eos, "")
    assert formatter(messages=messages).prompt == wanted
    # llama.cpp's C function renders no Jinja: it knows a list of templates by their words. It must not take ours for one.
    chat = (llama_cpp.llama_chat_message * 1)(llama_cpp.llama_chat_message(role=b"user", content=b"x"))
    assert llama_cpp.llama_chat_apply_template(facts.chat_template.encode(), chat, 1, True, None, 0) == -1
    # What it was tuned on, prompt and completion with the token that ends it, is the same conversation.
    whole = [*messages, {"role": "assistant", "content": "Yes."}]
    text = reloaded.apply_chat_template(whole, tokenize=False)
    assert text.endswith(f"{wanted}Yes.{reloaded.eos_token}")


def with_template(path: Path, template: str) -> Path:
    """A copy of the demo model with a chat template of its own, as a base model may have one."""
    reader = gguf.GGUFReader(str(demo.MODEL))
    writer = gguf.GGUFWriter(str(path), "llama")
    for field in reader.fields.values():
        if not field.name.startswith("GGUF.") and field.name != "general.architecture":
            element = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(field.name, field.contents(), field.types[0], element)
    writer.add_chat_template(template)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_every_rate_of_dropout_is_replaced(weights: Path, tmp_path: Path) -> None:
    shutil.copytree(weights, tmp_path / "model")
    config = tmp_path / "model" / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "attention_dropout": 0.1}))
    model, _ = load(str(tmp_path / "model"))
    assert model.config.attention_dropout == 0.0
    assert dropouts({"resid_pdrop": 0.1, "use_dropout": True, "attention_dropout": 0, "layers": 2}) == [
        "resid_pdrop",
        "attention_dropout",
    ]


def test_an_architecture_with_another_way_back_is_refused(weights: Path, tmp_path: Path) -> None:
    base = tmp_path / "base.gguf"
    writer = gguf.GGUFWriter(str(base), "gemma2")
    writer.add_tensor("token_embd.weight", np.zeros((4, 4), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(PipelineError, match=r"gemma2.*convert_hf_to_gguf"):
        write_gguf(weights, base, tmp_path / "model.gguf")


def test_norms_of_gemma_are_one_more_than_in_transformers(tmp_path: Path) -> None:
    names = {
        "token_embd": "embed_tokens",
        "output_norm": "norm",
        "blk.0.attn_norm": "layers.0.input_layernorm",
        "blk.0.attn_q_norm": "layers.0.self_attn.q_norm",
        "blk.0.post_attention_norm": "layers.0.post_attention_layernorm",
        "blk.0.ffn_norm": "layers.0.pre_feedforward_layernorm",
        "blk.0.post_ffw_norm": "layers.0.post_feedforward_layernorm",
        "blk.0.ffn_down": "layers.0.mlp.down_proj",
    }
    base = tmp_path / "base.gguf"
    writer = gguf.GGUFWriter(str(base), "gemma3")
    writer.add_block_count(1)
    writer.add_tokenizer_model("llama")
    for name in names:
        writer.add_tensor(f"{name}.weight", np.zeros(4, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    stored = {f"model.{name}.weight": torch.full((4,), float(number)) for number, name in enumerate(names.values())}
    save_file(stored, tmp_path / "model.safetensors", metadata={"format": "pt"})
    write_gguf(tmp_path, base, tmp_path / "model.gguf")
    written = {tensor.name: tensor.data[0] for tensor in gguf.GGUFReader(str(tmp_path / "model.gguf")).tensors}
    assert written == {f"{name}.weight": number + ("norm" in name) for number, name in enumerate(names)}
