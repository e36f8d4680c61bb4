"""Makes the archive of test_artifacts.py anew: needed when a stage's version is raised on purpose.

    python -m tests.compatibility.make_archive

It is the project of the archive that is there, finished by this tree, and beside it a shard of responses that a second
run, with `--responses-samples 3`, left unfinished when it was killed.
"""

from __future__ import annotations

import shutil
import tarfile
import tempfile
from pathlib import Path

from tests.compatibility.test_artifacts import ARCHIVE
from tests.support.projects import Project, kill_tree


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        project = Project(root)
        with tarfile.open(ARCHIVE) as archive:
            archive.extractall(root, filter="fully_trusted")
        shutil.rmtree(project.artifacts)
        code, output = project.run()
        assert code == 0, output
        kill_tree(project.gated("responses", "append", "stop", "--responses-samples", "3"))
        assert project.journal("responses")
        (root / "gate").unlink()
        # What a run sweeps or writes anew.
        for passing in (
            *project.artifacts.rglob("*.lease-*"),
            project.artifacts / "lock",
            project.artifacts / "status.json",
        ):
            passing.unlink(missing_ok=True)
        shutil.rmtree(project.artifacts / "logs")
        with tarfile.open(ARCHIVE, "w:gz") as archive:
            archive.add(root, ".")


if __name__ == "__main__":
    main()
