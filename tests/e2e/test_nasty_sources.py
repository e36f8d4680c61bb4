"""Nasty sources through a whole run: it ends well, and no text breaks out of a prompt's structure."""

from __future__ import annotations

import re

import pytest

from pipeline import demo
from pipeline.prompts import render
from pipeline.prompts.exemplars import load_set
from pipeline.prompts.structure import breaks_structure
from pipeline.text.markdown import code_blocks
from tests.support import nasty

HEADER = re.compile(r"^#{2,3} (.+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def finished(shared_project):
    nasty.build(shared_project.root / "nasty", many=3)
    sources = f"{shared_project.root / 'nasty'}, python-stdlib"
    shared_project.configure(seeds={"sources": sources, "stdlib_share": 0.03}, responses={"samples": 2})
    code, output = shared_project.run()
    assert code == 0, output
    return shared_project


def outside_fences(text: str) -> str:
    """A Markdown text without its fenced blocks, as CommonMark has them."""
    kept, fence = [], ""
    for line in text.split("\n"):
        ticks = re.match(r"`{3,}|~{3,}", line)
        if fence:
            if ticks and ticks[0].startswith(fence) and not line.strip(fence[0]).strip():
                fence = ""
        elif ticks:
            fence = ticks[0]
        else:
            kept.append(line)
    assert not fence, "a fence is left open"
    return "\n".join(kept)


def test_every_seed_stays_inside_its_own_section_of_the_prompt(finished):
    seeds = [seed for seed in finished.records("seeds").values() if seed["source"].endswith("/nasty")]
    assert {seed["name"] for seed in seeds} >= nasty.DOCSTRINGS.keys()
    exemplars = load_set(demo.EXEMPLARS)
    context = render.context(exemplars, "concepts", 2, "any")
    for seed in seeds:
        prompt = context + render.concepts_tail(seed["code"])
        assert code_blocks(prompt)[-1].rstrip() == seed["code"].rstrip()
        titles = HEADER.findall(outside_fences(prompt))
        expected = ["Example 1", "Snippet", "Concepts", "Example 2", "Snippet", "Concepts"]
        assert titles == [*expected, "Example 3", "Snippet", "Concepts"]
        assert not breaks_structure(seed["code"])


def test_every_nasty_seed_has_a_fate_and_the_funnel_adds_up(finished):
    asked = {seed["id"] for seed in finished.records("seeds").values()}
    concepts = finished.records("concepts").keys()
    dropped = {record["id"] for record in finished.rejected("concepts")}
    assert asked == concepts | dropped
    for counts in finished.manifest()["funnel"].values():
        assert counts["in"] == counts["kept"] + counts["rejected"]
    code, output = finished.ask("explain", "nasty/utf16.py")
    assert code == 0
    assert "rejected by not_utf8" in output


def test_no_folder_of_this_machine_is_in_what_is_published(finished, tmp_path):
    code, output = finished.ask("export", "all", "--to", str(tmp_path / "out"))
    assert code == 0, output
    published = [*(finished.artifacts / "latest").resolve().rglob("*"), *(tmp_path / "out").rglob("*")]
    texts = {path: path.read_bytes() for path in published if path.is_file() and path.suffix != ".parquet"}
    assert {"train.jsonl", "README.md", "manifest.json", "report.html", "seeds.rejected.jsonl"} <= {
        path.name for path in texts
    }
    assert [path for path, text in texts.items() if str(finished.root).encode() in text] == []
    assert "nasty" in finished.manifest()["sources"]
