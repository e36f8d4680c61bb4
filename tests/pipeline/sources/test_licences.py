"""Licences are stated, told by their text, or unknown."""

from pathlib import Path

import pytest

from pipeline.sources.licences import (
    AllowList,
    all_of,
    from_header,
    from_licence_text,
    normalised,
    of_folder,
)

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
