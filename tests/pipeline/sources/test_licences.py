"""Licences are stated, told by their text, or unknown."""

import re
from importlib.metadata import PathDistribution
from pathlib import Path

import orjson
import pytest

from pipeline.sources import installed
from pipeline.sources.installed import licence_of
from pipeline.sources.licences import (
    AllowList,
    all_of,
    from_header,
    from_licence_text,
    normalised,
    of_folder,
)
from tests.support.scans import GOOD, open_scan, rejections, seeds, take

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("# SPDX-License-Identifier: MIT\n", "MIT"),
        (
            "#!/usr/bin/env python\n# SPDX-License-Identifier: Apache-2.0 OR MIT\nx = 1\n",
            "Apache-2.0 OR MIT",
        ),
        ("/* SPDX-License-Identifier: GPL-2.0-or-later */\n", "GPL-2.0-or-later"),
        ("x = 1\n", None),
    ],
)
def test_a_header_is_read(header, expected):
    assert from_header(header) == expected


def test_our_own_licence_file_is_mit():
    assert from_licence_text((ROOT / "LICENSE").read_text()) == "MIT"


def test_an_unknown_text_stays_unknown():
    assert from_licence_text("You may not use this at all.") is None


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("mit", "MIT"),
        ("MIT License", "MIT"),
        ("apache-2.0 or mit", "Apache-2.0 OR MIT"),
        ("GPL-2.0+", "GPL-2.0-or-later"),
        ("LicenseRef-own", "LicenseRef-own"),
        ("Copyright (c) someone", None),
        ("", None),
    ],
)
def test_identifiers_are_brought_into_the_form_of_spdx(stated, expected):
    assert normalised(stated) == expected


def test_a_row_under_several_licences_is_under_all_and_one_unknown_makes_all_unknown():
    assert all_of(["MIT", "Apache-2.0", "MIT"]) == "Apache-2.0 AND MIT"
    assert all_of(["MIT", "no idea"]) is None
    assert all_of([]) is None


def test_two_licence_files_named_for_their_licences_are_a_choice():
    mit = (ROOT / "LICENSE").read_text()
    apache = "Apache License\nVersion 2.0"
    assert of_folder({"LICENSE-MIT": mit, "LICENSE-APACHE": apache}) == "Apache-2.0 OR MIT"
    assert of_folder({"LICENSE.txt": mit}) == "MIT"
    assert of_folder({"LICENSE": "All rights reserved."}) is None


@pytest.mark.parametrize(
    ("licence", "permissive"),
    [
        ("MIT", True),
        ("PSF-2.0", True),
        ("Unlicense", True),
        ("GPL-3.0-only", False),
        ("MPL-2.0", False),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", False),
        ("BSD-3-Clause AND (MIT OR GPL-3.0-only)", True),
        ("LicenseRef-own", False),
        (None, False),
    ],
)
def test_an_expression_is_permissive_when_what_must_hold_is(licence, permissive):
    assert AllowList(["permissive"]).allows(licence) is permissive
    assert AllowList(["any"]).allows(licence)


def test_a_list_names_licences_and_unknown():
    own = AllowList(["LicenseRef-own", "mpl-2.0", "unknown"])
    assert [own.allows(name) for name in ("LicenseRef-own", "MPL-2.0", None, "MIT")] == [
        True,
        True,
        True,
        False,
    ]


MIT = (ROOT / "LICENSE").read_text()
STANDARD = ROOT / "pipeline" / "sources" / "standard_texts"
MARKUP = {"[[": "", "]]": "", "((": "", "))": "", "{{holder}}": "Acme Corporation"}


def standard(name: str) -> str:
    """A standard text as an author publishes it: with all optional parts, the first of alternatives, and a holder."""
    text = re.sub(r"\(\(([^()|]*(?:\([^()]*\))?[^()|]*)\|.*?\)\)", r"\1", (STANDARD / f"{name}.txt").read_text())
    for markup, plain in MARKUP.items():
        text = text.replace(markup, plain)
    return text


