"""A recipe's digest follows from everything that determines the bytes, and from nothing else."""

import orjson

from targets import Recipe


def test_equal_ingredients_in_any_order_give_the_same_folder(tmp_path):
    one = Recipe("concepts", {"a": 1, "b": {"c": 2, "d": 3}})
    other = Recipe("concepts", {"b": {"d": 3, "c": 2}, "a": 1})
    assert one.folder(tmp_path) == other.folder(tmp_path)


def test_an_ingredient_the_stage_and_the_parent_each_change_the_digest():
    parent = Recipe("seeds", {"x": 1})
    digests = {
        Recipe("concepts", {"a": 1}).digest,
        Recipe("concepts", {"a": 2}).digest,
        Recipe("responses", {"a": 1}).digest,
        Recipe("concepts", {"a": 1}, parent).digest,
        Recipe("concepts", {"a": 1}, Recipe("seeds", {"x": 2})).digest,
    }
    assert len(digests) == 5


def test_the_folder_says_in_words_what_it_was_made_with(tmp_path):
    recipe = Recipe("concepts", {"temperature": 0.7}, Recipe("seeds", {"max_lines": 150}))
    words = orjson.loads((recipe.write(tmp_path) / "recipe.json").read_bytes())
    assert words["ingredients"] == {"temperature": 0.7}
    assert words["made_from"]["ingredients"] == {"max_lines": 150}
    assert words["recipe"] == recipe.digest
