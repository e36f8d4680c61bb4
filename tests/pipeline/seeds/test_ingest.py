"""From sources to shards: what is in force, what is dropped, and that neither changes without a reason."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.seeds.scan import Scan
from targets import ShardPaths
from tests.support.scans import GOOD, function, open_scan, rejections, seeds, take

ONE = function("one", "red green blue yellow orange purple brown grey black white")
# One word of many is another one.
NEARLY_ONE = ONE.replace("white", "beige")
TWO = function("two", "north south east west up down left right front back")


@pytest.fixture
def code(tmp_path: Path) -> Path:
    (tmp_path / "code").mkdir()
    return tmp_path / "code"


def in_force(root: Path) -> set[str]:
    """Names of the seeds in force."""
    return {place["name"] for place in open_scan(root, ["code"]).snapshot.occurrences.values()}


def update(root: Path, **changes) -> None:
    take(open_scan(root, ["code"], **changes))
    assert open_scan(root, ["code"], **changes).changed == []


def rules(root: Path) -> dict[str, str]:
    return {place: rule for place, (rule, _) in rejections(root).items()}


def test_every_rejection_counted_in_the_funnel_stands_in_a_file_under_an_id_of_its_own(code):
    for number in range(20):
        (code / f"m{number}.py").write_text(f"def f():\n    pass\nx = = {number}\n{ONE}\n{NEARLY_ONE}")
    update(code.parent)
    funnel = open_scan(code.parent, ["code"]).snapshot.rules
    written = list(rules(code.parent).values())
    assert funnel == {rule: written.count(rule) for rule in set(written)}
    assert sum(funnel.values()) == 20 * 4 - 1


def test_the_same_sources_give_the_same_seeds_every_time(code, tmp_path_factory):
    for number, text in enumerate((ONE, TWO, GOOD, NEARLY_ONE)):
        (code / f"{number}.py").write_text(text)
    update(code.parent)
    other = tmp_path_factory.mktemp("again")
    (other / "code").symlink_to(code)
    update(other)
    first, second = (open_scan(root, ["code"]).snapshot for root in (code.parent, other))
    assert first.digest == second.digest
    assert first.occurrences == second.occurrences


def test_the_earlier_of_two_that_resemble_each_other_stays_as_sources_grow(code):
    (code / "b.py").write_text(ONE)
    update(code.parent)
    (code / "a.py").write_text(NEARLY_ONE)
    (code / "b.py").write_text(ONE + "\n\n" + TWO)
    update(code.parent)
    assert seeds(code.parent).keys() == {"one", "two"}
    assert seeds(code.parent)["one"]["path"] == "b.py"
    assert rules(code.parent)["code/a.py:1:one"] == "near_duplicate"


def test_an_edited_function_is_not_dropped_for_its_own_former_version(code):
    (code / "a.py").write_text(ONE)
    update(code.parent)
    before = set(open_scan(code.parent, ["code"]).snapshot.occurrences)
    (code / "a.py").write_text(NEARLY_ONE)
    update(code.parent)
    assert in_force(code.parent) == {"one"}
    assert before.isdisjoint(open_scan(code.parent, ["code"]).snapshot.occurrences)


def test_what_was_dropped_for_a_resemblance_comes_back_when_the_other_is_gone(code):
    (code / "a.py").write_text(ONE + "\n\n" + TWO)
    (code / "b.py").write_text(NEARLY_ONE)
    update(code.parent)
    (code / "a.py").write_text(TWO)
    update(code.parent)
    assert in_force(code.parent) == {"one", "two"}


def test_other_rules_need_no_new_shard_for_what_was_there_before(code):
    (code / "a.py").write_text(ONE + "\n\n" + TWO + "\n\nimport json\n" + GOOD.replace("2 * x", "json.dumps(x)"))
    update(code.parent)
    update(code.parent, denied_imports="json")
    assert in_force(code.parent) == {"one", "two"}
    assert len(seeds(code.parent)) == 3
    update(code.parent)
    assert in_force(code.parent) == {"one", "two", "double"}
    assert len(list((code.parent / "seeds").glob("shard-??????.jsonl"))) == 2


def test_a_function_with_an_error_of_type_is_dropped_and_its_neighbours_are_not(code):
    (code / "a.py").write_text(
        GOOD
        + 'def lost(x):\n    """Helped."""\n    return helper(x)\n\n\n'
        + 'def wrong(x: int) -> str:\n    """Wrong."""\n    return x + 1\n\n\n'
        + 'import numpy as np\n\n\ndef mean(x):\n    """Mean."""\n    return np.mean(x)\n'
    )
    update(code.parent, type_check=True)
    assert seeds(code.parent).keys() == {"double", "mean"}
    found = rejections(code.parent)
    assert found["code/a.py:4:lost"][0] == found["code/a.py:9:wrong"][0] == "type_error"
    assert "helper" in found["code/a.py:4:lost"][1]


def test_seeds_are_under_an_allowed_licence_and_unknown_is_a_value_of_its_own(code):
    (code / "mit").mkdir()
    (code / "mit" / "LICENSE").write_text((Path(__file__).parents[3] / "LICENSE").read_text())
    (code / "mit" / "a.py").write_text(ONE)
    (code / "b.py").write_text("# SPDX-License-Identifier: GPL-3.0-or-later\n" + TWO)
    (code / "c.py").write_text(GOOD)
    update(code.parent)
    assert in_force(code.parent) == {"one", "two", "double"}
    update(code.parent, licences="permissive")
    assert in_force(code.parent) == {"one"}
    assert rejections(code.parent)["code/c.py"] == ("licence_not_allowed", "unknown")
    assert rejections(code.parent)["code/b.py"] == ("licence_not_allowed", "GPL-3.0-or-later")
    update(code.parent, licences="GPL-3.0-or-later, unknown")
    assert in_force(code.parent) == {"two", "double"}


@pytest.mark.parametrize(("changes", "named"), [({"licences": "MTI"}, "MTI"), ({"kinds": "function"}, "function")])
def test_a_value_that_means_nothing_is_an_error_that_names_it(tmp_path, changes, named):
    with pytest.raises(ConfigError, match=named):
        open_scan(tmp_path, [], **changes)


def many(code: Path, first: int, last: int) -> None:
    for number in range(first, last):
        text = function(f"f{number}", " ".join(f"w{number}x{place}" for place in range(10)))
        (code / f"m{number}.py").write_text(text)


def test_a_limit_takes_the_seeds_of_the_lowest_hashes_and_a_higher_one_only_adds(code):
    many(code, 0, 12)
    update(code.parent, limit=4)
    few = set(open_scan(code.parent, ["code"]).snapshot.occurrences)
    assert list(rules(code.parent).values()).count("beyond_limit") == 8
    update(code.parent, limit=9)
    more = set(open_scan(code.parent, ["code"]).snapshot.occurrences)
    update(code.parent)
    everything = sorted(open_scan(code.parent, ["code"]).snapshot.occurrences)
    assert few == set(everything[:4])
    assert more == set(everything[:9])
    update(code.parent, limit=3)
    assert set(open_scan(code.parent, ["code"]).snapshot.occurrences) == set(everything[:3])


def test_a_limit_that_is_reached_takes_no_new_seed_and_keeps_the_ones_it_has(code):
    many(code, 0, 6)
    update(code.parent, limit=5)
    before = set(open_scan(code.parent, ["code"]).snapshot.occurrences)
    many(code, 6, 12)
    update(code.parent, limit=5)
    assert set(open_scan(code.parent, ["code"]).snapshot.occurrences) == before


def test_a_seed_that_resembles_one_within_the_limit_takes_no_place(code):
    many(code, 0, 3)
    for number in range(3):
        text = (code / f"m{number}.py").read_text()
        (code / f"near{number}.py").write_text(text.replace(f"w{number}x9", "other"))
    update(code.parent, limit=3)
    assert len(in_force(code.parent)) == 3


def test_where_a_number_of_rows_is_wanted_all_seeds_are_stored_by_their_hashes(code):
    many(code, 0, 12)
    scan = open_scan(code.parent, ["code"])
    by_hash = Scan(scan.folder, scan.sources, replace(scan.criteria, by_hash=True))
    take(by_hash, shard_size=4)
    shards = [[seed["id"] for seed in shard.read()] for shard in ShardPaths.published(scan.folder)]
    assert [len(shard) for shard in shards] == [4, 4, 4]
    stored = [id for shard in shards for id in shard]
    assert stored == sorted(stored)
    assert open_scan(code.parent, ["code"]).changed == []
