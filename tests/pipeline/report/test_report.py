"""The files of the report: what they count, and that no text of a dataset becomes markup."""

from __future__ import annotations

import base64
import gzip
import re
from html.parser import HTMLParser

import orjson
import pytest

from pipeline.report import write_report
from pipeline.report.figures import gather
from pipeline.report.previous import compare
from pipeline.report.rejected import MOST, Sample
from pipeline.report.rows import write_rows
from pipeline.stages.dataset import add_report
from targets import read_jsonl
from tests.support.datasets import example, plain, write_dataset
from tests.support.hostile_rows import CALL, TEXTS, hostile

SECRET = "key = 'AKIA2E0A" + "8F3B244C9986'"


class Elements(HTMLParser):
    """All start tags of a page, with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    artifacts = tmp_path_factory.mktemp("artifacts")
    folder = write_dataset(artifacts, range(len(TEXTS)), hostile)
    write_report(artifacts, folder, write_dataset(artifacts, range(1, 40), hostile, "before"))
    return (folder / "report.html").read_text(encoding="utf-8")


def test_hostile_texts_add_no_element_no_handler_and_no_address(page, tmp_path):
    harmless = write_dataset(tmp_path, range(len(TEXTS)))
    write_report(tmp_path, harmless, None)
    expected = Elements((harmless / "report.html").read_text(encoding="utf-8")).found
    elements = Elements(page).found
    assert {tag for tag, _ in elements} - {"dl", "path"} <= {tag for tag, _ in expected} | {"g"}
    assert [tag for tag, _ in elements].count("script") == 1
    for tag, attributes in elements:
        assert not [name for name in attributes if name.startswith("on")], (tag, attributes)
        assert "src" not in attributes, (tag, attributes)
        assert (attributes.get("href") or "#").startswith("#"), (tag, attributes)


def test_a_report_is_written_by_a_process_of_its_own(tmp_path):
    folder, said = write_dataset(tmp_path, range(20)), []
    add_report(tmp_path, folder, said.append)
    assert (folder / "report.html").exists()
    assert not said


def test_a_report_that_fails_costs_the_dataset_its_report_and_nothing_else(tmp_path):
    folder, said = write_dataset(tmp_path, range(20)), []
    (tmp_path / "latest").symlink_to(write_dataset(tmp_path, range(9), plain, "before"))
    (tmp_path / "latest" / "manifest.json").write_text("{")
    add_report(tmp_path, folder, said.append)
    assert not (folder / "report.html").exists()
    assert "has no report" in said[0]
    assert "report.log" in said[0]


def test_the_policy_admits_nothing_but_the_page_itself(page):
    policy = next(item["content"] for tag, item in Elements(page).found if "http-equiv" in item)
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "http" not in policy


def test_the_page_names_no_address_outside(page):
    without_texts = page.replace("https://example.invalid", "")
    addresses = set(re.findall(r"(?:https?:)?//[\w.]+\.\w+[\w/]*", without_texts))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_the_files_of_rows_hold_no_text_of_the_dataset_as_it_is(tmp_path):
    folder = write_dataset(tmp_path, range(len(TEXTS)), hostile)
    write_report(tmp_path, folder, None)
    for path in (folder / "report").iterdir():
        name, packed = re.fullmatch(r'receiveRows\("([\w-]+)","([\w+/=]*)"\);\n', path.read_text()).groups()
        assert name == path.stem
        if name.startswith("rows"):
            assert gzip.decompress(base64.b64decode(packed)) == (folder / "train.jsonl").read_bytes()


def test_files_of_rows_split_where_the_page_expects_it(tmp_path):
    train = tmp_path / "train.jsonl"
    train.write_bytes(b"".join(orjson.dumps(example(at, plain)) + b"\n" for at in range(21_001)))
    files = write_rows(tmp_path / "report", train)
    names = sorted(path.name for path in (tmp_path / "report").iterdir())
    assert files.rows == 21_001
    assert names == ["index-000.js", "index-001.js", *(f"rows-{at:03d}.js" for at in range(22))]


def test_pass_rates_count_programs_by_difficulty_category_and_concept(tmp_path):
    folder = write_dataset(tmp_path, range(14))
    figures = gather(tmp_path, orjson.loads((folder / "manifest.json").read_bytes()), [], ())
    assert figures.verdicts == {"passed": 14, "failed": 14}
    for kind in ("difficulty", "category"):
        assert {(item.run, item.passed) for item in figures.passes[kind].values()} == {(4, 2)}
    assert {(item.run, item.passed) for item in figures.passes["concept"].values()} == {(8, 4)}
    assert figures.pairs["concept 0", "concept 1"] == 2


def test_every_rule_comes_with_examples_of_its_evidence(tmp_path):
    folder = write_dataset(tmp_path, range(14))
    figures = gather(tmp_path, orjson.loads((folder / "manifest.json").read_bytes()), [], ())
    assert {stage for stage, _ in figures.examples} == {"seeds", "selection"}
    assert figures.examples["seeds", "rule 3"][0].evidence == "evidence 3"
    assert figures.verdict_examples["failed"][0].evidence == "detail 0\nstderr 0"


def test_the_comparison_tells_gained_lost_and_changed_rows_and_where_the_lost_went(tmp_path):
    def reworded(number: int, field: str) -> str:
        return "other words" if (number, field) == (5, "instruction") else plain(number, field)

    before = write_dataset(tmp_path, range(10), name="before")
    now = write_dataset(tmp_path, range(4, 20), reworded)
    manifest = orjson.loads((now / "manifest.json").read_bytes())
    found = compare(manifest, now / "train.jsonl", before)
    assert (found.same, found.changed, len(found.gained), len(found.lost)) == (5, 1, 10, 4)
    assert ("seeds name", "before", "1") in found.recipe_changes
    figures = gather(tmp_path, manifest, read_jsonl(now / "train.jsonl"), found.lost)
    assert sum(figures.lost.values()) == 4


def test_the_findings_of_decontamination_are_a_table_of_benchmarks_and_layers(tmp_path):
    folder = write_dataset(tmp_path, range(3))
    write_report(tmp_path, folder, None)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert '<th class="n">exact</th><th class="n">minhash</th>' in page
    assert '<td class="n">164</td><td class="n">2</td><td class="n">1</td>' in page


def test_a_text_that_is_in_every_column_reads_as_it_was_written(page):
    assert f"&lt;/script&gt;&lt;script&gt;{CALL}&lt;/script&gt;" in page
    assert f"<script>{CALL}" not in page


def test_of_each_rule_the_same_records_are_shown_whatever_the_order_of_the_shards():
    rejections = [{"id": f"{at:016x}", "rule": f"rule {at % 2}", "evidence": ""} for at in range(3 * MOST)]
    chosen = []
    for order in (rejections, rejections[::-1]):
        sample = Sample()
        for rejection in order:
            sample.add("concepts", rejection)
        chosen.append({rejection["id"] for _, rejection in sample.chosen()})
    assert chosen[0] == chosen[1]
    assert len(chosen[0]) == 2 * MOST


def test_texts_with_a_secret_are_not_in_the_report(tmp_path):
    folder = write_dataset(tmp_path, range(1), lambda at, field: SECRET if field == "stderr" else plain(at, field))
    write_report(tmp_path, folder, None)
    packed = (folder / "report" / "rejected-000.js").read_text().split('"')[3]
    text = gzip.decompress(base64.b64decode(packed)).decode()
    assert "not_passed" in text
    assert SECRET not in text
