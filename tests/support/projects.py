"""Projects in temporary folders, and the user's own command run in them as a process of its own."""

from __future__ import annotations

import configparser
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from pipeline import demo

LUIGI = Path(sys.executable).with_name("luigi")
# The stages of the shipped configuration that exist once a shard, in their order.
STAGES = (
    "concepts",
    "instructions",
    "responses",
    "executions",
    "verifications",
    "decontamination",
)


class Project:
    """A project folder with its own luigi.cfg, sources and artifacts."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.artifacts = root / "artifacts"
        self.configure()

    def configure(self, **sections: dict[str, Any]) -> None:
        """Write luigi.cfg: the demo on a small share of the standard library, but for `sections`."""
        parser = configparser.ConfigParser()
        parser["seeds"] = {"sources": "python-stdlib", "stdlib_share": "0.08"}
        # Two threads wait for each other at every step: on a busy machine one is faster.
        parser["engine"] = {"n_threads": "1"}
        for name, values in sections.items():
            if not parser.has_section(name):
                parser.add_section(name)
            for key, value in values.items():
                parser[name][key] = str(value)
        with open(self.root / "luigi.cfg", "w") as file:
            parser.write(file)

    def start(self, *arguments: str, task: str = "FinalDataset", **environment: str) -> subprocess.Popen[str]:
        """The user's command, in a process group of its own."""
        return subprocess.Popen(
            [str(LUIGI), "--module", "pipeline", task, *arguments],
            cwd=self.root,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def gated(
        self, stage: str, moment: str, how: str, *arguments: str, task: str = "FinalDataset"
    ) -> subprocess.Popen[str]:
        """The user's command, standing still at a moment of a stage (gate.py), in a process group of its own."""
        gate = self.root / "gate"
        gate.unlink(missing_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.gate", stage, moment, how, task, *arguments],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        wait_until(gate.exists, process)
        return process

    def run(self, *arguments: str, task: str = "FinalDataset", **environment: str) -> tuple[int, str]:
        """The user's command to its end: exit code and output."""
        process = self.start(*arguments, task=task, **environment)
        output, _ = process.communicate(timeout=900)
        return process.returncode, output

    def ask(self, *arguments: str) -> tuple[int, str]:
        """A command of `python -m pipeline`: exit code and output; of --json, what a script reads."""
        ended = subprocess.run(
            [sys.executable, "-m", "pipeline", *arguments],
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=None if "--json" in arguments else subprocess.STDOUT,
            text=True,
        )
        return ended.returncode, ended.stdout

    def rows(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in open(self.artifacts / "latest" / "train.jsonl", "rb")]

    def manifest(self) -> dict[str, Any]:
        return orjson.loads((self.artifacts / "latest" / "manifest.json").read_bytes())

    def files(self) -> dict[str, tuple[int, int]]:
        """Inode and modification time of every file that is a result."""
        found = {}
        of_the_moment = ("lock", "status.json")
        for path in sorted(self.artifacts.rglob("*")):
            if path.is_file() and path.parent.name != "logs" and path.name not in of_the_moment:
                status = path.stat()
                found[str(path.relative_to(self.artifacts))] = (status.st_ino, status.st_mtime_ns)
        return found

    def journal(self, stage: str) -> list[dict[str, Any]]:
        """The whole lines of a stage's unfinished journal."""
        lines = []
        for path in (self.artifacts / stage).glob("*/shard-*.journal"):
            content = path.read_bytes()
            lines += [orjson.loads(line[9:]) for line in content[: content.rfind(b"\n") + 1].splitlines()]
        return lines

    def records(self, stage: str) -> dict[str, dict[str, Any]]:
        """All published records of a stage by id."""
        found = {}
        for path in (self.artifacts / stage).glob("*/shard-??????.jsonl"):
            for line in path.read_bytes().splitlines():
                record = orjson.loads(line)
                found[record["id"]] = record
        return found

    def rejected(self, stage: str) -> list[dict[str, Any]]:
        """All that a stage dropped, with rule and evidence."""
        return [
            orjson.loads(line)
            for path in sorted((self.artifacts / stage).glob("*/shard-*.rejected.jsonl"))
            for line in path.read_bytes().splitlines()
        ]


_JUDGED = "### Snippet\n```python\n{code}\n```\n\n### Documented\n{answer}\n"


def exemplars_with_judge(folder: Path) -> None:
    """The demo's exemplars with two more, by which the model judges seeds."""
    shutil.copytree(demo.EXEMPLARS, folder)
    (folder / "judge").mkdir()
    for answer, text in (("Yes", "Twice x."), ("No", "See below.")):
        code = f'def f(x):\n    """{text}"""\n    return 2 * x'
        (folder / "judge" / f"{answer}.md").write_text(_JUDGED.format(code=code, answer=answer))
    meta = folder / "set.json"
    meta.write_text(meta.read_text().replace('"intro": {', '"intro": {"judgements": "Judge.",', 1))


def wait_until(condition: Callable[[], Any], process: subprocess.Popen[str], seconds: float = 600) -> None:
    """Poll a condition while a process lives; fail when it ends first."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline, "the condition was never met"
        time.sleep(0.01)


def kill_tree(process: subprocess.Popen[str]) -> None:
    """SIGKILL to a process and to all that descend from it, at once."""
    victims = [process.pid, *descendants(process.pid)]
    for pid in victims:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.communicate()


def alive(pid: int) -> bool:
    """Whether a process is still there a moment later (its parent may have to reap it first)."""
    for _ in range(100):
        try:
            with open(f"/proc/{pid}/stat") as file:
                if file.read().rsplit(")", 1)[1].split()[0] == "Z":
                    return False
        except OSError:
            return False
        time.sleep(0.02)
    return True


def descendants(pid: int) -> list[int]:
    """Process ids below `pid`."""
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = Path("/proc", entry, "stat").read_text()
            except OSError:
                continue
            parents.setdefault(int(stat.rsplit(")", 1)[1].split()[1]), []).append(int(entry))
    found: list[int] = []
    pending = [pid]
    while pending:
        children = parents.get(pending.pop(), [])
        found += children
        pending += children
    return found
