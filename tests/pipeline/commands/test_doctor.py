"""The doctor: a line for everything a run needs, a remedy where there is something to do."""

from __future__ import annotations

import orjson
import pytest

from pipeline import demo
from tests.support.projects import Project


def findings(project, *arguments):
    code, output = project.ask("doctor", "--json", *arguments)
    return code, {item["name"]: item for item in orjson.loads(output)}


def test_a_machine_that_can_run_passes_and_nothing_is_changed(tmp_path):
    project = Project(tmp_path)
    code, by_name = findings(project)
    assert code == 0, by_name
    for name in ("Python", "configuration", "llama.cpp", "model", "memory", "sandbox", "seeds"):
        assert by_name[name]["level"] == "PASS", by_name[name]
    assert {"disk", "hub"} <= by_name.keys()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["luigi.cfg"]


def test_what_is_wrong_is_named_with_its_remedy_and_the_rest_is_examined(tmp_path):
    project = Project(tmp_path)
    project.configure(model={"path": "nowhere.gguf"}, seeds={"sources": "gone"})
    code, by_name = findings(project)
    assert code == 35
    assert (by_name["model"]["level"], by_name["seeds"]["level"]) == ("FAIL", "FAIL")
    assert "nowhere.gguf" in by_name["model"]["text"]
    assert by_name["seeds"]["remedy"]
    assert by_name["sandbox"]["level"] == "PASS"


def test_a_model_that_is_neither_fetched_nor_to_be_had_fails(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    project = Project(tmp_path)
    project.configure(model={"repo_id": "someone/small-base", "filename": "model.gguf"})
    code, by_name = findings(project)
    assert code == 35
    assert by_name["hub"]["level"] == "FAIL"
    assert "someone/small-base" in by_name["hub"]["text"]


def test_the_disk_is_measured_against_the_last_plan(tmp_path):
    project = Project(tmp_path)
    (project.artifacts / "pilot").mkdir(parents=True)
    (project.artifacts / "pilot" / "plan.json").write_text('{"disk_bytes": 1000000000000000}')
    code, by_name = findings(project)
    assert (code, by_name["disk"]["level"]) == (35, "FAIL")


def test_a_configuration_that_cannot_be_read_fails_and_the_machine_is_examined(tmp_path):
    project = Project(tmp_path)
    project.configure(respones={"samples": 3})
    code, by_name = findings(project)
    assert code == 35
    assert "[responses]" in by_name["configuration"]["remedy"]
    assert by_name["sandbox"]["level"] == "PASS"


def test_a_llama_cpp_that_cannot_be_loaded_fails_and_the_model_is_not_blamed(tmp_path, monkeypatch):
    (tmp_path / "libllama.so").write_bytes(b"not a library")
    monkeypatch.setenv("LLAMA_CPP_LIB_PATH", str(tmp_path))
    code, by_name = findings(Project(tmp_path))
    assert code == 35
    assert by_name["llama.cpp"]["level"] == "FAIL"
    assert "LD_LIBRARY_PATH" in by_name["llama.cpp"]["remedy"]
    assert "model" not in by_name


def test_a_real_model_without_a_pack_is_a_caution(tmp_path):
    project = Project(tmp_path)
    project.configure(model={"path": str(demo.MODEL)})
    _, by_name = findings(project)
    assert by_name["packs"]["level"] == "CAUTION"
    assert "no benchmark is compared" in by_name["packs"]["text"]


@pytest.mark.parametrize(
    ("sections", "name", "text", "remedy"),
    [
        ({"sandbox": {"packages": "yaml"}}, "packages", "'yaml' is not installed", "PyYAML"),
        ({"sandbox": {"packages": "no-such-package"}}, "packages", "'no-such-package' is not installed", ""),
        ({"decontamination": {"packs": "nowhere"}}, "packs", "nowhere", "name benchmarks of the hub: humaneval"),
        ({"prompts": {"exemplars": "nowhere"}}, "exemplars", "nowhere", "[prompts] exemplars"),
        ({"seeds": {"kinds": "funktions"}}, "seeds", "funktions is unknown", "functions"),
        ({"seeds": {"licences": "MTI"}}, "seeds", "MTI", ""),
        ({"engine": {"type_k": "f17"}}, "engine", "f17", ""),
        ({"responses": {"base_url": "http://127.0.0.1:9/v1"}}, "server of [responses]", "127.0.0.1:9", ""),
    ],
)
def test_what_a_run_would_only_say_later_fails_now(tmp_path, sections, name, text, remedy):
    project = Project(tmp_path)
    project.configure(**sections)
    code, output = project.ask("doctor", "--json")
    assert code == 35
    failed = [item for item in orjson.loads(output) if item["level"] == "FAIL" and item["name"] == name]
    assert text in failed[0]["text"], output
    assert remedy in failed[0]["remedy"]
