"""The artifacts of a recipe are found by stage, from the recipe or from its document."""

import os

import pytest

from targets import Artifacts, NoSuchStage, Recipe, ShardPaths, ShardWriter

SEEDS = Recipe("seeds", {"max_lines": 150})
CONCEPTS = Recipe("concepts", {"temperature": 0.7}, SEEDS, {"max_tokens": 100})
RESPONSES = Recipe("responses", {"samples": 3}, CONCEPTS)


def test_stages_come_in_the_order_of_the_work(tmp_path):
    assert Artifacts(tmp_path, RESPONSES).stages == ("seeds", "concepts", "responses")


def test_each_stage_has_its_recipe_folder_and_shards(tmp_path):
    artifacts = Artifacts(tmp_path, RESPONSES)
    folder = tmp_path / "concepts" / CONCEPTS.digest
    assert artifacts.recipe_of("concepts") == CONCEPTS
    assert artifacts.folder("concepts") == folder
    assert artifacts.shard("concepts", 7) == ShardPaths(folder, 7)


def test_published_shards_are_the_complete_ones(tmp_path):
    artifacts = Artifacts(tmp_path, RESPONSES)
    assert artifacts.published("seeds") == []
    for number in (4, 1):
        with ShardWriter(artifacts.shard("seeds", number)) as writer:
            writer.publish()
    with ShardWriter(artifacts.shard("seeds", 2)) as writer:
        writer.keep("a", {"id": "a"})
    assert artifacts.published("seeds") == [artifacts.shard("seeds", n) for n in (1, 4)]


def test_a_document_leads_to_the_same_artifacts_as_its_recipe(tmp_path):
    artifacts = Artifacts.of_document(tmp_path, RESPONSES.in_words())
    assert artifacts == Artifacts(tmp_path, RESPONSES)
    assert artifacts.folder("seeds") == SEEDS.folder(tmp_path)


@pytest.mark.parametrize("document", [{}, {"made_from": None}, {"made_from": [1]}])
def test_a_document_of_something_else_is_refused(tmp_path, document):
    with pytest.raises(ValueError, match="no document of a recipe"):
        Artifacts.of_document(tmp_path, document)


def test_a_stage_that_the_recipe_does_not_have_is_named_with_those_that_it_has(tmp_path):
    with pytest.raises(NoSuchStage, match="no stage selection; its stages are seeds, concepts"):
        Artifacts(tmp_path, CONCEPTS).shard("selection", 0)


def test_siblings_are_the_other_readable_recipes_of_the_stage_newest_first(tmp_path):
    older = Recipe("concepts", {"temperature": 0.1}, SEEDS)
    newer = Recipe("concepts", {"temperature": 0.2}, SEEDS, {"max_tokens": 9})
    for recipe, written in ((newer, 2_000), (older, 1_000), (CONCEPTS, 3_000), (SEEDS, 4_000)):
        os.utime(recipe.write(tmp_path) / "recipe.json", (written, written))
    for name, content in (("a", b"{"), ("b", b"[]"), ("c", b"{}"), ("d", b"\xff")):
        (tmp_path / "concepts" / name).mkdir()
        (tmp_path / "concepts" / name / "recipe.json").write_bytes(content)
    artifacts = Artifacts(tmp_path, RESPONSES)
    assert list(artifacts.siblings("concepts")) == [newer, older]
    assert list(artifacts.siblings("responses")) == []
