"""The main job on real input: real code, the real model, real sandboxes, the user's own command."""

from __future__ import annotations

import ast
import hashlib
import os
import pty
import subprocess
import sys
from collections import Counter
from pathlib import Path

import orjson
import pyarrow.parquet
import pytest

from pipeline.text.markdown import code_blocks
from pipeline.text.programs import program_text
from sandbox import Limits, Pool, Program
from tests.support.projects import LUIGI, STAGES

NEW_FILE = '''
def mean_length(words):
    """Return the mean length of the words, 0 for an empty list."""
    return sum(len(word) for word in words) / len(words) if words else 0


def evens(numbers):
    """Keep the even numbers in their order."""
    return [number for number in numbers if number % 2 == 0]


def initials(name):
    """Return the upper-case initials of a name."""
    return "".join(part[0].upper() for part in name.split())
'''


@pytest.fixture(scope="module")
def finished(shared_project):
    (shared_project.root / "code").mkdir()
    (shared_project.root / "code" / "LICENSE").write_text("Apache License\nVersion 2.0, January 2004\n")
    broken = shared_project.root / "code" / "broken"
    broken.mkdir()
    (broken / "two.py").write_text("def two(x):\n    'Two.'\n    print x\n    return x\n")
    (broken / "latin.py").write_bytes("# café\n".encode("latin-1"))
    shared_project.configure(seeds={"sources": "python-stdlib, code", "stdlib_share": 0.2})
    code, output = shared_project.run()
    assert code == 0, output
    return shared_project


def test_rows_hold_what_the_readme_promises(finished):
    rows = finished.rows()
    assert len(rows) >= 10
    assert len({row["seed"]["id"] for row in rows}) == len(rows)
    for row in rows:
        assert list(row) == [
            "id", "instruction", "response", "tests", "concepts", "category", "difficulty", "seed", "partner", "samples",
            "attempt", "verification", "measured_difficulty", "shape", "pooled_tests", "weight", "model",
        ]  # fmt: skip
        assert list(row["seed"]) == [
            "id", "source", "path", "name", "lines", "digest", "licence", "repository", "revision",
        ]  # fmt: skip
        assert row["seed"]["licence"] == "PSF-2.0"
        assert 1 <= row["samples"]["passed"] <= row["samples"]["n"] == 4
        assert len(row["model"]["sha256"]) == 64
        assert row["verification"]["asserts"] >= 1
        assert row["verification"]["functions"]
        assert 1 <= row["verification"]["killed"] <= row["verification"]["mutants"]
        assert 0 < row["verification"]["agreement"] <= 1


def test_every_row_passes_again_in_the_sandbox(finished):
    programs = [
        Program(row["id"], program_text("\n".join(code_blocks(row["response"])), row["tests"]))
        for row in finished.rows()
    ]
    with Pool(workers=2, limits=Limits()) as pool:
        verdicts = {result.id: result.status for result in pool.run_many(programs)}
    assert verdicts == {item.id: "passed" for item in programs}


def test_the_funnel_adds_up_and_names_the_broken_files(finished):
    funnel = finished.manifest()["funnel"]
    for counts in funnel.values():
        assert counts["in"] == counts["kept"] + counts["rejected"]
        assert counts["rejected"] == sum(counts["rules"].values())
    assert funnel["concepts"]["in"] == funnel["seeds"]["kept"]
    assert funnel["instructions"]["in"] == funnel["concepts"]["kept"]
    assert funnel["responses"]["in"] == 4 * funnel["instructions"]["kept"]
    assert funnel["executions"]["in"] == funnel["responses"]["kept"]
    assert funnel["verifications"]["in"] == funnel["executions"]["kept"]
    assert funnel["decontamination"]["in"] == funnel["verifications"]["kept"]
    assert funnel["selection"]["in"] == funnel["decontamination"]["kept"]
    assert funnel["dataset"]["kept"] == len(finished.rows())
    assert funnel["seeds"]["rules"]["python_2"] == 1
    assert funnel["seeds"]["rules"]["not_utf8"] == 1


def test_every_seed_that_was_dropped_has_its_fate_in_a_file(finished):
    counted = finished.manifest()["funnel"]["seeds"]["rules"]
    written = Counter(record["rule"] for record in finished.rejected("seeds"))
    assert counted == written
    code, output = finished.ask("explain", "python-stdlib/", "--json")
    assert code == 0, output
    events = orjson.loads(output)["events"]
    explained = {event["id"] for event in events if event["stage"] == "seeds"}
    dropped = {record["id"] for record in finished.rejected("seeds")}
    assert {place for place in dropped if place.startswith("python-stdlib")} <= explained
    assert finished.records("seeds").keys() - explained == set()


