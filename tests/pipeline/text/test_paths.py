"""Names of places without the folders of this machine."""

import pytest

from pipeline.text.paths import published_name, without_folders


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("/home/me/src/project", "project"),
        ("/home/me/my code/", "my code"),
        ("~/project", "project"),
        ("../other", "other"),
        ("code/part", "code/part"),
        ("git:/home/me/project@feature/a", "git:project@feature/a"),
        ("commits:../project", "commits:project"),
        ("/data/stack/**/*.parquet", "*.parquet"),
        ("hf:owner/name@main:data/*.parquet", "hf:owner/name@main:data/*.parquet"),
        ("python-stdlib", "python-stdlib"),
    ],
)
def test_an_entry_keeps_its_own_name(label, name):
    assert published_name(label) == name


@pytest.mark.parametrize(
    ("text", "reduced"),
    [
        ("/data/rows.jsonl#3", "rows.jsonl#3"),
        ("git:/home/me/a.py:12:f", "git:a.py:12:f"),
        ("same text as ~/src/a.py:3, seed 1", "same text as a.py:3, seed 1"),
        ("file:///home/me/project.git", "project.git"),
        ("me@host:/home/me/project.git", "me@host:project.git"),
        ("https://host/owner/name", "https://host/owner/name"),
        ("git@host:owner/name.git", "git@host:owner/name.git"),
        ("src/pkg/a.py", "src/pkg/a.py"),
        ("a / b // c", "a / b // c"),
    ],
)
def test_a_text_keeps_the_last_name_of_each_absolute_path(text, reduced):
    assert without_folders(text) == reduced
