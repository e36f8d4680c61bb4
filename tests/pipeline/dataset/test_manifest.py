"""The funnel must add up, within a stage and from stage to stage; a number that is off is named."""

from __future__ import annotations

import copy

import pytest

from pipeline.dataset.card import dataset_card
from pipeline.dataset.manifest import reconcile
from pipeline.errors import PipelineError


def counts(units, kept, **rules):
    return {"in": units, "kept": kept, "rejected": units - kept, "rules": rules}


FAN_OUT = {"responses": 2}
SOUND = {
    "seeds": counts(10, 5, no_docstring=5),
    "concepts": counts(5, 4, window=1),
    "instructions": counts(4, 3, empty=1),
    "responses": {**counts(6, 5, length=1), "samples_per_instruction": 2},
    "executions": counts(5, 5),
    "verifications": counts(5, 4, vacuous_tests=1),
    "decontamination": counts(4, 3, contaminated=1),
    "selection": counts(3, 2, not_chosen=1),
    "dataset": counts(2, 2),
}


def test_a_sound_funnel_is_accepted():
    reconcile(SOUND, FAN_OUT)


@pytest.mark.parametrize("stage", list(SOUND))
@pytest.mark.parametrize("key", ["in", "kept", "rejected"])
def test_a_number_that_is_off_anywhere_is_found(stage, key):
    funnel = copy.deepcopy(SOUND)
    funnel[stage][key] += 1
    with pytest.raises(PipelineError, match="does not add up"):
        reconcile(funnel, FAN_OUT)


def test_a_record_lost_between_stages_is_found():
    funnel = copy.deepcopy(SOUND)
    funnel["executions"] = counts(4, 4)
    with pytest.raises(PipelineError, match="responses hands on 5, executions took in 4"):
        reconcile(funnel, FAN_OUT)


PACK = {
    "name": "ours", "layout": "MBPP", "source": "packs", "revision": "5ha", "tasks": 7,
    "found": {
        "substring": 3, "ngrams": 2, "minhash": 0, "tests": 4, "code": 1, "resemblance": 0, "execution": 0,
    },
    "not_confirmable": {"it has no tests that can be run": 2},
}  # fmt: skip
CHECKED = {"packs": [PACK], "removed": 3, "removed_by_seed": 1}
UNCHECKED = {"packs": [], "removed": 0, "removed_by_seed": 0}


def card_of(decontamination, **more):
    return dataset_card(
        {
            "decontamination": decontamination,
            "rows": 2,
            "recipe": "abc",
            "model": {"name": "m", "sha256": "0"},
            "funnel": SOUND,
            "sources": ["python-stdlib"],
            "licences": {"PSF-2.0": 5},
            **more,
        }
    )


def test_the_card_says_against_what_rows_were_checked_and_what_was_found():
    card = card_of(CHECKED)
    assert "| ours | MBPP | 7 | packs | `5ha` | 3 | 2 | 0 | 4 | 1 | 0 | 0 |" in card
    assert "- ours: 2 of 7 (2: it has no tests that can be run)" in card
    assert "3 responses were\ntaken out" in card
    assert "not decontaminated" not in card


def test_the_card_says_plainly_what_was_not_checked_and_where_records_went():
    card = card_of(UNCHECKED)
    assert card.startswith("---\n")
    assert "not decontaminated" in card
    assert "| selection | 3 | 2 | 1 | not_chosen 1 |" in card
    assert "PSF-2.0 (5)" in card
