"""Misspelt names."""

from __future__ import annotations

from pipeline.text.nearest import nearest


def test_an_unknown_name_gets_the_nearest_right_one():
    assert nearest("smaples", {"samples", "shots"}) == "did you mean samples?"


def test_capitals_do_not_count():
    assert nearest("FINALDATASET", {"Seeds", "FinalDataset"}, "[{}]") == "did you mean [FinalDataset]?"


def test_a_name_that_is_near_nothing_gets_them_all():
    assert nearest("zzz", {"samples", "shots"}) == "there are samples, shots"
