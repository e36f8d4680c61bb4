"""What is found in a source folder, and how each file is judged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline import sources
from pipeline.errors import MissingDataError

CODE = 'def double(x):\n    """Twice x."""\n    return 2 * x\n'


def folder(root: Path, **files: str) -> sources.Source:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path = path.with_name(path.name + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return sources.resolve(str(root), root, 1.0)


def test_files_come_in_a_fixed_order_without_hidden_and_installed_ones(tmp_path):
    source = folder(tmp_path, b=CODE, a=CODE, pkg__c=CODE, node_modules__d=CODE, venv__e=CODE)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "g.py").write_text(CODE)
    (tmp_path / "note.txt").write_text(CODE)
    found = [file.path for file in sources.files(source)]
    assert found == ["a.py", "b.py", "pkg/c.py"]


def test_a_loop_of_links_ends_and_a_dangling_link_is_no_file(tmp_path):
    source = folder(tmp_path, a=CODE)
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "dangling.py").symlink_to(tmp_path / "nowhere.py")
    assert [file.path for file in sources.files(source)] == ["a.py"]


def test_a_file_that_vanishes_or_may_not_be_read_is_a_rejection(tmp_path):
    source = folder(tmp_path, a=CODE)
    (file,) = sources.files(source)
    (tmp_path / "a.py").unlink()
    observation = sources.observe(file, 150)
    assert [item.rule for item in observation.dropped] == ["unreadable"]


def test_a_huge_file_is_a_rejection_and_is_not_read(tmp_path):
    source = folder(tmp_path, a=CODE)
    os.truncate(tmp_path / "a.py", sources.MAX_FILE_BYTES + 1)
    (file,) = sources.files(source)
    assert [item.rule for item in sources.observe(file, 150).dropped] == ["file_too_large"]


def test_a_share_takes_the_same_functions_as_the_source_grows(tmp_path):
    text = "\n".join(CODE.replace("double", f"f{number}") for number in range(200))
    folder(tmp_path, a=text)
    half = sources.Source("x", tmp_path, 0.5)
    (file,) = sources.files(half)
    before = {seed.id for seed in sources.observe(file, 150).seeds}
    assert 60 < len(before) < 140
    (tmp_path / "a.py").write_text(text + "\n" + CODE)
    (file,) = sources.files(half)
    assert before <= {seed.id for seed in sources.observe(file, 150).seeds}


def test_the_nearest_licence_file_counts_and_a_header_counts_more(tmp_path):
    source = folder(tmp_path, a=CODE, pkg__b=CODE, pkg__c="# SPDX-License-Identifier: ISC\n" + CODE)
    (tmp_path / "LICENSE").write_text(
        "This is free and unencumbered software released into the public domain."
    )
    (tmp_path / "pkg" / "LICENSE").write_text("Mozilla Public License Version 2.0")
    found = {file.path: sources.observe(file, 150).licence for file in sources.files(source)}
    assert found == {"a.py": "Unlicense", "pkg/b.py": "MPL-2.0", "pkg/c.py": "ISC"}


def test_a_folder_that_is_not_there_is_an_error_with_its_path(tmp_path):
    with pytest.raises(MissingDataError, match="nowhere"):
        sources.resolve("nowhere", tmp_path, 1.0)


def test_the_standard_library_of_this_interpreter_is_a_source_under_its_licence():
    source = sources.resolve(sources.STDLIB, Path("/"), 1.0)
    files = {file.path: file for file in sources.files(source)}
    assert "textwrap.py" in files
    assert not [path for path in files if path.startswith(("test/", "site-packages/"))]
    observation = sources.observe(files["textwrap.py"], 150)
    assert {"dedent", "indent"} <= {seed.name for seed in observation.seeds}
    assert observation.licence == "PSF-2.0"
