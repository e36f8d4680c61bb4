"""The ledger remembers the last observation of each file, durably."""

import pytest

from targets import Ledger


def test_the_last_observation_counts_and_survives_reopening(tmp_path):
    path = tmp_path / "ledger.journal"
    ledger = Ledger(path)
    ledger.record({"a": {"size": 1}, "b": {"size": 2}})
    ledger.record({"a": {"size": 3}, "b": None})
    for seen in (ledger, Ledger(path)):
        assert dict(seen.items()) == {"a": {"size": 3}}


@pytest.mark.slow
def test_replaced_observations_are_dropped_when_they_are_the_greater_part(tmp_path):
    path = tmp_path / "ledger.journal"
    ledger = Ledger(path)
    for number in range(1500):
        ledger.record({"a": {"size": number}})
    assert dict(Ledger(path).items()) == {"a": {"size": 1499}}
    assert path.read_bytes().count(b"\n") < 1000


def test_an_empty_ledger_can_exist(tmp_path):
    ledger = Ledger(tmp_path / "ledger.journal")
    ledger.touch()
    assert ledger.path.exists()
    assert len(Ledger(ledger.path)) == 0


def test_reading_beside_a_writer_repairs_nothing(tmp_path):
    path = tmp_path / "ledger.journal"
    Ledger(path).record({"a": {"size": 1}})
    with open(path, "ab") as file:
        file.write(b"0000 half a li")
    before = path.read_bytes()
    assert len(Ledger(path)) == 1
    assert path.read_bytes() == before


def test_what_was_observed_is_read_when_asked_for_even_after_the_file_was_written_anew(tmp_path):
    path = tmp_path / "ledger.journal"
    Ledger(path).record({"a": {"size": 1}, "b": {"size": 2}})
    reader, writer = Ledger(path), Ledger(path)
    writer.record({"a": None})
    writer.compact()
    assert reader.get("a") == {"size": 1}
    assert dict(writer.items()) == dict(Ledger(path).items()) == {"b": {"size": 2}}
    writer.record({"c": {"size": 3}})
    assert writer.get("c") == {"size": 3}
