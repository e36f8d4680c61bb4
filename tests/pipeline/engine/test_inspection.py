"""Facts about a model file, and errors for a file that is not a usable model."""

from __future__ import annotations

import pytest

from pipeline import demo
from pipeline.engine import (
    EngineError,
    EngineSettings,
    LlamaEngine,
    NoLlamaCpp,
    Request,
    inspect_model,
)
from tests.pipeline.engine.conftest import random_gguf
from tests.pipeline.engine.vocabularies import UNFIT


def test_the_facts_of_a_model_come_from_its_file(tiny_model):
    facts = inspect_model(str(tiny_model), ["hello", "", "\n\n"])
    assert (facts.architecture, facts.n_vocab, facts.n_ctx_train) == ("llama", 512, 2048)
    assert facts.n_params == 139_584
    assert facts.size_bytes > 4 * facts.n_params
    assert facts.token_counts[1:] == (0, 2)
    assert not facts.has_chat_template
    assert "llama.cpp" in facts.llama_cpp


def test_the_type_of_the_weights_is_the_one_the_file_states():
    assert inspect_model(str(demo.MODEL)).quantization == "F16"


@pytest.mark.parametrize("content", [b"not a library", None], ids=["unloadable", "absent"])
def test_a_llama_cpp_that_cannot_be_loaded_is_not_the_models_fault(tmp_path, monkeypatch, content):
    if content:
        (tmp_path / "libllama.so").write_bytes(content)
    monkeypatch.setenv("LLAMA_CPP_LIB_PATH", str(tmp_path))
    with pytest.raises(NoLlamaCpp, match=r"cannot be loaded.*hared library") as caught:
        inspect_model(str(demo.MODEL))
    assert demo.MODEL.name not in str(caught.value)


def test_a_missing_file_names_its_neighbours(tmp_path):
    (tmp_path / "other.gguf").write_bytes(b"GGUF")
    with pytest.raises(EngineError, match=r"no such file.*\[model\] path.*other\.gguf"):
        inspect_model(str(tmp_path / "model.gguf"))


@pytest.mark.parametrize(
    ("start", "remedy"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "git lfs pull"),
        (b"PK\x03\x04rest", "convert"),
        (b"<!DOCTYPE html><html>", "/resolve/"),
        (b"", "is empty"),
        (b"\x80\x02junk", "not a GGUF file"),
    ],
)
def test_a_file_of_another_kind_is_named_with_a_remedy(tmp_path, start, remedy):
    path = tmp_path / "model.gguf"
    path.write_bytes(start)
    for open_it in (inspect_model, lambda p: LlamaEngine(EngineSettings(p))):
        with pytest.raises(EngineError, match=remedy) as caught:
            open_it(str(path))
        assert "\n" not in str(caught.value)
        assert str(path) in str(caught.value)


def test_a_folder_suggests_the_model_in_it(tmp_path):
    (tmp_path / "inside.gguf").write_bytes(b"GGUF")
    with pytest.raises(EngineError, match=r"folder: did you mean .*inside\.gguf"):
        inspect_model(str(tmp_path))


@pytest.mark.parametrize("part", [0.999, 0.5, 0.1, 0.001])
def test_a_truncated_file_is_refused_by_inspection_and_by_the_engine(tiny_model, tmp_path, part):
    data = tiny_model.read_bytes()
    path = tmp_path / "cut.gguf"
    path.write_bytes(data[: max(8, int(len(data) * part))])
    with pytest.raises(EngineError) as inspected:
        inspect_model(str(path))
    with LlamaEngine(EngineSettings(str(path))) as engine, pytest.raises(EngineError) as loaded:
        list(engine.generate([Request("a", "", "b", 1)]))
    for caught in (inspected, loaded):
        assert "\n" not in str(caught.value)
        assert "cut off: download it again" in str(caught.value)


def test_the_error_for_an_unknown_architecture_names_the_package_to_upgrade(tiny_model, tmp_path):
    path = tmp_path / "odd.gguf"
    path.write_bytes(tiny_model.read_bytes().replace(b"llama", b"zlama"))
    with pytest.raises(EngineError, match="upgrade llama-cpp-python"):
        inspect_model(str(path))


@pytest.mark.parametrize(("change", "message"), UNFIT.values(), ids=UNFIT)
def test_the_error_for_an_unfit_vocabulary_names_what_is_missing(tiny_model, tmp_path, change, message):
    path = tmp_path / "odd.gguf"
    path.write_bytes(tiny_model.read_bytes().replace(*change))
    with pytest.raises(EngineError, match=message) as caught:
        inspect_model(str(path))
    assert "convert the model" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_weights_that_do_not_fit_the_vocabulary_are_refused_by_the_engine(tmp_path):
    tokens, types, merges = random_gguf.vocabulary(512)
    path = tmp_path / "odd.gguf"
    vocabulary = tokens[:400], types[:400], merges[:100]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(random_gguf, "vocabulary", lambda _: vocabulary)
        random_gguf.write(path, random_gguf.PRESETS["tiny"], quant="f32")
    with (
        LlamaEngine(EngineSettings(str(path), n_threads=1)) as engine,
        pytest.raises(EngineError, match="its weights are not what its header says"),
    ):
        list(engine.generate([Request("a", "", "b", 1)]))


def test_in_a_chat_the_name_of_a_special_token_is_that_token():
    facts = inspect_model(str(demo.MODEL))
    assert facts.eos and facts.chat_template == ""
    with LlamaEngine(EngineSettings(model_path=str(demo.MODEL), n_threads=1, n_seq=1)) as engine:
        requests = [Request(str(chat), "x", f"y{facts.eos}z", 1, chat=chat) for chat in (False, True)]
        whole = [Request(f"whole {chat}", f"xy{facts.eos}z", "", 1, chat=chat) for chat in (False, True)]
        lengths = {completion.id: completion.prompt_tokens for completion in engine.generate([*requests, *whole])}
    assert lengths["whole True"] < lengths["whole False"]
    assert lengths["True"] == lengths["False"]  # a tail is what a record holds: never a special token
