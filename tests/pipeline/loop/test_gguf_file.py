"""From GGUF to PyTorch and back: nothing is lost on the way.

Needs the extra `train`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs the extra: pip install -e '.[train]'")
pytest.importorskip("trl", reason="needs the extra: pip install -e '.[train]'")

import gguf  # noqa: E402
import numpy as np  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402

from pipeline import demo  # noqa: E402
from pipeline.errors import PipelineError  # noqa: E402
from pipeline.loop.gguf_file import write_gguf  # noqa: E402
from pipeline.loop.train import load  # noqa: E402

pytestmark = pytest.mark.slow


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
    assert {name: field.contents() for name, field in before.fields.items()} == {
        name: field.contents() for name, field in after.fields.items()
    }
    assert [tensor.name for tensor in before.tensors] == [tensor.name for tensor in after.tensors]
    for old, new in zip(before.tensors, after.tensors, strict=True):
        assert old.tensor_type == new.tensor_type
        was, is_now = (gguf.quants.dequantize(t.data, t.tensor_type) for t in (old, new))
        np.testing.assert_allclose(is_now, was, atol=1e-6)


def test_weights_in_half_precision_are_written(weights: Path, tmp_path: Path) -> None:
    halves = {name: tensor.bfloat16() for name, tensor in load_file(weights / "model.safetensors").items()}
    save_file(halves, tmp_path / "model.safetensors", metadata={"format": "pt"})
    write_gguf(tmp_path, demo.MODEL, tmp_path / "model.gguf")
    assert (tmp_path / "model.gguf").stat().st_size == demo.MODEL.stat().st_size


def test_a_missing_tensor_is_named_and_nothing_is_left(weights: Path, tmp_path: Path) -> None:
    tensors = load_file(weights / "model.safetensors")
    del tensors["model.layers.3.mlp.up_proj.weight"]
    save_file(tensors, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(PipelineError, match=r"blk\.3\.ffn_up\.weight"):
        write_gguf(tmp_path, demo.MODEL, tmp_path / "model.gguf")
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]


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
