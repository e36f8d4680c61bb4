"""Near-duplicates: the earlier row wins, whatever comes later, and the estimate can be trusted."""

import random
import subprocess
import sys

import numpy as np
import pytest

from pipeline.text.minhash import Sketcher, similarity
from pipeline.text.nearduplicates import NearDuplicates, bands_for

CHANCE = random.Random(5)
VOCABULARY = [f"word{number}" for number in range(5000)]


def text_of(words: int) -> list[str]:
    return CHANCE.choices(VOCABULARY, k=words)


def changed(words: list[str], places: int) -> list[str]:
    """The words with some replaced."""
    result = list(words)
    for place in CHANCE.sample(range(len(words)), places):
        result[place] = f"other{CHANCE.randrange(10**6)}"
    return result


def grams(words: list[str]) -> set[tuple[str, ...]]:
    return {tuple(words[place : place + 5]) for place in range(len(words) - 4)}


def jaccard(one: list[str], other: list[str]) -> float:
    return len(grams(one) & grams(other)) / len(grams(one) | grams(other))


def test_the_estimate_is_near_the_true_similarity():
    sketcher = Sketcher()
    errors = []
    for places in range(1, 40):
        one = text_of(200)
        other = changed(one, places)
        sketches = [sketcher.sketch(" ".join(words)) for words in (one, other)]
        errors.append(similarity(sketches[0], sketches[1]) - jaccard(one, other))
    assert abs(np.mean(errors)) < 0.02
    assert np.std(errors) < 0.05


def test_every_text_well_above_the_threshold_is_found():
    index = NearDuplicates(0.7)
    texts = [text_of(150) for _ in range(100)]
    for number, words in enumerate(texts):
        index.add(str(number), " ".join(words))
    for number, words in enumerate(texts):
        match = index.find(" ".join(changed(words, 2)))
        assert match is not None
        assert match.id == str(number)


def test_texts_well_below_the_threshold_are_not_found():
    index = NearDuplicates(0.7)
    texts = [text_of(150) for _ in range(100)]
    for number, words in enumerate(texts):
        index.add(str(number), " ".join(words))
    assert not any(index.find(" ".join(changed(words, 20))) for words in texts)


def test_a_match_is_never_reported_below_the_threshold():
    index = NearDuplicates(0.5)
    texts = [text_of(60) for _ in range(200)]
    for number, words in enumerate(texts):
        index.add(str(number), " ".join(words))
    found = [index.find(" ".join(changed(words, places))) for places in range(9) for words in texts]
    assert all(match.similarity >= 0.5 for match in found if match)


def test_the_earliest_of_equal_texts_is_named():
    index = NearDuplicates()
    for name in ("first", "second", "third"):
        index.add(name, "one and the same text of more than five words")
    assert index.find("one and the same text of more than five words").id == "first"


def test_only_added_texts_are_found():
    index = NearDuplicates()
    assert index.find("a text that is only asked for") is None
    assert index.find("a text that is only asked for") is None
    assert len(index) == 0


def test_case_layout_and_punctuation_do_not_make_texts_different():
    index = NearDuplicates()
    index.add("a", "Write a function, that\nreturns the sum of two numbers.")
    assert index.find("write a FUNCTION that returns   the sum of two numbers").similarity == 1.0


@pytest.mark.parametrize("text", ["", "   \n", "?!", "---"])
def test_a_text_without_words_resembles_nothing(text):
    index = NearDuplicates()
    index.add("a", text)
    assert index.find(text) is None


@pytest.mark.parametrize("text", ["sort", "sort it", "größer als", "\ud800 broken surrogate"])
def test_a_text_shorter_than_a_gram_equals_only_itself(text):
    index = NearDuplicates()
    index.add("a", text)
    assert index.find(text).similarity == 1.0
    assert index.find(text + " more") is None


def test_adding_rows_never_takes_earlier_ones_out():
    texts = [" ".join(changed(text_of(80), 3)) for _ in range(60)]
    texts += [" ".join(changed(words.split(), 2)) for words in texts]
    CHANCE.shuffle(texts)

    def survivors(count: int) -> list[int]:
        index, kept = NearDuplicates(), []
        for number, text in enumerate(texts[:count]):
            if index.find(text) is None:
                index.add(str(number), text)
                kept.append(number)
        return kept

    everything = survivors(len(texts))
    assert len(everything) < len(texts)
    for count in (1, 30, 77):
        assert survivors(count) == [number for number in everything if number < count]


def test_growing_over_several_tables_loses_no_row(monkeypatch):
    monkeypatch.setattr("pipeline.text.nearduplicates._FIRST_SEGMENT", 16)
    index = NearDuplicates(permutations=64)
    texts = [" ".join(text_of(20)) for _ in range(500)]
    for number, text in enumerate(texts):
        index.add(str(number), text)
    assert [index.find(text).id for text in texts] == [str(n) for n in range(500)]


def test_many_texts_that_share_most_words_stay_apart_and_findable():
    index = NearDuplicates()
    frame = text_of(60)
    texts = [" ".join([*frame, *text_of(60)]) for _ in range(600)]
    for number, text in enumerate(texts):
        assert index.find(text) is None
        index.add(str(number), text)
    assert [index.find(text).id for text in texts] == [str(n) for n in range(600)]


def test_sketches_do_not_depend_on_the_process():
    program = (
        "from pipeline.text.minhash import Sketcher;"
        "print(Sketcher().sketch('the same text in every process, always').tobytes().hex())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_the_bands_find_a_text_at_the_threshold():
    for threshold in (0.3, 0.5, 0.7, 0.9):
        bands, rows = bands_for(threshold, 250)
        assert bands * rows <= 250
        assert 1 - (1 - threshold**rows) ** bands >= 0.9


@pytest.mark.parametrize("threshold", [0, -1, 1.5])
def test_a_threshold_that_makes_no_sense_is_refused(threshold):
    with pytest.raises(ValueError, match="threshold"):
        NearDuplicates(threshold)
