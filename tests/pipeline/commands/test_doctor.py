"""The doctor: a line for everything a run needs, a remedy where there is something to do."""

from __future__ import annotations

import dataclasses

import orjson
import pytest

from pipeline import demo
from pipeline.commands.doctor import judge_llama_cpp, judge_model
from pipeline.engine import inspect_model
from tests.support.projects import Project


def findings(project, *arguments):
    code, output = project.ask("doctor", "--json", *arguments)
    found = orjson.loads(output)
    return code, {item["name"]: item for item in found}


def test_a_machine_that_can_run_passes_and_nothing_is_changed(tmp_path):
    project = Project(tmp_path)
    code, found = findings(project)
    assert code == 0, found
    for name in ("Python", "configuration", "llama.cpp", "model", "memory", "sandbox", "seeds"):
        assert found[name]["level"] == "PASS", found[name]
    assert {"disk", "hub"} <= found.keys()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["luigi.cfg"]


def test_what_is_wrong_is_named_with_its_remedy_and_the_rest_is_examined(tmp_path):
    project = Project(tmp_path)
    project.configure(model={"path": "nowhere.gguf"}, seeds={"sources": "gone"})
    code, found = findings(project)
    assert code == 35
    assert (found["model"]["level"], found["seeds"]["level"]) == ("FAIL", "FAIL")
    assert "nowhere.gguf" in found["model"]["text"]
    assert found["seeds"]["remedy"]
    assert found["sandbox"]["level"] == "PASS"


def test_a_model_that_is_neither_fetched_nor_to_be_had_fails(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    project = Project(tmp_path)
    project.configure(model={"repo_id": "someone/small-base", "filename": "model.gguf"})
    code, found = findings(project)
    assert code == 35
    assert found["hub"]["level"] == "FAIL"
    assert "someone/small-base" in found["hub"]["text"]


def test_the_disk_is_measured_against_the_last_plan(tmp_path):
    project = Project(tmp_path)
    (project.artifacts / "pilot").mkdir(parents=True)
    (project.artifacts / "pilot" / "plan.json").write_text('{"disk_bytes": 1000000000000000}')
    code, found = findings(project)
    assert (code, found["disk"]["level"]) == (35, "FAIL")


def test_a_configuration_that_cannot_be_read_fails_and_the_machine_is_examined(tmp_path):
    project = Project(tmp_path)
    project.configure(respones={"samples": 3})
    code, found = findings(project)
    assert code == 35
    assert "[responses]" in found["configuration"]["remedy"]
    assert found["sandbox"]["level"] == "PASS"


@pytest.fixture(scope="module")
def facts():
    return inspect_model(str(demo.MODEL))


@pytest.mark.parametrize(
    ("name", "template", "level"),
    [
        ("some-coder-7b", False, "PASS"),
        ("some-coder-7b", True, "CAUTION"),
        ("Some Coder 7B Instruct", False, "CAUTION"),
        ("tiny-chat", True, "CAUTION"),
    ],
)
def test_an_instruct_model_is_warned_of(facts, name, template, level):
    other = dataclasses.replace(facts, name=name, has_chat_template=template)
    assert judge_model(other, is_demo=False).level == level


VERSION = "llama-cpp-python 0.3.36, llama.cpp 0.5.0"
FOR_CPU = f"{VERSION}, CPU : AVX = 1"
FOR_CUDA = f"{VERSION}, CUDA : ARCHS = 890 | CPU : AVX = 1"


@pytest.mark.parametrize(
    ("built", "devices", "cards", "level", "text"),
    [
        (FOR_CPU, (), [], "PASS", "built for the CPU, "),
        (FOR_CPU, (), ["A card"], "CAUTION", "built for the CPU, but this machine has A card"),
        (FOR_CUDA, (), [], "CAUTION", "built for CUDA, but no card answers"),
        (FOR_CUDA, ("A card (CUDA0)",), ["A card"], "PASS", "built for a GPU: A card (CUDA0)"),
    ],
)
def test_the_build_is_held_against_the_cards(facts, built, devices, cards, level, text):
    told = dataclasses.replace(facts, llama_cpp=built, devices=devices, gpu_offload=bool(devices))
    found = judge_llama_cpp(told, cards)
    assert found.level == level
    assert found.text.startswith(f"{VERSION}, {text}")
    assert bool(found.remedy) == (level != "PASS")


def test_a_llama_cpp_that_cannot_be_loaded_fails_and_the_model_is_not_blamed(tmp_path, monkeypatch):
    (tmp_path / "libllama.so").write_bytes(b"not a library")
    monkeypatch.setenv("LLAMA_CPP_LIB_PATH", str(tmp_path))
    code, found = findings(Project(tmp_path))
    assert code == 35
    assert found["llama.cpp"]["level"] == "FAIL"
    assert "LD_LIBRARY_PATH" in found["llama.cpp"]["remedy"]
    assert "model" not in found
