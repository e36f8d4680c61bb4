"""The libraries that a staged file needs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.staging.libraries import loader_of, needed


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_a_library_that_names_no_folder_for_what_it_needs_finds_it_beside_itself(tmp_path: Path) -> None:
    (tmp_path / "f.c").write_text("int g(void);\nint f(void) { return g(); }\n")
    (tmp_path / "g.c").write_text("int g(void) { return 1; }\n")
    for command in ("-o libinner.so g.c", "-o libouter.so f.c -L. -linner"):
        subprocess.run(["cc", "-shared", "-fPIC", *command.split()], cwd=tmp_path, check=True)
    found = needed(loader_of(Path(sys.executable).resolve()), tmp_path / "libouter.so")
    assert found["libinner.so"] == tmp_path / "libinner.so"
