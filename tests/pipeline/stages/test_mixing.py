"""Which records of a shard get concepts of a partner, and which concepts these are."""

from __future__ import annotations

import pytest

from pipeline.stages.mixing import mixed, together

RECORDS = [{"id": f"{n:016x}", "concepts": [f"own {n} {place}" for place in range(4)]} for n in range(200)]


def test_a_share_of_records_has_half_of_its_concepts_from_another_record():
    by_id = {record["id"]: record for record in RECORDS}
    found = list(mixed(RECORDS, 0.3))
    assert [record["id"] for record in found] == list(by_id)
    changed = [record for record in found if "partner" in record]
    assert 40 < len(changed) < 80
    assert all(record == by_id[record["id"]] for record in found if "partner" not in record)
    for record in changed:
        assert record["partner"] != record["id"]
        own, other = by_id[record["id"]]["concepts"], by_id[record["partner"]]["concepts"]
        assert record["concepts"] == [*own[:2], *other[:2]]
    assert len({record["partner"] for record in changed}) > len(changed) / 2


def test_a_larger_share_keeps_the_partners_of_a_smaller_one():
    few, many = ({r["id"]: r for r in mixed(RECORDS, share) if "partner" in r} for share in (0.2, 0.6))
    assert few.items() <= many.items() and len(few) < len(many)


def test_a_record_that_is_alone_and_a_share_of_none_change_nothing():
    assert list(mixed(RECORDS[:1], 1.0)) == RECORDS[:1]
    assert list(mixed(RECORDS, 0.0)) == RECORDS


@pytest.mark.parametrize(
    ("own", "others", "expected"),
    [
        (["a"], ["b"], ["a", "b"]),
        (["a", "b", "c"], ["d", "e"], ["a", "b", "d"]),
        (["Loops", "x"], ["loops", "y"], ["Loops"]),
    ],
)
def test_concepts_of_both_are_taken_from_the_front_and_once(own, others, expected):
    assert together(own, others) == expected
