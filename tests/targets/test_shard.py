"""A shard is published as a whole, from a journal that survives, with counts that add up."""

import orjson

from targets import ShardPaths, ShardWriter


def test_kept_and_rejected_units_add_up_and_records_are_sorted(tmp_path):
    paths = ShardPaths(tmp_path, 7)
    with ShardWriter(paths) as writer:
        writer.keep("b", {"id": "b"}, {"tokens": 2})
        writer.reject("c", "window", "2000 > 1024", {"tokens": 1})
        writer.keep("a", {"id": "a"})
        assert not paths.records.exists()
        meta = writer.publish({"seconds": 1.5})
    assert [record["id"] for record in paths.read()] == ["a", "b"]
    assert meta["units"] == 3 == meta["kept"] + meta["rejected"]
    assert meta["rules"] == {"window": 1}
    assert meta["spent"] == {"tokens": 3}
    assert paths.read_meta() == meta
    assert orjson.loads(paths.rejected.read_bytes()) == {
        "id": "c",
        "rule": "window",
        "evidence": "2000 > 1024",
    }


def test_publishing_removes_journal_and_lease_and_leaves_four_files(tmp_path):
    with ShardWriter(ShardPaths(tmp_path, 0)) as writer:
        writer.keep("a", {"id": "a"})
        writer.publish()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "shard-000000.jsonl",
        "shard-000000.meta.json",
        "shard-000000.rejected.jsonl",
        "shard-000000.units",
    ]


def test_reopening_knows_what_is_done_and_what_was_spent_counts_once(tmp_path):
    paths = ShardPaths(tmp_path, 0)
    with ShardWriter(paths) as writer:
        writer.keep("a", {"id": "a"}, {"tokens": 5})
        writer.reject("b", "length", "")
    with ShardWriter(paths) as writer:
        assert writer.done == {"a", "b"}
        assert writer.resumed == 2
        writer.keep("c", {"id": "c"}, {"tokens": 7})
        assert writer.publish()["spent"] == {"tokens": 12}


def test_a_unit_journaled_twice_counts_once(tmp_path):
    with ShardWriter(ShardPaths(tmp_path, 0)) as writer:
        writer.keep("a", {"id": "a", "text": "first"}, {"tokens": 5})
        writer.keep("a", {"id": "a", "text": "second"}, {"tokens": 5})
        meta = writer.publish()
    assert meta["units"] == 1
    assert meta["spent"] == {"tokens": 5}


def test_published_lists_complete_shards_only(tmp_path):
    for number in (3, 1):
        with ShardWriter(ShardPaths(tmp_path, number)) as writer:
            writer.publish()
    with ShardWriter(ShardPaths(tmp_path, 2)) as writer:
        writer.keep("a", {"id": "a"})
    assert [paths.number for paths in ShardPaths.published(tmp_path)] == [1, 3]
    assert ShardPaths.published(tmp_path / "nowhere") == []
