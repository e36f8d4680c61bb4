"""The ledger remembers the last observation of each file, durably."""

from targets import Ledger


def test_the_last_observation_counts_and_survives_reopening(tmp_path):
    path = tmp_path / "ledger.journal"
    ledger = Ledger(path)
    ledger.record({"a": {"size": 1}, "b": {"size": 2}})
    ledger.record({"a": {"size": 3}, "b": None})
    for seen in (ledger, Ledger(path)):
        assert dict(seen.items()) == {"a": {"size": 3}}


def test_replaced_observations_are_dropped_when_they_are_the_greater_part(tmp_path):
    path = tmp_path / "ledger.journal"
    ledger = Ledger(path)
    for number in range(1500):
        ledger.record({"a": {"size": number}})
    before = path.stat().st_size
    assert dict(Ledger(path).items()) == {"a": {"size": 1499}}
    assert path.stat().st_size < before / 100


def test_an_empty_ledger_can_exist(tmp_path):
    ledger = Ledger(tmp_path / "ledger.journal")
    ledger.touch()
    assert ledger.path.exists()
    assert len(Ledger(ledger.path)) == 0
