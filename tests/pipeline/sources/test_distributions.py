"""Licences of 75 popular distributions, by their metadata and what their licence files hold.

`distributions.jsonl` has, for each, the metadata as published, what each licence file is (null: no standard text as a
whole), the answer, and where a person reading the files came to more than that, their answer with the reason.
Where metadata has an SPDX expression it is the authors' own statement, and their files are not listed.
"""

from __future__ import annotations

import json
import re
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

from pipeline.sources import standard_texts
from pipeline.sources.installed import licence_of
from pipeline.sources.licences import AllowList, from_licence_text

TABLE = [json.loads(line) for line in Path(__file__).with_name("distributions.jsonl").read_text().splitlines()]
_TEXTS = Path(standard_texts.__file__).with_name("standard_texts")
PERMISSIVE = AllowList(["permissive"])


def text_of(licence: str | None) -> str:
    """A text of this licence: of alternatives the first, without the parts that may be absent."""
    if licence is None:
        return "You may do this and that, but for some other things, as described elsewhere."
    text = (_TEXTS / f"{licence}.txt").read_text()
    while re.search(r"\[\[[^\[\]]*\]\]", text):
        text = re.sub(r"\[\[[^\[\]]*\]\]", "", text)
    text = re.sub(r"\(\(([^|()]*)(?:\|[^()]*)?\)\)", r"\1", text)
    return "Copyright (c) 2020 Jane Doe\n\n" + text.replace("{{holder}}", "Jane Doe")


def distribution(folder: Path, row: dict) -> PathDistribution:
    """An installed distribution with the metadata and licence files of a row."""
    info = folder / f"{row['name']}-{row['version']}.dist-info"
    info.mkdir(parents=True)
    lines = ["Metadata-Version: 2.4", f"Name: {row['name']}", f"Version: {row['version']}"]
    for key, header in (("expression", "License-Expression"), ("licence", "License")):
        lines += [f"{header}: {row[key]}"] if key in row else []
    lines += [f"Classifier: {text}" for text in row.get("classifiers", ())]
    (info / "METADATA").write_text("\n".join(lines) + "\n\n")
    for name, licence in row.get("files", {}).items():
        (info / name).parent.mkdir(parents=True, exist_ok=True)
        (info / name).write_text(text_of(licence))
    (info / "RECORD").write_text("".join(f"{info.name}/{name},,\n" for name in ("METADATA", *row.get("files", {}))))
    return PathDistribution(info)


@pytest.mark.parametrize("row", TABLE, ids=[row["name"] for row in TABLE])
def test_the_licence_of_a_distribution_is_that_of_the_table(tmp_path, row):
    assert (licence_of(distribution(tmp_path, row)) or "unknown") == row["answer"]


def test_the_texts_of_the_table_are_recognised_as_what_they_stand_for():
    held = {licence for row in TABLE for licence in row.get("files", {}).values()}
    assert {licence: from_licence_text(text_of(licence)) for licence in held} == {licence: licence for licence in held}


def test_no_answer_grants_more_than_a_person_found_and_most_are_known():
    assert len(TABLE) >= 64
    unlike = [row for row in TABLE if "by_hand" in row]
    assert all(row["answer"] == "unknown" and row["reason"] for row in unlike)
    assert all("by_hand" in row for row in TABLE if row["answer"] == "unknown")
    assert len(unlike) / len(TABLE) < 0.2
    assert not any(PERMISSIVE.allows(row["answer"]) for row in TABLE if "GPL" in row["answer"])


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"classifiers": ["License :: Other/Proprietary License"]}, "unknown"),
        ({"licence": "Proprietary"}, "unknown"),
        ({"licence": "GPL"}, "unknown"),
        ({"licence": "BSD"}, "MIT"),
        ({"licence": "MIT AND"}, "unknown"),
        ({"expression": "MIT AND"}, "unknown"),
        ({"expression": "()"}, "unknown"),
        ({"classifiers": ["License :: OSI Approved :: GNU General Public License v3 (GPLv3)"]}, "GPL-3.0-only AND MIT"),
    ],
)
def test_metadata_that_contradicts_the_text_adds_to_it_or_makes_it_unknown(tmp_path, changes, answer):
    row = {"name": "x", "version": "1", "files": {"LICENSE": "MIT"}, **changes}
    assert (licence_of(distribution(tmp_path, row)) or "unknown") == answer
