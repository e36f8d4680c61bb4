"""Licences are stated, told by their text, or unknown."""

from pathlib import Path

import pytest

from pipeline.text.licences import from_header, from_licence_text

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
