"""Bad input: one clear line with a remedy, an exit code of its own, and nothing lost."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest

from pipeline import demo
from tests.pipeline.engine.vocabularies import UNFIT


def error_line(output: str) -> str:
    """The one error, which has a time in front once the run has begun."""
    assert "Traceback" not in output
    (line,) = re.findall(r"^(?:\d{4}-\d\d-\d\d [\d:]{8} )?(error: .*)$", output, re.MULTILINE)
    return line


@pytest.mark.parametrize(
    ("sections", "code", "message", "remedy"),
    [
        ({"model": {"path": "no.gguf"}}, 20, "no.gguf", "correct the path"),
        (
            {"responses": {"smaples": 4}},
            15,
            "[responses] has no key smaples",
            "did you mean samples?",
        ),
        ({"respones": {"samples": 4}}, 15, "no section [respones]", "did you mean [responses]?"),
        ({"responses": {"samples": "many"}}, 15, "[responses] samples", "Responses for each instruction"),
        ({"responses": {"samples": 0}}, 15, "[responses] samples = 0", "not between 1 and 1000"),
        ({"selection": {"choose": "best of all"}}, 15, "[selection] choose", "not one of best, curated, random"),
        ({"seeds": {"sources": "nowhere"}}, 20, "nowhere", "correct the path"),
        ({"model": {"sha256": "0" * 64}}, 15, "sha256", "digest"),
        ({"prompts": {"exemplars": "nowhere"}}, 15, "nowhere", "exemplars"),
        ({"engine": {"n_ctx": 64}}, 15, "no exemplar fits", "window"),
    ],
)
def test_bad_configuration_is_named_with_its_remedy(project, sections, code, message, remedy):
    project.configure(**sections)
    ended, output = project.run()
    assert ended == code, output
    assert message in error_line(output)
    assert remedy in output


@pytest.mark.parametrize(
    "content",
    [
        demo.MODEL.read_bytes()[: demo.MODEL.stat().st_size // 2],
        demo.MODEL.read_bytes()[:1000],
        b"this is no model at all" * 100,
        b"",
    ],
    ids=["truncated", "header cut", "foreign", "empty"],
)
def test_a_damaged_model_is_named(project, content):
    (project.root / "model.gguf").write_bytes(content)
    project.configure(model={"path": "model.gguf"})
    ended, output = project.run()
    assert ended == 20, output
    assert "model.gguf" in error_line(output)


@pytest.mark.parametrize(
    ("change", "message"),
    [((b"llama", b"zlama"), "does not know the architecture zlama"), *UNFIT.values()],
    ids=["unknown architecture", *UNFIT],
)
def test_a_model_that_llama_cpp_cannot_use_is_named_with_the_remedy(project, change, message):
    (project.root / "model.gguf").write_bytes(demo.MODEL.read_bytes().replace(*change))
    project.configure(model={"path": "model.gguf"})
    ended, output = project.run()
    assert ended == 20, output
    assert re.search(message, error_line(output))
    assert re.search("upgrade|convert the model", output)
    assert not (project.artifacts / "seeds").exists()


def test_without_a_llama_cpp_that_loads_nothing_is_begun(project, tmp_path):
    (tmp_path / "libllama.so").write_bytes(b"not a library")
    ended, output = project.run(LLAMA_CPP_LIB_PATH=str(tmp_path))
    assert ended == 35, output
    assert "llama.cpp cannot be loaded" in error_line(output)
    assert "make cuda" in output
    assert not (project.artifacts / "seeds").exists()


def test_without_bwrap_nothing_is_begun(project, tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "env", "python3"):
        found = shutil.which(name)
        assert found
        (tools / name).symlink_to(found)
    ended, output = project.run(PATH=str(tools))
    assert ended == 35, output
    assert "bwrap" in error_line(output)
    assert "bubblewrap" in output
    assert not (project.artifacts / "concepts").exists()


def test_a_second_start_says_who_runs(project):
    path = project.artifacts / "lock"
    hold = (
        f"from pathlib import Path; from targets import lock; lock(Path({str(path)!r})); print(1, flush=True); input()"
    )
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdout
        first.stdout.readline()
        ended, output = project.run()
        first.kill()
    assert ended == 10, output
    assert str(first.pid) in error_line(output)


def test_sources_without_a_seed_are_said(project):
    (project.root / "code").mkdir()
    (project.root / "code" / "empty.py").write_text("x = 1\n")
    project.configure(seeds={"sources": "code"})
    ended, output = project.run()
    assert ended == 30, output
    assert "no source holds a seed" in output


def test_an_artifacts_path_that_is_a_file_is_named(project):
    project.artifacts.write_text("not a folder")
    ended, output = project.run()
    assert ended == 35, output
    assert str(project.artifacts) in error_line(output)


def test_an_unknown_flag_is_refused_by_luigi(project):
    ended, output = project.run("--responses-smaples", "4")
    assert ended == 2, output
    assert "smaples" in output