NAMES = sorted(path.name.removesuffix(".txt") for path in STANDARD.iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_every_standard_text_is_recognised_as_itself_however_it_is_set(name):
    identifier = name.partition("~")[0]
    text = standard(name)
    assert from_licence_text(text) == identifier
    assert from_licence_text("Copyright (c) 2019-2024, Jane Doe <jane@doe.org>\nAll rights reserved.\n\n" + text)
    assert from_licence_text("\n".join(f"# {line}" for line in text.splitlines())) == identifier


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "clause",
    [
        "The Software may not be sold.",
        "For non-commercial use only.",
        '"Commons Clause" License Condition v1.0',
        "The following third-party notice applies to parts of this software:",
    ],
)
def test_a_clause_of_its_own_makes_a_text_unknown_wherever_it_stands(name, clause):
    text = standard(name)
    lines = text.splitlines()
    middle = len(lines) // 2
    assert from_licence_text(f"{clause}\n\n{text}") is None
    assert from_licence_text(f"{text}\n\n{clause}\n") is None
    assert from_licence_text("\n".join([*lines[:middle], clause, *lines[middle:]])) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (MIT.replace("to any person", "for non-commercial purposes to any person"), "a condition in the grant"),
        (MIT.replace("without restriction", "with restrictions"), "another word"),
        ("All rights reserved.\nThis program is proprietary. It contains parts under this notice:\n\n" + MIT, "a part"),
        ("Copyright (c) 2024 Acme. For evaluation only, all other uses are prohibited.\n" + MIT, "in the first line"),
        ("Business Source License 1.1\nChange License: Apache License, Version 2.0\n", "a later licence"),
        ("All rights reserved. Not under the Apache License, Version 2.0.\n", "a name in passing"),
        ("Permission is hereby granted, free of charge, without restriction.\n", "an excerpt"),
    ],
)
def test_a_text_that_only_resembles_or_names_a_licence_is_unknown(text, why):
    assert from_licence_text(text) is None, why


def test_several_standard_texts_in_one_file_hold_together():
    assert from_licence_text(standard("BSD-3-Clause") + "\n-----\n\n" + MIT) == "BSD-3-Clause AND MIT"
    assert from_licence_text(standard("GPL-3.0-only") + standard("LGPL-3.0-only")) == "GPL-3.0-only AND LGPL-3.0-only"


def test_all_licence_files_of_a_folder_hold_unless_all_are_named_for_their_licences():
    apache, bsd = standard("Apache-2.0"), standard("BSD-3-Clause")
    assert of_folder({"LICENSE": MIT, "LICENSE-bundled": bsd}) == "BSD-3-Clause AND MIT"
    assert of_folder({"COPYING": standard("GPL-3.0-only"), "COPYING.LESSER": standard("LGPL-3.0-only")}) == (
        "GPL-3.0-only AND LGPL-3.0-only"
    )
    assert of_folder({"LICENSE.MIT": MIT, "LICENSE.APACHE2": apache, "LICENSE.BSD": bsd}) == (
        "Apache-2.0 OR BSD-3-Clause OR MIT"
    )
    assert of_folder({"LICENSE": "A text of our own.", "LICENSE-MIT": MIT}) is None
    assert of_folder({"LICENSE-MIT": MIT, "LICENSE-OURS": "A text of our own."}) is None


MALFORMED = [
    "MIT AND", "GPL-2.0-only OR", "()", "(MIT", "MIT)", "OR", "AND MIT", "MIT MIT", "NOT MIT", "MIT WITH",
    "MIT WITH Apache-2.0", "LicenseRef-own AND", "MIT AND (MIT OR", "MIT WITH Commons-Clause", "\ud800",
]  # fmt: skip


@pytest.mark.parametrize("stated", MALFORMED)
def test_a_malformed_expression_is_unknown_and_allows_nothing(stated):
    assert normalised(stated) is None
    assert all_of([stated, "MIT"]) is None
    assert not AllowList(["permissive", "MIT"]).allows(stated)


@pytest.mark.parametrize("stated", [name for name in MALFORMED if name.isascii()])
def test_a_malformed_header_is_a_rejection_of_its_file_and_not_the_licence_of_the_folder(tmp_path, stated):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "LICENSE").write_text(MIT)
    (tmp_path / "code" / "odd.py").write_text(f"# SPDX-License-Identifier: {stated}\n{GOOD}")
    (tmp_path / "code" / "good.py").write_text(GOOD)
    take(open_scan(tmp_path, ["code"], licences="permissive"))
    assert seeds(tmp_path)["double"]["licence"] == "MIT"
    assert rejections(tmp_path) == {"code/odd.py": ("licence_not_allowed", f"unknown: {stated}")}


