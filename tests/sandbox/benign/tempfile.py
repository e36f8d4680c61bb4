import os
import pathlib
import shutil
import tempfile

with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "a" / "b.txt"
    path.parent.mkdir()
    path.write_text("héllo\n")
    assert path.read_text() == "héllo\n"
    shutil.copy(path, path.with_suffix(".copy"))
    assert sorted(os.listdir(path.parent)) == ["b.copy", "b.txt"]
assert not os.path.exists(folder)
with tempfile.NamedTemporaryFile("w+") as file:
    file.write("x")
    file.seek(0)
    assert file.read() == "x"
with open("relative.txt", "w") as file:
    file.write("kept")
assert open(os.path.abspath("relative.txt")).read() == "kept"
