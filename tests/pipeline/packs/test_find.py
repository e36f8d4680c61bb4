"""Where benchmark packs are found: folders and, against a hub-shaped server, datasets of the hub."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import ConfigError, MissingDataError
from pipeline.packs.catalogue import CATALOGUE
from pipeline.packs.find import addresses, find
from pipeline.sources.hub import LABEL
from tests.support.hubs import COMMIT, Hub, run_against, serving

pytestmark = pytest.mark.slow

ROW = {"task_id": 1, "text": "Double the number x.", "code": "def f(x):\n    return 2 * x\n",
       "test_list": ["assert f(2) == 4"]}  # fmt: skip
LINE = json.dumps(ROW).encode() + b"\n"

FIND = """
import sys
from pathlib import Path
from pipeline.packs.catalogue import CATALOGUE
from pipeline.packs.find import addresses, find
from pipeline.sources.hub import LABEL
from pipeline.packs.pack import load_pack

for pack in find(sys.argv[2:], Path(sys.argv[1])):
    print(pack.name, pack.source, load_pack(pack.path, pack.name).tasks[0].name)
"""


def parquet(rows: int) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([ROW] * rows), buffer)
    return buffer.getvalue()


@pytest.fixture
def hub():
    files = {
        "README.md": b"# A benchmark",
        "dataset_infos.json": b"{}",
        "full/test-00000-of-00001.parquet": parquet(2),
        "sanitized/test-00000-of-00001.parquet": parquet(1),
        "extra.jsonl": LINE,
    }
    with serving(files) as endpoint:
        yield endpoint


EVALUATED = """
import sys
from pathlib import Path
from pipeline.errors import PipelineError
from pipeline.packs.find import evaluated_file

try:
    root, entry = Path(sys.argv[1]), sys.argv[2]
    print(evaluated_file(entry, root / entry, root).name)
except PipelineError as error:
    sys.exit(error.problem)
"""


@pytest.mark.parametrize(
    ("entry", "printed"),
    [
        ("hf:someone/stack:sanitized/*", "test-00000-of-00001.parquet"),
        ("tasks.jsonl", "tasks.jsonl"),
        ("hf:someone/stack", "[evaluation] pack: hf:someone/stack stands for 3 files: someone/stack/extra, "),
        ("hf:someone/stack:nothing*", "no file is named like nothing*"),
    ],
)
def test_a_name_of_a_pack_that_is_evaluated_stands_for_one_file(tmp_path, hub, entry, printed):
    ended = run_against(hub, tmp_path, EVALUATED, entry)
    assert printed in ended.stdout + ended.stderr


def test_packs_are_named_by_their_paths_and_other_files_are_none(tmp_path):
    for file in ("a.jsonl", "deep/a.jsonl", "notes.txt"):
        (tmp_path / "packs" / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "packs" / file).write_bytes(LINE)
    packs = find(["packs"], tmp_path)
    assert [(pack.name, pack.source) for pack in packs] == [("a", "packs"), ("deep/a", "packs")]


def test_only_the_default_folder_may_be_missing_or_empty(tmp_path):
    assert find(["packs"], tmp_path) == []
    (tmp_path / "packs").mkdir()
    assert find(["packs"], tmp_path) == []
    with pytest.raises(MissingDataError, match="no folder"):
        find(["nowhere"], tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingDataError, match="no benchmark pack"):
        find(["empty"], tmp_path)


def test_two_packs_of_one_name_are_refused(tmp_path):
    (tmp_path / "packs").mkdir()
    for name in ("a.jsonl", "a.json"):
        (tmp_path / "packs" / name).write_bytes(LINE)
    with pytest.raises(ConfigError, match="both the pack a"):
        find(["packs"], tmp_path)


def test_a_dataset_of_the_hub_is_fetched_once_and_its_packs_are_named_by_file(tmp_path, hub):
    expected = [
        f"someone/stack/{name} hf:someone/stack@{COMMIT} someone/stack/{name}:1"
        for name in ("extra", "full/test-00000-of-00001", "sanitized/test-00000-of-00001")
    ]
    for fetched in (3, 0):
        Hub.fetched.clear()
        ended = run_against(hub, tmp_path, FIND, "hf:someone/stack@main")
        assert ended.returncode == 0, ended.stderr
        assert ended.stdout.splitlines() == expected
        assert len(Hub.fetched) == fetched


def test_a_pattern_picks_files_of_a_dataset(tmp_path, hub):
    for pattern, name in (("full/*", "full/test-00000-of-00001"), ("extra*", "extra")):
        ended = run_against(hub, tmp_path, FIND, f"hf:someone/stack:{pattern}")
        assert ended.stdout.startswith(f"someone/stack/{name} "), ended.stderr
        assert len(ended.stdout.splitlines()) == 1


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("hf:someone/nothing", "RepositoryNotFoundError"),
        ("hf:someone/stack:*.zip", "no file is named like *.zip"),
    ],
)
def test_a_dataset_or_a_file_that_is_not_there_is_named(tmp_path: Path, hub, entry, reason):
    ended = run_against(hub, tmp_path, FIND, entry)
    assert f"MissingDataError: [decontamination] packs: {entry}: {reason}" in ended.stderr


def test_a_label_that_names_no_dataset_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="names no dataset"):
        find(["hf:humaneval"], tmp_path)


def test_a_benchmarks_name_stands_for_its_pinned_dataset_unless_a_folder_has_that_name(tmp_path):
    assert addresses(["HumanEval", "packs"], tmp_path) == [*CATALOGUE["humaneval"], "packs"]
    (tmp_path / "humaneval").mkdir()
    assert addresses(["humaneval"], tmp_path) == ["humaneval"]


@pytest.mark.parametrize("address", [address for named in CATALOGUE.values() for address in named])
def test_every_address_of_the_catalogue_names_a_commit_and_files(address):
    label = LABEL.fullmatch(address)
    assert label is not None
    assert len(label["revision"]) == 40 and label["pattern"]