def test_datasets_loads_the_folder_and_parquet_holds_the_same_rows(finished):
    folder = (finished.artifacts / "latest").resolve()
    script = (
        "import sys, datasets\n"
        "loaded = datasets.load_dataset(sys.argv[1], split='train', cache_dir=sys.argv[2])\n"
        "print(loaded.num_rows, ','.join(loaded.column_names))\n"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", script, str(folder), str(finished.root / "cache")],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(finished.root), "HF_HUB_OFFLINE": "1"},
    )
    rows = finished.rows()
    assert loaded.stdout.strip() == f"{len(rows)} {','.join(rows[0])}"
    assert pyarrow.parquet.read_table(folder / "train.parquet").to_pylist() == rows


def test_the_report_shows_the_dataset_and_names_the_one_before(finished):
    manifest = finished.manifest()
    page = (finished.artifacts / "latest" / "report.html").read_text()
    assert f"<h1>Dataset {manifest['recipe']}</h1>" in page
    for counts in manifest["funnel"].values():
        for rule in counts["rules"]:
            assert f'<span class="rule">{rule}</span>' in page
    assert "This is the first dataset in its artifacts folder." in page


def test_every_file_of_a_run_is_documented(finished):
    page = (Path(__file__).parents[2] / "artifacts" / "README.md").read_text()
    for path in finished.artifacts.rglob("*"):
        if path.is_file():
            name = str(path.relative_to(finished.artifacts))
            folder, *_ = name.split("/")
            suffix = path.name[len("shard-000000") :] if path.name.startswith("shard-") else path.name
            known = {"model": "`model/`", "logs": "`logs/pipeline.log`", "latest": "`latest`"}
            assert known.get(folder, "report/" if "/report/" in name else suffix) in page, name


def test_a_second_run_does_nothing(finished):
    before = finished.files()
    code, output = finished.run()
    assert code == 0, output
    assert finished.files() == before


def unweighted(project):
    """Rows by id without their weights, which compare a row with all others."""
    return {row["id"]: {**row, "weight": None} for row in project.rows()}


def test_three_new_functions_cost_three_functions(finished):
    before = finished.files()
    rows = unweighted(finished)
    (finished.root / "code" / "words.py").write_text(NEW_FILE)
    code, output = finished.run()
    assert code == 0, output
    after = finished.files()
    shards = {name: state for name, state in before.items() if "shard-" in name}
    assert {name: after[name] for name in shards} == shards
    new = [name for name in after if name not in before and name.endswith("000001.meta.json")]
    assert len(new) == 7
    funnel, earlier = finished.manifest()["funnel"], len(finished.records("seeds")) - 3
    assert funnel["concepts"]["in"] == earlier + 3
    assert rows.items() <= unweighted(finished).items()
    added = [record for record in finished.records("seeds").values() if record["source"] == "code"]
    assert {record["name"] for record in added} == {"mean_length", "evens", "initials"}
    assert {record["licence"] for record in added} == {"Apache-2.0"}


def test_a_function_that_is_gone_leaves_the_dataset_and_not_the_cache(finished):
    cached = finished.records("responses")
    (finished.root / "code" / "words.py").unlink()
    code, output = finished.run()
    assert code == 0, output
    assert {row["seed"]["source"] for row in finished.rows()} == {"python-stdlib"}
    assert finished.records("responses") == cached


def test_changing_the_selection_reuses_the_rest_and_changing_back_costs_nothing(finished):
    before = finished.files()
    code, output = finished.run("--selection-choose", "shortest")
    assert code == 0, output
    made = {name.split("/")[0] for name in finished.files() if name not in before}
    assert made <= {"selection", "dataset"}
    middle = finished.files()
    latest = (finished.artifacts / "latest").resolve()
    code, output = finished.run()
    assert code == 0, output
    assert finished.files() == middle
    assert (finished.artifacts / "latest").resolve() != latest


