"""Which definitions a place names that a person types after `explain`."""

from __future__ import annotations

import pytest

from pipeline.operations.lineage import standing_at

KEPT = {"id": "0a", "source": "code", "path": "src/words.py", "lines": [10, 19], "name": "Text.longest"}
REJECTED = {"id": "code/src/words.py:19:shortest", "rule": "no_docstring"}


@pytest.mark.parametrize(
    ("searched", "found"),
    [
        ("src/words.py", [KEPT, REJECTED]),
        ("words.py", [KEPT, REJECTED]),
        ("words.py:1", []),
        ("words.py:10", [KEPT]),
        ("words.py:14", [KEPT]),
        ("words.py:19", [KEPT, REJECTED]),
        ("words.py:9", []),
        ("words.py:25", [REJECTED]),
        ("words.py:longest", [KEPT]),
        ("words.py:Text.longest", [KEPT]),
        ("shortest", [REJECTED]),
        ("code/src/words.py:19:shortest", [REJECTED]),
        ("ords.py", []),
    ],
)
def test_a_place_names_its_definitions_and_no_other(searched, found):
    assert standing_at((REJECTED, KEPT), searched) == found
