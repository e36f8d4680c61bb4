"""`[selection] reject`: what a person took out is rejected under a rule of its own, with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import ConfigError, MissingDataError
from pipeline.selection.by_hand import ByHand, read


def written(folder: Path, text: str) -> ByHand:
    path = folder / "reject.txt"
    path.write_text(text)
    return read(path)


def test_a_response_or_all_of_an_instruction_are_rejected_with_the_reason(tmp_path: Path) -> None:
    by_hand = written(tmp_path, "# wrong ones\n\naa-001 its tests prove nothing\nbb\ncc-000 typo\n")
    fates = {id: by_hand.rejection(id) for id in ("aa-000", "aa-001", "bb-000", "bb-003")}
    evidence = {id: found.evidence for id, found in fates.items() if found}
    assert evidence == {
        "aa-001": "its tests prove nothing",
        "bb-000": "no reason given",
        "bb-003": "no reason given",
    }
    assert by_hand.unmet == ["cc-000"]


def test_the_order_of_lines_and_comments_do_not_change_what_the_list_is(tmp_path: Path) -> None:
    one = written(tmp_path, "aa-001 wrong\nbb-001 odd\n").digest
    assert written(tmp_path, "# later\nbb-001 odd\naa-001   wrong \n").digest == one
    assert written(tmp_path, "aa-001 wrong\n").digest != one


def test_a_list_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"nowhere\.txt cannot be read"):
        read(tmp_path / "nowhere.txt")
    with pytest.raises(ConfigError, match=r"reject\.txt, line 2: aa-001 is there twice"):
        written(tmp_path, "aa-001 wrong\naa-001 odd\n")
