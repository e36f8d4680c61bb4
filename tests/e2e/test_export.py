"""Every form of the export, loaded by the library that people use, and pushed to a hub-shaped server."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import orjson
import pytest
from datasets import load_dataset

from pipeline.export.forms import FORMS
from pipeline.export.reward import reward
from sandbox import Limits, Pool, Program


@pytest.fixture(scope="module")
def folder(demo_run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    code, output = demo_run.ask("export", "all", "--to", str(folder))
    assert code == 0, output
    return folder


def load(folder, form, tmp_path) -> list[dict[str, Any]]:
    return list(load_dataset(str(folder), form, split="train", cache_dir=str(tmp_path)))


def test_chat_rows_are_the_dataset_as_messages(demo_run, folder, tmp_path):
    for row, exported in zip(demo_run.rows(), load(folder, "chat", tmp_path), strict=True):
        assert exported["id"] == row["id"]
        assert [message["role"] for message in exported["messages"]] == ["user", "assistant"]
        assert exported["messages"][0]["content"] == row["instruction"]
        assert exported["messages"][1]["content"] == row["response"]


def test_alpaca_rows_have_instruction_input_and_output(demo_run, folder, tmp_path):
    for row, exported in zip(demo_run.rows(), load(folder, "alpaca", tmp_path), strict=True):
        assert exported == {
            "id": row["id"],
            "instruction": row["instruction"],
            "input": "",
            "output": row["response"],
        }


def test_a_preference_pair_is_a_right_against_a_really_worse_answer(demo_run, folder, tmp_path):
    rows = {row["id"]: row for row in demo_run.rows()}
    code_of = {record["response"]: record["code"] for record in demo_run.records("responses").values()}
    exported = load(folder, "preference", tmp_path)
    assert exported
    programs = []
    for pair in exported:
        row = rows[pair["id"]]
        assert pair["prompt"][0]["content"] == row["instruction"]
        assert pair["chosen"][0]["content"] == row["response"]
        for side in ("chosen", "rejected"):
            code = code_of[pair[side][0]["content"]]
            programs.append(Program(f"{side} {pair['id']}", f"{code}\n{row['pooled_tests'] or row['tests']}"))
    with Pool(1, Limits()) as pool:
        passed = {result.id: result.passed for result in pool.run_many(programs)}
    assert passed == {program.id: program.id.startswith("chosen") for program in programs}


def test_the_reward_of_an_rl_row_is_one_for_its_answer_and_zero_for_none(demo_run, folder, tmp_path):
    exported = load(folder, "rl", tmp_path)
    answers = [[{"role": "assistant", "content": row["response"]}] for row in demo_run.rows()]
    tests = [row["tests"] for row in exported]
    assert reward(answers, tests) == [1.0] * len(tests)
    # Each check holds alone, and the row's own code is the reference.
    checks = [(row["reference"], check) for row in exported for check in row["test_list"]]
    assert len(checks) > len(tests)
    assert reward([code for code, _ in checks], [check for _, check in checks]) == [1.0] * len(checks)
    assert reward(["```python\npass\n```"] * len(tests), tests) == [0.0] * len(tests)
    assert (folder / "rl" / exported[0]["runner"]).is_file()


def test_a_row_that_others_agree_with_has_their_tests_too(demo_run):
    rows = demo_run.rows()
    assert [bool(row["pooled_tests"]) for row in rows] == [bool(row["verification"]["agree_both_ways"]) for row in rows]
    assert any(row["pooled_tests"].count("assert") > row["tests"].count("assert") for row in rows)


def test_parquet_rows_are_those_of_the_dataset(demo_run, folder, tmp_path):
    path = str(folder / "parquet" / "train.parquet")
    loaded = load_dataset("parquet", data_files=path, split="train", cache_dir=str(tmp_path))
    assert list(loaded) == demo_run.rows()


def test_parquet_alone_is_a_dataset_of_its_own(demo_run, tmp_path):
    code, output = demo_run.ask("export", "parquet", "--to", str(tmp_path / "out"))
    assert code == 0, output
    assert load(tmp_path / "out", "parquet", tmp_path / "cache") == demo_run.rows()


def test_the_stages_are_there_with_what_they_kept_and_rejected(demo_run, folder, tmp_path):
    funnel = demo_run.manifest()["funnel"]
    for stage in ("concepts", "instructions", "responses", "executions", "selection"):
        kept = load_dataset("json", data_files=str(folder / "stages" / f"{stage}.jsonl"), split="train", cache_dir=str(tmp_path))  # fmt: skip
        path = folder / "stages" / f"{stage}.rejected.jsonl"
        rejected = path.read_bytes().splitlines() if path.exists() else []
        assert (len(kept), len(rejected)) == (funnel[stage]["kept"], funnel[stage]["rejected"])


def test_a_range_of_shares_that_is_none_is_named(demo_run):
    code, output = demo_run.ask("export", "rl", "--pass-rate", "0.9..0.1")
    assert code == 15
    assert "--pass-rate 0.9..0.1" in output and "0.05..0.9" in output


def test_a_form_that_does_not_exist_is_named_with_those_that_do(demo_run):
    code, output = demo_run.ask("export", "chatty")
    assert code == 15
    for form in FORMS:
        assert form in output


class Hub(BaseHTTPRequestHandler):
    """Dataset repositories, as far as an upload needs them."""

    private: ClassVar[dict[str, bool]] = {}
    files: ClassVar[dict[str, bytes]] = {}

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/api/repos/create":
            asked = json.loads(body)
            repo = f"{asked['organization']}/{asked['name']}"
            address = f"http://{self.headers['Host']}/datasets/{repo}"
            if repo in self.private:
                return self._answer({"error": "exists", "url": address}, 409)
            # The older clients say private, the newer ones visibility.
            self.private[repo] = asked.get("private") or asked.get("visibility") == "private"
            return self._answer({"url": address})
        if "/preupload/" in self.path:
            paths = [file["path"] for file in json.loads(body)["files"]]
            modes = [{"path": path, "uploadMode": "regular", "shouldIgnore": False} for path in paths]
            return self._answer({"files": modes})
        if "/commit/" in self.path:
            for line in body.splitlines():
                entry = json.loads(line)
                if entry["key"] == "file":
                    content = base64.b64decode(entry["value"]["content"])
                    self.files[entry["value"]["path"]] = content
            address = f"http://{self.headers['Host']}/datasets/me/set/commit/{'a' * 40}"
            return self._answer({"success": True, "commitOid": "a" * 40, "commitUrl": address})
        return self._answer({"errors": [], "warnings": []})

    def do_GET(self) -> None:
        repo = "/".join(self.path.split("/")[3:5])
        if repo in self.private:
            return self._answer({"id": repo, "private": self.private[repo], "siblings": []})
        return self._answer({"error": "not found"}, 404)

    def _answer(self, document: dict[str, Any], code: int = 200) -> None:
        content = json.dumps(document).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def hub(monkeypatch, tmp_path) -> Iterator[str]:
    Hub.private, Hub.files = {}, {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setenv("HF_TOKEN", "hf_test")
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    yield "me/set"
    server.shutdown()
    server.server_close()


def push(demo_run, folder, *arguments):
    return demo_run.ask("export", "chat", "parquet", "--to", str(folder), "--push", *arguments)


def test_a_push_makes_a_private_repository_with_the_files(demo_run, hub, tmp_path):
    code, output = push(demo_run, tmp_path / "out", hub, "--json")
    assert code == 0, output
    assert orjson.loads(output)["pushed"].endswith("/datasets/me/set")
    assert Hub.private == {"me/set": True}
    assert Hub.files.keys() == {
        "chat/train.jsonl", "chat/dataset_info.json", "chat/llama_factory.yaml", "chat/axolotl.yaml",
        "parquet/train.parquet", "README.md", "manifest.json",
    }  # fmt: skip
    for name, content in Hub.files.items():
        assert content == (tmp_path / "out" / name).read_bytes()


def test_a_dry_run_shows_the_files_and_uploads_nothing(demo_run, hub, tmp_path):
    code, output = push(demo_run, tmp_path / "out", hub, "--dry-run")
    assert code == 0, output
    assert "chat/train.jsonl" in output
    assert "private" in output
    assert (Hub.private, Hub.files) == ({}, {})


def test_a_repository_that_is_public_already_is_refused_without_public(demo_run, hub, tmp_path):
    Hub.private["me/set"] = False
    code, output = push(demo_run, tmp_path / "out", hub)
    assert code == 15, output
    assert "--public" in output
    assert not Hub.files
    code, output = push(demo_run, tmp_path / "out", hub, "--public")
    assert code == 0, output
    assert Hub.files


def test_a_hub_that_cannot_be_reached_is_named(demo_run, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    code, output = push(demo_run, tmp_path / "out", "me/set")
    assert code == 20
    assert "me/set" in output
    assert "Traceback" not in output