@pytest.mark.parametrize("stated", MALFORMED[:5])
def test_a_malformed_licence_of_a_row_is_a_rejection_of_that_row(tmp_path, stated):
    rows = [{"content": GOOD, "license": stated}, {"content": GOOD, "license": ["MIT", stated]}]
    rows.append({"content": GOOD, "license": "MIT"})
    (tmp_path / "rows.jsonl").write_bytes(b"\n".join(map(orjson.dumps, rows)))
    take(open_scan(tmp_path, ["rows.jsonl"]))
    assert seeds(tmp_path)["double"]["licence"] == "MIT"
    assert [rule for rule, _ in rejections(tmp_path).values()] == ["licence_not_allowed"] * 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# SPDX-License-Identifier: MIT\n# SPDX-License-Identifier: GPL-3.0-only\n", "GPL-3.0-only AND MIT"),
        ("# SPDX-License-Identifier: MIT\n# SPDX-License-Identifier: GPL-3.0-only OR\n", None),
        ('"""SPDX-License-Identifier: MIT"""\n', "MIT"),
        ("# SPDX-License-Identifier: MIT/GPL-3.0\n", None),
        ("# SPDX-License-Identifier:\n# MIT\n", None),
    ],
)
def test_all_headers_of_a_file_hold(text, expected):
    assert from_header(text) == expected


def test_an_exception_of_its_own_is_not_taken_for_a_grant():
    assert not AllowList(["permissive"]).allows("MIT WITH LicenseRef-scancode-commons-clause")
    assert not AllowList(["MIT"]).allows("MIT WITH LicenseRef-own")
    assert AllowList(["permissive"]).allows("LicenseRef-own OR MIT")
    assert not AllowList(["permissive"]).allows("LicenseRef-own AND MIT")


def distribution(folder: Path, files: dict[str, str], *metadata: str) -> PathDistribution:
    info = folder / "some-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("\n".join(["Metadata-Version: 2.1", "Name: some", "Version: 1.0", *metadata]) + "\n")
    for name, text in files.items():
        (info / name).parent.mkdir(exist_ok=True)
        (info / name).write_text(text)
    (info / "RECORD").write_text("".join(f"{info.name}/{name},,\n" for name in files))
    return PathDistribution(info)


CLAUSE = MIT + "\nThe Software may not be sold.\n"


@pytest.mark.parametrize(
    ("files", "metadata", "expected"),
    [
        ({"LICENSE": CLAUSE}, ["License: MIT"], None),
        ({"LICENSE": MIT}, ["License: MIT"], "MIT"),
        ({"LICENSE": MIT}, ["License: BSD"], "MIT"),
        ({}, ["License: MIT"], "MIT"),
        ({}, ["License: MIT with conditions", "Classifier: License :: OSI Approved :: MIT License"], None),
        ({}, ["License: UNKNOWN", "Classifier: License :: OSI Approved :: MIT License"], "MIT"),
        ({"LICENSE": MIT}, ["License-Expression: MIT AND PSF-2.0"], "MIT AND PSF-2.0"),
        ({"LICENSE": MIT}, ["License-Expression: GPL-2.0-only OR"], None),
        ({"COPYING": standard("GPL-3.0-only")}, ["License: GPL-3.0-or-later"], "GPL-3.0-or-later"),
        ({"LICENSE": MIT, "a/LICENSE": standard("PSF-2.0")}, [], "MIT AND PSF-2.0"),
        ({"LICENSE": MIT}, ["License: GPL-3.0-only"], "GPL-3.0-only AND MIT"),
    ],
)
def test_a_distribution_is_under_what_its_files_and_metadata_state_together(tmp_path, files, metadata, expected):
    assert licence_of(distribution(tmp_path, files, *metadata)) == expected


def test_a_distribution_whose_metadata_is_gone_is_a_rejection(tmp_path, monkeypatch):
    whole = distribution(tmp_path, {}, "License: MIT")
    (tmp_path / "torn-1.dist-info").mkdir()
    torn = PathDistribution(tmp_path / "torn-1.dist-info")
    monkeypatch.setattr(installed, "distributions", lambda: [torn, whole])
    parts = list(installed.PackagesSource().parts())
    assert [(part.path, part.left_out and part.left_out.rule) for part in parts] == [("torn-1.dist-info", "unreadable")]