def test_a_run_with_nothing_to_do_says_so_on_a_terminal_and_nothing_elsewhere(finished):
    assert finished.run()[0] == 0
    assert finished.run() == (0, "")
    ours, theirs = pty.openpty()
    process = subprocess.run(
        [LUIGI, "--module", "pipeline", "FinalDataset"],
        cwd=finished.root,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    assert process.returncode == 0
    lines = os.read(ours, 4096).split(b"\n")
    assert lines[0].startswith(b"project ")
    assert lines[-2].strip() == b"nothing to do: what was asked for is there"
    os.close(ours)


def test_planted_benchmark_tasks_leave_with_evidence_and_nothing_is_generated_again(finished):
    """Tasks made of rows: one as it stands, one reworded with its code under other names, one of a seed."""
    finished.run()
    rows = finished.rows()
    card = (finished.artifacts / "latest" / "README.md").read_text()
    assert "not decontaminated" in card
    seeds = finished.records("seeds")
    by_length = sorted(rows, key=lambda row: len(row["response"]))
    verbatim, renamed = by_length[0], by_length[-1]
    of_seed = max(by_length[1:-1], key=lambda row: len(seeds[row["seed"]["id"]]["code"]))
    seed = seeds[of_seed["seed"]["id"]]
    tasks = [
        {"task_id": 1, "text": verbatim["instruction"], "code": "pass", "test_list": []},
        {"task_id": 2, "text": "Something else entirely, in words of its own making.",
         "code": renamed_code(renamed), "test_list": []},
        {"task_id": 3, "text": "Nothing that any row says about anything.", "code": seed["code"],
         "test_list": []},
    ]  # fmt: skip
    packs = finished.root / "packs"
    packs.mkdir()
    (packs / "planted.jsonl").write_bytes(b"".join(orjson.dumps(task) + b"\n" for task in tasks))
    code, output = finished.run()
    assert code == 0, output
    left = {row["seed"]["id"] for row in finished.rows()}
    assert verbatim["seed"]["id"] not in left
    assert of_seed["seed"]["id"] not in left
    assert renamed["id"] not in {row["id"] for row in finished.rows()}
    assert "completions" not in output and "responses 000000" not in output
    checked = finished.manifest()["decontamination"]
    (pack,) = checked["packs"]
    assert (pack["name"], pack["layout"], pack["tasks"]) == ("planted", "MBPP", 3)
    assert pack["revision"] == hashlib.sha256((packs / "planted.jsonl").read_bytes()).hexdigest()
    assert pack["found"]["substring"] >= 2 and pack["found"]["code"] >= 1
    rules = finished.manifest()["funnel"]["decontamination"]["rules"]
    assert rules["contaminated"] == checked["removed"] >= 2
    assert rules["contaminated_seed"] == checked["removed_by_seed"] >= 1
    card = (finished.artifacts / "latest" / "README.md").read_text()
    assert f"| planted | MBPP | 3 | packs | `{pack['revision']}` |" in card
    life = finished.ask("explain", verbatim["id"])[1]
    assert "rejected by contaminated" in life and "planted:1 by substring" in life
    (packs / "planted.jsonl").unlink()
    assert finished.run()[0] == 0
    assert finished.rows() == rows


def renamed_code(row):
    """The code of a row with every name of its own replaced."""
    tree = ast.parse("\n".join(code_blocks(row["response"])))
    own = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    own |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in own:
            node.id = f"some_{node.id}"
        elif isinstance(node, ast.arg):
            node.arg = f"some_{node.arg}"
        elif isinstance(node, ast.FunctionDef):
            node.name = f"solve_{node.name}"
    return ast.unparse(tree)


def test_it_runs_from_any_folder_when_the_config_is_named(finished, tmp_path):
    before = finished.files()
    command = [str(LUIGI), "--module", "pipeline", "FinalDataset"]
    environment = {**os.environ, "LUIGI_CONFIG_PATH": str(finished.root / "luigi.cfg")}
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert finished.files() == before
    assert list(tmp_path.iterdir()) == []


def test_why_says_what_the_next_run_would_do_and_changes_nothing(finished):
    before = finished.files()
    assert finished.ask("why")[1].startswith("nothing to do")
    (finished.root / "code" / "more.py").write_text(NEW_FILE)
    code, output = finished.ask("why")
    assert code == 0, output
    assert "new: code/more.py" in output
    assert f"{NEW_FILE.count('def ')} functions are new" in output
    (finished.root / "code" / "more.py").unlink()
    finished.configure(
        seeds={"sources": "python-stdlib, code", "stdlib_share": 0.2},
        responses={"temperature": 0.5},
    )
    code, output = finished.ask("why")
    units = finished.manifest()["funnel"]["responses"]["in"]
    told = f"responses: 1 of 1 shards to make, {units} records\n  sampling.temperature: 0.7 -> 0.5"
    assert told in output
    assert "concepts" not in output
    finished.configure(seeds={"sources": "python-stdlib, code", "stdlib_share": 0.2})
    assert finished.files() == before


def test_explain_tells_the_life_of_a_row_from_its_lines_to_the_choice(finished):
    row = finished.rows()[0]
    code, output = finished.ask("explain", row["id"])
    assert code == 0, output
    stages = ("seeds", *STAGES, "selection")
    assert [output.count(f"== {stage} ") for stage in stages] == [1] * len(stages)
    assert row["instruction"] in output
    assert row["seed"]["path"] in output
    code, output = finished.ask("explain", "code/broken")
    assert "== code/broken/two.py:1:two: rejected by python_2" in output
    assert "== code/broken/latin.py: rejected by not_utf8" in output
    code, output = finished.ask("explain", "no-such-id")
    assert code == 20
    assert "no record" in output


def test_clean_lists_what_nothing_reaches_and_removes_it_only_when_told(finished):
    before = finished.files()
    code, output = finished.ask("clean")
    assert code == 0
    assert "nothing was removed" in output
    assert finished.files() == before
    code, output = finished.ask("clean", "--yes")
    assert code == 0, output
    after = finished.files()
    assert after.keys() < before.keys()
    assert {name.split("/")[0] for name in before.keys() - after.keys()} == {
        "decontamination",
        "selection",
        "dataset",
    }
    assert finished.ask("why")[1].startswith("nothing to do")
