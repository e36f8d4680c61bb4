"""The seeds in force: the same answers as a dictionary would give, whatever their number."""

from __future__ import annotations

import hashlib

import orjson
import pytest

from pipeline.seeds.snapshot import Places, Snapshot


def entry(path: str, *seeds: int, **rules: int) -> dict:
    return {
        "source": "code",
        "documents": [[path, "MIT", None, None]],
        "seeds": [[f"{seed:016x}", f"name {seed}", 1, 2, 0] for seed in seeds],
        "rules": rules,
    }


def test_a_seed_found_twice_belongs_to_the_first_place_and_counts_once():
    found = Snapshot([entry("b.py", 7, 2**64 - 1, too_long=3), entry("c.py", 1, 7)])
    assert list(found.occurrences) == [f"{number:016x}" for number in (1, 7, 2**64 - 1)]
    assert found.occurrences[f"{7:016x}"]["path"] == "b.py"
    assert found.rules == {"too_long": 3, "duplicate": 1}
    assert f"{2:016x}" not in found.occurrences
    with pytest.raises(KeyError):
        found.occurrences[f"{2:016x}"]


@pytest.mark.parametrize("count", [0, 1, 9_999, 10_000, 10_001, 20_001])
def test_the_digest_is_that_of_all_places_as_one_sorted_document(count):
    found = Snapshot([entry("a.py", *(7919 * number % 2**31 for number in range(count)))])
    whole = orjson.dumps(dict(found.occurrences), option=orjson.OPT_SORT_KEYS)
    assert found.digest == hashlib.sha256(whole).hexdigest()[:16]
    assert len(found.occurrences) == count


def test_places_keep_any_text():
    odd = {"0" * 16: 'é "quoted"\n', "f" * 16: ""}
    assert dict(Places(odd.items())) == odd
