"""The staged root: what is in it, that it is built once, and who may have written it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import pytest

from sandbox import Limits, Pool, Program, SandboxUnavailable, prepare, run
from sandbox.staging.packages import find_packages

PROJECT = Path(__file__).parent.parent.parent


def test_it_is_built_once_and_says_so(tmp_path: Path) -> None:
    lines: list[str] = []
    first = prepare(root_cache=tmp_path, log=lines.append)
    assert lines[0].startswith("staging Python") and lines[-1].endswith("are staged")
    again: list[str] = []
    assert prepare(root_cache=tmp_path, log=again.append) == first
    assert again == []


def test_processes_that_race_build_one_root(tmp_path: Path) -> None:
    code = "import sys, sandbox; print(sandbox.prepare(root_cache=sys.argv[1]).folder)"
    racers = [
        subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE, text=True, cwd=PROJECT)
        for _ in range(3)
    ]
    folders = {process.communicate()[0].strip() for process in racers}
    assert len(folders) == 1
    left = sorted(path.name for path in (tmp_path / "sandbox").iterdir() if path.suffix != ".lock")
    assert left == sorted(["mnt", Path(folders.pop()).name])


def test_a_build_that_was_killed_is_no_root(tmp_path: Path) -> None:
    folder = prepare(root_cache=tmp_path).folder
    (folder / "root.json").unlink()
    assert (prepare(root_cache=tmp_path).folder / "root.json").exists()
    assert run("assert True", root_cache=tmp_path).passed


def test_a_root_that_nobody_used_for_long_is_removed(tmp_path: Path) -> None:
    current = prepare(root_cache=tmp_path).folder
    for name, age in (("root-old", 31), ("root-recent", 29)):
        folder = current.parent / name
        folder.mkdir()
        (folder / "root.json").write_text("{}")
        os.utime(folder / "root.json", (time.time() - age * 86_400,) * 2)
    prepare(root_cache=tmp_path)
    assert sorted(p.name for p in current.parent.glob("root-*")) == sorted([current.name, "root-recent"])


def test_a_strict_umask_does_not_lock_the_programs_out(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        assert run("import json", root_cache=tmp_path).passed
    finally:
        os.umask(before)


def test_a_folder_that_others_may_write_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(SandboxUnavailable, match="others"):
        prepare(root_cache=tmp_path)


def test_a_root_that_others_may_write_is_refused(tmp_path: Path) -> None:
    folder = prepare(root_cache=tmp_path).folder
    folder.chmod(0o777)
    with pytest.raises(SandboxUnavailable, match="others"):
        prepare(root_cache=tmp_path)


def test_every_file_can_be_read_and_none_written_by_others() -> None:
    root = prepare().folder / "root"
    for folder, _, names in os.walk(root):
        for name in names:
            mode = os.lstat(f"{folder}/{name}").st_mode
            if not stat.S_ISLNK(mode):
                assert mode & 0o004 and not mode & 0o022, f"{folder}/{name}"


def test_no_module_that_reaches_memory_is_staged() -> None:
    root = prepare().folder / "root"
    names = [path.name for path in root.rglob("*.so*")]
    assert not [name for name in names if name.startswith(("_ctypes", "_test", "_xx", "xx"))]
    assert any(name.startswith("_json") for name in names)


def test_it_lies_where_its_owner_alone_can_enter(tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir(mode=0o700)
    assert run("assert True", root_cache=hidden / "cache").passed


def test_every_module_of_the_standard_library_comes_from_the_bundle(pool: Pool) -> None:
    source = (
        "import sys, json.decoder, collections.abc, email.mime.text, concurrent.futures\n"
        "kinds = {type(m.__loader__).__name__ for n, m in sys.modules.items() if getattr(m, '__file__', '')}\n"
        "assert 'BundleLoader' in kinds, kinds\n"
        "import os, importlib.util, inspect\n"
        "for name, module in list(sys.modules.items()):\n"
        "    if type(getattr(module, '__loader__', None)).__name__ == 'BundleLoader':\n"
        "        assert os.path.exists(module.__file__), name\n"
        "        assert os.path.exists(module.__cached__), name\n"
        "        if os.path.getsize(module.__file__):\n"
        "            assert inspect.getsource(module), name\n"
        "        assert importlib.util.find_spec(name).origin == module.__file__\n"
    )
    (result,) = pool.run_many([Program("", source)])
    assert result.passed, result.stderr


def test_a_package_that_is_not_installed_is_named() -> None:
    with pytest.raises(SandboxUnavailable, match="no-such-package"):
        find_packages(["no-such-package"])


def test_a_package_comes_with_what_it_requires() -> None:
    found = find_packages(["pytest"])
    assert "pytest" in found.names and "pluggy" in found.names
    assert all(path.is_file() for path, _ in found.files)


def test_programs_can_import_the_staged_packages_and_no_others(tmp_path: Path) -> None:
    version = metadata.version("pluggy")
    source = (
        f"import pluggy\nassert pluggy.__version__ == {version!r}\n"
        "import subprocess, sys\n"
        "subprocess.run([sys.executable, '-c', 'import pluggy'], check=True)\n"
        "try:\n    import pytest\nexcept ImportError:\n    pass\nelse:\n    raise AssertionError\n"
    )
    result = run(source, packages=["pluggy"], root_cache=tmp_path)
    assert result.passed, result.stderr
    assert run("import pluggy", root_cache=tmp_path).status == "failed"


def test_numpy_and_pandas_compute(tmp_path: Path) -> None:
    source = (
        "import numpy as np, pandas as pd\n"
        "square = np.arange(4.0).reshape(2, 2)\n"
        "assert (square @ np.linalg.inv(square)).round(9).tolist() == [[1, 0], [0, 1]]\n"
        "table = pd.DataFrame({'kind': ['a', 'b', 'b'], 'size': [1, 2, 3]})\n"
        "assert table.groupby('kind')['size'].sum().to_dict() == {'a': 1, 'b': 5}\n"
        "table.to_csv('table.csv', index=False)\n"
        "assert pd.read_csv('table.csv').equals(table)\n"
        "try:\n    np.__file__ and open(np.__file__, 'a')\nexcept OSError:\n    pass\n"
        "else:\n    raise AssertionError('could be written')\n"
    )
    limits = Limits(wall_seconds=60.0, cpu_seconds=30)
    programs = [
        Program("right", source),
        Program("wrong", f"{source}assert np.ones(3).sum() == 4\n"),
    ]
    with Pool(1, limits, ["numpy", "pandas"], root_cache=tmp_path) as pool:
        found = {result.id: (result.status, result.stderr) for result in pool.run_many(programs)}
    assert found["right"][0] == "passed", found
    assert found["wrong"][0] == "failed", found


def test_a_umask_that_trusts_the_group_gives_folders_that_only_their_owner_may_write(tmp_path: Path) -> None:
    source = (
        "import os, sys; os.umask(0o002)\nfrom sandbox import run\n"
        "result = run('import os\\nassert os.umask(0) == 0o022', root_cache=sys.argv[1])\n"
        "assert result.passed, result\n"
    )
    subprocess.run([sys.executable, "-c", source, str(tmp_path / "new" / "cache")], check=True, cwd=PROJECT)


def test_a_cache_below_a_folder_that_others_can_write_is_refused(tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o777)
    with pytest.raises(SandboxUnavailable, match="shared belongs to another user or can be written by others"):
        prepare(root_cache=tmp_path / "shared" / "cache")
