"""The metrics of a run, as the textfile collector of node exporter reads them."""

from __future__ import annotations

import re

import pytest

from pipeline.errors import ConfigError
from pipeline.run import metrics

STATUS = {
    "state": "failed",
    "started": "2026-01-02 03:04:05",
    "updated": "2026-01-02 03:05:05",
    "rows": None,
    "stages": {
        "responses": {
            "expected": 8, "kept": 5, "rejected": 2, "new_tokens": 900, "seconds": 1.5,
            "rules": {"length": 2},
        }
    },
}  # fmt: skip
# name{label="value",...} value: the text format of Prometheus, without a time.
SAMPLE = re.compile(r'(selfcodealign_\w+)\{(\w+="(?:[^"\\\n]|\\[\\"n])*"(?:,\w+="(?:[^"\\\n]|\\[\\"n])*")*)\} (\S+)')


def test_every_line_is_a_sample_of_a_described_metric(tmp_path):
    described = set()
    for line in metrics.text(STATUS, tmp_path / 'a "quoted" \\ folder').splitlines():
        if line.startswith("# TYPE "):
            described.add(line.split()[2])
            continue
        if not line.startswith("# HELP "):
            sample = SAMPLE.fullmatch(line)
            assert sample and sample[1] in described, line
            float(sample[3])


def test_states_units_and_rules_have_their_values(tmp_path):
    text = metrics.text(STATUS, tmp_path)
    assert re.search(r'run_state\{.*state="failed"\} 1', text)
    assert re.search(r'run_state\{.*state="finished"\} 0', text)
    assert re.search(r'stage_units\{.*stage="responses",fate="rejected"\} 2', text)
    assert re.search(r'stage_rejected_units\{.*rule="length"\} 2', text)
    assert "dataset_rows{" not in text


def test_the_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path):
    write = metrics.writer(tmp_path / "run.prom", tmp_path)
    for _ in range(2):
        write(STATUS)
    assert [path.name for path in tmp_path.iterdir()] == ["run.prom"]
    assert (tmp_path / "run.prom").read_text() == metrics.text(STATUS, tmp_path)


@pytest.mark.parametrize("name", ["run.txt", "missing/run.prom"])
def test_a_file_that_the_collector_would_not_read_is_refused(tmp_path, name):
    with pytest.raises(ConfigError, match="metrics"):
        metrics.writer(tmp_path / name, tmp_path)
